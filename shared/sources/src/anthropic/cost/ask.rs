//! What to ask each endpoint family for one day.

use aispend_model::Request;
use jiff::civil::Date;

use super::super::asking::{get, get_beta, grouped, with_day};
use super::super::paging::Layout;

/// One way to learn a day's money. Never two of them for one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// The beta of a Console organisation: exact by key.
    Analytics,
    /// The beta of an Enterprise organisation: exact by person.
    AnalyticsEnterprise,
    /// Enterprise's reports: a total, and its split by person.
    EnterpriseReports,
    /// Money by workspace and description, tokens by key; the split is ours.
    Legacy,
}

/// The beta takes five dimensions; `cost_type` and `token_type` do not count among them.
const BY_KEY: &[&str] = &["api_key_id", "workspace_id", "product", "model", "service_tier"];
/// On Enterprise the service tier is always null: its place names the person.
const BY_ACTOR: &[&str] = &["api_key_id", "workspace_id", "product", "model", "actor"];
const BY_CHARGE: &[&str] = &["cost_type", "token_type"];
const REPORT: &[&str] = &["product", "model", "cost_type", "token_type"];
/// The most the legacy usage report takes.
const LEGACY_USAGE: &[&str] = &["workspace_id", "api_key_id", "model", "service_tier", "context_window"];

/// Groups that a report names at most in a bucket.
pub(super) const MOST_GROUPS: usize = 100;
/// The role of a total without groups.
pub(super) const WHOLE: &str = "whole";

impl Family {
    /// By its name in settings and messages.
    pub(super) fn of(source: &str) -> Option<Self> {
        match source {
            "analytics" => Some(Self::Analytics),
            "analytics_enterprise" => Some(Self::AnalyticsEnterprise),
            "enterprise_reports" => Some(Self::EnterpriseReports),
            "legacy" => Some(Self::Legacy),
            _ => None,
        }
    }

    /// How the rows of a role lie in its answers.
    pub(super) fn layout(self, role: &str) -> Layout {
        match self {
            Self::Legacy => Layout::Buckets,
            Self::EnterpriseReports if role != "users" => Layout::Buckets,
            _ => Layout::Rows,
        }
    }

    /// The day's whole total, where the total by groups has as many as the vendor names at most: what lies beyond has
    /// no row there.
    pub(super) fn total_beyond(self, request: &Request, groups: u64, day: Date) -> Option<Request> {
        let is_cut =
            self == Self::EnterpriseReports && request.role == "total" && groups >= MOST_GROUPS as u64;
        is_cut
            .then(|| report(&request.org_id, day, WHOLE, "/v1/organizations/analytics/cost_report", &[], 31))
    }

    /// The first request of each role.
    pub(super) fn requests(self, org_id: &str, day: Date) -> Vec<Request> {
        match self {
            Self::Analytics => analytics(org_id, day, BY_KEY),
            Self::AnalyticsEnterprise => analytics(org_id, day, BY_ACTOR),
            Self::EnterpriseReports => vec![
                report(org_id, day, "total", "/v1/organizations/analytics/cost_report", REPORT, 31),
                report(org_id, day, "users", "/v1/organizations/analytics/user_cost_report", REPORT, 1000),
            ],
            Self::Legacy => vec![
                report(
                    org_id,
                    day,
                    "cost",
                    "/v1/organizations/cost_report",
                    &["workspace_id", "description"],
                    31,
                ),
                report(org_id, day, "usage", "/v1/organizations/usage_report/messages", LEGACY_USAGE, 31),
            ],
        }
    }
}

fn analytics(org_id: &str, day: Date, dimensions: &[&str]) -> Vec<Request> {
    let first = |role: &str, charge: &[&str]| {
        let path = format!("/v1/organizations/analytics/{role}");
        let request = with_day(get_beta(org_id, role, &path), day).with("time_bucket_width", "1d");
        grouped(grouped(request, dimensions), charge)
            .with("order_by", "time")
            .with("order", "asc")
            .with("limit", 1000)
    };
    vec![first("cost", BY_CHARGE), first("usage", &[])]
}

fn report(org_id: &str, day: Date, role: &str, path: &str, dimensions: &[&str], limit: u32) -> Request {
    let request = with_day(get(org_id, role, path), day).with("bucket_width", "1d");
    grouped(request, dimensions).with("limit", limit)
}

/// The usage question with one dimension less: the vendor's cap on dimensions is not documented.
pub(super) fn narrower(request: &Request) -> Option<Request> {
    if request.role != "usage" {
        return None;
    }
    let dropped =
        ["context_window", "service_tier"].into_iter().find(|dimension| groups_by(request, dimension))?;
    let mut narrower = request.clone();
    narrower.query.retain(|(name, value)| !(name == "group_by[]" && value == dropped));
    Some(narrower)
}

fn groups_by(request: &Request, dimension: &str) -> bool {
    request.query.iter().any(|(name, value)| name == "group_by[]" && value == dimension)
}
