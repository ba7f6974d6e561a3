//! Usage events: Cursor's money.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use aispend_model::{Decimal, Feed, Money, Request, Response, Rounded, day_number, normalize_email};
use aispend_proto::Table;
use aispend_proto::v1::{CursorExpense, CursorUsageEvent};

use super::answer::{Pages, Pagination, day_of, envelope, page_of_day, pages, whole};
use super::event::{Amounts, Charge, Event, Kind, TokenUsage, decide};
use super::json::{Count, Digits, flag, object, owned, said};
use crate::{Ask, Finding, Followed, Next, Progress, Reading, Records, Severity, Source, SourceError};

const ROLE: &str = "events";
const PATH: &str = "/teams/filtered-usage-events";
const DAY_MICROS: i64 = 86_400_000_000;
/// Beyond this many different texts a finding is one of "others": a hostile answer must not slow us down.
const DISTINCT: usize = 50;

/// `cursor/usage-events`.
pub struct CursorUsageEvents;

object! {
    /// A page, counted.
    Counted {
        "totalUsageEventsCount" => total: Digits<'a>,
        "usageEvents" => events: Count,
        "usageEventsDisplay" => display: Count,
        "pagination" => pagination: Pagination<'a>,
    }
    leaves ["period"]
}

object! {
    /// A page, read.
    Events {
        "usageEvents" => events: Vec<Event<'a>>,
        "usageEventsDisplay" => display: Vec<Event<'a>>,
        "totalUsageEventsCount" => total: Digits<'a>,
    }
    leaves ["pagination", "period"]
}

impl Source for CursorUsageEvents {
    fn feed(&self) -> Feed {
        Feed::CursorUsageEvents
    }

    fn tables(&self) -> &'static [Table] {
        &[Table::CursorExpenses, Table::CursorUsageEvents]
    }

    fn requests(&self, ask: &Ask) -> Vec<Request> {
        page_of_day(ask, ROLE, PATH, 0).into_iter().collect()
    }

    fn follow(
        &self,
        ask: &Ask,
        request: &Request,
        response: &Response,
        so_far: Progress,
    ) -> Result<Followed, SourceError> {
        let counted: Counted = match envelope(self.feed(), request, response)? {
            Ok(counted) => counted,
            Err(refused) => return Ok(refused),
        };
        let place = format!("page {}", u64::from(request.page) + 1);
        let Some(Count(items)) =
            counted.events.filter(|events| events.0 > 0).or(counted.display).or(counted.events)
        else {
            return Err(super::answer::unreadable(
                self.feed(),
                &place,
                "neither `usageEvents` nor `usageEventsDisplay`",
            ));
        };
        let total = whole(counted.total);
        let announced = total.or(so_far.announced);
        let restart = |why: String| Ok(Followed { items, announced, next: Next::Restart(why) });
        if let (Some(first), Some(now)) = (so_far.announced, total)
            && first != now
        {
            return restart(format!("{place} announces {now} events, the first page announced {first}"));
        }
        match Pages::of(counted.pagination.as_ref(), announced).goes_on(request.page, items, so_far) {
            Err(why) => restart(why),
            Ok(false) => Ok(Followed { items, announced, next: Next::Done }),
            Ok(true) => {
                let next = page_of_day(ask, ROLE, PATH, request.page + 1);
                Ok(Followed { items, announced, next: Next::Page(next.into_iter().collect()) })
            }
        }
    }

    fn records(&self, reading: &Reading, records: &mut Records) -> Result<(), SourceError> {
        let mut sums = Sums::new(day_number(day_of(&reading.slice)?));
        for page in pages(reading, ROLE) {
            let page = page?;
            let Events { events, display, total, unknown } = page.read()?;
            for name in &unknown {
                sums.note_field("", name);
            }
            if whole(total).is_none() {
                let message = "no `totalUsageEventsCount`: that all events came cannot be checked";
                sums.notes.note("no_announced_count", message);
            }
            let events = events.filter(|events| !events.is_empty()).or(display);
            for (place, event) in events.into_iter().flatten().enumerate() {
                let at = At { page: &page.name, place };
                if let Some(row) = sums.event(event, at, records)? {
                    records.push(CursorUsageEvent { document: page.document, ..row });
                }
            }
        }
        sums.hand_on(records)
    }
}

/// Where an event stands.
#[derive(Clone, Copy)]
struct At<'a> {
    page: &'a str,
    place: usize,
}

impl At<'_> {
    fn inexact(self, field: &str, detail: impl std::fmt::Display) -> SourceError {
        let place = format!("{}, event {}", self.page, self.place + 1);
        SourceError::Inexact { place, field: field.to_owned(), detail: detail.to_string() }
    }
}

/// Who, on which model, and how it is charged.
#[derive(PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Group<'a> {
    user: Option<Cow<'a, str>>,
    model: Option<Cow<'a, str>>,
    charge: Charge,
}

