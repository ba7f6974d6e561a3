//! Why Pub/Sub did not do what it was asked, in one line each.

use std::error::Error as _;

use aispend_google::GoogleError;
use google_cloud_gax::error::rpc::Code;
use google_cloud_pubsub::Error;

/// Why Pub/Sub could not be set up or asked.
#[derive(Debug, thiserror::Error)]
pub enum PubSubError {
    /// A setting or the credentials.
    #[error(transparent)]
    Google(#[from] GoogleError),
    /// The client did not come to life.
    #[error("the Pub/Sub client cannot be made")]
    Client(#[from] google_cloud_gax::client_builder::Error),
    /// Pub/Sub refused a call, or could not be reached.
    #[error("{doing}: {detail}")]
    Call {
        /// What was to be done, and to what.
        doing: String,
        /// What Pub/Sub or the connection said.
        detail: String,
    },
}

impl PubSubError {
    pub(crate) fn call(doing: impl Into<String>, error: &Error) -> Self {
        Self::Call { doing: doing.into(), detail: detail(error) }
    }
}

/// True where what was asked for is not there.
pub(crate) fn is_missing(error: &Error) -> bool {
    error.status().is_some_and(|status| status.code == Code::NotFound)
}

/// True where what was to be made is there already.
pub(crate) fn exists(error: &Error) -> bool {
    error.status().is_some_and(|status| status.code == Code::AlreadyExists)
}

/// The error and its causes, one line.
pub(crate) fn detail(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let said = next.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = next.source();
    }
    text
}

/// What to do about a topic or subscription that is not there.
pub(crate) fn make_it(kind: &str, name: &str) -> String {
    format!(
        "there is no {kind} `{name}`; `aispend migrate --create-bus` makes it, in production Terraform does"
    )
}
