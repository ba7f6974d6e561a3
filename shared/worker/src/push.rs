//! Pushed messages as deliveries: the request waits for its answer until the stage has settled the message.

use std::sync::Arc;
use std::time::Duration;

use aispend_ports::{Bus, BusError, Delivery, Outgoing, Receipt, Subscription, Topic};
use async_trait::async_trait;
use tokio::sync::{Mutex, mpsc, oneshot};

/// How a pushed message ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// Everything that follows is stored.
    Done,
    /// Pub/Sub sends it again, after its own backoff.
    GivenBack,
}

/// Where the server puts what it was sent.
#[derive(Clone)]
pub struct Inlet(mpsc::Sender<Delivery>);

impl Inlet {
    /// Hands a delivery to the stage and waits until it is settled. `None` where the stage has no room for it.
    pub async fn hand(&self, make: impl FnOnce(Box<dyn Receipt>) -> Delivery) -> Option<Settled> {
        let (sender, settled) = oneshot::channel();
        let delivery = make(Box::new(PushReceipt(sender)));
        self.0.try_send(delivery).ok()?;
        // A receipt dropped unsettled gives the message back.
        Some(settled.await.unwrap_or(Settled::GivenBack))
    }
}

struct PushReceipt(oneshot::Sender<Settled>);

#[async_trait]
impl Receipt for PushReceipt {
    async fn ack(self: Box<Self>) -> Result<(), BusError> {
        let gone = |_| BusError::Unavailable("the request of this pushed message has ended".to_owned());
        self.0.send(Settled::Done).map_err(gone)
    }

    async fn give_back(self: Box<Self>, _after: Option<Duration>) {
        // Pub/Sub waits by the subscription's own backoff; where the request has ended it does so already.
        self.0.send(Settled::GivenBack).unwrap_or_default();
    }
}

/// A bus whose input arrives over HTTP; what a stage publishes goes out as ever.
pub struct PushBus {
    inner: Arc<dyn Bus>,
    input: Mutex<Option<mpsc::Receiver<Delivery>>>,
}

impl PushBus {
    /// With room for that many deliveries that the stage has not taken.
    pub fn new(inner: Arc<dyn Bus>, room: usize) -> (Self, Inlet) {
        let (sender, receiver) = mpsc::channel(room);
        (Self { inner, input: Mutex::new(Some(receiver)) }, Inlet(sender))
    }
}

#[async_trait]
impl Bus for PushBus {
    async fn publish(&self, message: Outgoing) -> Result<(), BusError> {
        self.inner.publish(message).await
    }

    async fn subscribe(&self, topic: Topic) -> Result<Box<dyn Subscription>, BusError> {
        let taken =
            || BusError::Unavailable(format!("the pushed messages of {} have a reader", topic.as_str()));
        let receiver = self.input.lock().await.take().ok_or_else(taken)?;
        Ok(Box::new(Pushed(receiver)))
    }
}

struct Pushed(mpsc::Receiver<Delivery>);

#[async_trait]
impl Subscription for Pushed {
    async fn next(&mut self) -> Option<Result<Delivery, BusError>> {
        self.0.recv().await.map(Ok)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use jiff::Timestamp;

    use super::*;

    struct NoBus;

    #[async_trait]
    impl Bus for NoBus {
        async fn publish(&self, _: Outgoing) -> Result<(), BusError> {
            Ok(())
        }
        async fn subscribe(&self, _: Topic) -> Result<Box<dyn Subscription>, BusError> {
            Err(BusError::Unavailable("none".to_owned()))
        }
    }

    fn delivery(receipt: Box<dyn Receipt>) -> Delivery {
        Delivery {
            message_id: "1".to_owned(),
            data: Bytes::new(),
            attributes: Vec::new(),
            attempt: 1,
            published_at: Timestamp::UNIX_EPOCH,
            receipt,
        }
    }

    #[tokio::test]
    async fn a_request_is_answered_as_its_message_is_settled() {
        let (bus, inlet) = PushBus::new(Arc::new(NoBus), 1);
        let mut pushed = bus.subscribe(Topic::RawSlices).await.unwrap();
        for expected in [Some(Settled::Done), Some(Settled::GivenBack), Some(Settled::GivenBack)] {
            let handing = tokio::spawn({
                let inlet = inlet.clone();
                async move { inlet.hand(delivery).await }
            });
            let taken = pushed.next().await.unwrap().unwrap();
            match expected {
                Some(Settled::Done) => taken.receipt.ack().await.unwrap(),
                _ => drop(taken),
            }
            assert_eq!(handing.await.unwrap(), expected);
        }
    }

    #[tokio::test]
    async fn a_stage_without_room_is_said_at_once() {
        let (bus, inlet) = PushBus::new(Arc::new(NoBus), 1);
        let waiting = tokio::spawn({
            let inlet = inlet.clone();
            async move { inlet.hand(delivery).await }
        });
        tokio::task::yield_now().await;
        assert_eq!(inlet.hand(delivery).await, None);
        drop(bus);
        assert_eq!(waiting.await.unwrap(), Some(Settled::GivenBack));
    }
}
