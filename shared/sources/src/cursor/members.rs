//! People of the Cursor team.

use aispend_model::{Feed, Request, Response, Vendor, normalize_email};
use aispend_proto::Table;
use aispend_proto::v1::UserSource;

use super::answer::{envelope, find_unknown, pages, unreadable};
use super::json::{Count, Digits, Flag, Text, flag, object, owned, said};
use crate::{Ask, Followed, Next, Progress, Reading, Records, Rejection, Source, SourceError};

const ROLE: &str = "members";

/// `cursor/members`.
pub struct CursorMembers;

object! {
    /// The people, counted.
    Counted { "teamMembers" => members: Count, } leaves []
}

object! {
    /// The people, read.
    Team { "teamMembers" => members: Vec<Member<'a>>, } leaves []
}

object! {
    /// One person; older bodies have neither `id` nor `isRemoved`.
    Member {
        "id" => id: Digits<'a>,
        "name" => name: Text<'a>,
        "email" => email: Text<'a>,
        "role" => role: Text<'a>,
        "isRemoved" => is_removed: Flag,
    }
    leaves []
}

impl Source for CursorMembers {
    fn feed(&self) -> Feed {
        Feed::CursorMembers
    }

    fn tables(&self) -> &'static [Table] {
        &[Table::UserSources]
    }

    fn requests(&self, ask: &Ask) -> Vec<Request> {
        vec![Request::get(Vendor::Cursor, &ask.slice.org_id, ROLE, "/teams/members")]
    }

    fn follow(
        &self,
        _: &Ask,
        request: &Request,
        response: &Response,
        _: Progress,
    ) -> Result<Followed, SourceError> {
        let counted: Counted = match envelope(self.feed(), request, response)? {
            Ok(counted) => counted,
            Err(refused) => return Ok(refused),
        };
        match counted.members {
            Some(Count(items)) => Ok(Followed { items, announced: None, next: Next::Done }),
            None => Err(unreadable(self.feed(), "page 1", "no `teamMembers`")),
        }
    }

    fn records(&self, reading: &Reading, records: &mut Records) -> Result<(), SourceError> {
        for page in pages(reading, ROLE) {
            let page = page?;
            let Team { members, .. } = page.read()?;
            for (place, member) in members.iter().flatten().enumerate() {
                find_unknown(records, &member.unknown);
                let user_id = member.id.map(|id| id.text().to_owned()).filter(|id| !id.is_empty());
                let user_email = said(member.email.as_ref()).and_then(normalize_email);
                let name = owned(member.name.as_ref());
                let Some(user_key) = user_id.clone().or_else(|| user_email.clone()).or_else(|| name.clone())
                else {
                    let rejection = Rejection {
                        table: Table::UserSources.name(),
                        field: "id".to_owned(),
                        reason: "neither id, e-mail nor name".to_owned(),
                        place: format!("{}, member {}", page.name, place + 1),
                        record: format!("role: {}", said(member.role.as_ref()).unwrap_or_default()),
                        money: aispend_model::Money::ZERO,
                    };
                    records.reject(Table::UserSources, rejection);
                    continue;
                };
                records.push(UserSource {
                    document: page.document,
                    user_key,
                    user_email,
                    user_id,
                    name,
                    role: owned(member.role.as_ref()),
                    is_removed: flag(member.is_removed),
                    ..UserSource::default()
                });
            }
        }
        Ok(())
    }
}
