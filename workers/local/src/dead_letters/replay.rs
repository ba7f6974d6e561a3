//! Sends parked messages on again. An older observation still cannot overwrite a newer one.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::process::ExitCode;

use aispend_alerter::{End, RunReport};
use aispend_config::Settings;
use aispend_model::{Generation, Slice};
use aispend_ports::{Clock, Outgoing, Parked, ParkedStore, Topic};
use aispend_proto::v1::envelope::Body;
use aispend_proto::v1::{PlannedSlice, RunPlanned};
use aispend_stage::{Header, Output, read_envelope, slice_to_wire};

use crate::failure::{Failure, INCOMPLETE};
use crate::run::{Job, follow_at, new_run_id};
use crate::setup;
use crate::site::{self, Site};
use crate::summary::Summary;

/// The newest parked observation of a slice, and every parked message that goes with it.
struct Replay {
    header: Header,
    output: Output,
    ids: Vec<String>,
}

impl Replay {
    /// The newer one is greater. What is yet to be read is newer than what was.
    fn order(&self) -> (bool, Generation, u32) {
        (self.output.topic == Topic::FetchRequests, self.header.generation, self.header.revision)
    }
}

/// What is to be sent.
#[derive(Default)]
struct Sendings<'a> {
    /// One message a slice: the newest observation, or the request for one.
    slices: BTreeMap<Slice, Replay>,
    /// What is about no slice, or cannot be read: sent as it was.
    as_it_was: Vec<&'a Parked>,
}

/// Sends them again and follows what becomes of their slices.
pub async fn replay(
    settings: &Settings,
    site: &Site,
    store: &dyn ParkedStore,
    chosen: &[&Parked],
) -> Result<ExitCode, Failure> {
    let clock = setup::clock();
    let run_id = new_run_id(clock.as_ref());
    let sendings = sendings(chosen, &run_id, clock.as_ref());
    let is_all_sent = send_as_it_was(site, &sendings.as_it_was).await?;
    let of_the_others = if is_all_sent { ExitCode::SUCCESS } else { ExitCode::from(INCOMPLETE) };
    if sendings.slices.is_empty() {
        return Ok(of_the_others);
    }
    let outcome = follow_at(settings, site, job(run_id, &sendings.slices, clock.as_ref())).await?;
    forget(store, &outcome.followed.first, &sendings.slices).await?;
    let summary = Summary::of(&outcome, site).await?;
    summary.print(false);
    for slice in outcome.followed.first.slices.iter().filter(|slice| slice.end == End::Superseded) {
        println!("{}: nothing is changed, the tables have a reading as new or newer", slice.slice.key());
    }
    Ok(if is_all_sent { summary.exit_code() } else { of_the_others })
}

fn sendings<'a>(chosen: &[&'a Parked], run_id: &str, clock: &dyn Clock) -> Sendings<'a> {
    let mut sendings = Sendings::default();
    for message in chosen {
        let Some((slice, header, output)) = slice_replay(message, run_id, clock) else {
            sendings.as_it_was.push(message);
            continue;
        };
        let fresh = Replay { header, output, ids: vec![message.id.clone()] };
        match sendings.slices.entry(slice) {
            Entry::Vacant(place) => {
                place.insert(fresh);
            }
            Entry::Occupied(mut place) => {
                let known = place.get_mut();
                let is_newer = fresh.order() > known.order();
                known.ids.extend(fresh.ids);
                if is_newer {
                    known.header = fresh.header;
                    known.output = fresh.output;
                }
            }
        }
    }
    sendings
}

/// What replay sends for a message of a slice: its documents as the next revision, or else the message itself. `None`: the
/// message is about no slice, or tells what happened to one.
fn slice_replay(message: &Parked, run_id: &str, clock: &dyn Clock) -> Option<(Slice, Header, Output)> {
    if message.topic == Topic::SliceEvents {
        return None;
    }
    let bytes = message.fetched.as_ref().unwrap_or(&message.message);
    let envelope = read_envelope(bytes).ok()?;
    let header = Header::try_from(&envelope).ok()?;
    let slice = header.slice.clone()?;
    let topic = if message.fetched.is_some() { Topic::RawSlices } else { message.topic };
    let header = Header { run_id: run_id.to_owned(), revision: header.revision + 1, ..header };
    let output = Output::new(topic, &header, clock.now(), envelope.body?);
    Some((slice, header, output))
}

fn job(run_id: String, slices: &BTreeMap<Slice, Replay>, clock: &dyn Clock) -> Job {
    let planned = RunPlanned {
        slices: slices
            .keys()
            .map(|slice| PlannedSlice { slice: Some(slice_to_wire(slice)), ..PlannedSlice::default() })
            .collect(),
        trigger: "replay".to_owned(),
        planned_at: clock.now().as_microsecond(),
        ..RunPlanned::default()
    };
    let header = Header { run_id: run_id.clone(), ..Header::default() };
    let mut messages = vec![Output::new(Topic::SliceEvents, &header, clock.now(), Body::RunPlanned(planned))];
    messages.extend(slices.values().map(|replay| replay.output.clone()));
    Job { run_id, messages }
}

/// On a bus that outlives this process a message is back where it was. It stays in the store: parked again it would have
/// the same id, and removing that would lose it. False where one was not sent.
async fn send_as_it_was(site: &Site, messages: &[&Parked]) -> Result<bool, Failure> {
    let mut is_all_sent = true;
    for message in messages {
        let Site::Cloud(world) = site else {
            eprintln!(
                "{} is not replayed: it is about no slice that can be read; `aispend run` reads again what is due, then drop it",
                message.id
            );
            is_all_sent = false;
            continue;
        };
        let outgoing = Outgoing {
            topic: message.topic,
            data: message.message.clone(),
            attributes: message.attributes.clone(),
        };
        site::publish(world, &[outgoing]).await?;
        println!(
            "{id} is back on {topic}; `aispend dead-letters drop {id}` when it has done its work",
            id = message.id,
            topic = message.topic.as_str()
        );
    }
    Ok(is_all_sent)
}

/// Only what reached the warehouse leaves the store, and what is parked anew under another id; older messages of a slice go
/// with the newest.
async fn forget(
    store: &dyn ParkedStore,
    report: &RunReport,
    slices: &BTreeMap<Slice, Replay>,
) -> Result<(), Failure> {
    let is_done = |end: End| matches!(end, End::Loaded | End::Unchanged | End::Superseded | End::Unavailable);
    for slice in report.slices.iter().filter(|slice| is_done(slice.end) || slice.end == End::Parked) {
        for id in slices.get(&slice.slice).iter().flat_map(|replay| &replay.ids) {
            // Parked again, it says so under an id of its own, which its remedy names.
            if slice.end == End::Parked && slice.remedy.contains(id.as_str()) {
                continue;
            }
            store.remove(id).await.map_err(|error| Failure::world(error.to_string()))?;
        }
    }
    Ok(())
}
