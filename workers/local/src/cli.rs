//! Commands and flags.

use std::net::SocketAddr;
use std::path::PathBuf;

use aispend_model::{Feed, parse_day};
use aispend_sources::sheets::import as sheets;
use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::civil::Date;

use crate::metabase::MetabaseArguments;

/// Where an organisation's AI money goes: reads Anthropic and Cursor, attributes every cent, keeps it in one file.
#[derive(Debug, Parser)]
#[command(
    name = "aispend",
    version,
    after_help = "Exit codes: 0 all loaded; 1 something failed, was parked or rejected (the summary names it); 2 wrong usage or settings."
)]
pub struct Cli {
    /// Where warehouse, archive, sheets and parked messages are [env: AISPEND_DATA_DIR, default: ./data].
    #[arg(long, global = true)]
    pub data_dir: Option<PathBuf>,
    /// Settings file [default: aispend.toml, where there is one].
    #[arg(long, global = true)]
    pub config: Option<PathBuf>,
    /// How log lines look.
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
    /// Say what happens, slice by slice.
    #[arg(long, short, global = true)]
    pub verbose: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Ordinary runs speak through their summary.
    pub const fn log_level(&self) -> &'static str {
        if self.verbose { "debug" } else { "error" }
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For a person.
    Text,
    /// For a machine.
    Json,
}

