//! `GET /teams/members`.

use crate::facts::World;
use crate::facts::people::Person;
use crate::http::Response;
use crate::json::Json;

/// The role the vendor shows.
pub fn role(index: u32, person: &Person) -> &'static str {
    match index {
        1 => "owner",
        _ if !person.cursor_seat => "free-owner",
        _ => "member",
    }
}

pub(super) fn answer(world: &World) -> Response {
    let mut json = Json::with_room(world.people.len() * 128);
    json.open().name("teamMembers").open_list();
    for (index, person) in world.members() {
        json.open();
        // Older bodies have neither of the two.
        let old = index > 2 && index % 19 == 5;
        if !old {
            json.field("id", &person.cursor_id);
        }
        json.field("name", &person.name()).field("email", &person.email).field("role", role(index, person));
        if !old {
            json.flag("isRemoved", person.removed);
        }
        if world.config().quirks.extra_fields {
            json.field("newFieldAddedLater", "ignored");
        }
        json.close();
    }
    json.close_list().close();
    Response::json(200, json.finish())
}
