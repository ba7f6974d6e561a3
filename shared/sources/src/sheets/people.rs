//! People, their teams and their managers, by the day.

use aispend_model::{Feed, Money};
use aispend_proto::Table as Target;
use aispend_proto::v1::UserSource;

use super::cells::{Cells, Fault, Validity, needed};
use super::overlap::Overlaps;
use super::sheet::{Reader, Sheet};
use super::table::Column;

pub(super) const SHEET: Sheet = Sheet {
    feed: Feed::SheetPeople,
    tables: &[Target::UserSources],
    columns: &[
        Column::required("user_email"),
        Column::optional("name"),
        Column::optional("department"),
        Column::optional("team").or(&["team_name"]),
        Column::optional("manager_email"),
        Column::optional("valid_from"),
        Column::optional("valid_to"),
    ],
    read,
};

fn read(reader: &mut Reader) {
    let mut taken = Overlaps::new();
    for (line, cells) in Reader::rows(reader.table) {
        let row = cells.and_then(person).and_then(|(person, validity)| {
            let key = person.user_email.clone();
            taken.take("user_email", "person for some of these days", key, validity, line.number)?;
            Ok(person)
        });
        match row {
            Ok(person) => reader.records.push(UserSource { document: reader.document, ..person }),
            Err(fault) => reader.reject(Target::UserSources, line, &fault, Money::ZERO),
        }
    }
}

fn person(cells: Cells) -> Result<(UserSource, Validity), Fault> {
    // Accounts without an address: the sheet may give them a team.
    let email = needed("user_email", cells.account("user_email")?)?;
    let validity = cells.validity()?;
    let from = validity.from.map_or_else(|| "-".to_owned(), |from| from.to_string());
    let person = UserSource {
        document: 0,
        user_key: format!("{email}|{from}"),
        user_email: Some(email),
        user_id: None,
        name: cells.text("name"),
        role: None,
        department: cells.text("department"),
        team: cells.text("team"),
        manager_email: cells.email("manager_email"),
        valid_from: validity.first_day(),
        valid_to: validity.last_day(),
        is_removed: None,
    };
    Ok((person, validity))
}
