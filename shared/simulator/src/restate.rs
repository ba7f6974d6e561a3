//! Restatement: what the vendors said yesterday is not what they say today.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::amount::Amount;
use crate::calendar::{date_of, number_of};
use crate::dice::{Dice, mix};
use crate::facts::directory::{Creator, key, workspace};
use crate::facts::sheets::Mapping;
use crate::facts::usage::{Charge, Use};
use crate::facts::{Day, Strand, World};

/// One change of the facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Restatement {
    /// A day's figures become this many percent of what they were.
    Scale { day: Date, strand: Strand, percent: u32 },
    /// About a third of a day's rows vanish.
    Thin { day: Date, strand: Strand, seed: u64 },
    /// A whole day vanishes.
    Vanish { day: Date, strand: Strand },
    /// It comes back.
    Return { day: Date, strand: Strand },
    /// A key appears in the directory, with a name that another may have.
    AddKey { name: String },
    /// A key gets another name.
    RenameKey { key: u32, name: String },
    /// A key is archived.
    ArchiveKey { key: u32 },
    /// A person leaves or enters the Anthropic directory.
    ToggleUser { person: u32 },
    /// The mapping sheet says something else about a key.
    MapKey { key: u32, person: u32, platform: Platform },
    /// A key disappears from the mapping sheet.
    UnmapKey { key: u32 },
    /// A seat costs something else.
    PriceSeat { row: usize, dollars: u32 },
    /// A seat ends with a day.
    EndSeat { row: usize, last_day: Date },
}

/// What a key can be mapped to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    ClaudeApi,
    ClaudeCode,
}

impl Restatement {
    /// The day that reads differently now; None where any day may.
    pub const fn day(&self) -> Option<Date> {
        match self {
            Self::Scale { day, .. }
            | Self::Thin { day, .. }
            | Self::Vanish { day, .. }
            | Self::Return { day, .. } => Some(*day),
            _ => None,
        }
    }
}

impl World {
    /// Changes the facts.
    pub fn restate(&mut self, restatement: &Restatement) {
        match restatement {
            Restatement::Scale { day, strand, percent } => {
                self.change(*day, |day| scale(day, *strand, i128::from(*percent)));
            }
            Restatement::Thin { day, strand, seed } => self.change(*day, |day| thin(day, *strand, *seed)),
            Restatement::Vanish { day, strand } => self.change(*day, |day| {
                if day.has(*strand) {
                    day.gone.push(*strand);
                }
            }),
            Restatement::Return { day, strand } => {
                self.change(*day, |day| day.gone.retain(|gone| gone != strand));
            }
            Restatement::AddKey { name } => {
                let seed = self.config.seed;
                self.directory.add(seed, name.clone(), workspace::RESEARCH, Creator::Nobody, "active");
            }
            Restatement::RenameKey { key, name } => {
                if let Some(key) = self.directory.keys.get_mut(*key as usize) {
                    key.name.clone_from(name);
                }
            }
            Restatement::ArchiveKey { key } => {
                if let Some(key) = self.directory.keys.get_mut(*key as usize) {
                    key.status = "archived";
                }
            }
            Restatement::ToggleUser { person } => {
                if let Some(person) = self.people.get_mut(*person as usize) {
                    person.listed = !person.listed;
                }
            }
            Restatement::MapKey { key, person, platform } => {
                let Some(person) = self.people.get(*person as usize) else { return };
                self.sheets.mapping.retain(|row| row.key != Some(*key));
                self.sheets.mapping.push(Mapping {
                    key: Some(*key),
                    email: person.email.clone(),
                    team: person.team,
                    platform: match platform {
                        Platform::ClaudeApi => "claude_api",
                        Platform::ClaudeCode => "claude_code",
                    },
                    purpose: "changed",
                    valid_from: None,
                    valid_to: None,
                });
            }
            // An emptied sheet is refused and its rows stay: that is no restatement.
            Restatement::UnmapKey { key } => {
                if self.sheets.mapping.iter().any(|row| row.key != Some(*key)) {
                    self.sheets.mapping.retain(|row| row.key != Some(*key));
                }
            }
            Restatement::PriceSeat { row, dollars } => {
                if let Some(seat) = self.sheets.seats.get_mut(*row) {
                    seat.price = *dollars;
                }
            }
            Restatement::EndSeat { row, last_day } => {
                if let Some(seat) = self.sheets.seats.get_mut(*row) {
                    seat.valid_to = Some(*last_day);
                }
            }
        }
    }

    fn change(&mut self, date: Date, change: impl FnOnce(&mut Day)) {
        let place = usize::try_from(number_of(date) - self.first).ok();
        if let Some(day) = place.and_then(|place| self.days.get_mut(place)) {
            change(day);
        }
    }

    /// Changes the figures of some day, by a seed: up, down, fewer rows, none at all, or back again.
    pub fn restate_random(&mut self, seed: u64) -> Restatement {
        let restatement = self.draw(&mut Dice::new(seed), false);
        self.restate(&restatement);
        restatement
    }

    /// As [`World::restate_random`], and the directory and the sheets may change as well.
    pub fn restate_anything(&mut self, seed: u64) -> Restatement {
        let restatement = self.draw(&mut Dice::new(seed), true);
        self.restate(&restatement);
        restatement
    }

