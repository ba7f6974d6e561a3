//! Which organisation each key belongs to: asked, never derived from the key.

use std::collections::BTreeMap;

use aispend_model::{Request, Vendor};
use aispend_ports::{Archive, ArchiveError, Clock, Fetch, FetchError};
use aispend_proto::v1::Notice;
use aispend_sources::Refusal;
use aispend_sources::anthropic::{me_answer, me_request, organisation_of, probe_request, report_requests};
use bytes::Bytes;
use jiff::ToSpan;

use crate::settings::{AnthropicKey, FetcherSettings, KeyKind};

/// How often an unreadable identity is asked for.
const ME_TRIES: u32 = 6;

/// An Anthropic organisation and the keys that open it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Organisation {
    /// The vendor's own id.
    pub org_id: String,
    /// Its name, where the vendor says.
    pub name: String,
    /// Admin key.
    pub admin: Option<String>,
    /// Analytics key.
    pub analytics: Option<String>,
}

impl Organisation {
    /// True for a claude.ai Enterprise organisation: no Admin key belongs to it.
    pub const fn is_enterprise(&self) -> bool {
        self.admin.is_none()
    }

    /// Which key to send a request with.
    pub fn slot(&self, request: &Request) -> Option<&str> {
        let (first, second) = if request.path.contains("/analytics/") {
            (&self.analytics, &self.admin)
        } else {
            (&self.admin, &self.analytics)
        };
        first.as_deref().or(second.as_deref())
    }
}

/// What the keys answered.
#[derive(Debug, Clone, Default)]
pub struct Accounts {
    /// By organisation id.
    pub anthropic: BTreeMap<String, Organisation>,
    /// Keys that could not be used.
    pub notices: Vec<Notice>,
    /// Why a key got no answer: it may get one later.
    pub unanswered: Option<FetchError>,
}

impl Accounts {
    /// Why it is not known here whose slices these are; `None` where it is, or where asking again would not tell.
    pub fn missing(&self, org_id: &str) -> Option<FetchError> {
        self.unanswered.clone().filter(|_| !self.anthropic.contains_key(org_id))
    }

    fn leave_out(&mut self, key: &AnthropicKey, error: FetchError) {
        self.notices.push(not_asked(&key.setting, &error));
        if error.is_outage() {
            self.unanswered = Some(error);
        }
    }
}

/// Asks every Anthropic key who it is. A key that now answers for another organisation than it did is not used until
/// somebody confirms: two organisations' spend must never mix.
///
/// # Errors
/// When the archive, which remembers the organisation of each key's setting, does not answer.
pub async fn resolve(
    settings: &FetcherSettings,
    fetch: &dyn Fetch,
    archive: &dyn Archive,
    clock: &dyn Clock,
) -> Result<Accounts, ArchiveError> {
    let today = clock.today();
    let mut accounts = Accounts::default();
    let mut nameless = Vec::new();
    for key in &settings.anthropic {
        let told = match ask_me(settings, fetch, clock, &key.slot).await {
            // The route is closed to this key: what its reports say.
            Ok(Told::Closed) => told_by_reports(fetch, &key.slot, today).await,
            told => told,
        };
        match told {
            Ok(Told::Organisation(org_id, name)) => {
                join(&mut accounts, settings, archive, key, org_id, name).await?;
            }
            Ok(Told::NoName) => nameless.push(key),
            Ok(Told::Closed) => accounts.notices.push(Notice {
                subject: key.setting.clone(),
                message: "the key opens neither the organisation nor its reports".to_owned(),
                remedy: "check that it is an Admin key (sk-ant-admin01-…) or has the scope read:analytics"
                    .to_owned(),
                is_failure: true,
            }),
            Ok(Told::Refused(refusal)) => accounts.notices.push(Notice {
                subject: key.setting.clone(),
                message: refusal.detail,
                remedy: refusal.remedy,
                is_failure: true,
            }),
            Ok(Told::Unclear(status)) => accounts.notices.push(Notice {
                subject: key.setting.clone(),
                message: format!("no clear answer whose key this is: HTTP {status}"),
                remedy: "run again later; what is missing stays due".to_owned(),
                is_failure: true,
            }),
            Err(error) => accounts.leave_out(key, error),
        }
    }
    for notice in &mut accounts.notices {
        if let Some(key) = settings.anthropic.iter().find(|key| key.setting == notice.subject) {
            notice.message = format!("{}. Not read: {}", notice.message, feeds_of(key.kind));
        }
    }
    for key in nameless {
        // Two keys that tell the same money are of one organisation: it must not count twice.
        let known = match same_money(fetch, &accounts, &key.slot, today).await {
            Ok(known) => known,
            Err(error) => {
                accounts.leave_out(key, error);
                continue;
            }
        };
        if known.is_none() {
            accounts.notices.push(Notice {
                subject: key.setting.clone(),
                message: format!(
                    "no answer names this key's organisation; its rows stand under `{}`",
                    key.slot
                ),
                remedy:
                    "nothing, unless another key here is of the same organisation: then remove one of them"
                        .to_owned(),
                is_failure: false,
            });
        }
        let org_id = known.unwrap_or_else(|| key.slot.clone());
        join(&mut accounts, settings, archive, key, org_id, String::new()).await?;
    }
    Ok(accounts)
}

