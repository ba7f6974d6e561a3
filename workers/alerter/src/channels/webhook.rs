//! A notice as JSON to one address: chat, pager, ticket system.

use std::time::Duration;

use async_trait::async_trait;

use super::{Channel, ChannelError, Notice};

/// How long the receiver may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Posts to one address.
pub struct Webhook {
    client: reqwest::Client,
    url: String,
}

impl Webhook {
    /// To that address.
    ///
    /// # Errors
    /// When the TLS roots of this machine cannot be read.
    pub fn new(url: &str) -> Result<Self, ChannelError> {
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = reqwest::Client::builder()
            .user_agent(concat!("aispend/", env!("CARGO_PKG_VERSION")))
            .timeout(PATIENCE)
            .connect_timeout(Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| failed(&error))?;
        Ok(Self { client, url: url.to_owned() })
    }
}

/// Without the address: it may hold a token.
fn failed(error: &reqwest::Error) -> ChannelError {
    let detail = match error.status() {
        Some(status) => format!("it answered {status}"),
        None if error.is_timeout() => format!("no answer within {} seconds", PATIENCE.as_secs()),
        None if error.is_connect() => "it does not take connections".to_owned(),
        None => "the request could not be sent".to_owned(),
    };
    ChannelError { channel: "webhook", detail }
}

#[async_trait]
impl Channel for Webhook {
    fn name(&self) -> &'static str {
        "webhook"
    }

    async fn tell(&self, notice: &Notice) -> Result<(), ChannelError> {
        let request = self
            .client
            .post(&self.url)
            .header("content-type", "application/json")
            .header("idempotency-key", &notice.announcement)
            .body(notice.json().to_string());
        let answer = request.send().await.map_err(|error| failed(&error))?;
        answer.error_for_status().map(drop).map_err(|error| failed(&error))
    }
}
