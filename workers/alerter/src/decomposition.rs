//! What a change of spend is made of: more people, more work each, dearer models, dearer prices, and what nothing counts
//! (seats). Exact: the parts add up to the change, to the nano-dollar.
//!
//! Platform by platform, since tokens of one are no requests of another. With people N, volume per person v, the models'
//! shares of the volume s and their prices r, spend is N · v · Σ s·r; each part is what one factor's step from base to now
//! does, the ones before it already taken.

use std::collections::{BTreeMap, BTreeSet};

use aispend_model::Money;
use aispend_ports::Answer;
use jiff::civil::Date;

use crate::breach::Windows;

/// The most that a letter names.
const MOVERS: usize = 5;

/// One platform's, person's and model's money and volume in both windows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Line {
    pub platform: String,
    pub person: String,
    pub model: String,
    pub now: Money,
    pub base: Money,
    /// `None`: nothing counts it.
    pub now_volume: Option<i64>,
    /// See `now_volume`.
    pub base_volume: Option<i64>,
}

/// Whose spend changed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Mover {
    pub platform: String,
    pub person: String,
    pub change: Money,
}

/// A change and its parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decomposition {
    /// Spend now; of an average day where the windows differ in length.
    pub now: Money,
    /// Spend compared with, alike.
    pub base: Money,
    /// How many more people.
    pub people: Money,
    /// How much more each.
    pub volume: Money,
    /// Which models.
    pub mix: Money,
    /// At which prices.
    pub price: Money,
    /// Seats, and all that no volume stands beside.
    pub uncounted: Money,
    /// True where amounts are of an average day.
    pub is_per_day: bool,
    /// Who changed most, the largest first.
    pub movers: Vec<Mover>,
}

impl Decomposition {
    /// What is explained.
    pub fn change(&self) -> Money {
        self.now - self.base
    }

