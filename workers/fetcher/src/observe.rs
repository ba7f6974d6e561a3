//! One observation of a slice: every page of every part, archived as received.

use std::collections::HashSet;
use std::time::Duration;

use aispend_model::{Feed, Request, Response, Vendor};
use aispend_ports::{Clock, DocumentRef, Fetch};
use aispend_sources::{Ask, Next, Progress, Refusal, Source};
use jiff::Timestamp;
use tracing::debug;

use crate::FetchSliceError;
use crate::journal::{Answer, Journal, request_id};
use crate::slots::Slot;

/// How often in a row one page is asked for that cannot be read.
const PAGE_TRIES: u32 = 10;
/// How often a part is read whose pages move meanwhile.
const PART_TRIES: u32 = 10;
/// So many bytes of its rows tell one page from another: several rows.
const OPENING_BYTES: usize = 1024;

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
    /// Pauses.
    pub clock: &'a dyn Clock,
    /// Before an empty answer is asked for again.
    pub empty_pause: Duration,
    /// Before an unreadable or moving answer is asked for again, growing.
    pub unsettled_pause: Duration,
    /// From here on no further page is asked for, once there is one.
    pub stop_at: Timestamp,
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
        journal: &mut Journal<'_>,
    ) -> Result<Observation, FetchSliceError> {
        // A sheet that is empty is refused; money spent so far is no list.
        let can_be_late = ask.slice.feed != Feed::CursorSpend && ask.slice.vendor() != Vendor::Sheets;
        let mut documents = Vec::new();
        for first in source.requests(ask) {
            let mut part = self.part(source, ask, account, first.clone(), journal).await?;
            if can_be_late && matches!(&part, Part::Pages(pages, 0) if !pages.is_empty()) {
                if !journal.is_replaying() {
                    slot.pause(self.clock, self.empty_pause).await;
                }
                part = self.part(source, ask, account, first, journal).await?;
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
        journal: &mut Journal<'_>,
    ) -> Result<Part, FetchSliceError> {
        let mut restarts = 0_u32;
        'restart: loop {
            let mut unreadable = 0_u32;
            let mut pages = Vec::new();
            let mut so_far = Progress::default();
            let mut before: Option<Vec<u8>> = None;
            let mut openings = HashSet::new();
            let mut waiting = vec![first.clone()];
            while let Some(request) = waiting.pop() {
                let mut answer = self.answer(account, &request, journal).await?;
                let is_live = answer.is_live;
                so_far.is_repeated = before.as_ref() == Some(&answer.response.body);
                let followed = match source.follow(ask, &request, &answer.response, so_far) {
                    Ok(followed) => {
                        unreadable = 0;
                        followed
                    }
                    // It was understood when it came.
                    Err(error) if !is_live => return Err(FetchSliceError::Abandoned(error.to_string())),
                    Err(error) => {
                        unreadable += 1;
                        let detail = format!("{error}, {unreadable} times in a row");
                        self.unsettled(unreadable, PAGE_TRIES, detail).await?;
                        // The same page again: what came before it is archived and good.
                        waiting.push(request);
                        continue;
                    }
                };
                if is_live {
                    journal.note(&request, &mut answer, &followed.next).await?;
                }
                match followed.next {
                    Next::Instead(other) => waiting.push(*other),
                    Next::Restart(reason) => {
                        if is_live {
                            restarts += 1;
                            let detail = format!("{reason}, each of the {restarts} times it was read");
                            self.unsettled(restarts, PART_TRIES, detail).await?;
                        }
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
                        if followed.items > 0
                            && !openings.insert((request.role.clone(), opening(&answer.response.body)))
                        {
                            if is_live {
                                restarts += 1;
                                let number = u64::from(request.page) + 1;
                                let detail = format!(
                                    "page {number} of `{}` holds the rows of a page before it, each of the {restarts} \
                                     times it was read",
                                    request.role
                                );
                                self.unsettled(restarts, PART_TRIES, detail).await?;
                            }
                            continue 'restart;
                        }
                        pages.extend(document(&request, &answer));
                        so_far.items += followed.items;
                        so_far.announced = so_far.announced.or(followed.announced);
                        if let Next::Page(mut more) = next {
                            more.reverse();
                            waiting.extend(more);
                        }
                        before = Some(answer.response.body);
                    }
                }
            }
            return Ok(Part::Pages(pages, so_far.items));
        }
    }

    /// The next answer: as an earlier attempt got it, else from the vendor.
    async fn answer(
        &self,
        account: &(dyn Fn(&Request) -> String + Sync),
        request: &Request,
        journal: &mut Journal<'_>,
    ) -> Result<Answer, FetchSliceError> {
        if let Some(answer) = journal.replay(request).await? {
            return Ok(answer);
        }
        if journal.live > 0 && self.clock.now() >= self.stop_at {
            return Err(FetchSliceError::time_is_up());
        }
        // Where the vendor now says otherwise what it said last, the pages before and after would be of two states.
        if let Some((last, known)) = journal.take_last() {
            let now = self.send(account, &last).await?;
            if now.status != known.status || rows(&now.body) != rows(&known.body) {
                return Err(FetchSliceError::Abandoned("the last answer is another one now".to_owned()));
            }
        }
        let response = self.send(account, request).await?;
        Ok(Answer { response, fetched_at: self.clock.now().as_microsecond(), is_live: true, sha256: None })
    }

    async fn send(
        &self,
        account: &(dyn Fn(&Request) -> String + Sync),
        request: &Request,
    ) -> Result<Response, FetchSliceError> {
        let addressed = Request { org_id: account(request), ..request.clone() };
        Ok(self.fetch.send(&addressed).await?)
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

/// An archived page of the slice. Other answers are no part of it.
fn document(request: &Request, answer: &Answer) -> Option<DocumentRef> {
    let sha256 = answer.sha256.clone().filter(|_| answer.response.is_success())?;
    Some(DocumentRef {
        sha256,
        role: request.role.clone(),
        request: request.line(),
        page: request.page,
        size_bytes: answer.response.body.len() as u64,
        fetched_at: answer.fetched_at,
        request_id: request_id(&answer.response).to_owned(),
    })
}

/// An answer's rows, without what is around them: page tokens, the time of the answer.
fn rows(body: &[u8]) -> &[u8] {
    let rows = body.iter().position(|byte| *byte == b'[').and_then(|start| body.get(start..)).unwrap_or(body);
    let end = rows.iter().rposition(|byte| *byte == b']').unwrap_or(rows.len());
    rows.get(..end).unwrap_or(rows)
}

/// How an answer's rows begin: two pages that begin alike are one page sent twice.
fn opening(body: &[u8]) -> Vec<u8> {
    rows(body).iter().take(OPENING_BYTES).copied().collect()
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
            clock: &clock,
            empty_pause: Duration::ZERO,
            unsettled_pause: Duration::from_millis(500),
            stop_at: Timestamp::MAX,
        };
        let mut journal =
            Journal::new((&archive, &clock), ("id", 0), Generation::default(), Vec::new(), Duration::MAX);
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
        match observer.observe(&Pages, &ask, &account, &mut slot, &mut journal).await {
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
    async fn a_page_sent_again_under_another_number_is_no_page() {
        let same = |page: u32, times: usize| match (page, times) {
            (2, _) => Some(r#"{"data":[{"a":1}],"page":2}"#),
            (3, 1) => Some(r#"{"data":[{"a":1}],"page":3}"#),
            (3, _) => Some(r#"{"data":[{"a":2}],"page":3}"#),
            _ => None,
        };
        assert_eq!(observed(EVENTS, same).await, Ok(PAGES));
        let always = |page: u32, _: usize| match page {
            2 => Some(r#"{"data":[{"a":1}],"page":2}"#),
            3 => Some(r#"{"data":[{"a":1}],"page":3}"#),
            _ => None,
        };
        let error = observed(EVENTS, always).await.unwrap_err();
        assert!(error.starts_with("page 4 of `events` holds the rows of a page before it"), "{error}");
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