impl From<LogFormat> for aispend_telemetry::LogFormat {
    fn from(format: LogFormat) -> Self {
        match format {
            LogFormat::Text => Self::Text,
            LogFormat::Json => Self::Json,
        }
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// A simulated company through the whole pipeline, then a summary. Needs no key.
    Demo(DemoArguments),
    /// Ask every key and sheet: whose it is, which feeds answer, what will be missing, and what to do.
    Doctor(DoctorArguments),
    /// Read what is due, or a period; continues a killed run.
    Run(RunArguments),
    /// Read the archive again (after a fix); asks no vendor.
    Reprocess(PeriodArguments),
    /// Empty the slices of a feed that should no longer exist.
    Retire(RetireArguments),
    /// The dashboards, on this machine.
    Serve(ServeArguments),
    /// A card or a dashboard as a file.
    Export(ExportArguments),
    /// Ask the warehouse.
    Query(QueryArguments),
    /// Every setting, its value and where it came from; secrets hidden.
    Config,
    /// Create or upgrade the warehouse.
    Migrate(MigrateArguments),
    /// Incidents: list, take, put off; ask the rules now, or about days that have passed.
    Alerts(AlertArguments),
    /// Messages set aside: list, show, replay, drop.
    DeadLetters(DeadLetterArguments),
    /// Bring a CSV file into a sheet, or a Google tab as it is now: shows what changes, in rows and money, then loads it.
    Import(ImportArguments),
    /// Sheets to begin with.
    Sheets(SheetsArguments),
    /// The dashboards in Metabase: plan, apply, status, smoke.
    Metabase(MetabaseArguments),
}

/// Of `import`.
#[derive(Debug, Args)]
pub struct ImportArguments {
    /// Which sheet: people, api-key-mapping, seats, budgets, invoices, claude-ai-usage, claude-ai-spend.
    #[arg(value_parser = sheet)]
    pub sheet: Feed,
    /// The file: CSV of a person, or the vendor's own export. None where the sheet is a tab of a Google spreadsheet.
    pub file: Option<PathBuf>,
    /// Show what would change, change nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// The first day that a vendor's export covers, where it does not say.
    #[arg(long, requires = "to", value_parser = day)]
    pub from: Option<Date>,
    /// The last day that it covers, inclusive.
    #[arg(long, requires = "from", value_parser = day)]
    pub to: Option<Date>,
}

/// Of `sheets`.
#[derive(Debug, Args)]
pub struct SheetsArguments {
    /// What to do.
    #[command(subcommand)]
    pub action: SheetsAction,
}

/// What to do with sheets.
#[derive(Debug, Clone, Subcommand)]
pub enum SheetsAction {
    /// The header of a sheet, or of all, each with an example row that an import skips.
    Template {
        /// Which sheet [default: all].
        #[arg(value_parser = sheet)]
        sheet: Option<Feed>,
        /// Write a file for each into this folder; what is there stays.
        #[arg(long)]
        to: Option<PathBuf>,
    },
}

/// Of `doctor`.
#[derive(Debug, Args)]
pub struct DoctorArguments {
    /// The same as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Of `run`.
#[derive(Debug, Args)]
pub struct RunArguments {
    /// Which days and feeds.
    #[command(flatten)]
    pub period: PeriodArguments,
    /// The summary as JSON.
    #[arg(long)]
    pub json: bool,
}

/// A period and feeds.
#[derive(Debug, Clone, Default, Args)]
pub struct PeriodArguments {
    /// The first day (UTC), read again whether due or not.
    #[arg(long, requires = "to", value_parser = day)]
    pub from: Option<Date>,
    /// The last day, inclusive.
    #[arg(long, requires = "from", value_parser = day)]
    pub to: Option<Date>,
    /// These feeds alone, with commas between.
    #[arg(long, value_delimiter = ',', value_parser = feed)]
    pub feeds: Vec<Feed>,
}

/// Of `retire`.
#[derive(Debug, Args)]
pub struct RetireArguments {
    /// The feed, such as sheets/claude-ai-usage.
    #[arg(value_parser = feed)]
    pub feed: Feed,
    /// Say what would go.
    #[arg(long)]
    pub dry_run: bool,
}

/// Of `demo`.
#[derive(Debug, Args)]
pub struct DemoArguments {
    /// People in the simulated company.
    #[arg(long, default_value_t = 25)]
    pub people: u32,
    /// Days up to yesterday: 14 months.
    #[arg(long, default_value_t = 425)]
    pub days: u32,
    /// Another company.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// Stop after the summary.
    #[arg(long)]
    pub no_serve: bool,
    /// Where the dashboards listen afterwards.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
}

/// Of `serve`.
#[derive(Debug, Args)]
pub struct ServeArguments {
    /// Address and port; port 0 takes any free one. This machine only, unless a proxy in front signs who came
    /// (AISPEND_IAP_AUDIENCE, or AISPEND_OIDC_ISSUER and AISPEND_OIDC_AUDIENCE).
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Open a browser.
    #[arg(long)]
    pub open: bool,
    /// Leave out what shows the work of single people; money stays.
    #[arg(long)]
    pub teams_only: bool,
}

/// Of `export`.
#[derive(Debug, Args)]
pub struct ExportArguments {
    /// A card such as exec/monthly-trend, or a dashboard: exec, alloc, prod, roi.
    pub what: String,
    /// How the file looks; the CSVs and the pictures of a dashboard come as a zip.
    #[arg(long, value_enum, default_value_t = ExportFormat::Csv)]
    pub format: ExportFormat,
    /// Which days: thismonth, lastmonth, thisquarter, lastquarter, thisyear, past30days~, past3months~, past12months~, or
    /// 2026-10-01~2026-10-31 [default: the dashboard's own].
    #[arg(long)]
    pub range: Option<String>,
    /// Of these teams.
    #[arg(long)]
    pub team: Vec<String>,
    /// Of these people, by e-mail.
    #[arg(long)]
    pub user: Vec<String>,
    /// Of these platforms: claude_code, claude_ai, claude_api, cursor.
    #[arg(long)]
    pub platform: Vec<String>,
    /// Of these models.
    #[arg(long)]
    pub model: Vec<String>,
    /// Where to write, - for standard output [default: a name that says what it holds].
    #[arg(long, short)]
    pub out: Option<PathBuf>,
}

/// How an exported file looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// Plain decimals and ISO days.
    Csv,
    /// Typed cells, and a sheet about them.
    Xlsx,
    /// As the page's own interface.
    Json,
    /// A chart as a picture.
    Png,
}

/// Of `migrate`.
#[derive(Debug, Args)]
pub struct MigrateArguments {
    /// With engine gcp: topics, subscriptions, dead letters and bucket as well. For emulators and test projects; Terraform
    /// owns them in production.
    #[arg(long)]
    pub create_bus: bool,
    /// With --create-bus: subscriptions that push to workers at this address, `{stage}` standing for the stage's name.
    #[arg(long, requires = "create_bus")]
    pub push_to: Option<String>,
}

/// Of `query`.
#[derive(Debug, Args)]
pub struct QueryArguments {
    /// SQL; tables and views are in `ai_usage_analytics`.
    pub sql: String,
    /// How the answer looks.
    #[arg(long, value_enum, default_value_t = QueryFormat::Table)]
    pub format: QueryFormat,
}

/// How an answer looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum QueryFormat {
    /// Columns for a person.
    Table,
    /// With a header; NULL is empty.
    Csv,
    /// An array of objects; amounts are texts, so that they stay exact.
    Json,
}

/// Of `alerts`.
#[derive(Debug, Args)]
pub struct AlertArguments {
    /// What to do.
    #[command(subcommand)]
    pub action: AlertAction,
}