/// What cannot be read without a key.
pub(crate) const fn feeds_of(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::Admin => "anthropic/cost, anthropic/claude-code, anthropic/directory",
        KeyKind::Analytics => "anthropic/cost of the Enterprise organisation, anthropic/claude-ai",
    }
}

/// Puts a key to its organisation, unless it answered for another one before.
async fn join(
    accounts: &mut Accounts,
    settings: &FetcherSettings,
    archive: &dyn Archive,
    key: &AnthropicKey,
    org_id: String,
    name: String,
) -> Result<(), ArchiveError> {
    if let Some(known) = remembered(settings, archive, &key.slot, &org_id).await? {
        accounts.notices.push(Notice {
            subject: key.setting.clone(),
            message: format!("the key now belongs to organisation {org_id}; it was {known} before"),
            remedy: format!(
                "if that is right, set AISPEND_CONFIRMED_ORGS={org_id}; otherwise restore the key"
            ),
            is_failure: true,
        });
        return Ok(());
    }
    let organisation = accounts.anthropic.entry(org_id.clone()).or_default();
    organisation.org_id = org_id;
    if !name.is_empty() {
        organisation.name = name;
    }
    let place = match key.kind {
        KeyKind::Admin => &mut organisation.admin,
        KeyKind::Analytics => &mut organisation.analytics,
    };
    place.get_or_insert_with(|| key.slot.clone());
    Ok(())
}

/// What an answer tells of a key's organisation.
pub(crate) enum Told {
    /// Its id, and its name where that is said.
    Organisation(String, String),
    /// The key is good, but no answer names the organisation.
    NoName,
    /// The routes are closed to this key.
    Closed,
    Refused(Refusal),
    /// No answer to build on: its status.
    Unclear(u16),
}

/// The organisation as a report names it.
pub(crate) async fn told_by_reports(
    fetch: &dyn Fetch,
    slot: &str,
    today: jiff::civil::Date,
) -> Result<Told, FetchError> {
    let day = today.saturating_sub(2.days());
    let (mut is_open, mut unclear) = (false, None);
    for request in report_requests(slot, day) {
        let response = fetch.send(&request).await?;
        match response.status {
            200..=299 | 400..=407 => {
                if let Some(org_id) = organisation_of(&response) {
                    return Ok(Told::Organisation(org_id, String::new()));
                }
                is_open |= response.is_success();
            }
            status => unclear = Some(status),
        }
    }
    Ok(match unclear {
        // A report that does not answer now might name it.
        Some(status) => Told::Unclear(status),
        None if is_open => Told::NoName,
        None => Told::Closed,
    })
}

/// The one organisation with an Admin key, where that key tells the same money of a day, and any at all.
async fn same_money(
    fetch: &dyn Fetch,
    accounts: &Accounts,
    slot: &str,
    today: jiff::civil::Date,
) -> Result<Option<String>, FetchError> {
    let mut admins = accounts.anthropic.values().filter_map(|known| Some((known, known.admin.as_ref()?)));
    let (Some((organisation, admin)), None) = (admins.next(), admins.next()) else { return Ok(None) };
    let day = today.saturating_sub(2.days());
    let ours = fetch.send(&probe_request(slot, day)).await?;
    let theirs = fetch.send(&probe_request(admin, day)).await?;
    let is_money = ours.is_success() && String::from_utf8_lossy(&ours.body).contains("\"amount\"");
    let is_same = is_money && theirs.is_success() && ours.body == theirs.body;
    Ok(is_same.then(|| organisation.org_id.clone()))
}

/// Asks again where the answer says nothing: neither an outage nor a cut-off body is an identity.
async fn ask_me(
    settings: &FetcherSettings,
    fetch: &dyn Fetch,
    clock: &dyn Clock,
    slot: &str,
) -> Result<Told, FetchError> {
    let mut tries = 0;
    loop {
        let response = fetch.send(&me_request(slot)).await?;
        let is_settled = response.is_success() || matches!(response.status, 401 | 403 | 404);
        match me_answer(&response) {
            Err(refusal) => return Ok(Told::Refused(refusal)),
            Ok(Some((org_id, name))) if is_settled => return Ok(Told::Organisation(org_id, name)),
            Ok(None) if matches!(response.status, 403 | 404) => return Ok(Told::Closed),
            Ok(_) => {}
        }
        tries += 1;
        if tries >= ME_TRIES {
            return Ok(Told::Unclear(response.status));
        }
        clock.sleep(settings.unsettled_pause * tries).await;
    }
}

