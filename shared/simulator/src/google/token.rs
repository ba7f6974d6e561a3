//! The token endpoint: it reads the claims and takes the signature on trust.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::Value;

use crate::facts::World;
use crate::http::{Request, Response};
use crate::json::Json;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const SCOPE: &str = "https://www.googleapis.com/auth/spreadsheets.readonly";

fn refuse(kind: &str, description: &str) -> Response {
    let mut json = Json::new();
    json.open().field("error", kind).field("error_description", description).close();
    Response::json(400, json.finish())
}

/// Answers `POST /token`.
pub fn answer(world: &World, now: Timestamp, request: &Request) -> Response {
    let body = String::from_utf8_lossy(&request.body);
    let field = |name: &str| {
        let pair = body.split('&').find_map(|pair| pair.split_once('=').filter(|(own, _)| *own == name));
        pair.map(|(_, value)| decode(value))
    };
    if request.method != "POST" || field("grant_type").as_deref() != Some(GRANT) {
        return refuse("unsupported_grant_type", "Invalid grant_type");
    }
    let assertion = field("assertion").unwrap_or_default();
    let mut parts = assertion.split('.');
    let (header, claims) = (part(parts.next()), part(parts.next()));
    let (Some(header), Some(claims)) = (header, claims) else {
        return refuse("invalid_grant", "Invalid JWT: could not be parsed");
    };
    if header.get("alg").and_then(Value::as_str) != Some("RS256") || parts.next().is_none_or(str::is_empty) {
        return refuse("invalid_grant", "Invalid JWT Signature.");
    }
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or("");
    let number = |name: &str| claims.get(name).and_then(Value::as_i64).unwrap_or(0);
    if text("iss").is_empty() || text("aud").is_empty() {
        return refuse("invalid_grant", "Invalid JWT: iss and aud are required");
    }
    if !text("scope").split(' ').any(|scope| scope.starts_with(SCOPE.trim_end_matches(".readonly"))) {
        return refuse("invalid_scope", "Invalid OAuth scope or ID token audience provided.");
    }
    let (issued, expires, now) = (number("iat"), number("exp"), now.as_second());
    if expires - issued > 3600 || expires <= now || issued > now + 300 {
        return refuse(
            "invalid_grant",
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.",
        );
    }
    let mut json = Json::new();
    json.open().field("access_token", &world.keys.google).count("expires_in", 3599);
    json.field("token_type", "Bearer").close();
    Response::json(200, json.finish())
}

fn part(text: Option<&str>) -> Option<Value> {
    let bytes = URL_SAFE_NO_PAD.decode(text?.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Undoes the percent-encoding of a form or a path.
pub fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits: Vec<u8> = rest.by_ref().take(2).collect();
                let text = String::from_utf8(digits).unwrap_or_default();
                bytes.push(u8::from_str_radix(&text, 16).unwrap_or(b'%'));
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
