//! The spend report of claude.ai, as an owner of a Team plan downloads it: a period summed up, without any day.

use jiff::Unit;
use jiff::civil::Date;

use crate::amount::Amount;
use crate::calendar::{date_of, number_of};
use crate::catalog::model::{OPUS_5_5, SONNET_5};
use crate::catalog::model_id;
use crate::dice::{Dice, mix};
use crate::facts::World;
use crate::names;
use crate::truth::UsageCredit;

/// One row of the report.
struct Row {
    person: u32,
    product: &'static str,
    model: u16,
    family: &'static str,
    requests: u64,
    /// Whole cents, as the report shows them.
    net_cents: u64,
}

fn rows(world: &World, from: Date, to: Date) -> Vec<Row> {
    let mut rows = Vec::new();
    for (index, person) in (0_u32..).zip(&world.people) {
        let period = mix(number_of(from).unsigned_abs().into(), number_of(to).unsigned_abs().into());
        let mut dice = Dice::new(mix(mix(world.config.seed ^ 0x59E4, u64::from(index)), period));
        if !person.claude_seat || person.idle || !dice.chance(700) {
            continue;
        }
        for (product, model, family) in [("Claude Code", OPUS_5_5, "opus"), ("Chat", SONNET_5, "sonnet")] {
            let requests = dice.between(1, 400);
            let net_cents = if dice.chance(200) { 0 } else { dice.between(1, 9000) };
            rows.push(Row { person: index, product, model, family, requests, net_cents });
        }
    }
    rows
}

impl World {
    /// The text of the CSV file for a period, both days included.
    pub fn spend_csv(&self, from: Date, to: Date) -> String {
        let mut text =
            "user_email,account_uuid,product,model,model_family,total_requests,total_prompt_tokens,\
                        total_completion_tokens,total_net_spend_usd,total_gross_spend_usd\n"
                .to_owned();
        for row in rows(self, from, to) {
            let Some(person) = self.people.get(row.person as usize) else { continue };
            let account = names::uuid(self.config.seed, &person.email);
            let gross_cents = row.net_cents * 5 / 4;
            let line = [
                person.email.clone(),
                account,
                row.product.to_owned(),
                model_id(row.model).to_owned(),
                row.family.to_owned(),
                row.requests.to_string(),
                (row.requests * 3001).to_string(),
                (row.requests * 457).to_string(),
                format!("{}.{:02}", row.net_cents / 100, row.net_cents % 100),
                format!("{}.{:02}", gross_cents / 100, gross_cents % 100),
            ];
            text += &line.join(",");
            text.push('\n');
        }
        text
    }

    /// The net spend of that file, spread over the days of its period: equal parts, the first days taking what is left.
    pub fn spend_truth(&self, from: Date, to: Date) -> Vec<UsageCredit> {
        let days = to.since((Unit::Day, from)).map_or(0, |span| span.get_days()) + 1;
        let mut credits = Vec::new();
        for row in rows(self, from, to) {
            let Some(person) = self.people.get(row.person as usize) else { continue };
            let whole = Amount::cents(row.net_cents.into()).nano();
            for offset in 0..days {
                let extra = i128::from(i128::from(offset) < whole % i128::from(days));
                credits.push(UsageCredit {
                    day: date_of(number_of(from) + offset),
                    user_email: person.email.clone(),
                    product: row.product,
                    model: model_id(row.model),
                    nano: whole / i128::from(days) + extra,
                });
            }
        }
        credits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::WorldConfig;

    #[test]
    fn the_days_add_up_to_the_file() {
        let (from, to) = (jiff::civil::date(2026, 10, 1), jiff::civil::date(2026, 10, 31));
        let world =
            World::generate(WorldConfig { enterprise: false, ..WorldConfig::company(3, 20, from, to) });
        let text = world.spend_csv(from, to);
        let cents = text.lines().skip(1).map(|line| {
            let net = line.split(',').nth(8).unwrap().replace('.', "");
            net.parse::<i128>().unwrap()
        });
        let spread: i128 = world.spend_truth(from, to).iter().map(|row| row.nano).sum();
        assert_eq!(cents.sum::<i128>() * 10_000_000, spread);
        assert!(spread > 0);
    }
}