    /// Its parts, as people read them.
    pub fn parts(&self) -> [(&'static str, Money); 5] {
        [
            ("more or fewer people", self.people),
            ("use per person", self.volume),
            ("choice of models", self.mix),
            ("prices", self.price),
            ("seats and what is not counted", self.uncounted),
        ]
    }

    /// Of the rows of `change.sql`.
    ///
    /// `None` where the answer is none of its kind, or its amounts leave the range of exact sums.
    pub fn of_answer(answer: &Answer, windows: &Windows) -> Option<Self> {
        let place = |name: &str| answer.columns.iter().position(|column| column == name);
        let (platform, person, model) = (place("platform")?, place("user_email")?, place("model")?);
        let (now, base) = (place("now_usd")?, place("base_usd")?);
        let (now_volume, base_volume) = (place("now_tokens")?, place("base_tokens")?);
        let lines: Option<Vec<Line>> = answer
            .rows
            .iter()
            .map(|row| {
                let text = |place: usize| row.get(place).cloned().flatten();
                let money = |place: usize| match text(place) {
                    Some(text) => Some(Money::from_dollars(&text).ok()?.money),
                    None => Some(Money::ZERO),
                };
                Some(Line {
                    platform: text(platform).unwrap_or_default(),
                    person: text(person).unwrap_or_default(),
                    model: text(model).unwrap_or_default(),
                    now: money(now)?,
                    base: money(base)?,
                    now_volume: text(now_volume).and_then(|text| text.parse().ok()),
                    base_volume: text(base_volume).and_then(|text| text.parse().ok()),
                })
            })
            .collect();
        let days = |from: Date, to: Date| {
            to.since(from).map_or(0, |span| i64::from(span.get_days())).saturating_add(1)
        };
        let now_days = days(windows.now_from, windows.now_to);
        Self::of(&lines?, now_days, days(windows.base_from, windows.base_to))
    }

    /// Of lines, over windows of so many days.
    ///
    /// `None` where sums leave 128 bits, or a window has no day.
    pub fn of(lines: &[Line], now_days: i64, base_days: i64) -> Option<Self> {
        if now_days < 1 || base_days < 1 {
            return None;
        }
        let is_per_day = now_days != base_days;
        let (now, base): (Vec<Money>, Vec<Money>) = if is_per_day {
            let of_day = |days, side: fn(&Line) -> Money| per_day(lines.iter().map(side), days);
            (of_day(now_days, |line| line.now)?, of_day(base_days, |line| line.base)?)
        } else {
            lines.iter().map(|line| (line.now, line.base)).unzip()
        };
        let mut whole = Self { is_per_day, ..Self::default() };
        let mut platforms: BTreeMap<&str, Platform<'_>> = BTreeMap::new();
        let mut people: BTreeMap<(&str, &str), i128> = BTreeMap::new();
        for ((line, now), base) in lines.iter().zip(now).zip(base) {
            whole.now = sum(whole.now, now)?;
            whole.base = sum(whole.base, base)?;
            let change = now.nanos().checked_sub(base.nanos())?;
            let mover = people.entry((&line.platform, &line.person)).or_default();
            *mover = mover.checked_add(change)?;
            let counted = |money: Money, volume: Option<i64>| match volume {
                Some(volume) if volume > 0 => Some(volume),
                Some(0) | None if money == Money::ZERO => Some(0),
                Some(_) | None => None,
            };
            let volumes = counted(line.now, line.now_volume).zip(counted(line.base, line.base_volume));
            let Some((now_volume, base_volume)) = volumes else {
                whole.uncounted = sum(whole.uncounted, Money::from_nanos(change))?;
                continue;
            };
            let platform = platforms.entry(&line.platform).or_default();
            let model = platform.models.entry(&line.model).or_default();
            // Volumes of an average day, times the product of both lengths: whole numbers.
            let (of_now, of_base) = if is_per_day { (base_days, now_days) } else { (1, 1) };
            let now_volume = i128::from(now_volume) * i128::from(of_now);
            let base_volume = i128::from(base_volume) * i128::from(of_base);
            *model = Totals {
                now: model.now.checked_add(now.nanos())?,
                base: model.base.checked_add(base.nanos())?,
                now_volume: model.now_volume.checked_add(now_volume)?,
                base_volume: model.base_volume.checked_add(base_volume)?,
            };
            if now_volume > 0 {
                platform.now_people.insert(&line.person);
            }
            if base_volume > 0 {
                platform.base_people.insert(&line.person);
            }
        }
        for platform in platforms.values() {
            whole.add(platform)?;
        }
        let mut movers: Vec<Mover> = people
            .into_iter()
            .filter(|(_, change)| *change != 0)
            .map(|((platform, person), change)| Mover {
                platform: platform.to_owned(),
                person: person.to_owned(),
                change: Money::from_nanos(change),
            })
            .collect();
        movers.sort_by_key(|mover| std::cmp::Reverse(mover.change.nanos().unsigned_abs()));
        movers.truncate(MOVERS);
        whole.movers = movers;
        Some(whole)
    }

    fn add(&mut self, platform: &Platform<'_>) -> Option<()> {
        let mut all = Totals::default();
        for model in platform.models.values() {
            all = Totals {
                now: all.now.checked_add(model.now)?,
                base: all.base.checked_add(model.base)?,
                now_volume: all.now_volume.checked_add(model.now_volume)?,
                base_volume: all.base_volume.checked_add(model.base_volume)?,
            };
        }
        let change = all.now.checked_sub(all.base)?;
        // Spend after each step, from base to now.
        let Some([after_people, after_volume, after_mix]) = platform.steps(&all) else {
            // Too large to multiply: said, not guessed.
            self.uncounted = sum(self.uncounted, Money::from_nanos(change))?;
            return Some(());
        };
        let add = |part: &mut Money, to: i128, from: i128| {
            *part = sum(*part, Money::from_nanos(to.checked_sub(from)?))?;
            Some(())
        };
        add(&mut self.people, after_people, all.base)?;
        add(&mut self.volume, after_volume, after_people)?;
        add(&mut self.mix, after_mix, after_volume)?;
        add(&mut self.price, all.now, after_mix)
    }
}

/// Nano-dollars and volume of both windows.
#[derive(Debug, Clone, Copy, Default)]
struct Totals {
    now: i128,
    base: i128,
    now_volume: i128,
    base_volume: i128,
}

#[derive(Debug, Default)]
struct Platform<'a> {
    models: BTreeMap<&'a str, Totals>,
    now_people: BTreeSet<&'a str>,
    base_people: BTreeSet<&'a str>,
}

