//! One attempt at a slice: what an earlier one left is used, and no attempt works for ever.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aispend_model::{Generation, Slice, Vendor};
use aispend_ports::{LedgerLine, Topic};
use aispend_proto::v1::Envelope;
use aispend_proto::v1::envelope::Body;
use aispend_sources::source;
use aispend_stage::{Header, MessageError, Output, content_id, documents_from_wire};
use jiff::Timestamp;
use tracing::info;

use crate::accounts::{Accounts, slot_of};
use crate::journal::{Earlier, Found, Journal, find};
use crate::observe::{Observation, Observer};
use crate::slices::analytics_reach;
use crate::slots::Slot;
use crate::{FetchSliceError, Fetcher, OUT_OF_REACH};

/// The slices that this process is at. A second message about one waits for its own turn: two attempts would read the same
/// pages, and each would be overtaken by the other.
#[derive(Default)]
pub struct Turns {
    taken: Mutex<HashSet<String>>,
}

/// A slice's turn, given back when dropped.
pub struct Turn<'a> {
    turns: &'a Turns,
    id: String,
}

impl Turns {
    /// Takes a slice's turn in a run.
    ///
    /// # Errors
    /// `NotNow` while another message has it.
    pub fn begin(&self, header: &Header, slice: &Slice, source: &str) -> Result<Turn<'_>, FetchSliceError> {
        // A run observes a slice once; another run observes it anew.
        let id = content_id(&[header.run_id.as_bytes(), slice.key().as_bytes(), source.as_bytes()]);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.insert(id.clone()) {
            Ok(Turn { turns: self, id })
        } else {
            Err(FetchSliceError::overtaken())
        }
    }
}

impl Turn<'_> {
    /// Names the observation in the archive: no organisation and no person is in it.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.turns.taken.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

/// What is to be observed, and since when this attempt is at it.
#[derive(Clone, Copy)]
pub struct Asking<'a> {
    pub slice: &'a Slice,
    pub source: &'a str,
    pub line: Option<&'a LedgerLine>,
    pub accounts: &'a Accounts,
    pub id: &'a str,
    pub begun: Timestamp,
}

/// How an attempt ended that was not stopped.
pub enum Sitting<'a> {
    /// The vendor said all it has to say.
    Observed(Observation, Generation, Box<Journal<'a>>),
    /// An earlier attempt had fetched it.
    Fetched(Box<Envelope>),
    /// The generation would be ahead of the clock.
    Ahead,
}

impl Fetcher {
    /// Waits for a slot of this vendor. Tells since when the attempt is at work.
    pub(super) async fn slot(&self, vendor: Vendor) -> Result<(Slot<'_>, Timestamp), FetchSliceError> {
        let clock = self.doors.clock.as_ref();
        let Some(longest) = self.settings.sittings.slot_wait else {
            return Ok((self.slots.begin(vendor).await, clock.now()));
        };
        let begun = clock.now();
        tokio::select! {
            biased;
            slot = self.slots.begin(vendor) => Ok((slot, begun)),
            () = clock.sleep(longest) => Err(FetchSliceError::no_slot()),
        }
    }

