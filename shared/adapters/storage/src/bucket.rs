//! Objects of one bucket: bounded calls, and what their failures mean.

use std::error::Error as _;
use std::time::Duration;

use aispend_google::{Google, Rest, RestError, backoff, segment};
use bytes::{Bytes, BytesMut};
use futures::future::BoxFuture;
use google_cloud_gax::error::Error;
use google_cloud_gax::retry_policy::RetryPolicyExt as _;
use google_cloud_storage::client::Storage;
use google_cloud_storage::error::ReadError;
use google_cloud_storage::retry_policy::RetryableErrors;
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde_json::json;
use tokio::time::{Instant, timeout};

use crate::{StorageError, StorageOptions};

const GOOGLE: &str = "https://storage.googleapis.com";
const NO_BUCKET: &str = "it is not there; Terraform makes it in production, `aispend migrate --create-bus` for emulators and test projects";
const NO_PERMISSION: &str =
    "no permission; grant roles/storage.objectUser on the bucket to whoever runs this";

/// One bucket, and the clients that reach it.
#[derive(Clone)]
pub struct Bucket {
    client: Storage,
    rest: Rest,
    project: String,
    /// As the client wants it: `projects/_/buckets/NAME`.
    resource: String,
    options: StorageOptions,
}

/// Why a call came to nothing.
#[derive(Debug)]
pub enum Fault {
    /// There is no such object.
    Missing,
    /// The object is not in the state that the write was meant for.
    Changed,
    /// What came is not what was stored.
    Damaged(String),
    /// No answer in time, or a refusal that somebody has to see to.
    Unavailable(String),
}

