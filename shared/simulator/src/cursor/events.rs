//! `POST /teams/filtered-usage-events`: the one endpoint that has to be fast.

use jiff::Timestamp;

use super::{Answer, Body, bad};
use crate::amount::write_integer;
use crate::calendar::DAY_MILLIS;
use crate::facts::cursor::{Event, MODELS, Who};
use crate::facts::{Day, World};
use crate::http::{Request, Response};
use crate::json::Json;

/// The service accounts, by number.
pub const SERVICES: [(&str, &str); 2] = [("sa_abc123", "Nightly CI Agent"), ("sa_def456", "Release Agent")];

const HOSTING: [&str; 4] = ["CLOUD", "SELF_HOSTED", "SELF_HOSTED_POOL", "SELF_HOSTED_MACHINE"];

/// What a request selects beside the period.
struct Filter<'a> {
    email: Option<String>,
    number: Option<u64>,
    service: Option<&'a str>,
    nothing: bool,
}

impl Filter<'_> {
    const fn is_open(&self) -> bool {
        self.email.is_none() && self.number.is_none() && self.service.is_none() && !self.nothing
    }

    fn keeps(&self, world: &World, event: &Event) -> bool {
        let person = match event.who {
            Who::Person(index, _) => world.people.get(index as usize),
            Who::Nobody | Who::Service(..) => None,
        };
        let service = match event.who {
            Who::Service(number, _) => SERVICES.get(usize::from(number)).map(|(id, _)| *id),
            Who::Nobody | Who::Person(..) => None,
        };
        !self.nothing
            && self.email.as_ref().is_none_or(|email| person.is_some_and(|person| person.email == *email))
            && self.number.is_none_or(|number| person.is_some_and(|person| person.cursor_number == number))
            && self.service.is_none_or(|wanted| service.is_some_and(|id| wanted == "*" || wanted == id))
    }
}

/// The part of a day that a request covers: the indices of its events.
struct Span<'a> {
    day: &'a Day,
    from: u32,
    until: u32,
}

fn spans(world: &World, start: i64, end: i64, now: Timestamp) -> Vec<Span<'_>> {
    let days = world.days_between(start.div_euclid(DAY_MILLIS) as i32, end.div_euclid(DAY_MILLIS) as i32 + 1);
    let spans = days.map(|day| {
        let seen = day.events_seen(now);
        Span { day, from: day.cursor.seen(start - 1).min(seen), until: day.cursor.seen(end).min(seen) }
    });
    spans.filter(|span| span.from < span.until).collect()
}

pub(super) fn answer(world: &World, now: Timestamp, request: &Request) -> Answer {
    let body = Body::read(request)?;
    let (start, end) = body.period(now)?;
    let page = body.page()?.unwrap_or(1);
    let size = body.page_size()?.unwrap_or(100);
    if body.text("hostingType").is_some_and(|hosting| !HOSTING.contains(&hosting)) {
        return bad("Unknown hostingType");
    }
    let filter = Filter {
        email: body.text("email").map(|email| email.trim().to_lowercase()),
        number: body.number("userId")?.map(i64::unsigned_abs),
        service: body.text("serviceAccountId"),
        nothing: body.text("cloudAgentId").is_some() || body.text("automationId").is_some(),
    };
    let spans = spans(world, start, end, now);
    let mut writer = Writer { json: Json::with_room(size.min(1000) * 460 + 512), world };
    let name = if world.config().quirks.events_display_name { "usageEventsDisplay" } else { "usageEvents" };
    writer.json.open().name(name).open_list();
    let skip = (page - 1) * size;
    let total = if filter.is_open() {
        writer.page(&spans, skip, size)
    } else {
        writer.filtered(&spans, &filter, skip, size)
    };
    let mut json = writer.json;
    json.close_list().count("totalUsageEventsCount", total as u64);
    let pages = total.div_ceil(size);
    if !world.config().quirks.no_event_pagination {
        json.name("pagination").open().count("numPages", pages as u64).count("currentPage", page as u64);
        json.count("pageSize", size as u64).flag("hasNextPage", page < pages);
        json.flag("hasPreviousPage", page > 1).close();
    }
    json.name("period").open().count("startDate", start.unsigned_abs());
    json.count("endDate", end.unsigned_abs()).close().close();
    Ok(Response::json(200, json.finish()))
}

struct Writer<'a> {
    json: Json,
    world: &'a World,
}

