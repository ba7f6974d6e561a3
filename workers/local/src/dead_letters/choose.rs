//! Which parked messages a command is about.

use aispend_model::Slice;
use aispend_ports::Parked;

use crate::cli::ParkedFilter;
use crate::failure::Failure;

/// The slice of a parked message, where it is about one.
pub fn slice_of(message: &Parked) -> Option<Slice> {
    message.slice_key.parse().ok()
}

/// Refuses a filter that lets nothing through.
pub fn check(filter: &ParkedFilter) -> Result<(), Failure> {
    match (filter.from, filter.to) {
        (Some(from), Some(to)) if from > to => {
            Err(Failure::usage(format!("--from {from} is after --to {to}")))
        }
        _ => Ok(()),
    }
}

/// What to say where nothing is left to do anything with.
pub fn nothing(all: &[Parked]) -> String {
    match all.len() {
        0 => "nothing is parked".to_owned(),
        parked => format!("none of the {parked} parked messages is let through by the filters"),
    }
}

/// Those that the filter lets through.
pub fn filtered<'a>(all: &'a [Parked], filter: &ParkedFilter) -> Vec<&'a Parked> {
    let passes = |message: &&Parked| {
        let slice = slice_of(message);
        let day = slice.as_ref().and_then(|slice| slice.day);
        filter.feed.is_none_or(|feed| slice.as_ref().is_some_and(|slice| slice.feed == feed))
            && filter.stage.as_ref().is_none_or(|stage| message.stage == *stage)
            && filter.reason.as_ref().is_none_or(|reason| message.reason == *reason)
            && filter.from.is_none_or(|from| day.is_some_and(|day| day >= from))
            && filter.to.is_none_or(|to| day.is_some_and(|day| day <= to))
    };
    all.iter().filter(passes).collect()
}

/// Those with these ids, or all that the filter lets through.
pub fn chosen<'a>(
    all: &'a [Parked],
    ids: &[String],
    filter: &ParkedFilter,
) -> Result<Vec<&'a Parked>, Failure> {
    let filtered = filtered(all, filter);
    if ids.iter().any(|id| id == "all") {
        return Ok(filtered);
    }
    let mut chosen: Vec<&Parked> = Vec::new();
    for id in ids {
        let message = one(&filtered, id)?;
        if chosen.iter().all(|known| known.id != message.id) {
            chosen.push(message);
        }
    }
    Ok(chosen)
}

/// The one whose id begins so.
pub fn one<'a>(all: &[&'a Parked], id: &str) -> Result<&'a Parked, Failure> {
    let mut matching = all.iter().filter(|message| !id.is_empty() && message.id.starts_with(id));
    match (matching.next(), matching.next()) {
        (Some(message), None) => Ok(message),
        (Some(_), Some(_)) => Err(Failure::usage(format!("several parked messages begin with `{id}`"))),
        (None, _) => Err(Failure::usage(format!(
            "no parked message begins with `{id}`: never parked, or replayed or dropped meanwhile, or not let through by the \
             filters; `aispend dead-letters list` shows them"
        ))),
    }
}