impl Platform<'_> {
    /// Spend with as many people as now; with their volume; with their models. `None` beyond 128 bits.
    fn steps(&self, all: &Totals) -> Option<[i128; 3]> {
        let (now_people, base_people) =
            (self.now_people.len().try_into().ok()?, self.base_people.len().try_into().ok()?);
        if base_people == 0 {
            // Nobody was there before: all of it is theirs.
            return Some([all.now; 3]);
        }
        let after_people = ratio(all.base, now_people, base_people)?;
        let after_volume = ratio(all.base, all.now_volume, all.base_volume)?;
        let mut after_mix = 0_i128;
        for model in self.models.values() {
            // A model that is new has no price before: its price is part of the choice.
            let at_old_price = match model.base_volume {
                0 => model.now,
                base_volume => ratio(model.base, model.now_volume, base_volume)?,
            };
            after_mix = after_mix.checked_add(at_old_price)?;
        }
        Some([after_people, after_volume, after_mix])
    }
}

/// `amount · over / under`, down to a whole number.
fn ratio(amount: i128, over: i128, under: i128) -> Option<i128> {
    amount.checked_mul(over)?.checked_div_euclid(under)
}

fn sum(left: Money, right: Money) -> Option<Money> {
    left.nanos().checked_add(right.nanos()).map(Money::from_nanos)
}