    fn draw(&self, dice: &mut Dice, anything: bool) -> Restatement {
        let day = date_of(self.first + dice.below(self.days.len() as u64) as i32);
        let strand = dice.pick(&Strand::ALL).unwrap_or(Strand::Events);
        let gone =
            self.days.iter().flat_map(|day| day.gone.iter().map(|strand| (day.number, *strand))).next();
        let person = dice.below(self.people.len() as u64) as u32;
        let some_key = dice.below(u64::from(key::OTHERS)) as u32;
        match dice.below(if anything { 16 } else { 8 }) {
            0 | 1 => Restatement::Scale { day, strand, percent: dice.between(101, 160) as u32 },
            2 | 3 => Restatement::Scale { day, strand, percent: dice.between(30, 99) as u32 },
            4 | 5 => Restatement::Thin { day, strand, seed: dice.roll() },
            6 => Restatement::Vanish { day, strand },
            7 => match gone {
                Some((number, strand)) => Restatement::Return { day: date_of(number), strand },
                None => Restatement::Vanish { day, strand },
            },
            8 => Restatement::AddKey {
                name: if dice.chance(500) { "ci-bot".into() } else { "new-key".into() },
            },
            9 => Restatement::RenameKey {
                key: some_key,
                name: if dice.chance(500) { "renamed".into() } else { "ci-bot".into() },
            },
            10 => Restatement::ArchiveKey { key: some_key },
            11 => Restatement::ToggleUser { person },
            12 => Restatement::MapKey { key: some_key, person, platform: Platform::ClaudeApi },
            13 => Restatement::MapKey { key: some_key, person, platform: Platform::ClaudeCode },
            14 => Restatement::UnmapKey { key: some_key },
            _ => {
                let row = dice.below(self.sheets.seats.len() as u64) as usize;
                let annual = self.sheets.seats.get(row).is_some_and(|seat| seat.annual);
                // A year's price stays one that all days share evenly.
                let dollars = if annual { 730 } else { dice.between(20, 200) as u32 };
                Restatement::PriceSeat { row, dollars }
            }
        }
    }
}

fn scale_uses(uses: &mut [Use], percent: i128) {
    let scaled = |count: u64| (u128::from(count) * percent.unsigned_abs() / 100) as u64;
    for made in uses {
        for tokens in made.tokens.iter_mut().filter(|tokens| **tokens > 0) {
            // Whatever was used stays used: a charge keeps its tokens.
            *tokens = scaled(*tokens).max(1);
        }
        for amount in &mut made.amounts {
            *amount = amount.percent(percent);
        }
        if made.searches > 0 {
            made.searches = scaled(made.searches).max(1);
            made.search_amount = made.search_amount.percent(percent);
        }
    }
}

fn scale_charges(charges: &mut [Charge], percent: i128) {
    for charge in charges {
        charge.amount = charge.amount.percent(percent);
        charge.list = charge.list.percent(percent);
    }
}

fn scale(day: &mut Day, strand: Strand, percent: i128) {
    match strand {
        Strand::Console => {
            scale_uses(&mut day.console, percent);
            scale_charges(&mut day.extras, percent);
        }
        Strand::Enterprise => {
            scale_uses(&mut day.enterprise, percent);
            scale_charges(&mut day.enterprise_extras, percent);
        }
        Strand::ClaudeCode => {
            for record in &mut day.code {
                record.sessions += 1;
                record.lines_added = (u128::from(record.lines_added) * percent.unsigned_abs() / 100) as u64;
                for used in &mut record.models {
                    used.cents = (u128::from(used.cents) * percent.unsigned_abs() / 100) as u64;
                }
            }
        }
        Strand::Activity => day.activity_salt += 1,
        // The percentage is of what was first said, so that amounts do not shrink to nothing.
        Strand::Events => day.cursor.percent = percent,
        Strand::Daily => day.cursor.salt += 1,
    }
}

fn thin(day: &mut Day, strand: Strand, seed: u64) {
    let mut place = 0;
    let mut stays = || {
        place += 1;
        !mix(seed, place).is_multiple_of(3)
    };
    match strand {
        Strand::Console => {
            day.console.retain(|_| stays());
            day.extras.retain(|_| stays());
        }
        Strand::Enterprise => day.enterprise.retain(|_| stays()),
        Strand::ClaudeCode => day.code.retain(|_| stays()),
        Strand::Activity => day.activity_salt += 1,
        Strand::Events => {
            let all = day.cursor.kept.take().unwrap_or_else(|| (0..day.cursor.count).collect());
            day.cursor.kept = Some(all.into_iter().filter(|_| stays()).collect());
        }
        Strand::Daily => day.cursor.salt += 1,
    }
}

/// An amount nobody expects, for tests that put one in.
impl World {
    /// Adds a plain charge to a day of the Console organisation.
    pub fn charge_console(&mut self, day: Date, amount: Amount) {
        let charge = Charge::plain(crate::catalog::CostType::CodeExecution, workspace::PRODUCTION, amount);
        self.change(day, |day| day.extras.push(charge));
    }
}
