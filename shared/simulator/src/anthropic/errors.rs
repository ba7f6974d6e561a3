//! The error envelope.

use crate::http::Response;
use crate::json::Json;

/// An error as the vendor words it.
pub fn error(status: u16, message: &str) -> Response {
    let kind = match status {
        400 => "invalid_request_error",
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        410 => "gone_error",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        _ => "api_error",
    };
    let mut json = Json::new();
    json.open().field("type", "error").name("error").open();
    json.field("type", kind).field("message", message).close();
    json.field("request_id", "req_011CSHoEeqs5C35K2UUqR7Fy").close();
    Response::json(status, json.finish())
}

/// A request that makes no sense.
pub fn invalid(message: &str) -> Response {
    error(400, message)
}

/// A path that leads nowhere, or a plan that does not include it.
pub fn not_found() -> Response {
    error(404, "The requested resource could not be found.")
}

/// The one 400 that says not to come back.
pub fn invalid_range() -> Response {
    invalid("Invalid date range: ending date must be after starting date").header("x-should-retry", "false")
}
