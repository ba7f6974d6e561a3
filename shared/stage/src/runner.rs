//! The loop that runs any stage: pull, handle, publish, settle; park what is poison; stop pulling when the world fails.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use aispend_ports::{Archive, Bus, BusError, Clock, Delivery, Parked, ParkedStore};
use aispend_proto::{Message as _, SCHEMA_VERSION};
use aispend_telemetry::{continue_trace, root_of, traceparent_of};
use bytes::Bytes;
use futures::FutureExt;
use jiff::Timestamp;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tracing::field::Empty;
use tracing::{Instrument, Span, debug, error, info, info_span, warn};

use crate::counters::Counters;
use crate::disposition::{Classify, Disposition, error_chain};
use crate::message::{Header, Output, content_id, fetched_behind, read_envelope};
use crate::used_up::told;
use crate::{Message, Stage};

/// What every stage stands on.
#[derive(Clone)]
pub struct Doors {
    /// Messages.
    pub bus: Arc<dyn Bus>,
    /// Documents and large batches.
    pub archive: Arc<dyn Archive>,
    /// Messages set aside.
    pub parked: Arc<dyn ParkedStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// How much a stage takes on at once.
#[derive(Debug, Clone, Copy)]
pub struct RunnerOptions {
    /// Batches handled at the same time.
    pub concurrency: usize,
    /// Messages handed to `handle_batch` at once.
    pub batch: usize,
    /// Stop pulling for a while after this many failures of the world in a row; 0: never.
    pub outage_after: u32,
    /// The newest messages that are understood, and what is published: this build's. Tests run another release by it.
    pub schema_version: u32,
}

impl Default for RunnerOptions {
    fn default() -> Self {
        Self { concurrency: 2, batch: 1, outage_after: 5, schema_version: SCHEMA_VERSION }
    }
}

/// The longest pause of a stage that the world fails for.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Runs one stage.
pub struct Runner<S> {
    stage: Arc<S>,
    doors: Doors,
    options: RunnerOptions,
    counters: Arc<Counters>,
}

impl<S> Clone for Runner<S> {
    fn clone(&self) -> Self {
        Self {
            stage: Arc::clone(&self.stage),
            doors: self.doors.clone(),
            options: self.options,
            counters: Arc::clone(&self.counters),
        }
    }
}

/// Whether the world answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weather {
    Fair,
    Foul,
}

impl<S: Stage> Runner<S> {
    /// Over a stage and its doors.
    pub fn new(stage: Arc<S>, doors: Doors, options: RunnerOptions) -> Self {
        Self { stage, doors, options, counters: Arc::new(Counters::default()) }
    }

