//! Who pushed a message: Pub/Sub signs each request with a token of the subscription's service account.
//!
//! Not the verifier of `google-cloud-auth`: while it reads keys it turns away whoever else comes, it takes a key that is
//! not published for keys that cannot be read, and it panics on a token without an e-mail address.

use std::time::Duration;

use futures::future::BoxFuture;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// Where Google publishes the keys that it signs with.
const KEYS: &str = "https://www.googleapis.com/oauth2/v3/certs";
const ISSUERS: [&str; 2] = ["https://accounts.google.com", "accounts.google.com"];

/// Keys are read again after this, and for a key that is not known at most this often.
const KEPT: Duration = Duration::from_hours(1);
const NOT_BEFORE: Duration = Duration::from_secs(30);

/// Where they could not be read, whoever waited for the same answer gets it.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// One reading of them may take so long.
const PATIENCE: Duration = Duration::from_secs(5);

/// Clocks differ.
const LEEWAY_SECONDS: u64 = 10;

/// Checks the `Authorization` header of a pushed message.
pub enum Gate {
    /// Signed by Google, for this audience, by this service account.
    Oidc(Box<Verifier>),
    /// An emulator signs nothing.
    Open,
}

/// Why a request is turned away.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum Refused {
    /// No bearer token.
    #[error(
        "no bearer token: the push subscription needs an OIDC token, of the service account of AISPEND_PUSH_SERVICE_ACCOUNT"
    )]
    NoToken,
    /// Not one that this worker takes.
    #[error("the token is not taken: {0}")]
    Token(String),
    /// Google's keys could not be read: not the sender's fault.
    #[error("Google's keys cannot be read: {0}")]
    NoKeys(String),
}

impl Gate {
    /// For tokens of this audience and account. `keys`: where the public keys are, where not at Google.
    pub fn oidc(audience: &str, service_account: &str, keys: Option<&str>) -> Self {
        // Already there where anything else in this process speaks TLS.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder().timeout(PATIENCE).build().unwrap_or_default();
        Self::Oidc(Box::new(Verifier {
            audience: audience.to_owned(),
            service_account: service_account.to_owned(),
            keys_url: keys.unwrap_or(KEYS).to_owned(),
            http,
            keys: Mutex::default(),
        }))
    }

    /// Lets a request through, or says why not.
    pub fn check<'a>(&'a self, authorization: Option<&'a str>) -> BoxFuture<'a, Result<(), Refused>> {
        Box::pin(async move {
            let verifier = match self {
                Self::Open => return Ok(()),
                Self::Oidc(verifier) => verifier,
            };
            let token =
                authorization.and_then(|text| text.strip_prefix("Bearer ")).ok_or(Refused::NoToken)?;
            verifier.verify(token.trim()).await
        })
    }
}

/// Knows one sender.
pub struct Verifier {
    audience: String,
    service_account: String,
    keys_url: String,
    http: reqwest::Client,
    keys: Mutex<Published>,
}

/// The published keys as last read.
#[derive(Default)]
struct Published {
    read: Option<(Instant, JwkSet)>,
    failed: Option<(Instant, Refused)>,
}

#[derive(Deserialize)]
struct Claims {
    email: Option<String>,
    email_verified: Option<bool>,
}

impl Verifier {
    async fn verify(&self, token: &str) -> Result<(), Refused> {
        let refused = |why: &str| Refused::Token(why.to_owned());
        let header = decode_header(token).map_err(|error| Refused::Token(error.to_string()))?;
        // Before any key is looked for: a public key must never be taken for a shared secret.
        if header.alg != Algorithm::RS256 {
            return Err(Refused::Token(format!("it is signed with {:?}, not RS256", header.alg)));
        }
        let kid = header.kid.ok_or_else(|| refused("it names no key"))?;
        let key = self.key(&kid).await?.ok_or_else(|| refused("its key is not published"))?;
        let key = DecodingKey::from_jwk(&key).map_err(|error| Refused::Token(error.to_string()))?;
        let claims =
            decode::<Claims>(token, &key, &self.validation()).map_err(|error| match error.kind() {
                ErrorKind::InvalidAudience => refused("it is not for the address of AISPEND_PUSH_AUDIENCE"),
                ErrorKind::InvalidIssuer => refused("Google did not issue it"),
                ErrorKind::ExpiredSignature => refused("it is too old"),
                _ => Refused::Token(error.to_string()),
            })?;
        let Claims { email, email_verified } = claims.claims;
        if email.as_deref() != Some(&self.service_account) {
            return Err(refused("it is not of the account of AISPEND_PUSH_SERVICE_ACCOUNT"));
        }
        if email_verified != Some(true) {
            return Err(refused("its e-mail address is not verified"));
        }
        Ok(())
    }

    fn validation(&self) -> Validation {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.leeway = LEEWAY_SECONDS;
        validation.set_issuer(&ISSUERS);
        validation.set_audience(&[&self.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        validation
    }

    /// A published key. One reads, the others wait for it.
    async fn key(&self, kid: &str) -> Result<Option<Jwk>, Refused> {
        let mut keys = self.keys.lock().await;
        let known = keys.read.as_ref().and_then(|(_, read)| read.find(kid).cloned());
        if let Some((since, _)) = &keys.read {
            let patience = if known.is_some() { KEPT } else { NOT_BEFORE };
            if since.elapsed() < patience {
                return Ok(known);
            }
        }
        let failure = match &keys.failed {
            Some((since, failure)) if since.elapsed() < AFTER_FAILURE => failure.clone(),
            _ => match self.read_keys().await {
                Ok(fresh) => {
                    let found = fresh.find(kid).cloned();
                    *keys = Published { read: Some((Instant::now(), fresh)), failed: None };
                    return Ok(found);
                }
                Err(failure) => {
                    keys.failed = Some((Instant::now(), failure.clone()));
                    failure
                }
            },
        };
        // Keys that were good an hour ago are better than no message being let in.
        if known.is_some() { Ok(known) } else { Err(failure) }
    }

    async fn read_keys(&self) -> Result<JwkSet, Refused> {
        let failed = |error: reqwest::Error| Refused::NoKeys(aispend_stage::error_chain(&error));
        let answer = self.http.get(&self.keys_url).send().await.and_then(reqwest::Response::error_for_status);
        let body = answer.map_err(failed)?.bytes().await.map_err(failed)?;
        serde_json::from_slice(&body).map_err(|error| Refused::NoKeys(error.to_string()))
    }
}
