//! Anthropic's usage money: what was billed, by key, person, model and kind of charge.
//!
//! Four endpoint families tell it, one of them for each organisation: the beta analytics of a Console or an Enterprise
//! organisation, the reports of Enterprise, and the legacy reports with the split over keys done here.

mod allocation;
mod amount;
mod analytics;
mod api_usage;
mod ask;
mod enterprise;
mod expenses;
mod legacy;
mod line;
mod platform;
mod report;
mod tokens;

use aispend_model::{Feed, Request, Response, Slice};
use aispend_proto::Table;

use self::ask::Family;
use self::platform::Deciding;
use super::paging::by_token;
use super::refusal::{not_yet, nothing, out_of_reach, refused, words};
use super::wire::slice_day;
use crate::{Ask, ContextBodies, Followed, Next, Progress, Reading, Records, Severity, Source, SourceError};

const FEED: Feed = Feed::AnthropicCost;

/// Billed usage of one UTC day.
#[derive(Debug, Clone, Copy)]
pub struct AnthropicCost;

impl Source for AnthropicCost {
    fn feed(&self) -> Feed {
        FEED
    }

    fn tables(&self) -> &'static [Table] {
        &[Table::ClaudeExpenses, Table::ApiUsageExpenses]
    }

    fn requests(&self, ask: &Ask) -> Vec<Request> {
        match (Family::of(&ask.source), ask.slice.day) {
            (Some(family), Some(day)) => family.requests(&ask.slice.org_id, day),
            _ => Vec::new(),
        }
    }

    fn follow(
        &self,
        ask: &Ask,
        request: &Request,
        response: &Response,
        so_far: Progress,
    ) -> Result<Followed, SourceError> {
        let family = Family::of(&ask.source).ok_or_else(|| unknown_family(&ask.slice, &ask.source))?;
        match response.status {
            200..=299 => {
                let mut followed = by_token(FEED, request, response, family.layout(&request.role))?;
                let groups = so_far.items + followed.items;
                if let (Next::Done, Some(day)) = (&followed.next, ask.slice.day)
                    && let Some(total) = family.total_beyond(request, groups, day)
                {
                    followed.next = Next::Page(vec![total]);
                }
                Ok(followed)
            }
            // Never once rows came: their dimensions would no longer be those of the next ones.
            400 if family == Family::Legacy && request.page == 0 && so_far.items == 0 => {
                match ask::narrower(request) {
                    Some(narrower) => Ok(nothing(Next::Instead(Box::new(narrower)))),
                    None => refused(FEED, request, response),
                }
            }
            400 if family != Family::Legacy => match out_of_reach(ask) {
                Some(why) => Ok(nothing(Next::Unavailable(why))),
                None => match not_yet(ask, response) {
                    Some(refusal) => Ok(nothing(Next::Refused(refusal))),
                    None => refused(FEED, request, response),
                },
            },
            // Asked only because the analytics API does not reach back this far: then nothing does.
            404 if family == Family::Legacy && out_of_reach(ask).is_some() => {
                let why = format!("no API has this day: {}", words(response));
                Ok(nothing(Next::Unavailable(why)))
            }
            _ => refused(FEED, request, response),
        }
    }

    fn records(&self, reading: &Reading, records: &mut Records<'_>) -> Result<(), SourceError> {
        let day = slice_day(&reading.slice)?;
        let deciding = Deciding::read(&reading.context, day);
        for error in &deciding.unread {
            records.find("context_unread", Severity::Warning, format!("it decides no platform: {error}"));
        }
        match Family::of(&reading.source) {
            Some(Family::Analytics) => analytics::read(reading, day, &deciding.on_console(), records)?,
            Some(Family::AnalyticsEnterprise) => {
                analytics::read(reading, day, &deciding.on_enterprise(), records)?;
            }
            Some(Family::EnterpriseReports) => {
                enterprise::read(reading, day, &deciding.on_enterprise(), records)?;
            }
            Some(Family::Legacy) => legacy::read(reading, day, &deciding.on_console(), records)?,
            None => return Err(unknown_family(&reading.slice, &reading.source)),
        }
        records.flush();
        Ok(())
    }

    fn context(&self) -> &'static [Feed] {
        &[Feed::AnthropicDirectory, Feed::SheetApiKeyMapping, Feed::AnthropicClaudeCode]
    }

    fn context_digest(&self, slice: &Slice, context: &[ContextBodies]) -> Result<String, SourceError> {
        Ok(Deciding::read(context, slice_day(slice)?).digest())
    }
}

fn unknown_family(slice: &Slice, source: &str) -> SourceError {
    SourceError::Unreadable {
        feed: FEED,
        place: format!("slice `{slice}`"),
        detail: format!("`{source}` is no cost API of Anthropic"),
    }
}
