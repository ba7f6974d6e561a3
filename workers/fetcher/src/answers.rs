//! What a plan has to hear from Anthropic first, and what waits for that where Anthropic does not answer.

use std::sync::Arc;
use std::time::Duration;

use aispend_model::{Feed, Vendor};
use aispend_ports::FetchError;
use aispend_proto::v1::{FetchRequested, Notice};
use aispend_stage::Message;

use crate::accounts::Accounts;
use crate::{CostSources, FetchSliceError, Fetcher, KeyKind, Wanted};

/// For so long the other vendors' slices wait for the plan.
const OTHERS_WAIT: Duration = Duration::from_mins(1);

/// What Anthropic said.
#[derive(Default)]
pub struct Answers {
    /// Whose the keys are.
    pub accounts: Arc<Accounts>,
    /// Which cost API each organisation has.
    pub cost_sources: CostSources,
    /// What a person should know of it.
    pub notices: Vec<Notice>,
    /// Why something is not known.
    pub unanswered: Option<FetchError>,
}

/// What can be planned now.
pub struct Answered {
    /// Of what was wanted.
    pub wanted: Wanted,
    /// With these answers.
    pub answers: Answers,
    /// Wanted as well: planned as a run of its own, once Anthropic answers.
    pub later: Option<FetchRequested>,
}

/// The run that reads what a run could not plan.
pub fn later_of(run_id: &str) -> String {
    format!("{run_id}.anthropic")
}

impl Fetcher {
    /// Asks Anthropic what a plan needs. Where it does not answer, the rest is planned alone: one vendor's outage must not
    /// stop the other. A request for nothing else is given back, until its patience ends; then the plan tells what is
    /// missing.
    pub(super) async fn answered(
        &self,
        message: &Message,
        request: &FetchRequested,
        wanted: &Wanted,
    ) -> Result<Answered, FetchSliceError> {
        let feeds = if wanted.feeds.is_empty() { Feed::ALL.to_vec() } else { wanted.feeds.clone() };
        let all = |answers| Answered { wanted: wanted.clone(), answers, later: None };
        if feeds.iter().all(|feed| feed.vendor() != Vendor::Anthropic) {
            return Ok(all(Answers::default()));
        }
        let asking = self.ask_anthropic(message, wanted);
        if self.is_overdue(message) {
            return Ok(all(asking.await?));
        }
        let (theirs, others): (Vec<Feed>, Vec<Feed>) =
            feeds.into_iter().partition(|feed| self.waits_for_anthropic(*feed));
        if others.is_empty() {
            let answers = asking.await?;
            return match answers.unanswered {
                None => Ok(all(answers)),
                Some(error) => Err(error.into()),
            };
        }
        tokio::select! {
            biased;
            answers = asking => {
                let answers = answers?;
                if answers.unanswered.is_none() {
                    return Ok(all(answers));
                }
            }
            () = self.doors.clock.sleep(OTHERS_WAIT) => {}
        }
        let notice = Notice {
            subject: "anthropic".to_owned(),
            message: format!(
                "no answer yet; its feeds are read in run `{}`, as soon as there is one",
                later_of(&message.header.run_id)
            ),
            ..Notice::default()
        };
        let later = FetchRequested {
            feeds: theirs.iter().map(|feed| feed.as_str().to_owned()).collect(),
            from: request.from,
            to: request.to,
            trigger: request.trigger.clone(),
            ..FetchRequested::default()
        };
        Ok(Answered {
            wanted: Wanted { feeds: others, days: wanted.days },
            answers: Answers { notices: vec![notice], ..Answers::default() },
            later: Some(later),
        })
    }

    async fn ask_anthropic(&self, message: &Message, wanted: &Wanted) -> Result<Answers, FetchSliceError> {
        let today = message.published_at.to_zoned(jiff::tz::TimeZone::UTC).date();
        let is_known = |accounts: &Accounts| accounts.unanswered.is_none();
        let accounts = self.accounts(&message.header.run_id, is_known).await?;
        let mut answers = Answers {
            notices: accounts.notices.clone(),
            unanswered: accounts.unanswered.clone(),
            ..Answers::default()
        };
        if wanted.wants(Feed::AnthropicCost) {
            self.ask_cost_sources(&accounts, today, &mut answers).await;
        }
        answers.accounts = accounts;
        Ok(answers)
    }

    /// Sheets that an Enterprise organisation's reports replace wait with them.
    fn waits_for_anthropic(&self, feed: Feed) -> bool {
        let is_replaced = matches!(feed, Feed::SheetClaudeAiSpend | Feed::SheetClaudeAiUsage);
        let has_enterprise = self.settings.anthropic.iter().any(|key| key.kind == KeyKind::Analytics);
        feed.vendor() == Vendor::Anthropic || (is_replaced && has_enterprise)
    }
}