/// The other organisation this key answered for before; `None` where there was none, or where somebody confirmed the
/// change: then the new one is remembered.
async fn remembered(
    settings: &FetcherSettings,
    archive: &dyn Archive,
    slot: &str,
    org_id: &str,
) -> Result<Option<String>, ArchiveError> {
    let name = identity_name(slot);
    let body = Bytes::copy_from_slice(org_id.as_bytes());
    if archive.create(&name, body.clone()).await? {
        return Ok(None);
    }
    let known = String::from_utf8_lossy(&archive.get(&name).await?).into_owned();
    if known == org_id {
        return Ok(None);
    }
    if settings.confirmed_orgs.iter().any(|confirmed| confirmed == org_id) {
        archive.put(&name, body).await?;
        return Ok(None);
    }
    Ok(Some(known))
}

/// Where the organisation of a key's setting is remembered.
pub(crate) fn identity_name(slot: &str) -> String {
    let safe: String =
        slot.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
    format!("identity/{safe}")
}

/// The notice for a key that got no answer.
pub fn not_asked(setting: &str, error: &FetchError) -> Notice {
    let remedy = match error {
        FetchError::Unavailable { .. } | FetchError::Down { .. } => {
            "run again later; what is missing stays due"
        }
        FetchError::NotConfigured { .. } | FetchError::Credentials { .. } => "check the key and its settings",
    };
    Notice {
        subject: setting.to_owned(),
        message: error.to_string(),
        remedy: remedy.to_owned(),
        is_failure: true,
    }
}

/// Which account a request goes through: Anthropic by its organisation's keys, others by their own name.
pub fn slot_of(accounts: &Accounts, request: &Request) -> String {
    match request.vendor {
        Vendor::Anthropic => accounts
            .anthropic
            .get(&request.org_id)
            .and_then(|organisation| organisation.slot(request))
            .unwrap_or(&request.org_id)
            .to_owned(),
        Vendor::Cursor | Vendor::Sheets => request.org_id.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use aispend_model::Response;
    use jiff::civil::date;

    use super::*;

    /// Answers by key and end of the path.
    struct Answers(Vec<(&'static str, &'static str, u16, &'static str)>);

    #[async_trait::async_trait]
    impl Fetch for Answers {
        async fn send(&self, request: &Request) -> Result<Response, FetchError> {
            let known = |(key, path, _, _): &&(&str, &str, u16, &str)| {
                (*key, true) == (request.org_id.as_str(), request.path.ends_with(path))
            };
            let (status, body) =
                self.0.iter().find(known).map_or((403, "{}"), |(_, _, status, body)| (*status, *body));
            Ok(Response { status, headers: Vec::new(), body: body.into() })
        }
    }

    fn now<T>(future: impl Future<Output = T>) -> T {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => value,
            Poll::Pending => panic!("it waits"),
        }
    }

    const TODAY: jiff::civil::Date = date(2026, 11, 22);

    #[test]
    fn any_report_may_name_the_organisation_and_an_outage_names_none() {
        let told = |answers| match now(told_by_reports(&Answers(answers), "k", TODAY)).unwrap() {
            Told::Organisation(org_id, _) => org_id,
            Told::NoName => "no name".to_owned(),
            Told::Closed => "closed".to_owned(),
            Told::Refused(refusal) => refusal.detail,
            Told::Unclear(status) => status.to_string(),
        };
        let named = r#"{"data":[],"organization_id":"o"}"#;
        assert_eq!(told(vec![("k", "/cost_report", 200, named)]), "o");
        assert_eq!(told(vec![("k", "/users", 200, r#"{"data":[]}"#)]), "no name");
        assert_eq!(told(vec![]), "closed");
        assert_eq!(told(vec![("k", "/cost", 503, ""), ("k", "/users", 200, r#"{"data":[]}"#)]), "503");
    }

    #[test]
    fn a_nameless_key_joins_the_admin_key_that_tells_the_same_money() {
        let admin = Organisation { org_id: "o".into(), admin: Some("a".into()), ..Organisation::default() };
        let accounts =
            Accounts { anthropic: BTreeMap::from([("o".to_owned(), admin)]), ..Accounts::default() };
        let same = |ours: &'static str, theirs: &'static str| {
            let answers = Answers(vec![("k", "/cost", 200, ours), ("a", "/cost", 200, theirs)]);
            now(same_money(&answers, &accounts, "k", TODAY)).unwrap()
        };
        let money = r#"{"data":[{"cost":{"amount":"1"}}]}"#;
        assert_eq!(same(money, money).as_deref(), Some("o"));
        assert_eq!(same(money, r#"{"data":[{"cost":{"amount":"2"}}]}"#), None);
        assert_eq!(same(r#"{"data":[]}"#, r#"{"data":[]}"#), None, "nothing is no evidence");
    }
}
