//! Query parameters: the vendor checks them before it answers.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::civil::Date;

use super::errors::invalid;
use crate::dice::{mix, mix_text};
use crate::http::{Request, Response};

/// The parameters of one request.
#[derive(Clone, Copy)]
pub struct Params<'a> {
    request: &'a Request,
    /// Tokens of one organisation mean nothing to another.
    organisation: &'a str,
}

impl<'a> Params<'a> {
    /// Takes the parameters if all of them have a name the endpoint knows.
    pub fn read(request: &'a Request, organisation: &'a str, known: &[&str]) -> Result<Self, Box<Response>> {
        match request.query.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            Some((name, _)) => Err(Box::new(invalid(&format!("{name}: Extra inputs are not permitted")))),
            None => Ok(Self { request, organisation }),
        }
    }

    /// A single value.
    pub fn one(&self, name: &str) -> Option<&'a str> {
        self.request.parameter(name)
    }

    /// All values of a list.
    pub fn list(&self, name: &'a str) -> Vec<&'a str> {
        self.request.parameters(name).collect()
    }

    /// A moment, in seconds.
    pub fn moment(&self, name: &str) -> Result<Option<i64>, Box<Response>> {
        let Some(text) = self.one(name) else { return Ok(None) };
        let moment: Result<Timestamp, _> = text.parse();
        moment.map(|moment| Some(moment.as_second())).map_err(|_| {
            Box::new(invalid(&format!("{name}: Input should be a valid datetime in RFC 3339 format")))
        })
    }

    /// A moment that must be there.
    pub fn required_moment(&self, name: &str) -> Result<i64, Box<Response>> {
        self.moment(name)?.ok_or_else(|| Box::new(invalid(&format!("{name}: Field required"))))
    }

    /// A day.
    pub fn day(&self, name: &str) -> Result<Option<Date>, Box<Response>> {
        let Some(text) = self.one(name) else { return Ok(None) };
        let shape = text.len() == 10;
        let day: Result<Date, _> = text.parse();
        match day {
            Ok(day) if shape => Ok(Some(day)),
            _ => {
                Err(Box::new(invalid(&format!("{name}: Input should be a valid date in YYYY-MM-DD format"))))
            }
        }
    }

    /// The page size.
    pub fn limit(&self, default: usize, most: usize) -> Result<usize, Box<Response>> {
        let Some(text) = self.one("limit") else { return Ok(default) };
        match text.parse::<usize>() {
            Ok(limit) if (1..=most).contains(&limit) => Ok(limit),
            _ => Err(Box::new(invalid(&format!("limit: Input should be between 1 and {most}")))),
        }
    }

    /// One of a few words.
    pub fn choice(&self, name: &str, words: &[&'static str]) -> Result<&'static str, Box<Response>> {
        let first = words.first().copied().unwrap_or("");
        let Some(text) = self.one(name) else { return Ok(first) };
        let found = words.iter().find(|word| **word == text).copied();
        found
            .ok_or_else(|| Box::new(invalid(&format!("{name}: Input should be one of {}", words.join(", ")))))
    }

    /// The dimensions of `group_by[]`; at most five, those of `free` not counted.
    pub fn dimensions(&self, known: &[&str], free: &[&str]) -> Result<Vec<&'a str>, Box<Response>> {
        let mut dimensions = self.list("group_by[]");
        if let Some(unknown) = dimensions.iter().find(|dimension| !known.contains(dimension)) {
            return Err(Box::new(invalid(&format!("group_by: unknown dimension `{unknown}`"))));
        }
        dimensions.sort_unstable();
        dimensions.dedup();
        if dimensions.iter().filter(|dimension| !free.contains(dimension)).count() > 5 {
            return Err(Box::new(invalid("group_by: at most 5 dimensions can be grouped by at once")));
        }
        Ok(dimensions)
    }

    fn fingerprint(&self) -> u64 {
        let mut query: Vec<_> = self.request.query.iter().filter(|(name, _)| name != "page").collect();
        query.sort();
        let seed = mix_text(mix_text(1, &self.request.path), self.organisation);
        query.into_iter().fold(seed, |hash, (name, value)| mix(mix_text(hash, name), mix_text(7, value)))
    }

    /// The token of the page that starts at an offset.
    pub fn token(&self, offset: usize) -> String {
        // Standard base64: its signs must be percent-encoded in a query, as with the real tokens.
        format!("page_{}", STANDARD.encode(format!("{offset}:{:016x}", self.fingerprint())))
    }

    /// Where the requested page starts.
    pub fn offset(&self) -> Result<usize, Box<Response>> {
        let Some(token) = self.one("page") else { return Ok(0) };
        let decoded = token.strip_prefix("page_").and_then(|text| STANDARD.decode(text).ok());
        let text = decoded.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
        let parts = text.split_once(':').and_then(|(offset, print)| {
            Some((offset.parse::<usize>().ok()?, u64::from_str_radix(print, 16).ok()?))
        });
        match parts {
            Some((offset, print)) if print == self.fingerprint() => Ok(offset),
            Some(_) => Err(Box::new(invalid("page: cursor does not match current query parameters"))),
            None => Err(Box::new(invalid("page: invalid page token"))),
        }
    }
}
