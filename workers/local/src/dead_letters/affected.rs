//! Whose money a parked message is about.

use std::collections::{BTreeMap, BTreeSet};

use aispend_model::{Money, Slice};
use aispend_ports::{Archive, Frames, LedgerLine, Parked};
use aispend_proto::v1::envelope::Body;
use aispend_proto::v1::{Batch, RecordsNormalized};
use aispend_proto::{Row, RowSink, RowVisitor, Table};
use aispend_stage::{batch_frames, read_envelope, sums_from_wire};

use crate::screen::dollars;

const PERSON: &str = "user_email";

/// What stands in a person's place where nobody was at work, and what names the account beside an address of its own.
const SERVICE_PREFIX: &str = "sa:";
const SERVICE_ACCOUNT: &str = "service_account_id";

/// What a parked message is about.
#[derive(Debug, Default)]
pub struct Affected {
    /// Its money, where it was read before the message was parked.
    pub money: Option<Money>,
    /// How many different people its rows name, where they do.
    pub people: Option<usize>,
    /// What the warehouse has of the slice meanwhile.
    pub stays: Option<Money>,
}

impl Affected {
    /// For a person.
    pub fn money_text(&self) -> String {
        match (self.money, self.stays) {
            (Some(money), _) => format!("{} USD", dollars(money)),
            (None, Some(stays)) => format!("not read, {} USD stay", dollars(stays)),
            (None, None) => "not read".to_owned(),
        }
    }

    /// For a person.
    pub fn people_text(&self) -> String {
        self.people.map_or_else(|| "-".to_owned(), |people| people.to_string())
    }
}

/// Reads what can be read of a message, and what the ledger says of its slice.
pub async fn affected(
    message: &Parked,
    archive: &dyn Archive,
    ledger: &BTreeMap<Slice, LedgerLine>,
) -> Affected {
    let stays = super::choose::slice_of(message).and_then(|slice| ledger.get(&slice));
    let mut affected =
        Affected { stays: stays.map(|line| Money::from_nanos(line.loaded.money())), ..Affected::default() };
    if let Some(normalized) = normalized_in(message) {
        affected.money = sums_from_wire(&normalized.totals).ok().map(|sums| Money::from_nanos(sums.money()));
        if let Some(batch) = &normalized.batch {
            affected.people = people(archive, batch).await;
        }
    }
    affected
}

fn normalized_in(message: &Parked) -> Option<RecordsNormalized> {
    match read_envelope(&message.message).ok()?.body? {
        Body::RecordsNormalized(normalized) => Some(normalized),
        Body::RecordsValidated(validated) => validated.normalized,
        _ => None,
    }
}

/// The different people of a batch's rows; `None` where the batch is gone or no row names anybody: money by API key is
/// somebody's, and only the warehouse knows whose.
async fn people(archive: &dyn Archive, batch: &Batch) -> Option<usize> {
    let frames = Frames::new(batch_frames(archive, batch).await.ok()?);
    let mut people = People::default();
    for set in frames {
        set.ok()?.visit(&mut people);
    }
    (!people.seen.is_empty()).then_some(people.seen.len())
}

#[derive(Default)]
struct People {
    seen: BTreeSet<String>,
}

impl RowVisitor for People {
    fn row<R: Row>(&mut self, row: &R) {
        let Some(person) = place_of(R::TABLE, PERSON) else { return };
        let mut cells = Cells {
            person,
            service: place_of(R::TABLE, SERVICE_ACCOUNT),
            at: 0,
            name: None,
            is_service: false,
        };
        row.write(&mut cells);
        let is_person = |name: &String| !name.is_empty() && !name.starts_with(SERVICE_PREFIX);
        self.seen.extend(cells.name.filter(|name| !cells.is_service && is_person(name)));
    }
}

fn place_of(table: Table, name: &str) -> Option<usize> {
    table.columns().iter().position(|column| column.name == name)
}

/// Who was at work in one row.
struct Cells {
    person: usize,
    service: Option<usize>,
    at: usize,
    name: Option<String>,
    is_service: bool,
}

impl RowSink for Cells {
    fn date(&mut self, _: Option<i32>) {
        self.at += 1;
    }
    fn moment(&mut self, _: Option<i64>) {
        self.at += 1;
    }
    fn decimal(&mut self, _: Option<i64>) {
        self.at += 1;
    }
    fn integer(&mut self, _: Option<i64>) {
        self.at += 1;
    }
    fn flag(&mut self, _: Option<bool>) {
        self.at += 1;
    }
    fn text(&mut self, value: Option<&str>) {
        if self.at == self.person {
            self.name = value.map(str::to_owned);
        }
        if Some(self.at) == self.service {
            self.is_service = value.is_some_and(|id| !id.is_empty());
        }
        self.at += 1;
    }
}
