//! What a slice is to be read with, and which loaded slices a newer context would decide differently.

use std::collections::HashMap;

use aispend_model::{Feed, Slice, Vendor};
use aispend_ports::{Archive, ContextRef, DocumentRef, LedgerLine, SliceOutcome};
use aispend_sources::{Body, ContextBodies, source};

use crate::FetchSliceError;
use crate::plan::Planned;

/// The newest complete observation of each slice that others are read with.
#[derive(Debug, Clone, Default)]
pub struct ContextBook {
    newest: HashMap<Slice, ContextRef>,
    /// The setting that the directory is read with.
    setting: Option<DocumentRef>,
}

impl ContextBook {
    /// From the ledger.
    pub fn from_ledger(ledger: &HashMap<Slice, LedgerLine>, setting: Option<DocumentRef>) -> Self {
        let mut book = Self { setting, ..Self::default() };
        for line in ledger.values() {
            if line.slice.feed.is_context() && line.outcome != SliceOutcome::Unavailable {
                book.note(&line.slice, line.order.generation, &line.documents);
            }
        }
        book
    }

    /// With another setting.
    pub fn set(&mut self, setting: Option<DocumentRef>) {
        self.setting = setting;
    }

    /// Notes an observation, unless a newer one is known.
    pub fn note(&mut self, slice: &Slice, generation: aispend_model::Generation, documents: &[DocumentRef]) {
        if !slice.feed.is_context()
            || self.newest.get(slice).is_some_and(|known| known.generation >= generation)
        {
            return;
        }
        let context = ContextRef {
            feed: slice.feed.as_str().to_owned(),
            org_id: slice.org_id.clone(),
            generation,
            documents: documents.to_vec(),
        };
        self.newest.insert(slice.clone(), context);
    }

    /// What a slice is to be read with, as far as it is known.
    pub fn of(&self, slice: &Slice) -> Vec<ContextRef> {
        source(slice.feed)
            .context()
            .iter()
            .filter_map(|feed| {
                let mut context = self.newest.get(&context_slice(slice, *feed))?.clone();
                if *feed == Feed::AnthropicDirectory {
                    context.documents.extend(self.setting.clone());
                }
                Some(context)
            })
            .collect()
    }
}

fn context_slice(slice: &Slice, feed: Feed) -> Slice {
    let org_id = if feed.vendor() == Vendor::Sheets { "sheets".to_owned() } else { slice.org_id.clone() };
    Slice { feed, org_id, day: if feed.is_daily() { slice.day } else { None } }
}

fn hashes(context: &[ContextRef]) -> Vec<(&str, Vec<&str>)> {
    context
        .iter()
        .map(|slice| {
            (slice.feed.as_str(), slice.documents.iter().map(|document| document.sha256.as_str()).collect())
        })
        .collect()
}

/// The loaded slices whose context has changed so that it decides something else now: to be read again.
///
/// # Errors
/// When an archived document cannot be had.
pub async fn to_reconsider(
    ledger: &HashMap<Slice, LedgerLine>,
    archive: &dyn Archive,
    setting: Option<DocumentRef>,
) -> Result<Vec<Planned>, FetchSliceError> {
    let book = ContextBook::from_ledger(ledger, setting);
    let mut lines: Vec<&LedgerLine> =
        ledger.values().filter(|line| line.outcome == SliceOutcome::Complete).collect();
    lines.sort_by(|left, right| right.slice.cmp(&left.slice));
    let mut bodies = HashMap::new();
    let mut planned = Vec::new();
    for line in lines {
        let feed_source = source(line.slice.feed);
        if feed_source.context().is_empty() {
            continue;
        }
        let now = book.of(&line.slice);
        if hashes(&now) == hashes(&line.context) {
            continue;
        }
        let mut context = Vec::with_capacity(now.len());
        for slice in &now {
            let Ok(feed) = slice.feed.parse() else { continue };
            context
                .push(ContextBodies { feed, documents: read(archive, &slice.documents, &mut bodies).await? });
        }
        // A context document that cannot be read decides nothing new; its own slice is parked and shown.
        let digest =
            feed_source.context_digest(&line.slice, &context).unwrap_or_else(|_| line.context_digest.clone());
        if digest != line.context_digest {
            planned.push(Planned { slice: line.slice.clone(), source: line.source.clone(), reprocess: true });
        }
    }
    Ok(planned)
}

async fn read(
    archive: &dyn Archive,
    documents: &[DocumentRef],
    known: &mut HashMap<String, Body>,
) -> Result<Vec<Body>, FetchSliceError> {
    let mut bodies = Vec::with_capacity(documents.len());
    for document in documents {
        if let Some(body) = known.get(&document.sha256) {
            bodies.push(body.clone());
            continue;
        }
        let body = Body {
            role: document.role.clone(),
            request: document.request.clone(),
            page: document.page,
            bytes: archive.document(&document.sha256).await?.to_vec(),
        };
        known.insert(document.sha256.clone(), body.clone());
        bodies.push(body);
    }
    Ok(bodies)
}
