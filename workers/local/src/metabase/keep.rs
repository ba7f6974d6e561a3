//! What stays on this machine: the key, what was there before, and when it was last applied.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use aispend_config::Settings;
use aispend_metabase::{Found, Plan, Verb};
use anyhow::Context;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Map, Value, json};

use crate::failure::Failure;

const KEY: &str = "api-key";
const BEFORE: &str = "before-apply.json";
const LAST: &str = "last-apply.json";

fn folder(settings: &Settings) -> PathBuf {
    settings.data_dir().join("metabase")
}

/// The key that an earlier `apply` made.
pub fn key(settings: &Settings) -> Option<SecretString> {
    let text = std::fs::read_to_string(folder(settings).join(KEY)).ok()?;
    Some(SecretString::from(text.trim().to_owned()))
}

/// Keeps a key, for nobody else to read; says where.
pub fn keep_key(settings: &Settings, key: &str) -> Result<String, Failure> {
    write(settings, KEY, key)
}

/// Keeps what is about to be written over, as the server gave it: the way back.
pub fn before(settings: &Settings, found: &Found, plan: &Plan) -> Result<(), Failure> {
    let is_overwritten = |verb: Verb| matches!(verb, Verb::Change | Verb::Restore | Verb::Archive);
    let overwritten: Map<String, Value> = plan
        .steps
        .iter()
        .filter(|step| is_overwritten(step.verb))
        .filter_map(|step| found.items.get(step.key.as_deref()?))
        .map(|item| (item.key.clone(), item.raw.clone()))
        .collect();
    if !overwritten.is_empty() {
        let place = write(settings, BEFORE, &Value::Object(overwritten).to_string())?;
        println!("what is about to be written over is kept in {place}");
    }
    Ok(())
}

/// Keeps when and to what it was applied.
pub fn applied(settings: &Settings, now: Timestamp, version: &str, done: usize) -> Result<(), Failure> {
    let line = json!({
        "at": now.to_string(), "metabase": version, "aispend": env!("CARGO_PKG_VERSION"), "steps_done": done,
    });
    write(settings, LAST, &line.to_string())?;
    Ok(())
}

/// When it was last applied from here.
pub fn last(settings: &Settings) -> Option<Value> {
    let text = std::fs::read_to_string(folder(settings).join(LAST)).ok()?;
    serde_json::from_str(&text).ok()
}

/// A whole file or none: a machine that stops halfway keeps the old one.
fn write(settings: &Settings, name: &str, text: &str) -> Result<String, Failure> {
    let folder = folder(settings);
    std::fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    let (place, part) = (folder.join(name), folder.join(format!("{name}.part")));
    let context = || format!("writing {}", place.display());
    let file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part);
    file.and_then(|mut file| file.write_all(text.as_bytes())).with_context(context)?;
    std::fs::rename(&part, &place).with_context(context)?;
    Ok(place.display().to_string())
}
