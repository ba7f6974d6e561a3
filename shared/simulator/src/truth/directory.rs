//! People and keys, for those who check to whom money is attributed.

use super::rows::{Key, Mapping, Person};
use crate::facts::directory::Creator;
use crate::facts::{World, is_member};

/// Everybody.
pub fn people(world: &World, rows: &mut Vec<Person>) {
    rows.extend((0..).zip(&world.people).map(|(index, person): (u32, _)| Person {
        user_email: person.email.clone(),
        name: person.name(),
        department: person.department,
        team: person.team,
        valid_from: World::date(person.joined),
        in_anthropic_directory: person.listed,
        in_cursor_team: is_member(index, person),
    }));
}

/// Every key, archived ones included.
pub fn keys(world: &World, rows: &mut Vec<Key>) {
    rows.extend((0..).zip(&world.directory.keys).map(|(index, key): (u32, _)| {
        let mappings = world.mapping().iter().filter(|row| row.key == Some(index)).map(|row| Mapping {
            user_email: row.email.clone(),
            platform: row.platform,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
        });
        let creator = match key.creator {
            Creator::Person(person) => world.people.get(person as usize).filter(|person| person.listed),
            Creator::Nobody => None,
        };
        Key {
            api_key_id: key.id.clone(),
            name: key.name.clone(),
            workspace_id: world.directory.workspace_id(key.workspace).map(str::to_owned),
            status: key.status,
            mappings: mappings.collect(),
            creator_email: creator.map(|person| person.email.clone()),
        }
    }));
}
