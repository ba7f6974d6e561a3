//! What makes two rows of a sheet the same row.

use aispend_model::{Feed, day_number};
use jiff::civil::Date;

use super::super::cells::Cells;
use super::super::seats;

/// What a row is about, and from which day to which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claim {
    /// Whose row it is, in a form that can be compared.
    pub identity: Vec<String>,
    /// First and last day, as numbers; the outermost where a row says none.
    pub days: (i32, i32),
    /// Equal rows may stand side by side: seats without a person.
    pub may_repeat: bool,
    /// Rows of one identity must not share a day.
    pub is_exclusive: bool,
}

/// The key of a row: rows of one identity that begin on the same day are the same row.
pub(super) type Key = (Vec<String>, i32, u32);

impl Claim {
    pub(super) fn key(&self, repeat: u32) -> Key {
        (self.identity.clone(), self.days.0, repeat)
    }
}

/// Whose row it is, for a person.
pub(super) fn shown(identity: &[String]) -> String {
    let parts = identity.iter().filter(|part| !part.is_empty());
    parts.map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// What a person calls the key of a sheet.
pub(super) const fn what(feed: Feed) -> &'static str {
    match feed {
        Feed::SheetPeople => "person",
        Feed::SheetApiKeyMapping => "API key",
        Feed::SheetSeats => "vendor and person",
        Feed::SheetBudgets => "month, platform and team",
        Feed::SheetInvoices => "vendor, organisation, invoice and scope",
        Feed::SheetClaudeAiUsage => "person and day",
        Feed::SheetClaudeAiSpend => "person, product and model",
        _ => "row",
    }
}

/// The column that decides when a row begins.
pub(super) const fn from_column(feed: Feed) -> &'static str {
    match feed {
        Feed::SheetClaudeAiSpend | Feed::SheetInvoices => "period_start",
        Feed::SheetBudgets => "month",
        Feed::SheetClaudeAiUsage => "activity_date",
        _ => "valid_from",
    }
}

/// What a row claims; `None` where its key cannot be read.
pub(super) fn claim(feed: Feed, cells: Cells) -> Option<Claim> {
    let text = |column| cells.text(column).unwrap_or_default();
    let small = |column| text(column).to_lowercase();
    let email = || cells.email("user_email").unwrap_or_default();
    let number = |day: Option<Date>, open: i32| day.map_or(open, day_number);
    let validity = || {
        let validity = cells.validity().ok()?;
        Some((number(validity.from, i32::MIN), number(validity.to, i32::MAX)))
    };
    let period = || {
        let days = (cells.needed_day("period_start").ok()?, cells.needed_day("period_end").ok()?);
        Some((day_number(days.0), day_number(days.1)))
    };
    let exclusive = |identity, days| Some(Claim { identity, days, may_repeat: false, is_exclusive: true });
    match feed {
        Feed::SheetPeople => exclusive(vec![email()], validity()?),
        Feed::SheetApiKeyMapping => exclusive(vec![text("api_key_id")], validity()?),
        Feed::SheetClaudeAiSpend => exclusive(vec![email(), text("product"), text("model")], period()?),
        Feed::SheetInvoices => exclusive(
            vec![
                small("vendor"),
                text("org_id"),
                text("invoice_id"),
                cells.word("scope").unwrap_or_default(),
            ],
            period()?,
        ),
        Feed::SheetSeats => {
            let written = text("vendor");
            let vendor = seats::vendor(&written).map_or(written, str::to_owned);
            let person = cells.account("user_email").ok().flatten();
            let may_repeat = person.is_none();
            let who = person.map_or_else(
                || vec![vendor.clone(), String::new(), small("plan")],
                |person| vec![vendor.clone(), person],
            );
            Some(Claim { identity: who, days: validity()?, may_repeat, is_exclusive: !may_repeat })
        }
        Feed::SheetBudgets => {
            let month = day_number(cells.needed_month("month").ok()?);
            let identity = vec![cells.word("platform").unwrap_or_default(), text("team")];
            exclusive(identity, (month, month))
        }
        Feed::SheetClaudeAiUsage => {
            let day = day_number(cells.needed_day("activity_date").ok()?);
            exclusive(vec![email()], (day, day))
        }
        _ => None,
    }
}
