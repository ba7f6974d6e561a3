//! `aispend dead-letters`: messages set aside in the data folder.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::process::ExitCode;
use std::sync::Arc;

use aispend_alerter::End;
use aispend_config::Settings;
use aispend_model::{Money, Slice};
use aispend_ports::{Clock, Parked, ParkedStore, Topic};
use aispend_proto::v1::envelope::Body;
use aispend_proto::v1::{PlannedSlice, RunPlanned};
use aispend_stage::{Header, Output, read_envelope, sums_from_wire};

use crate::cli::{DeadLetterAction, DeadLetterArguments};
use crate::failure::Failure;
use crate::pipeline::parked;
use crate::run::{Job, follow, new_run_id};
use crate::screen::dollars;
use crate::setup::{self, Pace};
use crate::summary::Summary;

/// List, show, replay or drop.
pub async fn dead_letters(settings: &Settings, arguments: &DeadLetterArguments) -> Result<ExitCode, Failure> {
    let store = parked(&settings.data_dir());
    let all = store.list().await.map_err(|error| Failure::world(error.to_string()))?;
    match &arguments.action {
        DeadLetterAction::List => {
            if all.is_empty() {
                println!("nothing is parked");
            }
            for message in &all {
                println!(
                    "{}  {}  {:<11} {:<12} {}  {}  {}",
                    message.id,
                    message.parked_at,
                    message.stage,
                    message.reason,
                    message.slice_key,
                    money(message),
                    message.detail
                );
            }
            Ok(ExitCode::SUCCESS)
        }
        DeadLetterAction::Show { id } => {
            show(one(&all, id)?);
            Ok(ExitCode::SUCCESS)
        }
        DeadLetterAction::Drop { id, dry_run } => {
            let message = one(&all, id)?;
            if *dry_run {
                println!("would drop {} ({})", message.id, message.slice_key);
            } else {
                store.remove(&message.id).await.map_err(|error| Failure::world(error.to_string()))?;
                println!("dropped {} ({})", message.id, message.slice_key);
            }
            Ok(ExitCode::SUCCESS)
        }
        DeadLetterAction::Replay { id, dry_run } => {
            let chosen: Vec<&Parked> = if id == "all" { all.iter().collect() } else { vec![one(&all, id)?] };
            replay(settings, &store, &chosen, *dry_run).await
        }
    }
}

fn one<'a>(all: &'a [Parked], id: &str) -> Result<&'a Parked, Failure> {
    let mut matching = all.iter().filter(|message| !id.is_empty() && message.id.starts_with(id));
    match (matching.next(), matching.next()) {
        (Some(message), None) => Ok(message),
        (Some(_), Some(_)) => Err(Failure::usage(format!("several parked messages begin with `{id}`"))),
        (None, _) => Err(Failure::usage(format!(
            "no parked message begins with `{id}`; `aispend dead-letters list` shows them"
        ))),
    }
}

/// The money on its way in a message, where it was read before the message was parked.
fn money(message: &Parked) -> String {
    let body = read_envelope(&message.message).ok().and_then(|envelope| envelope.body);
    let normalized = match body {
        Some(Body::RecordsNormalized(normalized)) => Some(normalized),
        Some(Body::RecordsValidated(validated)) => validated.normalized,
        _ => None,
    };
    let sums = normalized.and_then(|normalized| sums_from_wire(&normalized.totals).ok());
    sums.map_or_else(
        || "money not read".to_owned(),
        |sums| format!("{} USD", dollars(Money::from_nanos(sums.money()))),
    )
}

fn show(message: &Parked) {
    println!("id        {}", message.id);
    println!("slice     {}", message.slice_key);
    println!("run       {}", message.run_id);
    println!("stage     {} (topic {})", message.stage, message.topic.as_str());
    println!("reason    {}", message.reason);
    println!("detail    {}", message.detail);
    println!("money     {}", money(message));
    println!("attempts  {}", message.attempts);
    println!("parked    {}", message.parked_at);
    println!("bytes     {}", message.message.len());
    println!(
        "replay    {}",
        if message.fetched.is_some() {
            "reads the slice's archived documents again"
        } else {
            "sends the message again"
        }
    );
}

/// The newest parked observation of a slice, and every parked message that goes with it.
struct Replay {
    header: Header,
    output: Output,
    ids: Vec<String>,
}

type Unfollowed<'a> = Vec<(&'a Parked, String)>;

