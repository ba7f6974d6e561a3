//! The answers of one observation, in order, kept where another attempt finds them: whoever reads them again asks the same
//! next question, so an attempt that died is continued and not repeated.
//!
//! Every object is created once and never changed. Two attempts at one observation cannot both add its next answer, and
//! only one of them says what was fetched: an observation has one list of documents, whoever reads it to its end.

use std::collections::VecDeque;
use std::time::Duration;

use aispend_model::{Generation, Request, Response};
use aispend_ports::{Archive, ArchiveError, Clock};
use aispend_proto::Message as _;
use aispend_proto::v1::Envelope;
use aispend_sources::Next;
use aispend_stage::read_envelope;
use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::FetchSliceError;
use crate::settings::Sittings;

/// One settled answer of a vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    generation: i64,
    /// `Request::line` of the question.
    request: String,
    status: u16,
    sha256: String,
    request_id: String,
    /// Microseconds since 1970.
    fetched_at: i64,
}

/// An answer, and when it came.
#[derive(Debug)]
pub struct Answer {
    /// As the vendor gave it.
    pub response: Response,
    /// Microseconds since 1970.
    pub fetched_at: i64,
    /// False for one that an earlier attempt got.
    pub is_live: bool,
    /// Its name in the archive, once it is there.
    pub sha256: Option<String>,
}

/// What earlier attempts at a slice left.
#[derive(Debug, Default)]
pub struct Found {
    /// Where the next observation is kept.
    pub epoch: u32,
    /// The generation of the newest one.
    pub generation: Option<Generation>,
    /// What can be used of it.
    pub earlier: Option<Earlier>,
}

/// What can be used of an earlier attempt.
#[derive(Debug)]
pub enum Earlier {
    /// It was complete: this is what it said, or was about to say.
    Fetched(Box<Envelope>),
    /// It was not.
    Answers(Vec<Entry>),
}

/// Looks for earlier attempts. What cannot be read is as if it were too old.
///
/// # Errors
/// When the archive does not answer.
pub async fn find(
    archive: &dyn Archive,
    id: &str,
    now: Timestamp,
    sittings: &Sittings,
) -> Result<Found, FetchSliceError> {
    let mut found = Found::default();
    let mut first = None;
    while let Some(body) = read(archive, &entry_name(id, found.epoch, 0)).await? {
        first = Some(body);
        found.epoch += 1;
    }
    let Some(first) = first else { return Ok(found) };
    let epoch = found.epoch - 1;
    let Ok(entry) = serde_json::from_slice::<Entry>(&first) else { return Ok(found) };
    found.generation = Some(Generation(entry.generation));
    let mut entries = vec![entry];
    for place in 1.. {
        let Some(body) = read(archive, &entry_name(id, epoch, place)).await? else { break };
        let Ok(entry) = serde_json::from_slice(&body) else { return Ok(found) };
        entries.push(entry);
    }
    let last = entries.last().map_or(i64::MIN, |entry| entry.fetched_at);
    let age = now.as_microsecond().saturating_sub(last);
    let micros = |limit: Duration| i64::try_from(limit.as_micros()).unwrap_or(i64::MAX);
    // Clocks of two machines differ a little; one that was hours ahead tells nothing.
    if age > micros(sittings.resume_within) || age < -micros(sittings.clock_tolerance) {
        return Ok(found);
    }
    found.earlier = match read(archive, &fetched_name(id, epoch)).await? {
        Some(body) => read_envelope(&body).ok().map(|envelope| Earlier::Fetched(Box::new(envelope))),
        None => Some(Earlier::Answers(entries)),
    };
    Ok(found)
}