impl Bucket {
    pub fn connect(google: &Google, options: StorageOptions) -> BoxFuture<'_, Result<Self, StorageError>> {
        Box::pin(async move {
            let place = google.storage()?;
            let resumable_from =
                options.resumable_from.filter(|_| place.endpoint.is_none()).unwrap_or(usize::MAX);
            let mut builder = Storage::builder()
                .with_credentials(place.credentials.clone())
                .with_retry_policy(RetryableErrors.with_time_limit(options.total))
                .with_backoff_policy(backoff())
                .with_resumable_upload_threshold(resumable_from);
            if let Some(endpoint) = &place.endpoint {
                builder = builder.with_endpoint(endpoint);
            }
            let client = builder.build().await.map_err(|error| StorageError::Client(chain(&error)))?;
            let resource = format!("projects/_/buckets/{}", options.bucket);
            Ok(Self {
                client,
                rest: Rest::new(&place, GOOGLE),
                project: google.project.clone(),
                resource,
                options,
            })
        })
    }

    /// Stores an object: `generation` is what it must have now, 0 where there must be none. The one it has then.
    pub async fn write(&self, name: &str, body: Bytes, generation: Option<i64>) -> Result<i64, Fault> {
        let within = self.options.attempt + Duration::from_secs(body.len() as u64 >> 20);
        let written = self
            .patiently(within, || {
                // Twice is the same as once, or is noticed by the generation.
                let call =
                    self.client.write_object(&self.resource, name, body.clone()).with_idempotency(true);
                let call = match generation {
                    Some(generation) => call.set_if_generation_match(generation),
                    None => call,
                };
                Box::pin(call.send_buffered())
            })
            .await;
        match written {
            Ok(object) => Ok(object.generation),
            Err(Fault::Missing) if generation.is_none_or(|generation| generation == 0) => {
                Err(Fault::Unavailable(format!("bucket `{}`: {NO_BUCKET}", self.options.bucket)))
            }
            // It had a generation, and is gone.
            Err(Fault::Missing) => Err(Fault::Changed),
            Err(fault) => Err(fault),
        }
    }

    /// Reads an object and its generation.
    pub async fn read(&self, name: &str) -> Result<(Bytes, i64), Fault> {
        let read = || self.patiently(self.options.total, || self.read_once(name));
        match read().await {
            // The line may have damaged it. What is damaged in the bucket is so twice.
            Err(Fault::Damaged(_)) => read().await,
            read => read,
        }
    }

    async fn read_once(&self, name: &str) -> Result<(Bytes, i64), Error> {
        let attempt = self.options.attempt;
        let call = self.client.read_object(&self.resource, name).send();
        let mut answer = timeout(attempt, call).await.map_err(Error::timeout)??;
        let object = answer.object();
        let mut body = BytesMut::with_capacity(object.size.clamp(0, 64 << 20) as usize);
        while let Some(chunk) = timeout(attempt, answer.next()).await.map_err(Error::timeout)? {
            body.extend_from_slice(&chunk?);
        }
        Ok((body.freeze(), object.generation))
    }

    pub async fn remove(&self, name: &str) -> Result<(), Fault> {
        let path = format!("/storage/v1/b/{}/o/{}", self.options.bucket, segment(name));
        match self.rest.call_patiently(Method::DELETE, &path, &[], None, self.options.total).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_missing() => Err(Fault::Missing),
            Err(error) => Err(Fault::Unavailable(refusal(&error))),
        }
    }

    /// The names that begin so.
    pub async fn list(&self, prefix: &str) -> Result<Vec<String>, Fault> {
        let path = format!("/storage/v1/b/{}/o", self.options.bucket);
        let page_size = self.options.page_size.to_string();
        let mut names = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let mut query = vec![
                ("prefix", prefix),
                ("maxResults", page_size.as_str()),
                ("fields", "nextPageToken,items(name)"),
            ];
            query.extend(token.as_deref().map(|token| ("pageToken", token)));
            let answer = self.rest.call_patiently(Method::GET, &path, &query, None, self.options.total).await;
            let text = answer.map_err(|error| Fault::Unavailable(refusal(&error)))?;
            let page: Page = serde_json::from_str(&text)
                .map_err(|error| Fault::Unavailable(format!("the list of objects: {error}")))?;
            names.extend(page.items.into_iter().map(|item| item.name));
            token = page.next_page_token;
            if token.is_none() {
                return Ok(names);
            }
        }
    }

    /// Needs no more than the permission to read objects.
    pub fn check(&self) -> BoxFuture<'_, Result<(), StorageError>> {
        Box::pin(async move {
            let path = format!("/storage/v1/b/{}/o", self.options.bucket);
            let query = [("maxResults", "1"), ("fields", "kind")];
            let answer = self.rest.call_patiently(Method::GET, &path, &query, None, self.options.total).await;
            answer.map(drop).map_err(|error| self.unusable(&error))
        })
    }

    pub fn create<'a>(&'a self, location: &'a str) -> BoxFuture<'a, Result<(), StorageError>> {
        Box::pin(async move {
            let body = json!({
                "name": self.options.bucket,
                "location": location,
                "iamConfiguration": {
                    "uniformBucketLevelAccess": { "enabled": true },
                    "publicAccessPrevention": "enforced",
                },
            });
            let query = [("project", self.project.as_str())];
            let total = self.options.total;
            match self.rest.call_patiently(Method::POST, "/storage/v1/b", &query, Some(&body), total).await {
                Ok(_) => Ok(()),
                // Ours, or somebody else's: names are the whole world's.
                Err(error) if error.status() == Some(StatusCode::CONFLICT) => self.check().await,
                Err(error) => Err(self.unusable(&error)),
            }
        })
    }

    fn unusable(&self, error: &RestError) -> StorageError {
        StorageError::Bucket { bucket: self.options.bucket.clone(), detail: refusal(error) }
    }

    /// Calls until there is an answer. The client repeats what failed; this repeats what hangs.
    async fn patiently<T, F: Future<Output = Result<T, Error>> + Send>(
        &self,
        within: Duration,
        call: impl Fn() -> F + Send + Sync,
    ) -> Result<T, Fault> {
        let deadline = Instant::now() + self.options.total.max(within);
        loop {
            let remaining = deadline.saturating_duration_since(Instant::now());
            match timeout(remaining.min(within), call()).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) if !error.is_timeout() => return Err(fault(&error)),
                Ok(Err(_)) | Err(_) if Instant::now() < deadline => {}
                Ok(Err(_)) | Err(_) => {
                    let total = self.options.total.as_secs_f32();
                    return Err(Fault::Unavailable(format!("no answer within {total} s")));
                }
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(default)]
    items: Vec<Item>,
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
struct Item {
    name: String,
}

fn fault(error: &Error) -> Fault {
    let says = |words: &[u8]| {
        error.http_payload().is_some_and(|text| text.windows(words.len()).any(|part| part == words))
    };
    match error.http_status_code() {
        Some(404) if says(b"bucket does not exist") => Fault::Unavailable(NO_BUCKET.to_owned()),
        Some(404) => Fault::Missing,
        Some(412) => Fault::Changed,
        Some(401 | 403) => Fault::Unavailable(format!("{NO_PERMISSION} ({})", chain(error))),
        _ => match error.source().and_then(|source| source.downcast_ref::<ReadError>()) {
            Some(ReadError::ChecksumMismatch(mismatch)) => Fault::Damaged(mismatch.to_string()),
            _ => Fault::Unavailable(chain(error)),
        },
    }
}

fn refusal(error: &RestError) -> String {
    match error.status() {
        Some(StatusCode::NOT_FOUND) => NO_BUCKET.to_owned(),
        Some(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => format!("{NO_PERMISSION} ({error})"),
        _ => chain(error),
    }
}

/// An error and its causes, one line; the client's errors quote some of theirs.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let words = inner.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        cause = inner.source();
    }
    text
}
