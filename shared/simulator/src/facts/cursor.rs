//! Cursor's facts: usage events and daily activity, each a function of seeds, so that a million need no memory.

use crate::amount::Amount;
use crate::calendar::{DAY_MILLIS, is_weekend};
use crate::config::Quirks;
use crate::dice::{Dice, mix};
use crate::facts::people::Person;

/// Cursor's model names.
pub const MODELS: [&str; 8] = [
    "claude-opus-5-5-thinking-high",
    "default",
    "claude-sonnet-5",
    "gpt-5.5-high",
    "composer-2",
    "claude-4-sonnet-thinking",
    "gemini-3-pro",
    "grok-5-fast",
];

/// How an event was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    UsageBased,
    IncludedInBusiness,
    IncludedInPro,
    ErroredNotCharged,
    AbortedNotCharged,
    FreeCredit,
    CustomSubscription,
}

impl Kind {
    /// The form for people.
    pub const fn display(self) -> &'static str {
        match self {
            Self::UsageBased => "Usage-based",
            Self::IncludedInBusiness => "Included in Business",
            Self::IncludedInPro => "Included in Pro",
            Self::ErroredNotCharged => "Errored, Not Charged",
            Self::AbortedNotCharged => "Aborted, Not Charged",
            Self::FreeCredit => "Free Credit",
            Self::CustomSubscription => "Custom Subscription",
        }
    }

    /// The form for machines.
    pub const fn code(self) -> &'static str {
        match self {
            Self::UsageBased => "USAGE_EVENT_KIND_USAGE_BASED",
            Self::IncludedInBusiness => "USAGE_EVENT_KIND_INCLUDED_IN_BUSINESS",
            Self::IncludedInPro => "USAGE_EVENT_KIND_INCLUDED_IN_PRO",
            Self::ErroredNotCharged => "USAGE_EVENT_KIND_ERRORED_NOT_CHARGED",
            Self::AbortedNotCharged => "USAGE_EVENT_KIND_ABORTED_NOT_CHARGED",
            Self::FreeCredit => "USAGE_EVENT_KIND_FREE_CREDIT",
            Self::CustomSubscription => "USAGE_EVENT_KIND_CUSTOM_SUBSCRIPTION",
        }
    }

    /// Whether the event came to nothing.
    pub const fn is_void(self) -> bool {
        matches!(self, Self::ErroredNotCharged | Self::AbortedNotCharged)
    }
}

/// Whom an event names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// A person, by index, and how the address is spelled: 0 as it is, 1 in capitals, 2 padded.
    Person(u32, u8),
    /// Nobody.
    Nobody,
    /// A service account, by number, with an address or without.
    Service(u8, bool),
}

/// One event, as reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    pub millis: i64,
    pub who: Who,
    pub model: u8,
    pub kind: Kind,
    /// The kind in capitals.
    pub code_form: bool,
    /// The shape of 2025.
    pub old_shape: bool,
    /// None where the member is missing.
    pub chargeable: Option<bool>,
    pub max_mode: bool,
    pub headless: bool,
    /// Tenths.
    pub requests: u64,
    /// Input, output, cache write, cache read; None when not token based.
    pub tokens: Option<[u64; 4]>,
    pub total: Amount,
    pub discount: u8,
    pub charged: Amount,
    pub fee: Option<Amount>,
    pub conversation: Option<u64>,
}

impl Event {
    /// Whether the vendor bills the charged amount.
    pub fn is_billed(&self) -> bool {
        self.chargeable.unwrap_or(self.kind == Kind::UsageBased)
    }

    /// Whether the charged amount is only what the plan covers.
    pub fn is_included(&self) -> bool {
        !self.is_billed() && !self.kind.is_void()
    }
}

/// The Cursor facts of one day.
#[derive(Debug, Clone)]
pub struct CursorDay {
    pub day: i32,
    pub seed: u64,
    /// Events generated, before any was taken away.
    pub count: u32,
    /// Which of them are left; all when None.
    pub kept: Option<Vec<u32>>,
    /// What amounts were restated to, in percent.
    pub percent: i128,
    /// Changes whenever the daily activity is restated.
    pub salt: u32,
    /// The first so many entries of the people with seats are there on this day.
    pub active: u32,
}