/// Amounts divided by days so that they add up to the rounded quotient of their sum: largest remainder, ties to the earlier.
fn per_day(amounts: impl Iterator<Item = Money>, days: i64) -> Option<Vec<Money>> {
    let days = i128::from(days);
    let mut total = 0_i128;
    let mut shares = Vec::new();
    let mut remainders = Vec::new();
    for (place, amount) in amounts.enumerate() {
        total = total.checked_add(amount.nanos())?;
        shares.push(amount.nanos().div_euclid(days));
        remainders.push((amount.nanos().rem_euclid(days), place));
    }
    let rounded = total.checked_mul(2)?.checked_add(days)?.div_euclid(days.checked_mul(2)?);
    let mut missing = rounded - shares.iter().sum::<i128>();
    remainders.sort_by(|left, right| right.0.cmp(&left.0).then(left.1.cmp(&right.1)));
    for (_, place) in remainders {
        if missing < 1 {
            break;
        }
        if let Some(share) = shares.get_mut(place) {
            *share += 1;
            missing -= 1;
        }
    }
    Some(shares.into_iter().map(Money::from_nanos).collect())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn line(person: &str, model: &str, base: (i64, Option<i64>), now: (i64, Option<i64>)) -> Line {
        Line {
            platform: "cursor".to_owned(),
            person: person.to_owned(),
            model: model.to_owned(),
            now: Money::from_nanos(i128::from(now.0)),
            base: Money::from_nanos(i128::from(base.0)),
            now_volume: now.1,
            base_volume: base.1,
        }
    }

    fn parts(lines: &[Line]) -> [i128; 5] {
        let whole = Decomposition::of(lines, 30, 30).unwrap();
        whole.parts().map(|(_, part)| part.nanos())
    }

    #[test]
    fn each_factor_alone_is_its_part_alone() {
        let one = (100, Some(10));
        for (lines, expected) in [
            // A second person who does the same.
            (vec![line("a", "m", one, one), line("b", "m", (0, None), one)], [100, 0, 0, 0, 0]),
            // Twice the use.
            (vec![line("a", "m", one, (200, Some(20)))], [0, 100, 0, 0, 0]),
            // The same use, of a dearer model.
            (
                vec![line("a", "m", one, (50, Some(5))), line("a", "n", (200, Some(5)), (400, Some(10)))],
                [0, 0, 150, 0, 0],
            ),
            // The same use, dearer.
            (vec![line("a", "m", one, (130, Some(10)))], [0, 0, 0, 30, 0]),
            // A seat.
            (vec![line("a", "", (40, None), (60, None))], [0, 0, 0, 0, 20]),
            // Nobody before, nobody after.
            (vec![line("a", "m", (0, Some(0)), one)], [100, 0, 0, 0, 0]),
            (vec![line("a", "m", one, (0, None))], [-100, 0, 0, 0, 0]),
            (Vec::new(), [0; 5]),
        ] {
            assert_eq!(parts(&lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn windows_of_different_length_are_compared_by_the_day() {
        let windows = Windows {
            now_from: date(2026, 10, 1),
            now_to: date(2026, 10, 31),
            base_from: date(2026, 9, 1),
            base_to: date(2026, 9, 30),
        };
        let columns = ["platform", "user_email", "model", "now_usd", "base_usd", "now_tokens", "base_tokens"];
        let row = ["cursor", "a@example.com", "m", "31", "30", "310", "300"];
        let answer = Answer {
            columns: columns.map(str::to_owned).to_vec(),
            rows: vec![row.map(|text| Some(text.to_owned())).to_vec()],
        };
        let whole = Decomposition::of_answer(&answer, &windows).unwrap();
        assert!(whole.is_per_day && whole.change() == Money::ZERO && whole.movers.is_empty());
        assert_eq!(whole.parts().map(|(_, part)| part), [Money::ZERO; 5]);
        let short = Answer { columns: Vec::new(), rows: Vec::new() };
        assert_eq!(Decomposition::of_answer(&short, &windows), None);
    }

    #[test]
    fn the_largest_movers_are_named_first() {
        let lines: Vec<Line> = (0..8_i64)
            .map(|at| {
                line(
                    &format!("p{at}"),
                    "m",
                    (10, Some(1)),
                    (10 + at * if at % 2 == 0 { 1 } else { -1 }, Some(1)),
                )
            })
            .collect();
        let whole = Decomposition::of(&lines, 1, 1).unwrap();
        let named: Vec<(&str, i128)> =
            whole.movers.iter().map(|mover| (mover.person.as_str(), mover.change.nanos())).collect();
        assert_eq!(named, [("p7", -7), ("p6", 6), ("p5", -5), ("p4", 4), ("p3", -3)]);
    }

    fn any_line() -> impl Strategy<Value = Line> {
        // Small and great numbers, none, and nonsense.
        let money = || prop_oneof![-5..200_i64, any::<i64>()];
        let volume = || prop_oneof![Just(None), (0..50_i64).prop_map(Some), any::<i64>().prop_map(Some)];
        let place = (0..2_u8, 0..3_u8, 0..3_u8);
        (place, money(), money(), volume(), volume()).prop_map(
            |((platform, person, model), now, base, v, w)| Line {
                platform: platform.to_string(),
                ..line(&person.to_string(), &model.to_string(), (base, w), (now, v))
            },
        )
    }

    proptest! {
        #[test]
        fn parts_add_up_to_the_change_to_the_nano(
            lines in prop::collection::vec(any_line(), 0..40), now_days in 1..400_i64, base_days in 1..400_i64,
        ) {
            let whole = Decomposition::of(&lines, now_days, base_days).unwrap();
            let parts: Money = whole.parts().into_iter().map(|(_, part)| part).sum();
            prop_assert_eq!(parts, whole.change());
            // And the sides are what the lines say.
            let now: i128 = lines.iter().map(|line| line.now.nanos()).sum();
            let days = if now_days == base_days { 1 } else { i128::from(now_days) };
            prop_assert!((whole.now.nanos() * days - now).abs() * 2 <= days);
        }
    }
}
