//! A secret that follows its newest version.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aispend_ports::Key;
use async_trait::async_trait;
use futures::future::BoxFuture;
use google_cloud_secretmanager_v1::client::SecretManagerService;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;
use tracing::{info, warn};

use crate::SecretError;
use crate::name::SecretName;

/// A secret's value as last read.
pub struct Rotating {
    client: SecretManagerService,
    name: SecretName,
    value: Mutex<SecretString>,
    /// When it was last asked for. Held while asking: whoever is refused meanwhile waits for the same answer.
    asked: tokio::sync::Mutex<Instant>,
    at_most_every: Duration,
}

impl Rotating {
    pub(crate) async fn read(
        client: SecretManagerService,
        name: SecretName,
        at_most_every: Duration,
    ) -> Result<Self, SecretError> {
        let value = Mutex::new(access(&client, &name).await?);
        Ok(Self { client, name, value, asked: tokio::sync::Mutex::new(Instant::now()), at_most_every })
    }

    /// Reads it again, unless that was done less than so long ago.
    pub(crate) async fn read_again(&self, at_most_every: Duration) {
        let mut asked = self.asked.lock().await;
        if asked.elapsed() < at_most_every {
            return;
        }
        let answer = access(&self.client, &self.name).await;
        *asked = Instant::now();
        match answer {
            Ok(value) => {
                let mut known = self.value.lock().unwrap_or_else(PoisonError::into_inner);
                if known.expose_secret() != value.expose_secret() {
                    info!(secret = %self.name, "secret has a new value");
                    *known = value;
                }
            }
            Err(error) => warn!(secret = %self.name, %error, "secret not read again; its last value stays"),
        }
    }
}

impl fmt::Debug for Rotating {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Rotating({})", self.name)
    }
}

#[async_trait]
impl Key for Rotating {
    fn current(&self) -> SecretString {
        self.value.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn refreshed(&self) -> SecretString {
        self.read_again(self.at_most_every).await;
        self.current()
    }
}

fn access<'a>(
    client: &'a SecretManagerService,
    name: &'a SecretName,
) -> BoxFuture<'a, Result<SecretString, SecretError>> {
    Box::pin(async move {
        let answer = client
            .access_secret_version()
            .set_name(name.to_string())
            .send()
            .await
            .map_err(|error| SecretError::of(name, &error))?;
        let data = answer.payload.map(|payload| payload.data).unwrap_or_default();
        let unusable =
            |detail: &str| SecretError::Unavailable { secret: name.to_string(), detail: detail.to_owned() };
        let text = str::from_utf8(&data).map_err(|_| unusable("its value is no text"))?;
        // `echo KEY | gcloud secrets versions add` stores a line break that no key has.
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            return Err(unusable("its value is empty"));
        }
        Ok(SecretString::from(text))
    })
}
