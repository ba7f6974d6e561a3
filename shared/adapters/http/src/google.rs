//! A service account's token for Google Sheets: a signed JWT exchanged at the key's own `token_uri`.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aispend_model::Vendor;
use aispend_ports::FetchError;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

const SCOPE: &str = "https://www.googleapis.com/auth/spreadsheets.readonly";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const DEFAULT_TOKEN_URI: &str = "https://oauth2.googleapis.com/token";

/// A service account's key.
#[derive(Debug, Clone)]
pub struct GoogleCredentials {
    inner: Arc<KeyFile>,
}

#[derive(Debug, Deserialize)]
struct KeyFile {
    client_email: String,
    private_key: SecretString,
    private_key_id: Option<String>,
    token_uri: Option<String>,
}

/// Why a key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum GoogleKeyError {
    /// It is not there or not readable.
    #[error("the key file `{path}` cannot be read")]
    Unreadable {
        /// Which file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is no service account's key. The cause is left out: it could quote the key.
    #[error("`{path}` is no service account key (JSON with client_email, private_key and token_uri)")]
    NotAKey {
        /// Which file.
        path: String,
    },
}

impl GoogleCredentials {
    /// Reads the file `GOOGLE_APPLICATION_CREDENTIALS` names.
    ///
    /// # Errors
    /// When it is not there or no service account's key.
    pub fn from_file(path: &Path) -> Result<Self, GoogleKeyError> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|source| GoogleKeyError::Unreadable { path: name.clone(), source })?;
        let key: KeyFile = serde_json::from_str(&text).map_err(|_| GoogleKeyError::NotAKey { path: name })?;
        Ok(Self { inner: Arc::new(key) })
    }

    fn token_uri(&self) -> &str {
        self.inner.token_uri.as_deref().unwrap_or(DEFAULT_TOKEN_URI)
    }

    /// Gets a token that is good for about an hour.
    pub(crate) async fn token(
        &self,
        client: &reqwest::Client,
        now: jiff::Timestamp,
    ) -> Result<Token, FetchError> {
        let refused = |detail: String| FetchError::Credentials { vendor: Vendor::Sheets, detail };
        let issued = now.as_second();
        let claims = Claims {
            iss: &self.inner.client_email,
            scope: SCOPE,
            aud: self.token_uri(),
            iat: issued,
            exp: issued + 3_600,
        };
        let key =
            EncodingKey::from_rsa_pem(self.inner.private_key.expose_secret().as_bytes()).map_err(|_| {
                refused("the private key of the service account is no RSA key in PEM form".to_owned())
            })?;
        let header = Header { kid: self.inner.private_key_id.clone(), ..Header::new(Algorithm::RS256) };
        let assertion = jsonwebtoken::encode(&header, &claims, &key)
            .map_err(|_| refused("the token request could not be signed".to_owned()))?;
        let unavailable =
            |detail: String| FetchError::Unavailable { vendor: Vendor::Sheets, detail, retry_after: None };
        let response = client
            .post(self.token_uri())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("grant_type={}&assertion={assertion}", GRANT.replace(':', "%3A")))
            .send()
            .await
            .map_err(|error| unavailable(error.without_url().to_string()))?;
        let status = response.status().as_u16();
        let body = response.bytes().await.map_err(|error| unavailable(error.without_url().to_string()))?;
        if status == 200 {
            let answer: TokenAnswer = serde_json::from_slice(&body).map_err(|_| {
                unavailable("the token endpoint answered with something else than a token".to_owned())
            })?;
            // A minute early, so that no request leaves with a token about to end.
            let good_for = Duration::from_secs(answer.expires_in.saturating_sub(60));
            return Ok(Token { value: answer.access_token, until: Instant::now() + good_for });
        }
        if status >= 500 || status == 429 {
            return Err(unavailable(format!("the token endpoint answered {status}")));
        }
        let answer: TokenRefusal = serde_json::from_slice(&body).unwrap_or_default();
        Err(refused(format!(
            "{} {} (is the machine's clock right, is the key still valid?)",
            answer.error, answer.error_description
        )))
    }
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    scope: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: SecretString,
    #[serde(default)]
    expires_in: u64,
}

#[derive(Deserialize, Default)]
struct TokenRefusal {
    #[serde(default)]
    error: String,
    #[serde(default)]
    error_description: String,
}

/// A bearer token and its end.
#[derive(Debug, Clone)]
pub struct Token {
    pub value: SecretString,
    pub until: Instant,
}