async fn read(archive: &dyn Archive, name: &str) -> Result<Option<Bytes>, FetchSliceError> {
    match archive.get(name).await {
        Ok(body) => Ok(Some(body)),
        Err(ArchiveError::Missing { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn entry_name(id: &str, epoch: u32, place: usize) -> String {
    format!("progress/{id}/{epoch}-{place}")
}

fn fetched_name(id: &str, epoch: u32) -> String {
    format!("progress/{id}/{epoch}-fetched")
}

/// The answers of the observation at hand.
pub struct Journal<'a> {
    archive: &'a dyn Archive,
    clock: &'a dyn Clock,
    id: String,
    epoch: u32,
    generation: Generation,
    save_after: Duration,
    begun: Timestamp,
    /// An earlier attempt's answers that were not looked at yet.
    known: VecDeque<Entry>,
    /// Its last one, until it was compared with what the vendor says now.
    last: Option<(Request, Response)>,
    /// What the vendor says next must go on where the earlier attempt was.
    is_at_seam: bool,
    /// Not kept yet, with the bodies that the archive lacks.
    held: VecDeque<(Entry, Option<Vec<u8>>)>,
    /// Answers that are kept.
    kept: usize,
    /// Answers of this attempt.
    pub live: usize,
}

impl<'a> Journal<'a> {
    /// Of an observation that begins, or of one that is continued with `known`.
    pub fn new(
        (archive, clock): (&'a dyn Archive, &'a dyn Clock),
        (id, epoch): (&str, u32),
        generation: Generation,
        known: Vec<Entry>,
        save_after: Duration,
    ) -> Self {
        Self {
            archive,
            clock,
            id: id.to_owned(),
            epoch,
            generation,
            save_after,
            begun: clock.now(),
            kept: known.len(),
            known: known.into(),
            last: None,
            is_at_seam: false,
            held: VecDeque::new(),
            live: 0,
        }
    }

    /// True where another attempt may know this observation.
    pub const fn is_shared(&self) -> bool {
        self.kept > 0
    }

    /// True while an earlier attempt knows the next answer.
    pub fn is_replaying(&self) -> bool {
        !self.known.is_empty()
    }

    /// The next answer of the earlier attempt, from the archive, which checks it against its hash; `None` after the last.
    ///
    /// # Errors
    /// `Abandoned` where it answers another question or cannot be read.
    pub async fn replay(&mut self, request: &Request) -> Result<Option<Answer>, FetchSliceError> {
        let Some(entry) = self.known.pop_front() else { return Ok(None) };
        if entry.request != request.line() {
            return Err(FetchSliceError::Abandoned("the questions are others now".to_owned()));
        }
        let body = match self.archive.document(&entry.sha256).await {
            Ok(body) => body,
            Err(error @ (ArchiveError::Missing { .. } | ArchiveError::Damaged { .. })) => {
                return Err(FetchSliceError::Abandoned(error.to_string()));
            }
            Err(error) => return Err(error.into()),
        };
        let headers = vec![("request-id".to_owned(), entry.request_id)];
        let response = Response { status: entry.status, headers, body: body.to_vec() };
        if self.known.is_empty() {
            self.last = Some((request.clone(), response.clone()));
        }
        Ok(Some(Answer {
            response,
            fetched_at: entry.fetched_at,
            is_live: false,
            sha256: Some(entry.sha256),
        }))
    }

    /// What an earlier attempt got last, once: it must still be what the vendor says.
    pub const fn take_last(&mut self) -> Option<(Request, Response)> {
        let last = self.last.take();
        self.is_at_seam = last.is_some();
        last
    }

    /// Notes an answer that was understood, and archives it where it belongs to the slice.
    ///
    /// # Errors
    /// `Abandoned` where the vendor does not go on where the earlier attempt was: a page token that expired is refused in
    /// one way or another. `NotNow` where another attempt was faster.
    pub async fn note(
        &mut self,
        request: &Request,
        answer: &mut Answer,
        next: &Next,
    ) -> Result<(), FetchSliceError> {
        let response = &answer.response;
        let goes_on = matches!(next, Next::Done | Next::Page(_));
        if self.is_at_seam && !goes_on {
            return Err(FetchSliceError::Abandoned(format!(
                "HTTP {} to the question after the last answer",
                response.status
            )));
        }
        self.is_at_seam = false;
        self.live += 1;
        let mut body = None;
        if goes_on && response.is_success() {
            answer.sha256 = Some(self.archive.put_document(&response.body).await?);
        } else {
            body = Some(response.body.clone());
        }
        let entry = Entry {
            generation: self.generation.0,
            request: request.line(),
            status: response.status,
            sha256: answer.sha256.clone().unwrap_or_default(),
            request_id: request_id(response).to_owned(),
            fetched_at: answer.fetched_at,
        };
        self.held.push_back((entry, body));
        let took = Duration::try_from(self.clock.now().duration_since(self.begun)).unwrap_or_default();
        // What took no time is as quickly asked for again.
        if self.kept == 0 && took < self.save_after {
            return Ok(());
        }
        self.keep().await
    }

    /// Keeps what was noted.
    ///
    /// # Errors
    /// `NotNow` where another attempt was faster.
    pub async fn keep(&mut self) -> Result<(), FetchSliceError> {
        while let Some((mut entry, body)) = self.held.pop_front() {
            if let Some(body) = body {
                entry.sha256 = self.archive.put_document(&body).await?;
            }
            // Whoever reads it must find the page, whatever happens: its own attempt may never settle anything.
            self.archive.persist().await?;
            let name = entry_name(&self.id, self.epoch, self.kept);
            let body = Bytes::from(serde_json::to_vec(&entry).unwrap_or_default());
            // A call that failed may have taken effect: then it is our own that is there.
            if !self.archive.create(&name, body.clone()).await? && self.archive.get(&name).await? != body {
                return Err(FetchSliceError::overtaken());
            }
            self.kept += 1;
        }
        Ok(())
    }

    /// Says what was fetched: as the first attempt to say so had it.
    ///
    /// # Errors
    /// When the archive does not answer.
    pub async fn settle(&mut self, said: Envelope) -> Result<Envelope, FetchSliceError> {
        if !self.is_shared() {
            return Ok(said);
        }
        self.keep().await?;
        let name = fetched_name(&self.id, self.epoch);
        if self.archive.create(&name, Bytes::from(said.encode_to_vec())).await? {
            return Ok(said);
        }
        Ok(read_envelope(&self.archive.get(&name).await?)?)
    }
}

/// The vendor's own name for an answer.
pub fn request_id(response: &Response) -> &str {
    response.header("request-id").or_else(|| response.header("cf-ray")).unwrap_or_default()
}