impl Writer<'_> {
    /// Writes one page without looking at the events of the others, and says how many there are.
    fn page(&mut self, spans: &[Span<'_>], skip: usize, size: usize) -> usize {
        let (mut before, mut left) = (skip, size);
        let mut total = 0;
        for span in spans {
            let count = (span.until - span.from) as usize;
            total += count;
            if before >= count {
                before -= count;
                continue;
            }
            let first = span.from + before as u32;
            let last = span.until.min(first.saturating_add(left as u32));
            before = 0;
            left -= (last - first) as usize;
            for index in first..last {
                let event = self.world.event(span.day, index);
                self.event(&event);
            }
        }
        total
    }

    fn filtered(&mut self, spans: &[Span<'_>], filter: &Filter<'_>, skip: usize, size: usize) -> usize {
        let mut total = 0;
        for span in spans {
            for index in span.from..span.until {
                let event = self.world.event(span.day, index);
                if filter.keeps(self.world, &event) {
                    if (skip..skip + size).contains(&total) {
                        self.event(&event);
                    }
                    total += 1;
                }
            }
        }
        total
    }

    /// Writes one event: straight-line appends, because a benchmark asks for millions.
    fn event(&mut self, event: &Event) {
        let quirks = self.world.config().quirks;
        let email = match event.who {
            Who::Person(index, _) => {
                self.world.people.get(index as usize).map(|person| person.email.as_str())
            }
            Who::Service(_, true) => Some("agent-runner@example.com"),
            Who::Nobody | Who::Service(_, false) => None,
        };
        let out = self.json.bytes();
        if out.last() != Some(&b'[') {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"timestamp\":\"");
        if quirks.rfc3339_event_times {
            let moment = Timestamp::from_millisecond(event.millis).unwrap_or_default();
            out.extend_from_slice(moment.to_string().as_bytes());
        } else {
            write_integer(out, event.millis.unsigned_abs());
        }
        out.push(b'"');
        if let Some(email) = email {
            out.extend_from_slice(b",\"userEmail\":\"");
            match event.who {
                Who::Person(_, 1) => out.extend(email.bytes().map(|byte| byte.to_ascii_uppercase())),
                Who::Person(_, 2) => {
                    out.extend_from_slice(b"  ");
                    out.extend_from_slice(email.as_bytes());
                    out.push(b' ');
                }
                _ => out.extend_from_slice(email.as_bytes()),
            }
            out.push(b'"');
        }
        if let Who::Service(number, _) = event.who {
            let (id, name) = SERVICES.get(usize::from(number)).copied().unwrap_or(("", ""));
            for part in [",\"serviceAccountId\":\"", id, "\",\"serviceAccountName\":\"", name, "\""] {
                out.extend_from_slice(part.as_bytes());
            }
            out.extend_from_slice(b",\"cloudAgentId\":\"bc-7c1d2f9e\"");
        }
        if let Some(conversation) = event.conversation {
            out.extend_from_slice(b",\"conversationId\":\"");
            write_hex(out, conversation);
            out.push(b'"');
        }
        out.extend_from_slice(b",\"model\":\"");
        out.extend_from_slice(MODELS.get(usize::from(event.model)).copied().unwrap_or("default").as_bytes());
        out.extend_from_slice(if event.old_shape { b"\",\"kindLabel\":\"" } else { b"\",\"kind\":\"" });
        let kind = if event.code_form { event.kind.code() } else { event.kind.display() };
        out.extend_from_slice(kind.as_bytes());
        out.extend_from_slice(b"\",\"maxMode\":");
        write_flag(out, event.max_mode);
        out.extend_from_slice(b",\"requestsCosts\":");
        write_integer(out, event.requests / 10);
        if !event.requests.is_multiple_of(10) {
            out.extend_from_slice(b".");
            write_integer(out, event.requests % 10);
        }
        out.extend_from_slice(b",\"isTokenBasedCall\":");
        write_flag(out, event.tokens.is_some());
        if let Some(chargeable) = event.chargeable {
            out.extend_from_slice(b",\"isChargeable\":");
            write_flag(out, chargeable);
            out.extend_from_slice(b",\"isHeadless\":");
            write_flag(out, event.headless);
        }
        if let Some([input, output, write, read]) = event.tokens {
            out.extend_from_slice(b",\"tokenUsage\":{\"inputTokens\":");
            write_integer(out, input);
            out.extend_from_slice(b",\"outputTokens\":");
            write_integer(out, output);
            if write > 0 {
                out.extend_from_slice(b",\"cacheWriteTokens\":");
                write_integer(out, write);
            }
            out.extend_from_slice(b",\"cacheReadTokens\":");
            write_integer(out, read);
            out.extend_from_slice(b",\"totalCents\":");
            event.total.write(out, 0);
            if event.discount > 0 {
                out.extend_from_slice(b",\"discountPercentOff\":");
                write_integer(out, u64::from(event.discount));
            }
            out.push(b'}');
        }
        out.extend_from_slice(b",\"chargedCents\":");
        event.charged.write(out, 0);
        if let Some(fee) = event.fee {
            out.extend_from_slice(b",\"cursorTokenFee\":");
            fee.write(out, 0);
        }
        if quirks.extra_fields {
            out.extend_from_slice(b",\"newFieldAddedLater\":{\"a\":[1,2]}");
        }
        out.push(b'}');
    }
}

fn write_flag(out: &mut Vec<u8>, value: bool) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

/// A UUID's shape out of one number.
fn write_hex(out: &mut Vec<u8>, number: u64) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |place: u32| DIGITS.get((number >> (place * 4 % 64) & 15) as usize).copied().unwrap_or(b'0');
    for place in 0..32 {
        if matches!(place, 8 | 12 | 16 | 20) {
            out.push(b'-');
        }
        out.push(digit(place));
    }
}
