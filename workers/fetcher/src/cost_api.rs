//! Which generation of the cost API an organisation has: chosen once a run, never by one slice's failure.

use aispend_model::{Feed, Request, Slice};
use aispend_ports::{FetchError, LedgerLine, SliceOutcome};
use aispend_proto::v1::Notice;
use aispend_sources::Refusal;
use aispend_sources::anthropic::{Probe, probe_answer, probe_request};
use aispend_stage::{Header, content_id};
use jiff::ToSpan;
use jiff::civil::Date;

use crate::accounts::{Accounts, Organisation, not_asked, slot_of};
use crate::answers::Answers;
use crate::{CostApi, FetchSliceError, Fetcher};

/// How often a probe without a clear answer is asked again.
const PROBE_TRIES: u32 = 6;

impl Fetcher {
    /// Which cost API each organisation has: one unambiguous answer to a probe, once a run; never one slice's failure.
    pub(super) async fn ask_cost_sources(&self, accounts: &Accounts, today: Date, answers: &mut Answers) {
        for organisation in accounts.anthropic.values() {
            let (source, notice) = match self.cost_source(accounts, organisation, today).await {
                Ok(known) => known,
                Err(error) => {
                    let notice = not_asked("anthropic/cost", &error);
                    answers.unanswered = answers.unanswered.take().or(error.is_outage().then_some(error));
                    (None, Some(notice))
                }
            };
            let source = source.map(|source| (organisation.org_id.clone(), source.to_owned()));
            answers.cost_sources.extend(source);
            answers.notices.extend(notice);
        }
    }

    /// One organisation's, and what there is to say about it. None where no answer is clear: nothing is read then.
    async fn cost_source(
        &self,
        accounts: &Accounts,
        organisation: &Organisation,
        today: Date,
    ) -> Result<(Option<&'static str>, Option<Notice>), FetchError> {
        let (analytics, legacy) = if organisation.is_enterprise() {
            ("analytics_enterprise", "enterprise_reports")
        } else {
            ("analytics", "legacy")
        };
        match self.settings.cost_api {
            CostApi::Analytics => return Ok((Some(analytics), None)),
            CostApi::Legacy => return Ok((Some(legacy), None)),
            CostApi::Auto => {}
        }
        let request = probe_request(&organisation.org_id, today.saturating_sub(2.days()));
        let addressed = Request { org_id: slot_of(accounts, &request), ..request };
        let notice = |message: String, remedy: &str, is_failure| Notice {
            subject: "anthropic/cost".to_owned(),
            message,
            remedy: remedy.to_owned(),
            is_failure,
        };
        Ok(match self.probe(&addressed).await? {
            Probe::Analytics => (Some(analytics), None),
            Probe::NotAvailable(why) => {
                let message = format!(
                    "the beta does not answer ({why}): days it never gave are read from the {legacy} endpoints"
                );
                (Some(legacy), Some(notice(message, "", false)))
            }
            Probe::Refused(refusal) => (None, Some(notice(refusal.detail, &refusal.remedy, true))),
            Probe::Unclear(detail) => {
                let message = format!("no clear answer which cost API this organisation has: {detail}");
                let remedy = "run again later, or set AISPEND_COST_API=analytics or legacy";
                (None, Some(notice(message, remedy, true)))
            }
        })
    }

    /// Asks until the answer is clear, a few times.
    async fn probe(&self, request: &Request) -> Result<Probe, FetchError> {
        let mut answer = probe_answer(&self.doors.fetch.send(request).await?);
        for tries in 1..PROBE_TRIES {
            if !matches!(answer, Probe::Unclear(_)) {
                break;
            }
            self.doors.clock.sleep(self.settings.unsettled_pause * tries).await;
            answer = probe_answer(&self.doors.fetch.send(request).await?);
        }
        Ok(answer)
    }

    /// Refuses a request of an older plan that chose another cost API than the newest one. Asked after the generation was
    /// taken: a plan made since then is fetched with a newer one.
    pub(super) async fn is_stale_choice(
        &self,
        header: &Header,
        slice: &Slice,
        source: &str,
    ) -> Result<Option<Refusal>, FetchSliceError> {
        if slice.feed != Feed::AnthropicCost {
            return Ok(None);
        }
        let choice = match self.doors.archive.get(&choice_name(&slice.org_id)).await {
            Ok(choice) => choice,
            Err(aispend_ports::ArchiveError::Missing { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let choice = String::from_utf8_lossy(&choice).into_owned();
        let Some((run_id, chosen)) = choice.split_once('\n') else { return Ok(None) };
        Ok((run_id != header.run_id && chosen != source).then(|| Refusal {
            reason: "cost_api_changed",
            detail: format!(
                "a newer run reads this organisation's cost from `{chosen}`, not from `{source}`"
            ),
            remedy: "nothing: the newer run reads this day".to_owned(),
        }))
    }

    /// A day loaded from analytics is never replaced from the legacy reports unless a setting says so.
    pub(super) fn keep_analytics(&self, line: Option<&LedgerLine>, source: &str) -> Option<Refusal> {
        let line = line?;
        let is_step_back = line.outcome == SliceOutcome::Complete
            && line.source.starts_with("analytics")
            && matches!(source, "legacy" | "enterprise_reports");
        (is_step_back && self.settings.cost_api != CostApi::Legacy).then(|| Refusal {
            reason: "cost_api_changed",
            detail:
                "this day was loaded from the analytics endpoints, which do not answer now; its rows stay"
                    .to_owned(),
            remedy: "run again later, or set AISPEND_COST_API=legacy to replace it from the legacy reports"
                .to_owned(),
        })
    }
}

/// The newest plan's choice of cost API for an organisation.
pub(super) fn choice_name(org_id: &str) -> String {
    format!("cost-api/{}", content_id(&[org_id.as_bytes()]))
}
