//! The feeds: what to ask each vendor, and how to read the answers.
//!
//! Pure: no I/O, no async, no clock. The fetcher sends what a source asks for, the normalizer reads what it archived, and
//! neither knows one vendor from another.

pub mod anthropic;
pub mod cursor;
mod records;
pub mod sheets;

use aispend_model::{Feed, Generation, Request, Response, Slice};
use aispend_proto::Table;

pub use records::{Finding, Records, Rejection, Severity};

/// Raised with any change of what `records` makes of the same documents: part of the order of observations.
pub const READER_VERSION: u32 = 2;

/// The role of a document that is no answer: a setting that readers decide by, archived as the fetcher knew it.
pub const SETTING: &str = "setting";

/// One feed of one vendor.
pub trait Source: Send + Sync {
    /// Which feed.
    fn feed(&self) -> Feed;

    /// Every table it has ever written: a slice is deleted over all of them.
    fn tables(&self) -> &'static [Table];

    /// The first request of each part (role) of a slice. Sends nothing.
    fn requests(&self, ask: &Ask) -> Vec<Request>;

    /// Looks at one answer: how many items it holds, and what to ask next. Called with every settled answer, refusals
    /// included. Reads only as far as that needs.
    ///
    /// # Errors
    /// When the body is not what the vendor promises; the fetcher asks again before it gives up.
    fn follow(
        &self,
        ask: &Ask,
        request: &Request,
        response: &Response,
        so_far: Progress,
    ) -> Result<Followed, SourceError>;

    /// Reads every record of a complete slice. Money that cannot be read exactly is an error: the slice is parked.
    ///
    /// # Errors
    /// When an amount, a currency, a day or a document cannot be read.
    fn records(&self, reading: &Reading, records: &mut Records) -> Result<(), SourceError>;

    /// The slices to read this one with: feed and whether it is this slice's day (else the snapshot).
    fn context(&self) -> &'static [Feed] {
        &[]
    }

    /// What the context documents decide for this slice, as a comparable text. Equal digests mean equal records.
    ///
    /// # Errors
    /// When a context document cannot be read.
    fn context_digest(&self, _slice: &Slice, _context: &[ContextBodies]) -> Result<String, SourceError> {
        Ok(String::new())
    }
}

/// What is being asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Which slice.
    pub slice: Slice,
    /// The endpoint family chosen for this run (`analytics`, `analytics_enterprise`, `legacy`, `enterprise_reports`),
    /// or `google`/`csv` for sheets; empty where a feed has one way only.
    pub source: String,
    /// When the observation began.
    pub generation: Generation,
    /// Sheets: the spreadsheet's id. Empty otherwise.
    pub spreadsheet_id: String,
    /// Sheets: the tab's name. Empty otherwise.
    pub tab: String,
}

/// What the pages of this role have brought so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Items received on earlier pages.
    pub items: u64,
    /// What the first page announced in all, where the vendor says.
    pub announced: Option<u64>,
    /// This answer is the page before it, byte for byte: a vendor that does not page.
    pub is_repeated: bool,
}

/// What an answer means for the slice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// Records in this answer.
    pub items: u64,
    /// Records announced in all, where the vendor says.
    pub announced: Option<u64>,
    /// What to do.
    pub next: Next,
}

/// What to do after an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Archive this answer; this role is complete.
    Done,
    /// Archive this answer, then send these: its next page, or requests that it made necessary.
    Page(Vec<Request>),
    /// Do not archive; ask this in its place (a narrower question, another endpoint).
    Instead(Box<Request>),
    /// Forget the pages of this role and ask from the first again: the vendor's data moved in between. Says why.
    Restart(String),
    /// This slice can never be had (any more), or not on this plan; note it. Says why.
    Unavailable(String),
    /// A tab or file that is not there. Whether it ever was decides between "not in use" and a failure.
    Absent(String),
    /// The vendor refuses; asking again changes nothing. The slice fails.
    Refused(Refusal),
}

/// A refusal, in the words of the vendor and with what a person can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// From a short list: `wrong_key`, `missing_scope`, `bad_request`, `not_yet`, `bad_sheet`,
    /// `no_spreadsheet`.
    pub reason: &'static str,
    /// What the vendor said, one line, no secret.
    pub detail: String,
    /// What to do.
    pub remedy: String,
}

/// The documents of a slice, with what they are to be read with.
#[derive(Debug, Clone)]
pub struct Reading {
    /// Which slice.
    pub slice: Slice,
    /// Which endpoint family answered.
    pub source: String,
    /// When it was observed.
    pub generation: Generation,
    /// Every document, in order of role and page.
    pub documents: Vec<Body>,
    /// Other slices' documents.
    pub context: Vec<ContextBodies>,
}

impl Reading {
    /// The documents of a role, with their place in the slice's list (what a row's `document` holds).
    pub fn of_role<'a>(&'a self, role: &'a str) -> impl Iterator<Item = (u32, &'a Body)> {
        (0_u32..).zip(&self.documents).filter(move |(_, body)| body.role == role)
    }
}

/// One archived response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// Which question it answers.
    pub role: String,
    /// `Request::line`.
    pub request: String,
    /// Place among the pages of its role.
    pub page: u32,
    /// As received.
    pub bytes: Vec<u8>,
}

/// The documents of a context slice. No documents: the slice was never observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextBodies {
    /// Which feed.
    pub feed: Feed,
    /// Its documents.
    pub documents: Vec<Body>,
}

/// Why an answer cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// Not the shape the vendor promises: HTML, cut off, a missing list.
    #[error("{place}: the body is not what {feed} returns: {detail}")]
    Unreadable {
        /// Which feed.
        feed: Feed,
        /// Document and index.
        place: String,
        /// What is wrong.
        detail: String,
    },
    /// An amount, currency or day that cannot be read exactly. Never guessed.
    #[error("{place}: `{field}` cannot be read exactly: {detail}")]
    Inexact {
        /// Document and index.
        place: String,
        /// Which field.
        field: String,
        /// What is wrong.
        detail: String,
    },
    /// A sheet that lacks what it must have, named as a person sees it.
    #[error("{place}: {detail}")]
    Sheet {
        /// Sheet, row, column.
        place: String,
        /// What is wrong and what to do.
        detail: String,
    },
}

/// Every feed we read. A new one is a file, a folder of fixtures and a line in its vendor's list.
pub fn all() -> impl Iterator<Item = &'static dyn Source> {
    anthropic::SOURCES.iter().chain(cursor::SOURCES).chain(sheets::SOURCES).copied()
}

/// The source of a feed.
///
/// # Panics
/// Never in a build that passed its tests: each feed of the model has a source.
pub fn source(feed: Feed) -> &'static dyn Source {
    all().find(|source| source.feed() == feed).expect("a test checks that every feed has a source")
}