/// What to do about incidents.
#[derive(Debug, Clone, Subcommand)]
pub enum AlertAction {
    /// One line each, oldest first.
    List {
        /// Resolved and past ones as well.
        #[arg(long)]
        all: bool,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Take an incident: nobody is told of it again.
    Ack {
        /// Its id, or the beginning of it.
        id: String,
        /// Who takes it.
        #[arg(long, default_value = "command line")]
        by: String,
    },
    /// Put an incident off: told again on that day, where its rule still sees it.
    Snooze {
        /// Its id, or the beginning of it.
        id: String,
        /// The day (UTC).
        #[arg(long, value_parser = day)]
        until: Date,
        /// Who puts it off.
        #[arg(long, default_value = "command line")]
        by: String,
    },
    /// Ask every rule now; open, resolve and tell. Exit code 1 where an incident opened or something failed.
    Check {
        /// Ask about this day instead: says what would open, and keeps and tells nothing.
        #[arg(long, value_parser = day)]
        as_of: Option<Date>,
        /// Say what would open; keep and tell nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Ask one rule about every day of history, as the warehouse knows it now. Opens nothing.
    Backtest {
        /// The rule.
        rule: String,
        /// The first day [default: the first day of the ledger].
        #[arg(long, value_parser = day)]
        from: Option<Date>,
        /// The last day, inclusive [default: today].
        #[arg(long, value_parser = day)]
        to: Option<Date>,
    },
}

/// Of `dead-letters`.
#[derive(Debug, Args)]
pub struct DeadLetterArguments {
    /// What to do with them.
    #[command(subcommand)]
    pub action: DeadLetterAction,
}

/// What to do with parked messages.
#[derive(Debug, Clone, Subcommand)]
pub enum DeadLetterAction {
    /// One line each, oldest first: what it is, why, for how long, and the money and people it is about.
    List {
        /// Which.
        #[command(flatten)]
        filter: ParkedFilter,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// One, whole.
    Show {
        /// Its id, or the beginning of it.
        id: String,
    },
    /// Send it again: the slice is read again from its archived documents. Safe to repeat; newer rows stay.
    Replay {
        /// Ids, or the beginnings of them; `all` for all that the filters let through.
        #[arg(required = true)]
        ids: Vec<String>,
        /// Which.
        #[command(flatten)]
        filter: ParkedFilter,
        /// Say what would be sent.
        #[arg(long)]
        dry_run: bool,
    },
    /// Forget it. Its slice keeps what was loaded before.
    Drop {
        /// Ids, or the beginnings of them; `all` for all that the filters let through.
        #[arg(required = true)]
        ids: Vec<String>,
        /// Which.
        #[command(flatten)]
        filter: ParkedFilter,
        /// Say what would be dropped.
        #[arg(long)]
        dry_run: bool,
    },
}

/// Which parked messages.
#[derive(Debug, Clone, Default, Args)]
pub struct ParkedFilter {
    /// Of this feed.
    #[arg(long, value_parser = feed)]
    pub feed: Option<Feed>,
    /// Set aside by this stage, or given up on before it.
    #[arg(long, value_parser = ["fetcher", "normalizer", "validator", "loader", "alerter"])]
    pub stage: Option<String>,
    /// For this reason, such as unreadable, rejected, attempts_used_up.
    #[arg(long)]
    pub reason: Option<String>,
    /// Of this day or a later one.
    #[arg(long, value_parser = day)]
    pub from: Option<Date>,
    /// Of this day or an earlier one.
    #[arg(long, value_parser = day)]
    pub to: Option<Date>,
}

fn day(text: &str) -> Result<Date, String> {
    parse_day(text).map_err(|error| error.to_string())
}

fn sheet(text: &str) -> Result<Feed, String> {
    sheets::sheet_named(text).ok_or_else(|| {
        let names: Vec<&str> = sheets::all().map(sheets::short_name).collect();
        format!("there is no sheet `{text}`; the sheets are {}", names.join(", "))
    })
}

fn feed(text: &str) -> Result<Feed, String> {
    text.trim().parse().map_err(|error: aispend_model::UnknownFeed| error.to_string())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_period_needs_both_ends_and_real_days() {
        assert!(Cli::try_parse_from(["aispend", "run", "--from", "2026-10-01"]).is_err());
        assert!(
            Cli::try_parse_from(["aispend", "run", "--from", "2026-13-01", "--to", "2026-10-31"]).is_err()
        );
        assert!(Cli::try_parse_from(["aispend", "run", "--feeds", "cursor/event"]).is_err());
        assert!(
            Cli::try_parse_from(["aispend", "run", "--from", "2026-10-01", "--to", "2026-10-31"]).is_ok()
        );
    }
}
