//! One observation of a slice: every page of every part, archived as received.

use std::time::Duration;

use aispend_model::{Feed, Request, Response, Vendor};
use aispend_ports::{Archive, Clock, DocumentRef, Fetch};
use aispend_sources::{Ask, Next, Progress, Refusal, Source};
use tracing::debug;

use crate::FetchSliceError;
use crate::slots::Slot;

/// How often in a row one page is asked for that cannot be read.
const PAGE_TRIES: u32 = 10;
/// How often a part is read whose pages move meanwhile.
const PART_TRIES: u32 = 10;

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
        account: &(dyn Fn(&Request) -> String + Sync),
        slot: &mut Slot<'_>,
    ) -> Result<Observation, FetchSliceError> {
        // A sheet that is empty is refused; money spent so far is no list.
        let can_be_late = ask.slice.feed != Feed::CursorSpend && ask.slice.vendor() != Vendor::Sheets;
        let mut documents = Vec::new();
        for first in source.requests(ask) {
            let mut part = self.part(source, ask, account, first.clone()).await?;
            if can_be_late && matches!(&part, Part::Pages(pages, 0) if !pages.is_empty()) {
                slot.pause(self.clock, self.empty_pause).await;
                part = self.part(source, ask, account, first).await?;
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
        account: &(dyn Fn(&Request) -> String + Sync),
        first: Request,
    ) -> Result<Part, FetchSliceError> {
        let mut restarts = 0_u32;
        'restart: loop {
            let mut unreadable = 0_u32;
            let mut pages = Vec::new();
            let mut so_far = Progress::default();
            let mut before: Option<Vec<u8>> = None;
            let mut waiting = vec![first.clone()];
            while let Some(request) = waiting.pop() {
                let response = self.send(account, &request).await?;
                so_far.is_repeated = before.as_ref() == Some(&response.body);
                let followed = match source.follow(ask, &request, &response, so_far) {
                    Ok(followed) => {
                        unreadable = 0;
                        followed
                    }
                    Err(error) => {
                        unreadable += 1;
                        let detail = format!("{error}, {unreadable} times in a row");
                        self.unsettled(unreadable, PAGE_TRIES, detail).await?;
                        // The same page again: what came before it is archived and good.
                        waiting.push(request);
                        continue;
                    }
                };
                match followed.next {
                    Next::Instead(other) => waiting.push(*other),
                    Next::Restart(reason) => {
                        restarts += 1;
                        let detail = format!("{reason}, each of the {restarts} times it was read");
                        self.unsettled(restarts, PART_TRIES, detail).await?;
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
        account: &(dyn Fn(&Request) -> String + Sync),
        request: &Request,
    ) -> Result<Response, FetchSliceError> {
        let addressed = Request { org_id: account(request), ..request.clone() };
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
    async fn unsettled(&self, tries: u32, most: u32, detail: String) -> Result<(), FetchSliceError> {
        debug!(tries, detail, "answer not settled, asking again");
        if tries >= most {
            return Err(FetchSliceError::Unsettled(detail));
        }
        self.clock.sleep(self.unsettled_pause * tries).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use aispend_model::{Generation, Slice};
    use aispend_ports::{FetchError, SystemClock};
    use aispend_proto::Table;
    use aispend_sources::{Followed, Reading, Records, SourceError};
    use aispend_testkit::memory::MemoryArchive;
    use async_trait::async_trait;

    use super::*;
    use crate::slots::Slots;

    const PAGES: usize = 12;
    const EVENTS: Feed = Feed::CursorUsageEvents;

    /// A feed of twelve pages. `moved` and `cut` are what the vendor answers on a bad day.
    struct Pages;

    impl Source for Pages {
        fn feed(&self) -> Feed {
            Feed::CursorUsageEvents
        }

        fn tables(&self) -> &'static [Table] {
            &[]
        }

        fn requests(&self, _: &Ask) -> Vec<Request> {
            vec![page(0)]
        }

        fn follow(
            &self,
            _: &Ask,
            request: &Request,
            response: &Response,
            _: Progress,
        ) -> Result<Followed, SourceError> {
            let unreadable = SourceError::Unreadable {
                feed: self.feed(),
                place: "page".to_owned(),
                detail: "cut off".to_owned(),
            };
            let is_empty = response.body == b"empty";
            let next = match response.body.as_slice() {
                b"empty" => Next::Done,
                b"cut" => return Err(unreadable),
                b"moved" => Next::Restart("the total moved".to_owned()),
                _ if request.page as usize + 1 == PAGES => Next::Done,
                _ => Next::Page(vec![page(request.page as usize + 1)]),
            };
            Ok(Followed { items: u64::from(!is_empty), announced: None, next })
        }

        fn records(&self, _: &Reading, _: &mut Records<'_>) -> Result<(), SourceError> {
            Ok(())
        }
    }

    fn page(number: usize) -> Request {
        let mut request = Request::get(Vendor::Cursor, "cursor", "events", &format!("/page/{number}"));
        request.page = u32::try_from(number).unwrap();
        request
    }

    /// Answers what `bad` says to the n-th request of a page, else the page.
    struct Vendors<F> {
        asked: Mutex<Vec<u32>>,
        bad: F,
    }

    #[async_trait]
    impl<F: Fn(u32, usize) -> Option<&'static str> + Send + Sync> Fetch for Vendors<F> {
        async fn send(&self, request: &Request) -> Result<Response, FetchError> {
            let mut asked = self.asked.lock().unwrap();
            asked.push(request.page);
            let times = asked.iter().filter(|page| **page == request.page).count();
            let body = (self.bad)(request.page, times).unwrap_or(&request.path).as_bytes().to_vec();
            Ok(Response { status: 200, headers: Vec::new(), body })
        }
    }

    async fn observed(
        feed: Feed,
        bad: impl Fn(u32, usize) -> Option<&'static str> + Send + Sync,
    ) -> Result<usize, String> {
        let fetch = Vendors { asked: Mutex::default(), bad };
        let archive = MemoryArchive::default();
        let clock = SystemClock::new(tokio::time::sleep);
        let observer = Observer {
            fetch: &fetch,
            archive: &archive,
            clock: &clock,
            empty_pause: Duration::ZERO,
            unsettled_pause: Duration::from_millis(500),
        };
        let ask = Ask {
            slice: Slice::all(feed, "cursor"),
            source: String::new(),
            generation: Generation::default(),
            spreadsheet_id: String::new(),
            tab: String::new(),
        };
        let slots = Slots::default();
        let mut slot = slots.begin(Vendor::Cursor).await;
        let account = |request: &Request| request.org_id.clone();
        match observer.observe(&Pages, &ask, &account, &mut slot).await {
            Ok(Observation::Complete(documents)) => Ok(documents.len()),
            Ok(other) => Err(format!("{other:?}")),
            Err(error) => Err(error.to_string()),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_page_has_tries_of_its_own() {
        let each_twice_cut = |_: u32, times: usize| (times <= 2).then_some("cut");
        assert_eq!(observed(EVENTS, each_twice_cut).await, Ok(PAGES));
        let never = |page: u32, _: usize| (page == 7).then_some("cut");
        let error = observed(EVENTS, never).await.unwrap_err();
        assert!(error.ends_with("cut off, 10 times in a row"), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_part_that_moves_is_read_again_whatever_else_went_wrong() {
        let moves = |page: u32, times: usize| match (page, times) {
            (11, 1..=9) => Some("moved"),
            (3, times) if times % 2 == 1 => Some("cut"),
            _ => None,
        };
        assert_eq!(observed(EVENTS, moves).await, Ok(PAGES));
        let always = |page: u32, _: usize| (page == 11).then_some("moved");
        let error = observed(EVENTS, always).await.unwrap_err();
        assert_eq!(error, "the total moved, each of the 10 times it was read");
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_that_is_empty_once_is_asked_for_again() {
        let at_first = |page: u32, times: usize| (page == 0 && times == 1).then_some("empty");
        for (feed, pages) in [
            (Feed::AnthropicDirectory, PAGES),
            (Feed::CursorMembers, PAGES),
            (Feed::CursorUsageEvents, PAGES),
            (Feed::CursorSpend, 1),
            (Feed::SheetPeople, 1),
        ] {
            assert_eq!(observed(feed, at_first).await, Ok(pages), "{feed}");
        }
    }
}