#[derive(Default)]
struct Sum {
    cost: Money,
    included: Option<Money>,
    events: i64,
}

/// Findings, counted here so that a million of them cost little.
#[derive(Default)]
struct Notes(BTreeMap<(&'static str, Cow<'static, str>), u64>);

impl Notes {
    fn note(&mut self, check: &'static str, message: impl Into<Cow<'static, str>>) {
        let mut message = message.into();
        if self.0.len() >= DISTINCT && !self.0.contains_key(&(check, message.clone())) {
            message = Cow::Borrowed("others");
        }
        *self.0.entry((check, message)).or_default() += 1;
    }

    fn hand_on(self, records: &mut Records) {
        for ((check, message), count) in self.0 {
            let severity = if check == "unknown_field" { Severity::Info } else { Severity::Warning };
            records.findings.push(Finding { check, severity, message: message.into_owned(), count });
        }
    }
}

/// The slice's money, while its events are read.
struct Sums<'a> {
    day: i32,
    groups: HashMap<Group<'a>, Sum>,
    kinds: Vec<(String, Kind)>,
    notes: Notes,
}

impl<'a> Sums<'a> {
    fn new(day: i32) -> Self {
        Self { day, groups: HashMap::new(), kinds: Vec::new(), notes: Notes::default() }
    }

