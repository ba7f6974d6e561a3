//! Messages that the bus itself gave up on: nobody settled them in all their attempts.

use aispend_ports::{Delivery, Parked, Topic};
use aispend_proto::Message as _;
use aispend_proto::v1::SliceFailed;
use aispend_proto::v1::envelope::Body;
use bytes::Bytes;
use jiff::Timestamp;

use crate::message::{Header, Output, content_id, fetched_behind, read_envelope};

/// The parked message of a delivery that used up its attempts: the same id, slice and `SliceFetched` as if `stage` had
/// parked it.
pub fn attempts_used_up(stage: &str, topic: Topic, delivery: &Delivery, now: Timestamp) -> Parked {
    let parked = Parked {
        id: String::new(),
        stage: stage.to_owned(),
        topic,
        reason: "attempts_used_up".to_owned(),
        detail: format!("the bus delivered it {} times and nobody settled it", delivery.attempt),
        slice_key: String::new(),
        run_id: String::new(),
        attempts: delivery.attempt,
        parked_at: now,
        attributes: delivery.attributes.clone(),
        message: delivery.data.clone(),
        fetched: None,
    };
    as_read(parked)
}

/// A message that somebody set aside without reading it, with what it says of itself: its slice, its run, and what replay
/// sends. Under the id that every stage gives it.
pub fn as_read(parked: Parked) -> Parked {
    let envelope = read_envelope(&parked.message).ok();
    let header = envelope.as_ref().and_then(|envelope| Header::try_from(envelope).ok());
    Parked {
        id: content_id(&[parked.topic.as_str().as_bytes(), &parked.message]),
        slice_key: header.as_ref().map(Header::slice_key).unwrap_or_default(),
        run_id: header.map(|header| header.run_id).unwrap_or_default(),
        fetched: envelope
            .as_ref()
            .and_then(fetched_behind)
            .map(|envelope| Bytes::from(envelope.encode_to_vec())),
        ..parked
    }
}

/// What the run of a message set aside is to hear; `None` where the message does not say which run that is.
pub fn parked_event(parked: &Parked, now: Timestamp) -> Option<Output> {
    let envelope = read_envelope(&parked.message).ok()?;
    let header = Header::try_from(&envelope).ok().filter(|header| !header.run_id.is_empty())?;
    Some(told(&header, parked, now))
}

/// What a run is to hear of its message that was set aside.
pub(crate) fn told(header: &Header, parked: &Parked, now: Timestamp) -> Output {
    let failed = SliceFailed {
        stage: parked.stage.clone(),
        state: "parked".to_owned(),
        reason: parked.reason.clone(),
        detail: parked.detail.clone(),
        remedy: format!(
            "`aispend dead-letters show {id}`, mend the cause, then `aispend dead-letters replay {id}`",
            id = parked.id
        ),
        parked_id: parked.id.clone(),
    };
    Output::new(Topic::SliceEvents, header, now, Body::SliceFailed(failed))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use aispend_ports::{BusError, Receipt};
    use aispend_proto::v1::{Envelope, RecordsNormalized, Slice, SliceFetched};

    use super::*;

    struct Unsettled;

    #[async_trait::async_trait]
    impl Receipt for Unsettled {
        async fn ack(self: Box<Self>) -> Result<(), BusError> {
            Ok(())
        }

        async fn give_back(self: Box<Self>, _after: Option<Duration>) {}
    }

    fn delivery(data: Vec<u8>) -> Delivery {
        Delivery {
            message_id: "1".to_owned(),
            data: Bytes::from(data),
            attributes: Vec::new(),
            attempt: 20,
            published_at: Timestamp::UNIX_EPOCH,
            receipt: Box::new(Unsettled),
        }
    }

    #[test]
    fn a_message_says_which_slice_and_run_it_was_and_what_replay_sends() {
        let fetched = SliceFetched::default();
        let slice =
            Slice { feed: "cursor/usage-events".to_owned(), org_id: "cursor".to_owned(), day: Some(20_000) };
        let envelope = Envelope {
            run_id: "run".to_owned(),
            slice: Some(slice),
            body: Some(Body::RecordsNormalized(RecordsNormalized {
                fetched: Some(fetched.clone()),
                ..RecordsNormalized::default()
            })),
            ..Envelope::default()
        };
        let delivery = delivery(envelope.encode_to_vec());
        let parked = attempts_used_up("validator", Topic::RecordBatches, &delivery, Timestamp::UNIX_EPOCH);
        assert_eq!(parked.slice_key, "cursor/usage-events|cursor|2024-10-04");
        assert_eq!((parked.run_id.as_str(), parked.attempts), ("run", 20));
        let replayed = read_envelope(&parked.fetched.unwrap()).unwrap();
        assert_eq!(replayed.body, Some(Body::SliceFetched(fetched)));
        assert_eq!(parked.id, content_id(&[b"record-batches", &delivery.data]));
    }

    #[test]
    fn bytes_that_nobody_can_read_are_kept_all_the_same() {
        let parked =
            attempts_used_up("fetcher", Topic::FetchRequests, &delivery(vec![0xff]), Timestamp::UNIX_EPOCH);
        assert_eq!((&parked.message[..], parked.slice_key.as_str(), parked.fetched), (&[0xff][..], "", None));
    }
}
