//! Hears what fetchers say on the way to the bus: one observation of a slice is one list of documents, whoever tells it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aispend_ports::{Bus, BusError, Outgoing, Subscription, Topic};
use aispend_proto::v1::envelope::Body;
use aispend_stage::{Header, read_envelope};
use async_trait::async_trait;

/// A slice's observation: its key and generation.
type Observation = (String, i64);

/// Passes everything on, and remembers what was fetched.
pub struct Witness {
    inner: Arc<dyn Bus>,
    heard: Mutex<BTreeMap<Observation, String>>,
    contradictions: Mutex<Vec<String>>,
}

impl Witness {
    /// In front of a bus.
    pub fn new(inner: Arc<dyn Bus>) -> Arc<Self> {
        Arc::new(Self { inner, heard: Mutex::default(), contradictions: Mutex::default() })
    }

    /// Observations that were told in two ways.
    pub fn contradictions(&self) -> Vec<String> {
        self.contradictions.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn hear(&self, message: &Outgoing) {
        let Ok(envelope) = read_envelope(&message.data) else { return };
        let Ok(header) = Header::try_from(&envelope) else { return };
        let Some(Body::SliceFetched(fetched)) = envelope.body else { return };
        if header.revision > 0 || fetched.outcome != "complete" {
            return;
        }
        let pages =
            fetched.documents.iter().map(|page| format!("{} {} {}", page.role, page.page, page.sha256));
        let told = pages.collect::<Vec<_>>().join("\n");
        let observation = (header.slice_key(), header.generation.0);
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let known = heard.entry(observation.clone()).or_insert_with(|| told.clone());
        if *known != told {
            let text = format!("{observation:?} is\n{known}\nand\n{told}");
            self.contradictions.lock().unwrap_or_else(PoisonError::into_inner).push(text);
        }
    }
}

#[async_trait]
impl Bus for Witness {
    async fn publish(&self, message: Outgoing) -> Result<(), BusError> {
        if message.topic == Topic::RawSlices {
            self.hear(&message);
        }
        self.inner.publish(message).await
    }

    async fn subscribe(&self, topic: Topic) -> Result<Box<dyn Subscription>, BusError> {
        self.inner.subscribe(topic).await
    }
}
