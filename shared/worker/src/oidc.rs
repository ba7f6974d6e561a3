//! Who pushed a message: Pub/Sub signs each request with a token of the subscription's service account.

use google_cloud_auth::credentials::idtoken::verifier::{Builder, Verifier};

/// Checks the `Authorization` header of a pushed message.
pub enum Gate {
    /// Signed by Google, for this audience, by this service account.
    Oidc(Box<Verifier>),
    /// An emulator signs nothing.
    Open,
}

/// Why a request is turned away.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
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
        let mut builder = Builder::new([audience]).with_email(service_account);
        if let Some(keys) = keys {
            builder = builder.with_jwks_url(keys);
        }
        Self::Oidc(Box::new(builder.build()))
    }

    /// Lets a request through, or says why not.
    pub async fn check(&self, authorization: Option<&str>) -> Result<(), Refused> {
        let verifier = match self {
            Self::Open => return Ok(()),
            Self::Oidc(verifier) => verifier,
        };
        let token = authorization.and_then(|text| text.strip_prefix("Bearer ")).ok_or(Refused::NoToken)?;
        match verifier.verify(token.trim()).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_load_cert() => Err(Refused::NoKeys(error.to_string())),
            Err(error) => Err(Refused::Token(error.to_string())),
        }
    }
}