impl CursorDay {
    /// How many events the day has.
    pub fn len(&self) -> u32 {
        self.kept.as_ref().map_or(self.count, |kept| kept.len() as u32)
    }

    /// When the event at a place happened.
    fn millis(&self, index: u32) -> i64 {
        let start = i64::from(self.day) * DAY_MILLIS;
        if index == 0 {
            return start;
        }
        if index + 1 >= self.count && self.count > 2 {
            return start + DAY_MILLIS - 1;
        }
        let slot = (DAY_MILLIS / i64::from(self.count.max(1))).max(1);
        let jitter = (mix(self.seed, u64::from(index) ^ 0x7173) % slot.unsigned_abs()) as i64;
        (start + i64::from(index) * DAY_MILLIS / i64::from(self.count.max(1)) + jitter)
            .min(start + DAY_MILLIS - 1)
    }

    /// How many events happened up to a moment.
    pub fn seen(&self, now_millis: i64) -> u32 {
        if now_millis >= (i64::from(self.day) + 1) * DAY_MILLIS {
            return self.len();
        }
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = u32::midpoint(low, high);
            if self.millis(self.source(self.place(middle))) <= now_millis {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    fn place(&self, index: u32) -> u32 {
        match &self.kept {
            Some(kept) => kept.get(index as usize).copied().unwrap_or(0),
            None => index,
        }
    }

    /// A twin repeats the event before it.
    fn source(&self, place: u32) -> u32 {
        let twin = |place: u32| {
            place > 0 && place + 1 < self.count && mix(self.seed, u64::from(place)).is_multiple_of(53)
        };
        if twin(place) && !twin(place - 1) { place - 1 } else { place }
    }

    /// The event at an index, the earliest first.
    pub fn event(&self, index: u32, quirks: &Quirks, seats: &[u32]) -> Event {
        let place = self.source(self.place(index));
        let hash = mix(self.seed, u64::from(place) ^ 0x00EE_0000);
        let more = mix(hash, 1);
        let bits = |shift: u32, limit: u64| (hash >> shift) % limit;
        let active = u64::from(self.active.max(1));
        // The square root of chance: some people use far more than others.
        let seat = (bits(0, active) * bits(17, active) / active) as usize;
        let person = seats.get(seat).copied().unwrap_or(0);
        let odd = more % 64;
        let who = match odd {
            0 => Who::Nobody,
            1 => Who::Person(person, 1),
            2 => Who::Person(person, 2),
            3 => Who::Service(0, true),
            4 => Who::Service(1, false),
            _ => Who::Person(person, 0),
        };
        let roll = (more >> 8) % 100;
        let kind = match roll {
            0..=44 => Kind::UsageBased,
            45..=83 => Kind::IncludedInBusiness,
            84..=86 => Kind::IncludedInPro,
            87..=90 => Kind::ErroredNotCharged,
            91..=93 => Kind::AbortedNotCharged,
            94..=96 => Kind::FreeCredit,
            _ => Kind::CustomSubscription,
        };
        let old_shape = quirks.events_of_2025 && (more >> 16).is_multiple_of(41);
        let contradictory = (more >> 20).is_multiple_of(47);
        let chargeable = (kind == Kind::UsageBased) != contradictory;
        let model = bits(8, 8) as u8;
        let third_party = !matches!(model, 1 | 4);
        let token_based = !(more >> 24).is_multiple_of(23);
        let tokens = [bits(12, 9000), bits(20, 4000), bits(28, 30_000), bits(36, 250_000)];
        let [input, output, write, read] = tokens.map(i128::from);
        // At most five decimals of a cent, so that discounts stay exact.
        let total = if token_based {
            Amount::nanos((input * 3000 + output * 15_000 + write * 3750 + read * 300) / 100 * 100)
        } else {
            Amount::cents(8)
        };
        let discount = if (more >> 28).is_multiple_of(19) { 10 } else { 0 };
        let fee = (third_party && token_based && kind == Kind::UsageBased)
            .then(|| Amount::nanos((input + output + write + read) * 250 + i128::from((more >> 40) % 10)));
        let charged = Amount(total.0 * i128::from(100 - discount) / 100) + fee.unwrap_or_default();
        let charged = if self.percent == 100 { charged } else { charged.percent(self.percent) };
        let junk = quirks.float_junk && (more >> 32).is_multiple_of(29) && charged.0 > 1;
        let charged = if junk { Amount(charged.0 - 1) } else { charged };
        Event {
            millis: self.millis(place),
            who,
            model,
            kind,
            code_form: (more >> 36).is_multiple_of(17),
            old_shape,
            chargeable: (!old_shape).then_some(chargeable),
            max_mode: hash.is_multiple_of(7),
            headless: matches!(who, Who::Service(..)),
            requests: if token_based { bits(44, 11) * 5 } else { 14 },
            tokens: token_based.then_some(tokens),
            total,
            discount: discount as u8,
            charged,
            fee,
            conversation: (more >> 44).is_multiple_of(3).then_some(hash),
        }
    }
}

/// What one person did in Cursor on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Daily {
    pub active: bool,
    pub lines_added: u64,
    pub lines_deleted: u64,
    pub accepted_added: u64,
    pub accepted_deleted: u64,
    pub applies: u64,
    pub accepts: u64,
    pub rejects: u64,
    pub tabs_shown: u64,
    pub tabs_accepted: u64,
    pub composer: u64,
    pub chat: u64,
    pub agent: u64,
    pub cmdk: u64,
    pub included: u64,
    pub api_key: u64,
    pub usage_based: u64,
    pub bugbot: u64,
    /// An index into [`MODELS`].
    pub model: Option<u8>,
    pub apply_extension: Option<&'static str>,
    pub tab_extension: Option<&'static str>,
    pub version: Option<&'static str>,
    /// The row shows no address.
    pub no_email: bool,
    /// The row shows no number.
    pub no_number: bool,
}

/// A person's day, a function of the seeds.
pub fn daily(day: &CursorDay, person: &Person, index: u32) -> Daily {
    let mut dice = Dice::new(mix(day.seed ^ 0xDA11, mix(u64::from(index), u64::from(day.salt))));
    let habit = mix(u64::from(index), 0xE4A1) % 40;
    let no_email = index > 2 && habit == 7;
    let no_number = !no_email && index > 2 && habit == 11;
    let present = !person.idle && person.joined <= day.day;
    if !present || !dice.chance(if is_weekend(day.day) { 150 } else { 850 }) {
        return Daily { no_email, no_number, ..Daily::default() };
    }
    let busy = person.intensity.max(20);
    let mut some = |limit: u64| dice.below(limit * busy / 100 + 1);
    let (lines_added, lines_deleted) = (some(90), some(40));
    // Accepted lines may exceed all lines: the vendor counts them differently.
    let (accepted_added, accepted_deleted) = (some(1200), some(500));
    let (accepts, rejects, tabs_accepted) = (some(70), some(15), some(200));
    let extra = some(9);
    let tabs_shown = tabs_accepted + some(150);
    let (composer, chat, agent, cmdk) = (some(4), some(8), some(50), some(8));
    let usage_based = some(12);
    let api_key = if extra == 3 { 2 } else { 0 };
    Daily {
        active: true,
        lines_added,
        lines_deleted,
        accepted_added,
        accepted_deleted,
        applies: accepts + rejects + extra,
        accepts,
        rejects,
        tabs_shown,
        tabs_accepted,
        composer,
        chat,
        agent,
        cmdk,
        included: agent + chat,
        api_key,
        usage_based,
        bugbot: extra / 4,
        model: (!dice.chance(60)).then(|| dice.below(8) as u8),
        apply_extension: dice.pick(&[Some(".tsx"), Some(".rs"), Some(".py"), None]).flatten(),
        tab_extension: dice.pick(&[Some(".ts"), Some(".rs"), Some(".sql"), None]).flatten(),
        version: dice.pick(&[Some("3.4.20"), Some("3.4.18"), Some("3.5.1"), None]).flatten(),
        no_email,
        no_number,
    }
}