/// One message a slice: the newest observation; and what cannot be replayed, with the reason.
fn newest_of_each_slice<'a>(
    chosen: &[&'a Parked],
    run_id: &str,
    clock: &dyn Clock,
) -> (BTreeMap<Slice, Replay>, Unfollowed<'a>) {
    let mut newest: BTreeMap<Slice, Replay> = BTreeMap::new();
    let mut unfollowed = Vec::new();
    for message in chosen {
        let (slice, header, output) = match replay_of(message, run_id, clock) {
            Ok(replay) => replay,
            Err(why) => {
                unfollowed.push((*message, why));
                continue;
            }
        };
        let fresh = Replay { header, output, ids: vec![message.id.clone()] };
        match newest.entry(slice) {
            Entry::Vacant(place) => {
                place.insert(fresh);
            }
            Entry::Occupied(mut place) => {
                let known = place.get_mut();
                known.ids.extend(fresh.ids);
                if (fresh.header.generation, fresh.header.revision)
                    > (known.header.generation, known.header.revision)
                {
                    known.header = fresh.header;
                    known.output = fresh.output;
                }
            }
        }
    }
    (newest, unfollowed)
}

/// What replay sends for one message: its slice's documents as the next revision, else the message itself.
fn replay_of(message: &Parked, run_id: &str, clock: &dyn Clock) -> Result<(Slice, Header, Output), String> {
    let bytes = message.fetched.as_ref().unwrap_or(&message.message);
    let envelope = read_envelope(bytes).map_err(|error| error.to_string())?;
    let header = Header::try_from(&envelope).map_err(|error| error.to_string())?;
    let slice = header.slice.clone().ok_or("it is about a run, not a slice")?;
    let body = envelope.body.ok_or("it is empty")?;
    let topic = if message.fetched.is_some() { Topic::RawSlices } else { message.topic };
    let header = Header { run_id: run_id.to_owned(), revision: header.revision + 1, ..header };
    let output = Output::new(topic, &header, clock.now(), body);
    Ok((slice, header, output))
}

/// Sends slices on again from their archived documents, as the next revision: an older observation still cannot
/// overwrite a newer one.
async fn replay(
    settings: &Settings,
    store: &dyn ParkedStore,
    chosen: &[&Parked],
    is_dry: bool,
) -> Result<ExitCode, Failure> {
    if chosen.is_empty() {
        println!("nothing is parked");
        return Ok(ExitCode::SUCCESS);
    }
    if is_dry {
        for message in chosen {
            println!("would replay {} ({})", message.id, message.slice_key);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let clock = setup::clock();
    let run_id = new_run_id(clock.as_ref());
    let (newest, unfollowed) = newest_of_each_slice(chosen, &run_id, clock.as_ref());
    for (message, why) in &unfollowed {
        eprintln!("{} is not replayed: {why}; `aispend run` reads its slice again, then drop it", message.id);
    }
    let planned = RunPlanned {
        slices: newest
            .keys()
            .map(|slice| PlannedSlice {
                slice: Some(aispend_stage::slice_to_wire(slice)),
                ..PlannedSlice::default()
            })
            .collect(),
        trigger: "replay".to_owned(),
        notices: Vec::new(),
        planned_at: clock.now().as_microsecond(),
    };
    let header = Header { run_id: run_id.clone(), ..Header::default() };
    let mut messages = vec![Output::new(Topic::SliceEvents, &header, clock.now(), Body::RunPlanned(planned))];
    messages.extend(newest.values().map(|replay| replay.output.clone()));
    let pace = Pace { is_limited: true };
    let data_dir = settings.data_dir();
    let fetch = Arc::new(setup::http(settings, pace, Arc::clone(&clock))?);
    let warehouse = setup::warehouse(&data_dir, false).await?;
    let outcome = follow(settings, &warehouse, fetch, pace, clock, Job { run_id, messages }, false).await?;
    // Only what reached the warehouse leaves the store; older messages of a slice go with the newest.
    let is_done = |end: End| matches!(end, End::Loaded | End::Unchanged | End::Superseded | End::Unavailable);
    for report in outcome.report.slices.iter().filter(|slice| is_done(slice.end)) {
        for id in newest.get(&report.slice).iter().flat_map(|replay| &replay.ids) {
            store.remove(id).await.map_err(|error| Failure::world(error.to_string()))?;
        }
    }
    let summary = Summary::of(&outcome, &data_dir)?;
    summary.print(false);
    Ok(summary.exit_code())
}
