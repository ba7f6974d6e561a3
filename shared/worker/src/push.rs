//! Pushed messages as deliveries: the request waits for its answer until the stage has settled the message.

use std::sync::{Arc, Weak};
use std::time::Duration;

use aispend_ports::{Bus, BusError, Delivery, Outgoing, Receipt, Subscription, Topic};
use async_trait::async_trait;
use tokio::sync::{Mutex, Semaphore, mpsc, oneshot};

/// Below Pub/Sub's push deadline of ten minutes: the answer comes before Pub/Sub gives up on it.
const LONGEST_ANSWER: Duration = Duration::from_secs(570);

/// How a pushed message ended. All but `Done` make Pub/Sub send it again, after its own backoff.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// Everything that follows is stored.
    Done,
    /// The stage gave it back.
    GivenBack,
    /// The stage has no room for it.
    Busy,
    /// The stage is still at it, and Pub/Sub waits no longer.
    AtWork,
}

/// Bytes of messages that one worker holds: as many as it would pull ahead.
const MOST_BYTES: usize = 32 << 20;

/// A delivery, and whether anybody still waits for its answer.
struct Handed {
    delivery: Delivery,
    request: Weak<()>,
}

/// Where the server puts what it was sent.
#[derive(Clone)]
pub struct Inlet {
    sender: mpsc::Sender<Handed>,
    bytes: Arc<Semaphore>,
}

impl Inlet {
    /// Hands a delivery to the stage and waits until it is settled, for as long as a push may take. A stage with its hands
    /// full is waited for: each refusal would cost the message an attempt.
    pub async fn hand(&self, make: impl FnOnce(Box<dyn Receipt>) -> Delivery) -> Settled {
        let (sender, settled) = oneshot::channel();
        let delivery = make(Box::new(PushReceipt(sender)));
        let size = u32::try_from(delivery.data.len().min(MOST_BYTES)).unwrap_or(u32::MAX);
        let Ok(_room) = self.bytes.try_acquire_many(size) else { return Settled::Busy };
        let request = Arc::new(());
        let handed = Handed { delivery, request: Arc::downgrade(&request) };
        let settled = async {
            // A stage that is gone, or a receipt dropped unsettled, gives the message back.
            if self.sender.send(handed).await.is_err() {
                return Settled::GivenBack;
            }
            settled.await.unwrap_or(Settled::GivenBack)
        };
        tokio::time::timeout(LONGEST_ANSWER, settled).await.unwrap_or(Settled::AtWork)
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
    input: Mutex<Option<mpsc::Receiver<Handed>>>,
}

impl PushBus {
    /// That many deliveries wait in order of arrival until the stage takes them, the others behind them.
    pub fn new(inner: Arc<dyn Bus>, room: usize) -> (Self, Inlet) {
        let (sender, receiver) = mpsc::channel(room);
        let inlet = Inlet { sender, bytes: Arc::new(Semaphore::new(MOST_BYTES)) };
        (Self { inner, input: Mutex::new(Some(receiver)) }, inlet)
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

struct Pushed(mpsc::Receiver<Handed>);

#[async_trait]
impl Subscription for Pushed {
    async fn next(&mut self) -> Option<Result<Delivery, BusError>> {
        loop {
            let Handed { delivery, request } = self.0.recv().await?;
            // Where nobody waits any more, Pub/Sub has sent the message again, or will.
            if request.strong_count() > 0 {
                return Some(Ok(delivery));
            }
        }
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
        for expected in [Settled::Done, Settled::GivenBack, Settled::GivenBack] {
            let handing = tokio::spawn({
                let inlet = inlet.clone();
                async move { inlet.hand(delivery).await }
            });
            let taken = pushed.next().await.unwrap().unwrap();
            match expected {
                Settled::Done => taken.receipt.ack().await.unwrap(),
                _ => drop(taken),
            }
            assert_eq!(handing.await.unwrap(), expected);
        }
    }

    #[tokio::test]
    async fn a_stage_with_its_hands_full_is_waited_for_unless_memory_is_short() {
        let (bus, inlet) = PushBus::new(Arc::new(NoBus), 1);
        let large = |receipt| Delivery { data: Bytes::from(vec![0; MOST_BYTES / 2]), ..delivery(receipt) };
        let waiting: Vec<_> = (0..2)
            .map(|_| {
                let inlet = inlet.clone();
                tokio::spawn(async move { inlet.hand(large).await })
            })
            .collect();
        tokio::task::yield_now().await;
        let one = |receipt| Delivery { data: Bytes::from_static(b"1"), ..delivery(receipt) };
        assert_eq!(inlet.hand(one).await, Settled::Busy);
        drop(bus);
        for waiting in waiting {
            assert_eq!(waiting.await.unwrap(), Settled::GivenBack);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_is_answered_before_pubsub_gives_up_on_it() {
        let (bus, inlet) = PushBus::new(Arc::new(NoBus), 1);
        let mut pushed = bus.subscribe(Topic::RawSlices).await.unwrap();
        let handing = tokio::spawn(async move { inlet.hand(delivery).await });
        let taken = pushed.next().await.unwrap().unwrap();
        assert_eq!(handing.await.unwrap(), Settled::AtWork);
        // Nobody hears of it: the message comes again.
        assert!(taken.receipt.ack().await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn what_nobody_waits_for_any_more_is_not_worked_on() {
        let (bus, inlet) = PushBus::new(Arc::new(NoBus), 2);
        let mut pushed = bus.subscribe(Topic::RawSlices).await.unwrap();
        assert_eq!(inlet.hand(delivery).await, Settled::AtWork);
        let second = |receipt| Delivery { attempt: 2, ..delivery(receipt) };
        let handing = tokio::spawn(async move { inlet.hand(second).await });
        let taken = pushed.next().await.unwrap().unwrap();
        assert_eq!(taken.attempt, 2);
        taken.receipt.ack().await.unwrap();
        assert_eq!(handing.await.unwrap(), Settled::Done);
    }
}
