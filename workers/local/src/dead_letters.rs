//! `aispend dead-letters`: messages set aside, by us with a reason, or by Pub/Sub after its attempts.

mod affected;
mod choose;
mod replay;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use aispend_config::Settings;
use aispend_model::Slice;
use aispend_ports::{Archive, LedgerLine, Parked};
use serde_json::json;

use crate::cli::{DeadLetterAction, DeadLetterArguments};
use crate::failure::Failure;
use crate::pipeline;
use crate::setup;
use crate::site::Site;
use affected::{Affected, affected};
use choose::{check, chosen, filtered, nothing, one, slice_of};

/// For how long Pub/Sub is asked whether there is more.
const PATIENCE: Duration = Duration::from_secs(1);

/// List, show, replay or drop.
pub async fn dead_letters(settings: &Settings, arguments: &DeadLetterArguments) -> Result<ExitCode, Failure> {
    if let DeadLetterAction::List { filter, .. }
    | DeadLetterAction::Drop { filter, .. }
    | DeadLetterAction::Replay { filter, .. } = &arguments.action
    {
        check(filter)?;
    }
    let site = Site::open(settings).await?;
    if let Site::Cloud(world) = &site {
        let letters = aispend_worker::dead_letters(world).await?;
        let drained = letters.drain(PATIENCE).await;
        drained.map_err(|error| Failure::world(aispend_stage::error_chain(&error)))?;
    }
    let store = site.parked();
    let all = store.list().await.map_err(|error| Failure::world(error.to_string()))?;
    match &arguments.action {
        DeadLetterAction::List { filter, json } => {
            let listed = filtered(&all, filter);
            if listed.is_empty() && !json {
                println!("{}", nothing(&all));
                return Ok(ExitCode::SUCCESS);
            }
            list(&listed, &Known::of(&site, &all).await?, *json).await?;
            Ok(ExitCode::SUCCESS)
        }
        DeadLetterAction::Show { id } => {
            let everything: Vec<&Parked> = all.iter().collect();
            let known = Known::of(&site, &all).await?;
            let message = one(&everything, id)?;
            show(message, &known.of_message(message).await);
            Ok(ExitCode::SUCCESS)
        }
        DeadLetterAction::Drop { ids, filter, dry_run } => {
            let chosen = chosen(&all, ids, filter)?;
            if chosen.is_empty() {
                println!("{}", nothing(&all));
            }
            for message in chosen {
                if *dry_run {
                    println!("would drop {} ({})", message.id, about(message));
                } else {
                    store.remove(&message.id).await.map_err(|error| Failure::world(error.to_string()))?;
                    println!("dropped {} ({})", message.id, about(message));
                }
            }
            Ok(ExitCode::SUCCESS)
        }
        DeadLetterAction::Replay { ids, filter, dry_run } => {
            let chosen = chosen(&all, ids, filter)?;
            if chosen.is_empty() {
                println!("{}", nothing(&all));
                return Ok(ExitCode::SUCCESS);
            }
            if *dry_run {
                for message in chosen {
                    println!("would replay {} ({})", message.id, about(message));
                }
                return Ok(ExitCode::SUCCESS);
            }
            replay::replay(settings, &site, store.as_ref(), &chosen).await
        }
    }
}

/// What is known beside the messages themselves.
struct Known {
    archive: Arc<dyn Archive>,
    ledger: BTreeMap<Slice, LedgerLine>,
}

impl Known {
    async fn of(site: &Site, all: &[Parked]) -> Result<Self, Failure> {
        let archive: Arc<dyn Archive> = match site {
            Site::Machine(data_dir) => Arc::new(pipeline::archive(data_dir)),
            Site::Cloud(world) => Arc::clone(&world.archive),
        };
        // The ledger is a large answer: asked for where there is something to compare.
        let lines = if all.is_empty() { Vec::new() } else { site.published_ledger().await? };
        Ok(Self { archive, ledger: lines.into_iter().map(|line| (line.slice.clone(), line)).collect() })
    }

    async fn of_message(&self, message: &Parked) -> Affected {
        affected(message, self.archive.as_ref(), &self.ledger).await
    }
}

async fn list(messages: &[&Parked], known: &Known, is_json: bool) -> Result<(), Failure> {
    if is_json {
        let mut lines = Vec::new();
        for message in messages {
            let affected = known.of_message(message).await;
            let slice = slice_of(message);
            lines.push(json!({
                "id": message.id, "parked_at": message.parked_at.to_string(), "stage": message.stage,
                "topic": message.topic.as_str(), "reason": message.reason, "detail": message.detail,
                "feed": slice.as_ref().map(|slice| slice.feed.as_str()),
                "org_id": slice.as_ref().map(|slice| slice.org_id.as_str()),
                "day": slice.as_ref().and_then(|slice| slice.day).map(|day| day.to_string()),
                "run_id": message.run_id, "attempts": message.attempts,
                "usd": affected.money.map(|money| money.to_string()),
                "usd_that_stay": affected.stays.map(|money| money.to_string()),
                "people": affected.people,
            }));
        }
        let text = serde_json::to_string_pretty(&lines).map_err(|error| Failure::world(error.to_string()))?;
        println!("{text}");
        return Ok(());
    }
    let now = setup::clock().now();
    println!(
        "{:<10} {:>6}  {:<10} {:<16} {:<22} {:<10} {:>26} {:>6}",
        "id", "age", "stage", "reason", "feed", "day", "money", "people"
    );
    for message in messages {
        let affected = known.of_message(message).await;
        let slice = slice_of(message);
        let feed = slice.as_ref().map_or("(no slice)", |slice| slice.feed.as_str());
        let day = slice
            .as_ref()
            .and_then(|slice| slice.day)
            .map_or_else(|| "all".to_owned(), |day| day.to_string());
        let id: String = message.id.chars().take(10).collect();
        println!(
            "{id:<10} {:>6}  {:<10} {:<16} {feed:<22} {day:<10} {:>26} {:>6}",
            age(Duration::try_from(now.duration_since(message.parked_at)).unwrap_or_default()),
            message.stage,
            message.reason,
            affected.money_text(),
            affected.people_text(),
        );
        println!("           {}", message.detail);
    }
    Ok(())
}

/// The slice's key, or that there is none.
fn about(message: &Parked) -> &str {
    if message.slice_key.is_empty() { "no slice" } else { &message.slice_key }
}

/// In the largest unit that says something.
fn age(age: Duration) -> String {
    let seconds = age.as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

fn show(message: &Parked, affected: &Affected) {
    println!("id        {}", message.id);
    println!("slice     {}", about(message));
    println!("run       {}", message.run_id);
    println!("stage     {} (topic {})", message.stage, message.topic.as_str());
    println!("reason    {}", message.reason);
    println!("detail    {}", message.detail);
    println!("money     {}", affected.money_text());
    println!("people    {}", affected.people_text());
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
