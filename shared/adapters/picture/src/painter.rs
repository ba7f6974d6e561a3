//! Draws cards, one after the other.

use std::{
    sync::mpsc::{Receiver, Sender, channel},
    thread,
};

use resvg::usvg::Options;
use serde_json::{Map, Value};

use crate::{
    PictureError,
    fonts::Ruler,
    raster,
    script::{Engine, LIMITS, Limits},
    sheet::{Body, Words, sheet},
};

/// A card's answer as the API gives it: `title`, `summary`, `display`, `chart`, `columns`, `rows`, `simulated`.
pub type CardJson = Value;

/// What a picture says beside the card's own words.
#[derive(Debug, Clone, Default)]
pub struct PictureOptions {
    /// Range and filters, in words.
    pub filters: String,
    /// Unit, and as of when.
    pub footer: String,
    /// What stands in the place of the chart of no rows.
    pub empty: String,
}

/// Rows of a chart; more would be marks on marks. A year of days by platform has some 2,000.
const MOST_ROWS: usize = 4_000;

const STACK_BYTES: usize = 8 << 20;

/// Draws pictures. Its script engine has a thread of its own, which ends with it.
pub struct Painter {
    jobs: Sender<Job>,
    options: Options<'static>,
    ruler: Ruler,
}

struct Job {
    card: String,
    done: Sender<Result<String, PictureError>>,
}

impl Painter {
    /// Starts the engine and loads scripts and fonts: some tenths of a second, and some twenty MiB to keep.
    ///
    /// # Errors
    /// Where a thread, the engine or the fonts cannot be had.
    pub fn new() -> Result<Self, PictureError> {
        Self::with(LIMITS)
    }

    pub(crate) fn with(limits: Limits) -> Result<Self, PictureError> {
        let ruler = Ruler::new()?;
        let (jobs, inbox) = channel();
        let (started, start) = channel();
        thread::Builder::new()
            .name("pictures".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(move || match Engine::new(limits) {
                Ok(engine) => {
                    if started.send(Ok(())).is_ok() {
                        draw_all(engine, limits, &inbox);
                    }
                }
                Err(error) => drop(started.send(Err(error))),
            })
            .map_err(|error| PictureError::Start(error.to_string()))?;
        start.recv().map_err(|_| PictureError::Gone)??;
        Ok(Self { jobs, options: raster::options(), ruler })
    }

    /// The picture of a card: twice the size, white, with title, filters, summary and footer. The same card and words make
    /// the same bytes. Blocks for some tenths of a second; drawings of several callers wait for each other.
    ///
    /// # Errors
    /// Where the chart's script fails or needs more than it may have.
    pub fn png(&self, card: &CardJson, options: &PictureOptions) -> Result<Vec<u8>, PictureError> {
        let rows = card.get("rows").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let words = words(card, options, rows.len());
        let sheet = if rows.is_empty() {
            let why = if options.empty.is_empty() { "Nothing in this range." } else { &options.empty };
            sheet(&words, &Body::Nothing(why), &self.ruler)
        } else {
            sheet(&words, &Body::Drawing(&self.drawing(card, rows)?), &self.ruler)
        };
        raster::png(&sheet, words.description(), &self.options)
    }

    fn drawing(&self, card: &CardJson, rows: &[Value]) -> Result<String, PictureError> {
        let card = if rows.len() > MOST_ROWS { first(card, rows).to_string() } else { card.to_string() };
        let (done, drawn) = channel();
        self.jobs.send(Job { card, done }).map_err(|_| PictureError::Gone)?;
        drawn.recv().map_err(|_| PictureError::Gone)?
    }
}

/// Until nobody can ask any more.
fn draw_all(engine: Engine, limits: Limits, inbox: &Receiver<Job>) {
    let mut engine = Some(engine);
    while let Ok(Job { card, done }) = inbox.recv() {
        let drawn = match engine.take() {
            Some(engine) => Ok(engine),
            None => Engine::new(limits),
        }
        .and_then(|fresh| {
            let svg = fresh.svg(&card)?;
            // A script that was stopped halfway leaves things behind, so only an engine that ended well is kept.
            engine = Some(fresh);
            Ok(svg)
        });
        // Whoever asked may have gone.
        drop(done.send(drawn));
    }
}

fn words(card: &CardJson, options: &PictureOptions, rows: usize) -> Words {
    let text = |name: &str| card.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut footer = options.footer.clone();
    // Whoever wrote the footer: an invented company is never taken for a real one.
    if card.get("simulated").and_then(Value::as_bool) == Some(true)
        && !footer.to_lowercase().contains("simulated")
    {
        footer.push_str(" Simulated data.");
    }
    if rows > MOST_ROWS {
        footer = format!("{footer} Drawn from the first {MOST_ROWS} of {rows} rows.");
    }
    Words {
        title: text("title"),
        filters: options.filters.clone(),
        summary: text("summary"),
        footer: footer.trim().to_owned(),
    }
}

/// The card with as many rows as are drawn.
fn first(card: &CardJson, rows: &[Value]) -> Value {
    let mut capped: Map<String, Value> = card.as_object().cloned().unwrap_or_default();
    capped.insert("rows".to_owned(), rows.iter().take(MOST_ROWS).cloned().collect());
    Value::Object(capped)
}