    /// What came in and what became of it.
    pub fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }

    /// Pulls and handles until `stop` turns true, then finishes what it has taken. Dropped before that, it gives back what
    /// is at work.
    ///
    /// # Errors
    /// When the subscription cannot be opened or closes with an error.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) -> Result<(), BusError> {
        let mut subscription = self.doors.bus.subscribe(S::INPUT).await?;
        let (sender, mut receiver) = mpsc::channel::<Delivery>(self.options.batch.max(1));
        // One task owns the subscription and never cancels a `next` in the middle.
        let mut pulling = JoinSet::new();
        pulling.spawn(async move {
            while let Some(next) = subscription.next().await {
                match next {
                    Ok(delivery) => {
                        if sender.send(delivery).await.is_err() {
                            return Ok(());
                        }
                    }
                    Err(error) => return Err(error),
                }
            }
            Ok(())
        });
        let slots = Arc::new(Semaphore::new(self.options.concurrency));
        let (weather_sender, mut weather) = mpsc::unbounded_channel();
        let mut failures = 0_u32;
        let mut at_work = JoinSet::new();
        let mut is_over = false;
        loop {
            while at_work.try_join_next().is_some() {}
            while let Ok(report) = weather.try_recv() {
                failures = if report == Weather::Foul { failures.saturating_add(1) } else { 0 };
            }
            if self.options.outage_after > 0 && failures >= self.options.outage_after {
                let pause = Duration::from_millis(250 << failures.min(7)).min(LONGEST_PAUSE);
                warn!(
                    stage = S::NAME,
                    pause_seconds = pause.as_secs_f32(),
                    "the world fails, pulling paused"
                );
                tokio::select! {
                    biased;
                    _ = stop.wait_for(|stop| *stop) => break,
                    () = self.doors.clock.sleep(pause) => {}
                }
            }
            let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { break };
            let first = tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => break,
                delivery = receiver.recv() => if let Some(delivery) = delivery {
                    delivery
                } else {
                    is_over = true;
                    break;
                },
            };
            let mut batch = vec![first];
            while batch.len() < self.options.batch {
                match receiver.try_recv() {
                    Ok(delivery) => batch.push(delivery),
                    Err(_) => break,
                }
            }
            let runner = self.clone();
            let reports = weather_sender.clone();
            at_work.spawn(async move {
                let weather = runner.process(batch).await;
                drop(slot);
                // The loop may be gone by now: nobody needs the report then.
                reports.send(weather).unwrap_or_default();
            });
        }
        receiver.close();
        // Drain: every slot comes back once its batch is settled.
        let all = u32::try_from(self.options.concurrency).unwrap_or(u32::MAX);
        drop(slots.acquire_many(all).await);
        // Why the subscription is over, where it is.
        let ended = if is_over { pulling.join_next().await } else { pulling.try_join_next() };
        ended.and_then(Result::ok).unwrap_or(Ok(()))
    }

    /// Handles one batch to its end: every delivery is settled, given back or parked. Public for schedulers that decide
    /// the order of deliveries themselves.
    pub async fn handle(&self, deliveries: Vec<Delivery>) {
        self.process(deliveries).await;
    }

    async fn process(&self, deliveries: Vec<Delivery>) -> Weather {
        let mut messages = Vec::with_capacity(deliveries.len());
        let mut waiting = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            self.counters.receive();
            aispend_telemetry::received(S::NAME);
            match self.open(&delivery) {
                Opened::Message(message) => {
                    messages.push(*message);
                    waiting.push(delivery);
                }
                Opened::FromTheFuture(version) => {
                    warn!(
                        stage = S::NAME,
                        version,
                        ours = self.options.schema_version,
                        "message of a newer release given back"
                    );
                    self.give_back(delivery, Some(Duration::from_mins(1))).await;
                }
                Opened::Unreadable(detail) => self.park(delivery, None, "unreadable", detail).await,
            }
        }
        if messages.is_empty() {
            return Weather::Fair;
        }
        let headers: Vec<Header> = messages.iter().map(|message| message.header.clone()).collect();
        let now = self.doors.clock.now();
        let oldest = waiting.iter().map(|delivery| delivery.published_at).min().unwrap_or(now);
        let work = self.counters.begin(S::NAME, now, oldest);
        let span = span_of::<S>(&headers);
        let handling =
            AssertUnwindSafe(self.stage.handle_batch(messages)).catch_unwind().instrument(span.clone());
        let handled = self.counters.processor.measure(handling).await;
        aispend_telemetry::handled(S::NAME, since(self.doors.clock.now(), now));
        let weather = match handled {
            Ok(verdicts) => self.conclude(waiting, headers, verdicts, &span).instrument(span.clone()).await,
            Err(_) => self.after_panic(waiting, headers, &span).instrument(span.clone()).await,
        };
        self.counters.end(S::NAME, self.doors.clock.now(), &work);
        weather
    }

    /// Gives each delivery of a batch its fate.
    async fn conclude(
        &self,
        waiting: Vec<Delivery>,
        headers: Vec<Header>,
        verdicts: Vec<Result<Vec<Output>, S::Error>>,
        span: &Span,
    ) -> Weather {
        let mut weather = Weather::Fair;
        let mut verdicts = verdicts.into_iter();
        for (delivery, header) in waiting.into_iter().zip(headers) {
            match verdicts.next() {
                Some(Ok(outputs)) => {
                    if !self.settle(delivery, self.on_its_way(outputs, &header, span)).await {
                        weather = Weather::Foul;
                    }
                }
                Some(Err(failure)) => {
                    let detail = error_chain(&failure);
                    match failure.disposition() {
                        Disposition::Retry { after } => {
                            info!(stage = S::NAME, slice = header.slice_key(), detail, "message given back");
                            self.give_back(delivery, after).await;
                            weather = Weather::Foul;
                        }
                        Disposition::Park { reason } => {
                            self.park(delivery, Some(&header), reason, detail).await;
                        }
                        Disposition::Bug => self.park(delivery, Some(&header), "bug", detail).await,
                    }
                }
                None => {
                    let detail = "the stage gave no verdict for this message".to_owned();
                    self.park(delivery, Some(&header), "bug", detail).await;
                }
            }
        }
        weather
    }

    /// One message's panic costs that message. In a batch nobody knows whose it was: each goes again, alone.
    async fn after_panic(&self, waiting: Vec<Delivery>, headers: Vec<Header>, span: &Span) -> Weather {
        let is_alone = waiting.len() == 1;
        for (delivery, header) in waiting.into_iter().zip(headers) {
            if is_alone {
                self.park(delivery, Some(&header), "panic", "the stage panicked on this message".to_owned())
                    .await;
                continue;
            }
            let Opened::Message(message) = self.open(&delivery) else { continue };
            match AssertUnwindSafe(self.stage.handle(*message)).catch_unwind().await {
                Ok(Ok(outputs)) => {
                    self.settle(delivery, self.on_its_way(outputs, &header, span)).await;
                }
                Ok(Err(failure)) => match failure.disposition() {
                    Disposition::Retry { after } => self.give_back(delivery, after).await,
                    Disposition::Park { reason } => {
                        self.park(delivery, Some(&header), reason, error_chain(&failure)).await;
                    }
                    Disposition::Bug => {
                        self.park(delivery, Some(&header), "bug", error_chain(&failure)).await;
                    }
                },
                Err(_) => {
                    self.park(
                        delivery,
                        Some(&header),
                        "panic",
                        "the stage panicked on this message".to_owned(),
                    )
                    .await;
                }
            }
        }
        Weather::Fair
    }

    /// Publish first, settle last: the other order can lose what the message became. False when the world failed.
    async fn settle(&self, delivery: Delivery, outputs: Vec<Output>) -> bool {
        if let Err(error) = self.doors.archive.persist().await {
            warn!(stage = S::NAME, detail = error_chain(&error), "archive not persisted, message given back");
            self.give_back(delivery, None).await;
            return false;
        }
        for output in &outputs {
            if let Err(error) = self.doors.bus.publish(output.encode()).await {
                warn!(
                    stage = S::NAME,
                    detail = error_chain(&error),
                    "output not published, message given back"
                );
                self.give_back(delivery, None).await;
                return false;
            }
            self.counters.publish(1);
            aispend_telemetry::published(S::NAME);
        }
        let age = since(self.doors.clock.now(), delivery.published_at);
        match delivery.receipt.ack().await {
            Ok(()) => {
                self.counters.settle();
                aispend_telemetry::settled(S::NAME, age);
                true
            }
            Err(error) => {
                debug!(stage = S::NAME, detail = error_chain(&error), "not acknowledged, it will come again");
                false
            }
        }
    }

    async fn give_back(&self, delivery: Delivery, after: Option<Duration>) {
        self.counters.give_back();
        aispend_telemetry::given_back(S::NAME);
        delivery.receipt.give_back(after).await;
    }

    async fn park(&self, delivery: Delivery, header: Option<&Header>, reason: &'static str, detail: String) {
        let id = content_id(&[S::INPUT.as_str().as_bytes(), &delivery.data]);
        // Not the detail, which may quote the message: whoever may read that finds it under the id.
        error!(
            stage = S::NAME,
            reason,
            parked = id,
            message_id = delivery.message_id,
            size_bytes = delivery.data.len(),
            attempt = delivery.attempt,
            slice = header.map(Header::slice_key).unwrap_or_default(),
            "message parked"
        );
        let parked = Parked {
            id,
            stage: S::NAME.to_owned(),
            topic: S::INPUT,
            reason: reason.to_owned(),
            detail,
            slice_key: header.map(Header::slice_key).unwrap_or_default(),
            run_id: header.map(|header| header.run_id.clone()).unwrap_or_default(),
            attempts: delivery.attempt,
            parked_at: self.doors.clock.now(),
            attributes: delivery.attributes.clone(),
            message: delivery.data.clone(),
            fetched: read_envelope(&delivery.data)
                .ok()
                .and_then(|envelope| fetched_behind(&envelope))
                .map(|envelope| Bytes::from(envelope.encode_to_vec())),
        };
        let events = header.map(|header| told(header, &parked, self.doors.clock.now()));
        if let Err(error) = self.doors.parked.park(parked).await {
            warn!(
                stage = S::NAME,
                detail = error_chain(&error),
                "parked store does not answer, message given back"
            );
            self.give_back(delivery, None).await;
            return;
        }
        self.counters.park();
        aispend_telemetry::parked(S::NAME, reason);
        self.settle(delivery, events.into_iter().collect()).await;
    }

    /// What follows from a message: in this release's words, and on the message's trace, below the span that handled it
    /// where that is on the same.
    fn on_its_way(&self, mut outputs: Vec<Output>, header: &Header, span: &Span) -> Vec<Output> {
        let own = traceparent_of(span).filter(|own| own.get(..35) == header.traceparent.get(..35));
        for output in &mut outputs {
            output.envelope.traceparent = own.clone().unwrap_or_else(|| header.traceparent.clone());
            output.envelope.schema_version = self.options.schema_version;
        }
        outputs
    }

    /// Reads a delivery as the stage sees it.
    fn open(&self, delivery: &Delivery) -> Opened {
        let envelope = match read_envelope(&delivery.data) {
            Ok(envelope) => envelope,
            Err(error) => match crate::plain::read(S::INPUT, &delivery.data, &delivery.message_id) {
                Some(Ok(envelope)) => envelope,
                Some(Err(detail)) => return Opened::Unreadable(detail),
                None => return Opened::Unreadable(error_chain(&error)),
            },
        };
        if envelope.schema_version > self.options.schema_version {
            return Opened::FromTheFuture(envelope.schema_version);
        }
        match Header::try_from(&envelope) {
            Ok(mut header) => Opened::Message(Box::new(Message {
                header: {
                    if header.traceparent.is_empty() {
                        let given = delivery.attributes.iter().find(|(name, _)| name == "traceparent");
                        header.traceparent =
                            given.map_or_else(|| root_of(&header.run_id), |(_, text)| text.clone());
                    }
                    header
                },
                envelope,
                attempt: delivery.attempt,
                published_at: delivery.published_at,
            })),
            Err(error) => Opened::Unreadable(error_chain(&error)),
        }
    }
}

/// The span of a batch: on the trace of its first message.
fn span_of<S: Stage>(headers: &[Header]) -> Span {
    let first = headers.first();
    let span = info_span!(
        "handle",
        otel.name = S::NAME,
        stage = S::NAME,
        messages = headers.len(),
        run = first.map(|header| header.run_id.as_str()).unwrap_or_default(),
        slice = first.map(Header::slice_key).unwrap_or_default(),
        traceparent = Empty,
    );
    if let Some(first) = first {
        continue_trace(&span, &first.traceparent);
    }
    span
}

fn since(now: Timestamp, then: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(then)).unwrap_or_default()
}

enum Opened {
    Message(Box<Message>),
    FromTheFuture(u32),
    Unreadable(String),
}