    /// Adds an event; `None` for one of another day.
    fn event(
        &mut self,
        event: Event<'a>,
        at: At,
        records: &mut Records,
    ) -> Result<Option<CursorUsageEvent>, SourceError> {
        for name in &event.unknown {
            self.note_field("", name);
        }
        let Some(event_at) = event.timestamp.and_then(Digits::moment) else {
            let stated = event.timestamp.map_or("it is absent", Digits::text);
            return Err(at.inexact("timestamp", short(stated)));
        };
        if event_at.div_euclid(DAY_MICROS) != i64::from(self.day) {
            self.notes.note("outside_day", "an event of another day, not loaded");
            return Ok(None);
        }
        let usage = event.token_usage.as_ref();
        for name in usage.map(|usage| usage.unknown.as_slice()).unwrap_or_default() {
            self.note_field("tokenUsage.", name);
        }
        let amounts = Amounts {
            charged: cents(event.charged_cents, "chargedCents", at, records)?,
            model: cents(usage.and_then(|usage| usage.total_cents), "tokenUsage.totalCents", at, records)?,
            fee: cents(event.cursor_token_fee, "cursorTokenFee", at, records)?,
        };
        let stated_kind = said(event.kind.as_ref());
        let is_worth = amounts.charged.is_some_and(|charged| charged.money != Money::ZERO);
        if flag(event.is_chargeable).is_none() && stated_kind.is_none() && is_worth {
            return Err(at.inexact("isChargeable", "neither it nor `kind` says whether the event is billed"));
        }
        let kind = self.kind(stated_kind);
        let decision = decide(&event, kind, &amounts);
        // The form of 2025 knows neither member; today's without its amount was renamed.
        if decision.lacks_charge && flag(event.is_chargeable).is_some() {
            return Err(at.inexact("chargedCents", "a billed event does not state it"));
        }
        if decision.is_contradiction {
            let message = match flag(event.is_chargeable) {
                Some(true) => "isChargeable is true, the kind is not usage-based: billed",
                _ => "isChargeable is false, the kind is usage-based: not billed",
            };
            self.notes.note("contradiction", message);
        }
        if decision.lacks_charge {
            self.notes.note("charged_cents_missing", "a billed event without chargedCents");
        }
        if decision.charge == Charge::UsageBased {
            records.stated += decision.cost;
        }
        let tokens = |of: fn(&TokenUsage<'a>) -> Option<Digits<'a>>| usage.and_then(of);
        let wire = |amount: Option<Rounded>| amount.and_then(|amount| amount.money.wire().ok());
        let row = CursorUsageEvent {
            document: 0,
            event_date: self.day,
            event_at,
            user_email: said(event.user_email.as_ref()).and_then(normalize_email),
            service_account_id: owned(event.service_account_id.as_ref()),
            cloud_agent_id: owned(event.cloud_agent_id.as_ref()),
            automation_id: owned(event.automation_id.as_ref()),
            conversation_id: owned(event.conversation_id.as_ref()),
            model: owned(event.model.as_ref()),
            kind: owned(event.kind.as_ref()),
            is_chargeable: flag(event.is_chargeable),
            is_billed: decision.charge == Charge::UsageBased,
            max_mode: flag(event.max_mode),
            is_headless: flag(event.is_headless),
            is_token_based_call: flag(event.is_token_based_call),
            requests_costs: self.number(event.requests_costs, "requestsCosts", billionths),
            input_tokens: self.number(tokens(|usage| usage.input_tokens), "inputTokens", count),
            output_tokens: self.number(tokens(|usage| usage.output_tokens), "outputTokens", count),
            cache_write_tokens: self.number(
                tokens(|usage| usage.cache_write_tokens),
                "cacheWriteTokens",
                count,
            ),
            cache_read_tokens: self.number(tokens(|usage| usage.cache_read_tokens), "cacheReadTokens", count),
            model_value_usd: wire(amounts.model),
            charged_value_usd: wire(amounts.charged),
            token_fee_value_usd: wire(amounts.fee),
        };
        let user = match &row.service_account_id {
            Some(id) => Some(Cow::Owned(format!("sa:{id}"))),
            None => event.user_email.and_then(|email| identity(email.0)),
        };
        let model = event.model.map(|model| trimmed(model.0)).filter(|model| !model.is_empty());
        let sum = self.groups.entry(Group { user, model, charge: decision.charge }).or_default();
        sum.cost += decision.cost;
        sum.events += 1;
        if let Some(included) = decision.included {
            *sum.included.get_or_insert_default() += included;
        }
        Ok(Some(row))
    }

    /// The rows of money, in an order that does not depend on the vendor's.
    fn hand_on(self, records: &mut Records) -> Result<(), SourceError> {
        let mut groups: Vec<_> = self.groups.into_iter().collect();
        groups.sort_by(|left, right| left.0.cmp(&right.0));
        for (group, sum) in groups {
            let wire = |field: &str, money: Money| {
                money.wire().map_err(|error| SourceError::Inexact {
                    place: "the day's sum".to_owned(),
                    field: field.to_owned(),
                    detail: error.to_string(),
                })
            };
            let events_of = |charge| (group.charge == charge).then_some(sum.events);
            records.push(CursorExpense {
                document: 0,
                expense_date: self.day,
                cost_type: group.charge.as_str().to_owned(),
                cost_class: "usage".to_owned(),
                estimated_cost_usd: wire("chargedCents", sum.cost)?,
                included_value_usd: sum.included.map(|money| wire("chargedCents", money)).transpose()?,
                usage_based_reqs: events_of(Charge::UsageBased),
                subscription_included_reqs: events_of(Charge::Included),
                not_charged_reqs: events_of(Charge::NotCharged),
                user_email: group.user.map(Cow::into_owned),
                model: group.model.map(Cow::into_owned),
                subscription_plan: None,
            });
        }
        self.notes.hand_on(records);
        Ok(())
    }

    /// The same few kinds come again and again: each is understood once.
    fn kind(&mut self, text: Option<&str>) -> Kind {
        let Some(text) = text else { return Kind::Unknown };
        if let Some((_, kind)) = self.kinds.iter().find(|(known, _)| known == text) {
            if *kind == Kind::Unknown {
                self.notes.note("unknown_value", format!("kind `{}`", short(text)));
            }
            return *kind;
        }
        let kind = Kind::of(text);
        if kind == Kind::Unknown {
            self.notes.note("unknown_value", format!("kind `{}`", short(text)));
        }
        if self.kinds.len() < DISTINCT {
            self.kinds.push((text.to_owned(), kind));
        }
        kind
    }

    fn note_field(&mut self, prefix: &str, name: &str) {
        self.notes.note("unknown_field", format!("`{prefix}{}`", short(name)));
    }

    /// A number that is no money: one that cannot be read is unknown, and noted.
    fn number(
        &mut self,
        digits: Option<Digits>,
        field: &'static str,
        read: fn(Digits) -> Option<i64>,
    ) -> Option<i64> {
        let digits = digits?;
        let number = read(digits);
        if number.is_none() {
            self.notes.note("unreadable_value", field);
        }
        number
    }
}

fn count(digits: Digits) -> Option<i64> {
    digits.count()
}

fn billionths(digits: Digits) -> Option<i64> {
    digits.text().parse::<Decimal>().ok()?.to_billionths().ok()
}

fn cents(
    digits: Option<Digits>,
    field: &str,
    at: At,
    records: &mut Records,
) -> Result<Option<Rounded>, SourceError> {
    let Some(digits) = digits else { return Ok(None) };
    let rounded = digits.cents().map_err(|error| at.inexact(field, error))?;
    records.amount(rounded);
    Ok(Some(rounded))
}

/// An address as an identity, copied only where it has to change.
fn identity(email: Cow<str>) -> Option<Cow<str>> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !byte.is_ascii_uppercase();
    if email.bytes().all(is_plain) {
        return (!email.is_empty()).then_some(email);
    }
    normalize_email(&email).map(Cow::Owned)
}

fn trimmed(text: Cow<str>) -> Cow<str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

fn short(text: &str) -> String {
    text.chars().take(60).collect()
}
