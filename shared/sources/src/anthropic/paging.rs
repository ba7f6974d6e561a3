//! The three ways Anthropic pages.

use std::collections::HashMap;

use aispend_model::{Feed, Request, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use super::asking::next_page;
use super::wire::{parse, said, unreadable};
use crate::{Followed, Next, SourceError};

/// How rows lie in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// One list of rows.
    Rows,
    /// Rows within time buckets.
    Buckets,
}

#[allow(clippy::struct_field_names, reason = "the vendor's names")]
#[derive(Deserialize)]
struct Page<T> {
    data: Vec<T>,
    has_more: Option<bool>,
    next_page: Option<String>,
    last_id: Option<String>,
}

#[derive(Deserialize)]
struct Bucket {
    results: Vec<Box<RawValue>>,
}

/// Fewer rows than these may well all have a twin.
const LEAST_DOUBLED: usize = 10;

/// Pages by token. `has_more` is authoritative: a stray token on the last page is not followed.
pub(super) fn by_token(
    feed: Feed,
    request: &Request,
    response: &Response,
    layout: Layout,
) -> Result<Followed, SourceError> {
    let (items, has_more, token) = match layout {
        Layout::Rows => {
            let page: Page<Box<RawValue>> = read(feed, request, response)?;
            (counted(feed, request, page.data.iter())?, page.has_more, page.next_page)
        }
        Layout::Buckets => {
            let page: Page<Bucket> = read(feed, request, response)?;
            let rows = page.data.iter().flat_map(|bucket| &bucket.results);
            (counted(feed, request, rows)?, page.has_more, page.next_page)
        }
    };
    let has_more = has_more.ok_or_else(|| wrong(feed, request, "`has_more` is missing"))?;
    follow(feed, request, items, "page", has_more, token)
}

/// Pages by token without `has_more`: until the token is null.
pub(super) fn until_no_token(
    feed: Feed,
    request: &Request,
    response: &Response,
) -> Result<Followed, SourceError> {
    let page: Page<Box<RawValue>> = read(feed, request, response)?;
    let items = counted(feed, request, page.data.iter())?;
    let token = said(page.next_page);
    follow(feed, request, items, "page", token.is_some(), token)
}

/// Pages by the id of the last object, which the last page states as well.
pub(super) fn by_id(feed: Feed, request: &Request, response: &Response) -> Result<Followed, SourceError> {
    let page: Page<Value> = read(feed, request, response)?;
    let has_more = page.has_more.ok_or_else(|| wrong(feed, request, "`has_more` is missing"))?;
    let last = || page.data.last()?.get("id")?.as_str().map(str::to_owned);
    let last_id = said(page.last_id).or_else(last);
    follow(feed, request, page.data.len(), "after_id", has_more, last_id)
}

/// Counts rows. Some are alike and all count; where each has a twin, the vendor sent them twice, and nothing it announces
/// would tell.
fn counted<'a>(
    feed: Feed,
    request: &Request,
    rows: impl Iterator<Item = &'a Box<RawValue>>,
) -> Result<usize, SourceError> {
    let mut twins: HashMap<&str, usize> = HashMap::new();
    let mut items = 0;
    for row in rows {
        *twins.entry(row.get()).or_default() += 1;
        items += 1;
    }
    if items >= LEAST_DOUBLED && twins.values().all(|times| *times > 1) {
        return Err(wrong(feed, request, &format!("each of its {items} rows stands there more than once")));
    }
    Ok(items)
}

fn read<T: DeserializeOwned>(
    feed: Feed,
    request: &Request,
    response: &Response,
) -> Result<Page<T>, SourceError> {
    parse(feed, &request.role, request.page, &response.body)
}

fn follow(
    feed: Feed,
    request: &Request,
    items: usize,
    cursor: &str,
    has_more: bool,
    value: Option<String>,
) -> Result<Followed, SourceError> {
    let next = if has_more {
        let value =
            said(value).ok_or_else(|| wrong(feed, request, "it says there is more, but not where"))?;
        if request.parameter(cursor) == Some(value.as_str()) {
            return Err(wrong(feed, request, "its next page is itself"));
        }
        Next::Page(vec![next_page(request, cursor, &value)])
    } else {
        Next::Done
    };
    Ok(Followed { items: items as u64, announced: None, next })
}

