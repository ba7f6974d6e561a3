//! Secrets by name from Secret Manager: `secret://name` in place of a value, read once, and again every hour or when a
//! vendor refuses the key, so that a rotated key needs no restart.
//!
//! No error and no log line holds a value.

mod error;
mod name;
mod rotating;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aispend_google::{Google, backoff};
use aispend_ports::Key;
use futures::future::BoxFuture;
use google_cloud_gax::retry_policy::{Aip194Strict, RetryPolicyExt as _};
use google_cloud_secretmanager_v1::client::SecretManagerService;
use secrecy::SecretString;

pub use error::SecretError;
use name::SecretName;
pub use rotating::Rotating;

/// How often, and how patiently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretsOptions {
    /// All secrets are read again so often.
    pub every: Duration,
    /// A secret whose value was refused is not read again sooner than this after it was last read.
    pub at_most_every: Duration,
    /// One try may take so long.
    pub attempt: Duration,
    /// All tries of a call.
    pub total: Duration,
}

impl Default for SecretsOptions {
    fn default() -> Self {
        Self {
            every: Duration::from_hours(1),
            at_most_every: Duration::from_mins(1),
            attempt: Duration::from_secs(10),
            total: Duration::from_secs(30),
        }
    }
}

/// Reads secrets and remembers them. Clones share what they know.
#[derive(Clone)]
pub struct Secrets {
    client: SecretManagerService,
    project: String,
    known: Arc<Mutex<Known>>,
    options: SecretsOptions,
}

type Known = BTreeMap<SecretName, Arc<Rotating>>;

impl Secrets {
    /// True where a setting's value names a secret.
    pub fn is_reference(value: &str) -> bool {
        name::reference(value).is_some()
    }

    /// Makes the client; asks nothing yet. Starts the hourly reading, which ends with the last clone.
    ///
    /// # Errors
    /// When there are no credentials.
    pub fn connect(google: &Google, options: SecretsOptions) -> BoxFuture<'_, Result<Self, SecretError>> {
        Box::pin(async move {
            let place = google.secret_manager()?;
            let mut builder = SecretManagerService::builder()
                .with_credentials(place.credentials.clone())
                .with_attempt_timeout(options.attempt)
                .with_backoff_policy(backoff())
                .with_retry_policy(
                    Aip194Strict.continue_on_too_many_requests().with_time_limit(options.total),
                );
            if let Some(endpoint) = &place.endpoint {
                builder = builder.with_endpoint(endpoint);
            }
            let client = builder.build().await.map_err(|error| SecretError::Client(error.to_string()))?;
            let known = Arc::new(Mutex::new(Known::new()));
            let weak = Arc::downgrade(&known);
            tokio::spawn(async move {
                loop {
                    tokio::time::sleep(options.every).await;
                    let Some(known) = weak.upgrade() else { return };
                    refresh(&known).await;
                }
            });
            Ok(Self { client, project: google.project.clone(), known, options })
        })
    }

    /// The value a setting stands for: `secret://name`, `secret://name/versions/3` or
    /// `secret://projects/p/secrets/name[/versions/3]` are read, once; anything else is itself.
    ///
    /// # Errors
    /// When the secret is not there, may not be read, or Secret Manager does not answer.
    pub async fn resolve(&self, value: &str) -> Result<SecretString, SecretError> {
        Ok(self.key(value).await?.current())
    }

    /// The same as a key that follows its secret: `HttpFetch` asks it for the newest value when a vendor refuses one.
    ///
    /// # Errors
    /// As for `resolve`.
    pub async fn key(&self, value: &str) -> Result<Arc<dyn Key>, SecretError> {
        let Some(reference) = name::reference(value) else {
            return Ok(Arc::new(SecretString::from(value)));
        };
        let name = SecretName::parse(reference, &self.project)?;
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&name).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let first =
            Arc::new(Rotating::read(self.client.clone(), name.clone(), self.options.at_most_every).await?);
        // Somebody may have read it meanwhile: one handle, so that all see the same value.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(known.entry(name).or_insert(first)) as Arc<dyn Key>)
    }

    /// Reads every known secret again. One that cannot be read keeps its value, and is logged.
    pub async fn refresh(&self) {
        refresh(&self.known).await;
    }
}

async fn refresh(known: &Mutex<Known>) {
    let all: Vec<Arc<Rotating>> =
        known.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
    for secret in all {
        secret.read_again(Duration::ZERO).await;
    }
}
