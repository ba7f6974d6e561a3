//! How every question to Anthropic is put.

use aispend_model::{Request, Vendor};
use jiff::civil::Date;

/// The version whose shapes are read. The newer ones are accepted as well.
const VERSION: &str = "2023-06-01";

/// Opens the usage and cost analytics of the beta.
const ANALYTICS_BETA: &str = "analytics-usage-cost-2026-08-24";

/// A GET without parameters.
pub(super) fn get(org_id: &str, role: &str, path: &str) -> Request {
    Request::get(Vendor::Anthropic, org_id, role, path).with_header("anthropic-version", VERSION)
}

/// A GET of the beta.
pub(super) fn get_beta(org_id: &str, role: &str, path: &str) -> Request {
    get(org_id, role, path).with_header("anthropic-beta", ANALYTICS_BETA)
}

/// With the whole UTC day, its end exclusive. The reports refuse a range without one complete day.
pub(super) fn with_day(request: Request, day: Date) -> Request {
    let end = day.tomorrow().unwrap_or(day);
    request.with("starting_at", format!("{day}T00:00:00Z")).with("ending_at", format!("{end}T00:00:00Z"))
}

/// With one `group_by[]` per dimension.
pub(super) fn grouped(request: Request, dimensions: &[&str]) -> Request {
    dimensions.iter().fold(request, |request, dimension| request.with("group_by[]", dimension))
}

/// The next page: everything unchanged but the cursor, which the vendor binds to the other parameters.
pub(super) fn next_page(request: &Request, cursor: &str, value: &str) -> Request {
    let mut next = request.clone();
    next.query.retain(|(name, _)| name != cursor);
    next.query.push((cursor.to_owned(), value.to_owned()));
    next.page = next.page.saturating_add(1);
    next
}