fn wrong(feed: Feed, request: &Request, detail: &str) -> SourceError {
    unreadable(feed, &request.role, request.page, detail)
}

#[cfg(test)]
mod tests {
    use super::super::asking::get;
    use super::*;

    type Pager = fn(Feed, &Request, &Response) -> Result<Followed, SourceError>;

    fn rows(feed: Feed, request: &Request, response: &Response) -> Result<Followed, SourceError> {
        by_token(feed, request, response, Layout::Rows)
    }

    fn buckets(feed: Feed, request: &Request, response: &Response) -> Result<Followed, SourceError> {
        by_token(feed, request, response, Layout::Buckets)
    }

    /// `Ok((items, next line))` or the error's text.
    fn check(pager: Pager, body: &str, expected: Result<(u64, Option<&str>), &str>) {
        let request =
            get("org", "cost", "/v1/x").with("limit", 5).with("page", "old").with("after_id", "old");
        let response = Response { status: 200, headers: Vec::new(), body: body.as_bytes().to_vec() };
        match (pager(Feed::AnthropicCost, &request, &response), expected) {
            (Ok(followed), Ok((items, line))) => {
                let next = match followed.next {
                    Next::Done => None,
                    Next::Page(mut requests) => {
                        assert_eq!(requests.len(), 1);
                        let request = requests.remove(0);
                        assert_eq!(request.page, 1);
                        Some(request.line())
                    }
                    other => panic!("{other:?}"),
                };
                assert_eq!((followed.items, next.as_deref()), (items, line), "{body}");
            }
            (Err(error), Err(text)) => assert!(error.to_string().contains(text), "{error}"),
            (other, _) => panic!("{body}: {other:?}"),
        }
    }

    #[test]
    fn each_kind_of_paging_goes_on_and_ends_as_the_vendor_says() {
        let more = Some("GET /v1/x?limit=5&after_id=old&page=t2");
        check(rows, r#"{"data":[{},{}],"has_more":true,"next_page":"t2"}"#, Ok((2, more)));
        check(rows, r#"{"data":[],"has_more":false,"next_page":"stray"}"#, Ok((0, None)));
        check(rows, r#"{"data":[],"has_more":true,"next_page":null}"#, Err("there is more"));
        check(rows, r#"{"data":[],"has_more":true,"next_page":"old"}"#, Err("itself"));
        check(rows, r#"{"data":[],"next_page":"t2"}"#, Err("`has_more`"));
        check(rows, r#"{"has_more":false}"#, Err("missing field `data`"));
        check(rows, "<html>", Err("not what anthropic/cost returns"));
        check(buckets, r#"{"data":[{"results":[1,2]},{"results":[]}],"has_more":false}"#, Ok((2, None)));
        check(buckets, r#"{"data":[{}],"has_more":false}"#, Err("missing field `results`"));
        let twice = |rows: &str| format!(r#"{{"data":[{rows}],"has_more":false}}"#);
        check(rows, &twice("1,2,3,4,5,1,2,3,4,5"), Err("each of its 10 rows stands there more than once"));
        check(rows, &twice("1,2,3,4,5,1,2,3,4,6"), Ok((10, None)));
        check(rows, &twice("1,2,3,4,1,2,3,4"), Ok((8, None)));
        let twice = r#"{"data":[{"results":[1,2,3,4,5]},{"results":[1,2,3,4,5]}],"has_more":false}"#;
        check(buckets, twice, Err("each of its 10 rows stands there more than once"));
        check(until_no_token, r#"{"data":[1],"next_page":"t2"}"#, Ok((1, more)));
        check(until_no_token, r#"{"data":[1],"next_page":null}"#, Ok((1, None)));
        check(until_no_token, r#"{"data":[1],"next_page":""}"#, Ok((1, None)));
        let after = Some("GET /v1/x?limit=5&page=old&after_id=k9");
        check(by_id, r#"{"data":[1],"has_more":true,"last_id":"k9"}"#, Ok((1, after)));
        let last = r#"{"data":[{"id":"k8"},{"id":"k9"}],"has_more":true,"last_id":null}"#;
        check(by_id, last, Ok((2, after)));
        check(by_id, r#"{"data":[1],"has_more":false,"last_id":"k9"}"#, Ok((1, None)));
    }
}
