//! Flags of `aispend metabase`.

use clap::{Args, Subcommand};

/// Of `metabase`.
#[derive(Debug, Args)]
pub struct MetabaseArguments {
    /// What to do.
    #[command(subcommand)]
    pub action: MetabaseAction,
}

/// What to do with a Metabase.
#[derive(Debug, Clone, Subcommand)]
pub enum MetabaseAction {
    /// What `apply` would do, step by step with every request. Changes nothing.
    Plan {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Set up what is missing, change what differs; what people added stays. Safe to repeat, and to go on after a stop.
    Apply {
        /// Put back what somebody changed by hand, without asking.
        #[arg(long)]
        restore: bool,
        /// Make a new API key; the old one stops working.
        #[arg(long)]
        new_key: bool,
    },
    /// Whether it answers, which version it is, whether it is as the card files say, and when it was last applied.
    Status {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Run every card there, and hold its columns and totals against the warehouse. Changes nothing.
    Smoke {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}
