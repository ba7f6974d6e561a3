//! Which organisation each key belongs to: asked, never derived from the key.

use std::collections::BTreeMap;

use aispend_model::{Request, Vendor};
use aispend_ports::{Archive, ArchiveError, Clock, Fetch, FetchError};
use aispend_proto::v1::Notice;
use aispend_sources::Refusal;
use aispend_sources::anthropic::{me_answer, me_request, organisation_of, probe_request};
use bytes::Bytes;

use crate::settings::{FetcherSettings, KeyKind};

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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accounts {
    /// By organisation id.
    pub anthropic: BTreeMap<String, Organisation>,
    /// Keys that could not be used.
    pub notices: Vec<Notice>,
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
    for key in &settings.anthropic {
        let answer = match ask_me(settings, fetch, clock, &key.slot).await {
            Ok(answer) => answer,
            Err(error) => {
                accounts.notices.push(not_asked(&key.setting, &error));
                continue;
            }
        };
        let (org_id, name) = match answer {
            Ok(Some(identity)) => identity,
            // The route is closed to this key, and no header told: what its reports say, else the setting's own name,
            // which is remembered like any other.
            Ok(None) => match told_by_report(fetch, &key.slot, today).await {
                Ok(Some(org_id)) => (org_id, String::new()),
                Ok(None) => {
                    accounts.notices.push(Notice {
                        subject: key.setting.clone(),
                        message: "the key opens neither the organisation nor its reports".to_owned(),
                        remedy:
                            "check that it is an Admin key (sk-ant-admin01-…) or has the scope read:analytics"
                                .to_owned(),
                        is_failure: true,
                    });
                    continue;
                }
                Err(error) => {
                    accounts.notices.push(not_asked(&key.setting, &error));
                    continue;
                }
            },
            Err(refusal) => {
                accounts.notices.push(Notice {
                    subject: key.setting.clone(),
                    message: refusal.detail,
                    remedy: refusal.remedy,
                    is_failure: true,
                });
                continue;
            }
        };
        if let Some(known) = remembered(settings, archive, &key.slot, &org_id).await? {
            accounts.notices.push(Notice {
                subject: key.setting.clone(),
                message: format!("the key now belongs to organisation {org_id}; it was {known} before. Nothing was read with it"),
                remedy: format!("if that is right, set AISPEND_CONFIRMED_ORGS={org_id}; otherwise restore the key"),
                is_failure: true,
            });
            continue;
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
    }
    Ok(accounts)
}

/// The organisation as a report names it.
async fn told_by_report(
    fetch: &dyn Fetch,
    slot: &str,
    today: jiff::civil::Date,
) -> Result<Option<String>, FetchError> {
    let day = today.yesterday().unwrap_or(today);
    let response = fetch.send(&probe_request(slot, day)).await?;
    // Reports that answer without naming their organisation: the setting's own name stands for it.
    Ok(organisation_of(&response).or_else(|| response.is_success().then(|| slot.to_owned())))
}

/// Asks again where a good answer could not be read: one cut-off body is no identity.
async fn ask_me(
    settings: &FetcherSettings,
    fetch: &dyn Fetch,
    clock: &dyn Clock,
    slot: &str,
) -> Result<Result<Option<(String, String)>, Refusal>, FetchError> {
    let mut tries = 0;
    loop {
        let response = fetch.send(&me_request(slot)).await?;
        let answer = me_answer(&response);
        tries += 1;
        if !response.is_success() || !matches!(answer, Ok(None)) || tries >= ME_TRIES {
            return Ok(answer);
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
    let safe: String =
        slot.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
    let name = format!("identity/{safe}");
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
