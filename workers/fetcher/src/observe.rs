//! One observation of a slice: every page of every part, archived as received.

use std::time::Duration;

use aispend_model::{Feed, Request, Response, Vendor};
use aispend_ports::{Archive, Clock, DocumentRef, Fetch};
use aispend_sources::{Ask, Next, Progress, Refusal, Source};
use tracing::debug;

use crate::FetchSliceError;

/// How often an answer that cannot be read, or that moved while it was read, is asked for again.
const SETTLE_TRIES: u32 = 6;

/// What the vendor had to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observation {
    /// Everything it announced.
    Complete(Vec<DocumentRef>),
    /// It can never be had (any more).
    Unavailable(String),
    /// The tab or file is not there.
    Absent(String),
    /// It refuses.
    Refused(Refusal),
}

/// Observes slices through these doors.
pub struct Observer<'a> {
    /// Vendors.
    pub fetch: &'a dyn Fetch,
    /// Where answers are kept.
    pub archive: &'a dyn Archive,
    /// Pauses.
    pub clock: &'a dyn Clock,
    /// Before an empty answer is asked for again.
    pub empty_pause: Duration,
    /// Before an unreadable or moving answer is asked for again, growing.
    pub unsettled_pause: Duration,
}

/// One part of a slice, complete.
enum Part {
    Pages(Vec<DocumentRef>, u64),
    Other(Observation),
}

impl Observer<'_> {
    /// Asks until every part is complete. A part that is empty is asked for again once after a pause: empty twice is an
    /// observation.
    ///
    /// # Errors
    /// When the vendor gives no answer, or none that settles.
    pub async fn observe(
        &self,
        source: &dyn Source,
        ask: &Ask,
        slot: &(dyn Fn(&Request) -> String + Sync),
    ) -> Result<Observation, FetchSliceError> {
        let can_be_late = ask.slice.feed.is_daily()
            && ask.slice.feed != Feed::CursorSpend
            && ask.slice.vendor() != Vendor::Sheets;
        let mut documents = Vec::new();
        for first in source.requests(ask) {
            let mut part = self.part(source, ask, slot, first.clone()).await?;
            if can_be_late && matches!(part, Part::Pages(_, 0)) {
                self.clock.sleep(self.empty_pause).await;
                part = self.part(source, ask, slot, first).await?;
            }
            match part {
                Part::Pages(pages, _) => documents.extend(pages),
                Part::Other(observation) => return Ok(observation),
            }
        }
        Ok(Observation::Complete(documents))
    }

    async fn part(
        &self,
        source: &dyn Source,
        ask: &Ask,
        slot: &(dyn Fn(&Request) -> String + Sync),
        first: Request,
    ) -> Result<Part, FetchSliceError> {
        let mut tries = 0_u32;
        'restart: loop {
            let mut pages = Vec::new();
            let mut so_far = Progress::default();
            let mut before: Option<Vec<u8>> = None;
            let mut waiting = vec![first.clone()];
            while let Some(request) = waiting.pop() {
                let response = self.send(slot, &request).await?;
                so_far.is_repeated = before.as_ref() == Some(&response.body);
                let followed = match source.follow(ask, &request, &response, so_far) {
                    Ok(followed) => followed,
                    Err(error) => {
                        tries += 1;
                        self.unsettled(tries, error.to_string()).await?;
                        // The same page again: what came before it is archived and good.
                        waiting.push(request);
                        continue;
                    }
                };
                match followed.next {
                    Next::Instead(other) => waiting.push(*other),
                    Next::Restart(reason) => {
                        tries += 1;
                        self.unsettled(tries, reason).await?;
                        continue 'restart;
                    }
                    Next::Unavailable(reason) => return Ok(Part::Other(Observation::Unavailable(reason))),
                    Next::Absent(reason) => return Ok(Part::Other(Observation::Absent(reason))),
                    Next::Refused(refusal) => return Ok(Part::Other(Observation::Refused(refusal))),
                    next @ (Next::Done | Next::Page(_)) => {
                        // A page that came a second time ends the part, and counts once.
                        if so_far.is_repeated && next == Next::Done {
                            continue;
                        }
                        if response.is_success() {
                            pages.push(self.keep(&request, &response).await?);
                        }
                        so_far.items += followed.items;
                        so_far.announced = so_far.announced.or(followed.announced);
                        if let Next::Page(mut more) = next {
                            more.reverse();
                            waiting.extend(more);
                        }
                        before = Some(response.body);
                    }
                }
            }
            return Ok(Part::Pages(pages, so_far.items));
        }
    }

    async fn send(
        &self,
        slot: &(dyn Fn(&Request) -> String + Sync),
        request: &Request,
    ) -> Result<Response, FetchSliceError> {
        let addressed = Request { org_id: slot(request), ..request.clone() };
        Ok(self.fetch.send(&addressed).await?)
    }

    async fn keep(&self, request: &Request, response: &Response) -> Result<DocumentRef, FetchSliceError> {
        let sha256 = self.archive.put_document(&response.body).await?;
        Ok(DocumentRef {
            sha256,
            role: request.role.clone(),
            request: request.line(),
            page: request.page,
            size_bytes: response.body.len() as u64,
            fetched_at: self.clock.now().as_microsecond(),
            request_id: response
                .header("request-id")
                .or_else(|| response.header("cf-ray"))
                .unwrap_or_default()
                .to_owned(),
        })
    }

    /// Waits before the next try, or gives up.
    async fn unsettled(&self, tries: u32, detail: String) -> Result<(), FetchSliceError> {
        debug!(tries, detail, "answer not settled, asking again");
        if tries >= SETTLE_TRIES {
            return Err(FetchSliceError::Unsettled { detail, tries });
        }
        self.clock.sleep(self.unsettled_pause * tries).await;
        Ok(())
    }
}
