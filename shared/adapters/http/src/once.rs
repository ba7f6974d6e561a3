//! One try a request, for whoever wants to see an answer as it comes: a refusal, a busy vendor, a broken page.

use aispend_model::{Method, Request, Response};
use aispend_ports::{Fetch, FetchError};
use async_trait::async_trait;

use crate::HttpFetch;
use crate::send::{Answer, too_large};

/// The client without its patience: limits hold, nothing is asked twice, no circuit opens.
pub struct Once(HttpFetch);

impl Once {
    /// Of a client that nobody else uses.
    pub const fn new(fetch: HttpFetch) -> Self {
        Self(fetch)
    }
}

#[async_trait]
impl Fetch for Once {
    async fn send(&self, request: &Request) -> Result<Response, FetchError> {
        if request.method == Method::File {
            return self.0.read_file(request);
        }
        let vendor = request.vendor;
        let account = self
            .0
            .accounts
            .get(&(vendor, request.org_id.clone()))
            .ok_or_else(|| FetchError::NotConfigured { vendor, org_id: request.org_id.clone() })?;
        let _turn = self.0.limits.wait(request, &account.auth).await;
        let key = account.auth.key().map(|key| key.current());
        match self.0.answer(request, account, key.as_ref()).await? {
            Answer::Came(response) => Ok(response),
            Answer::None { hint, detail } => {
                Err(FetchError::Unavailable { vendor, detail, retry_after: hint })
            }
            Answer::TooLarge => {
                Err(FetchError::Unavailable { vendor, detail: too_large(), retry_after: None })
            }
        }
    }
}