    /// Observes a slice until the time is up: from its first page, or from where an earlier attempt ended.
    pub(super) async fn sit(
        &self,
        asking: Asking<'_>,
        slot: &mut Slot<'_>,
    ) -> Result<Sitting<'_>, FetchSliceError> {
        let Asking { slice, line, id, .. } = asking;
        let sittings = &self.settings.sittings;
        let doors = (self.doors.archive.as_ref(), self.doors.clock.as_ref());
        let Found { mut epoch, mut generation, mut earlier } =
            find(doors.0, id, doors.1.now(), sittings).await?;
        // What was loaded since is newer than what would be continued here.
        if line.is_some_and(|line| Some(line.order.generation) >= generation) {
            earlier = None;
        }
        loop {
            let (observed, known) = match (earlier.take(), generation) {
                // How things are now is asked again: it may have been mended meanwhile.
                (Some(Earlier::Fetched(envelope)), _) if !slice.feed.is_snapshot() => {
                    count(&sittings.counts.repeated);
                    return Ok(Sitting::Fetched(envelope));
                }
                (Some(Earlier::Answers(answers)), Some(generation)) => {
                    epoch -= 1;
                    (generation, answers)
                }
                (_, last) => (self.issue(slice, line, last).await, Vec::new()),
            };
            if observed.0 > doors.1.now().as_microsecond().saturating_add(micros(sittings.clock_tolerance)) {
                return Ok(Sitting::Ahead);
            }
            let is_continued = !known.is_empty();
            let mut journal = Journal::new(doors, (id, epoch), observed, known, sittings.save_after);
            match self.observe_for_a_while(asking, observed, slot, &mut journal).await {
                Err(FetchSliceError::Abandoned(why)) => {
                    count(&sittings.counts.abandoned);
                    info!(slice = slice.key(), why, "an earlier attempt is not continued");
                    (epoch, generation) = (epoch + 1, Some(observed));
                }
                Err(error) => {
                    if !matches!(error, FetchSliceError::NotNow { .. }) {
                        return Err(error);
                    }
                    journal.keep().await?;
                    // Attempts that get no further are no pause of a slice that is read in several goes: it would be asked
                    // for without end.
                    let was_asked_in_vain = journal.live == 0 && !journal.is_replaying();
                    return Err(if was_asked_in_vain { FetchSliceError::Unanswered } else { error });
                }
                Ok(observation) => {
                    if is_continued {
                        count(&sittings.counts.continued);
                    }
                    return Ok(Sitting::Observed(observation, observed, Box::new(journal)));
                }
            }
        }
    }

    async fn observe_for_a_while(
        &self,
        asking: Asking<'_>,
        generation: Generation,
        slot: &mut Slot<'_>,
        journal: &mut Journal<'_>,
    ) -> Result<Observation, FetchSliceError> {
        let Asking { slice, accounts, begun, .. } = asking;
        if asking.source == OUT_OF_REACH {
            return Ok(Observation::Unavailable(analytics_reach()));
        }
        let clock = self.doors.clock.as_ref();
        let longest = self.settings.sittings.longest;
        let ask = self.ask(slice, asking.source, generation);
        let observer = Observer {
            fetch: self.doors.fetch.as_ref(),
            clock,
            empty_pause: self.settings.empty_pause,
            unsettled_pause: self.settings.unsettled_pause,
            stop_at: begun + longest / 8 * 7,
        };
        let account = |request: &aispend_model::Request| slot_of(accounts, request);
        let worked = Duration::try_from(clock.now().duration_since(begun)).unwrap_or_default();
        tokio::select! {
            biased;
            observed = Box::pin(observer.observe(source(slice.feed), &ask, &account, slot, journal)) => observed,
            // A question that is open is as good as not asked.
            () = clock.sleep(longest.saturating_sub(worked)) => Err(FetchSliceError::time_is_up()),
        }
    }

    /// A generation that nobody had for this slice, as far as is known here.
    pub(super) async fn issue(
        &self,
        slice: &Slice,
        line: Option<&LedgerLine>,
        earlier: Option<Generation>,
    ) -> Generation {
        let mut memory = self.memory.lock().await;
        let issued = memory.issued.get(slice).copied();
        let last = issued.max(line.map(|line| line.order.generation)).max(earlier);
        let generation = Generation::next(self.doors.clock.now(), last);
        memory.issued.insert(slice.clone(), generation);
        generation
    }

    /// Says what an earlier attempt fetched, in its words.
    pub(super) async fn fetched_again(
        &self,
        header: &Header,
        envelope: Envelope,
    ) -> Result<Output, FetchSliceError> {
        let Some(Body::SliceFetched(fetched)) = envelope.body else {
            return Err(MessageError::Missing("slice_fetched").into());
        };
        let header = Header { generation: Generation(envelope.generation), revision: 0, ..header.clone() };
        let documents = documents_from_wire(&fetched.documents);
        let mut memory = self.memory.lock().await;
        memory.book.get_or_insert_default().note(header.slice()?, header.generation, &documents);
        drop(memory);
        Ok(Output::new(Topic::RawSlices, &header, self.doors.clock.now(), Body::SliceFetched(fetched)))
    }
}

pub fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
