//! What a rule would have said, day by day, of the history that the warehouse has now.

use std::collections::BTreeSet;
use std::process::ExitCode;

use aispend_alerter::{quantity, sentence};
use aispend_config::Settings;
use jiff::{ToSpan, civil::Date};

use crate::failure::Failure;
use crate::site::Site;

const FIRST_DAY: &str =
    "SELECT MIN(l.slice_day) AS day FROM ai_usage_analytics.slice_loads AS l WHERE l.state = 'loaded'";

/// Asks one rule about each day: an incident is shown on the day on which it would have opened.
pub async fn backtest(
    settings: &Settings,
    site: &Site,
    name: &str,
    from: Option<Date>,
    to: Option<Date>,
) -> Result<ExitCode, Failure> {
    let rules = super::rules(settings, site.engine())?;
    let Some(rule) = rules.named(name) else {
        let names: Vec<&str> = rules.all().iter().map(|rule| rule.name.as_str()).collect();
        return Err(Failure::usage(format!("there is no rule `{name}`; there are {}", names.join(", "))));
    };
    if rule.name == aispend_alerter::PARKED {
        return Err(Failure::usage(format!("{name} has no history: it counts what is set aside now")));
    }
    let questions = site.questions().await?;
    let world = |error: &dyn std::error::Error| Failure::world(aispend_stage::error_chain(error));
    let from = if let Some(from) = from {
        from
    } else {
        let first = questions.ask(FIRST_DAY).await.map_err(|error| world(&error))?;
        let day = first.rows.into_iter().flatten().flatten().next();
        day.and_then(|day| day.parse().ok()).ok_or_else(|| Failure::usage("nothing is loaded yet"))?
    };
    let to = to.unwrap_or_else(|| site.clock().today());
    if from > to {
        return Err(Failure::usage(format!("--from {from} is after --to {to}")));
    }
    let quiet_from = Date::constant(1970, 1, 1);
    let mut known = BTreeSet::new();
    let mut day = from;
    while day <= to {
        let asked = rules.ask(rule, questions.as_ref(), day, quiet_from).await;
        for breach in asked.map_err(|error| world(&error))? {
            if known.insert(breach.incident_id()) {
                println!(
                    "{day}  {:<10}  {} (limit {})  {}",
                    breach.period,
                    quantity(rule.unit, &breach.measured),
                    quantity(rule.unit, &breach.limit_value),
                    sentence(rule, &breach)
                );
            }
        }
        let Ok(next) = day.checked_add(1.day()) else { break };
        day = next;
    }
    println!("{name}: {} incidents between {from} and {to}", known.len());
    Ok(ExitCode::SUCCESS)
}
