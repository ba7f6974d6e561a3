//! The streams of knowledge aispend reads.

use std::fmt;
use std::str::FromStr;

/// Whom a feed asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Vendor {
    /// The Anthropic Admin and Analytics APIs.
    Anthropic,
    /// The Cursor Admin API.
    Cursor,
    /// Google Sheets, or CSV files in the data folder.
    Sheets,
}

impl Vendor {
    /// As in a feed's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::Cursor => "cursor",
            Self::Sheets => "sheets",
        }
    }
}

impl fmt::Display for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that is no feed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no feed `{name}`; feeds are {}", Feed::ALL.map(Feed::as_str).join(", "))]
pub struct UnknownFeed {
    /// The name.
    pub name: String,
}

macro_rules! feeds {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $vendor:ident, $daily:literal;)*) => {
        /// One stream of knowledge from one vendor.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Feed { $($(#[$doc])* $name,)* }

        impl Feed {
            /// Every feed, context first: what others are read with comes before them.
            pub const ALL: [Feed; [$($text),*].len()] = [$(Feed::$name),*];

            /// The feed's name in settings, messages, SQL and file names.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// Whom it asks.
            pub const fn vendor(self) -> Vendor {
                match self { $(Self::$name => Vendor::$vendor,)* }
            }

            /// True for one slice per day, false for one slice `all`.
            pub const fn is_daily(self) -> bool {
                match self { $(Self::$name => $daily,)* }
            }
        }
    };
}

feeds! {
    /// Keys, workspaces, people of an Anthropic organisation.
    AnthropicDirectory = "anthropic/directory", Anthropic, false;
    /// Whose API key is whose, kept by admins.
    SheetApiKeyMapping = "sheets/api-key-mapping", Sheets, false;
    /// People and teams, kept by admins.
    SheetPeople = "sheets/people", Sheets, false;
    /// Paid seats.
    SheetSeats = "sheets/seats", Sheets, false;
    /// Budgets by month.
    SheetBudgets = "sheets/budgets", Sheets, false;
    /// What was invoiced.
    SheetInvoices = "sheets/invoices", Sheets, false;
    /// Chat usage of Team plans, uploaded by hand.
    SheetClaudeAiUsage = "sheets/claude-ai-usage", Sheets, false;
    /// Usage credits of Team plans, the vendor's CSV.
    SheetClaudeAiSpend = "sheets/claude-ai-spend", Sheets, false;
    /// People of the Cursor team.
    CursorMembers = "cursor/members", Cursor, false;
    /// Claude Code productivity by person.
    AnthropicClaudeCode = "anthropic/claude-code", Anthropic, true;
    /// Anthropic usage money.
    AnthropicCost = "anthropic/cost", Anthropic, true;
    /// Chat and Claude Code activity of an Enterprise organisation.
    AnthropicClaudeAi = "anthropic/claude-ai", Anthropic, true;
    /// Cursor productivity by person.
    CursorDailyUsage = "cursor/daily-usage", Cursor, true;
    /// Cursor usage events: its money.
    CursorUsageEvents = "cursor/usage-events", Cursor, true;
    /// Spend of the running billing cycle, a daily snapshot: a check, never a cost.
    CursorSpend = "cursor/spend", Cursor, true;
}

impl Feed {
    /// True for slices that others are read with: they come first in every run.
    pub const fn is_context(self) -> bool {
        matches!(self, Self::AnthropicDirectory | Self::SheetApiKeyMapping | Self::AnthropicClaudeCode)
    }

    /// True where the vendor only tells how things are now: a past day cannot be had.
    pub const fn is_snapshot(self) -> bool {
        !self.is_daily() || matches!(self, Self::CursorSpend)
    }
}

impl fmt::Display for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Feed {
    type Err = UnknownFeed;
    fn from_str(text: &str) -> Result<Self, UnknownFeed> {
        Self::ALL
            .into_iter()
            .find(|feed| feed.as_str() == text)
            .ok_or_else(|| UnknownFeed { name: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_and_says_its_vendor() {
        for feed in Feed::ALL {
            assert_eq!(feed.as_str().parse::<Feed>().unwrap(), feed);
            assert!(feed.as_str().starts_with(feed.vendor().as_str()));
        }
        assert!("anthropic/costs".parse::<Feed>().unwrap_err().to_string().contains("anthropic/cost,"));
    }
}
