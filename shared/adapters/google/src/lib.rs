//! What every Google adapter stands on: the project, where each service is (an emulator, or Google), credentials, and
//! plain REST calls for what the clients do not cover.

mod place;
mod rest;

pub use google_cloud_auth::credentials::Credentials;
pub use place::{Google, GoogleError, Place};
pub use rest::{Rest, RestError, backoff, segment};
