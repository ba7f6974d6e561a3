//! Who may look, where others than this machine's own user can reach the pages: a proxy in front signs who came, and
//! every request must carry what it signed.

use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use jsonwebtoken::{
    Algorithm, DecodingKey, Validation, decode, decode_header,
    errors::ErrorKind,
    jwk::{Jwk, JwkSet},
};
use serde::Deserialize;
use tokio::sync::Mutex;

/// Where Google publishes the keys that its Identity-Aware Proxy signs with.
const IAP_KEYS: &str = "https://www.gstatic.com/iap/verify/public_key-jwk";
const IAP_ISSUER: &str = "https://cloud.google.com/iap";
const IAP_HEADER: &str = "x-goog-iap-jwt-assertion";

/// Keys are read again after this, and for a key that is not known at most this often.
const KEPT: Duration = Duration::from_hours(1);
const NOT_BEFORE: Duration = Duration::from_secs(30);

/// Clocks differ.
const LEEWAY_SECONDS: u64 = 30;

/// Which proxy stands in front.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proxy {
    /// Google's Identity-Aware Proxy: `X-Goog-IAP-JWT-Assertion`, ES256.
    Iap {
        /// `/projects/…/global/backendServices/…`, or `/projects/…/locations/…/services/…` of a Cloud Run service.
        audience: String,
    },
    /// A proxy that signs people in with OpenID Connect and passes the ID token on: `Authorization: Bearer`.
    Oidc {
        /// As the tokens name it; its `/.well-known/openid-configuration` says where the keys are.
        issuer: String,
        /// The client id that the tokens are for.
        audience: String,
    },
}

/// Asks every request who it is of.
pub struct Gate {
    proxy: Proxy,
    keys_url: Option<String>,
    /// Addresses, or domains as `@example.com`; none: whoever the proxy lets in.
    allowed: Vec<String>,
    http: reqwest::Client,
    keys: Mutex<Option<(Instant, JwkSet)>>,
}

/// Why a request is turned away.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Turned {
    /// It carries no token: it did not come through the proxy.
    #[error("the request carries no `{0}`: it did not come through the proxy")]
    NoToken(&'static str),
    /// It is none of the proxy's, or no longer.
    #[error("the token is not taken: {0}")]
    Token(String),
    /// The proxy knows the person; we do not want them.
    #[error("this address is not among those that may look")]
    NotAllowed,
    /// The public keys cannot be read. Not the visitor's fault.
    #[error("the keys of `{url}` cannot be read: {detail}")]
    NoKeys {
        /// Where.
        url: String,
        /// Why.
        detail: String,
    },
}

#[derive(Deserialize)]
struct Claims {
    email: Option<String>,
    email_verified: Option<bool>,
}

#[derive(Deserialize)]
struct Discovery {
    jwks_uri: String,
}

impl Gate {
    /// Behind this proxy. `keys_url`: where its public keys are, where not at the usual place.
    pub fn new(proxy: Proxy, keys_url: Option<String>, allowed: Vec<String>) -> Self {
        let allowed = allowed.into_iter().map(|name| name.trim().to_lowercase()).collect();
        // Already there where anything else in this process speaks TLS.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder().timeout(Duration::from_secs(10)).build().unwrap_or_default();
        Self { proxy, keys_url, allowed, http, keys: Mutex::default() }
    }

    /// Lets a request through, or says why not.
    ///
    /// # Errors
    /// See `Turned`.
    pub async fn admit(&self, headers: &HeaderMap) -> Result<(), Turned> {
        let token = self.token(headers)?;
        let header = decode_header(token).map_err(|error| Turned::Token(error.to_string()))?;
        let mut validation = self.validation();
        if !validation.algorithms.contains(&header.alg) {
            return Err(Turned::Token(format!("it is signed with {:?}", header.alg)));
        }
        validation.algorithms = vec![header.alg];
        let kid = header.kid.ok_or_else(|| Turned::Token("it names no key".to_owned()))?;
        let key =
            self.key(&kid).await?.ok_or_else(|| Turned::Token("its key is not published".to_owned()))?;
        let key = DecodingKey::from_jwk(&key).map_err(|error| Turned::Token(error.to_string()))?;
        let claims = decode::<Claims>(token, &key, &validation)
            .map_err(|error| {
                Turned::Token(match error.kind() {
                    ErrorKind::InvalidAudience => "it is for another service".to_owned(),
                    ErrorKind::InvalidIssuer => "it is somebody else's".to_owned(),
                    ErrorKind::ExpiredSignature => "it is too old".to_owned(),
                    _ => error.to_string(),
                })
            })?
            .claims;
        if self.allows(&claims) { Ok(()) } else { Err(Turned::NotAllowed) }
    }

    fn token<'a>(&self, headers: &'a HeaderMap) -> Result<&'a str, Turned> {
        let text = |name: &'static str| headers.get(name).and_then(|value| value.to_str().ok());
        match self.proxy {
            Proxy::Iap { .. } => text(IAP_HEADER).ok_or(Turned::NoToken(IAP_HEADER)),
            Proxy::Oidc { .. } => text("authorization")
                .and_then(|text| text.strip_prefix("Bearer "))
                .ok_or(Turned::NoToken("authorization")),
        }
        .map(str::trim)
    }

    fn validation(&self) -> Validation {
        let (algorithms, issuer, audience) = match &self.proxy {
            Proxy::Iap { audience } => (vec![Algorithm::ES256], IAP_ISSUER, audience),
            Proxy::Oidc { issuer, audience } => {
                (vec![Algorithm::RS256, Algorithm::ES256], issuer.as_str(), audience)
            }
        };
        let mut validation = Validation::new(Algorithm::ES256);
        validation.algorithms = algorithms;
        validation.leeway = LEEWAY_SECONDS;
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        validation
    }

    /// An address counts that the signer vouches for; without a list nobody's is looked at.
    fn allows(&self, claims: &Claims) -> bool {
        if self.allowed.is_empty() {
            return true;
        }
        let Some(email) = claims.email.as_deref().filter(|_| claims.email_verified != Some(false)) else {
            return false;
        };
        let email = email.rsplit(':').next().unwrap_or(email).to_lowercase();
        self.allowed.iter().any(|known| match known.strip_prefix('@') {
            Some(domain) => email.rsplit_once('@').is_some_and(|(_, of)| of == domain),
            None => email == *known,
        })
    }

    /// A published key. One reads, the others wait for it.
    async fn key(&self, kid: &str) -> Result<Option<Jwk>, Turned> {
        let mut keys = self.keys.lock().await;
        if let Some((since, known)) = keys.as_ref() {
            let found = known.find(kid).cloned();
            let patience = if found.is_some() { KEPT } else { NOT_BEFORE };
            if since.elapsed() < patience {
                return Ok(found);
            }
        }
        match self.read_keys().await {
            Ok(fresh) => Ok(keys.insert((Instant::now(), fresh)).1.find(kid).cloned()),
            // Keys that were good an hour ago are better than nobody being let in.
            Err(error) => match keys.as_ref().and_then(|(_, known)| known.find(kid)) {
                Some(known) => Ok(Some(known.clone())),
                None => Err(error),
            },
        }
    }

    async fn read_keys(&self) -> Result<JwkSet, Turned> {
        let url = match (&self.keys_url, &self.proxy) {
            (Some(url), _) => url.clone(),
            (None, Proxy::Iap { .. }) => IAP_KEYS.to_owned(),
            (None, Proxy::Oidc { issuer, .. }) => {
                let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
                self.read::<Discovery>(&address).await?.jwks_uri
            }
        };
        self.read(&url).await
    }

    async fn read<T: for<'de> Deserialize<'de>>(&self, url: &str) -> Result<T, Turned> {
        let failed = |detail: String| Turned::NoKeys { url: url.to_owned(), detail };
        let answer = self.http.get(url).send().await.and_then(reqwest::Response::error_for_status);
        let body = match answer {
            Ok(answer) => answer.bytes().await.map_err(|error| failed(error.to_string()))?,
            Err(error) => return Err(failed(error.without_url().to_string())),
        };
        serde_json::from_slice(&body).map_err(|error| failed(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use aispend_ports::{Clock as _, SystemClock};
    use axum::{Json, Router, routing::get};
    use base64::Engine as _;
    use jsonwebtoken::{EncodingKey, Header, encode};
    use p256::{ecdsa::SigningKey, pkcs8::EncodePrivateKey as _};
    use serde_json::{Value, json};

    use super::*;

    const AUDIENCE: &str = "/projects/1/locations/us-central1/services/dashboards";

    /// A signer with its published keys.
    struct Signer {
        key: EncodingKey,
        url: String,
        asked: Arc<AtomicUsize>,
    }

    fn random_key() -> SigningKey {
        loop {
            if let Ok(key) = SigningKey::from_slice(&rand::random::<[u8; 32]>()) {
                return key;
            }
        }
    }

    fn encoding(key: &SigningKey) -> EncodingKey {
        let secret = p256::SecretKey::from(key);
        EncodingKey::from_ec_der(secret.to_pkcs8_der().unwrap().as_bytes())
    }

    async fn signer() -> Signer {
        let key = random_key();
        let point = key.verifying_key().to_encoded_point(false);
        let jwk = json!({"keys": [{
            "kid": "k1", "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig",
            "x": base64(point.x().unwrap()), "y": base64(point.y().unwrap()),
        }]});
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        let app = Router::new().route(
            "/keys",
            get(move || {
                counted.fetch_add(1, Ordering::SeqCst);
                let jwk = jwk.clone();
                async move { Json(jwk) }
            }),
        );
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Signer { key: encoding(&key), url, asked }
    }

    fn base64(bytes: &[u8]) -> String {
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
    }

    fn now() -> jiff::Timestamp {
        SystemClock::new(tokio::time::sleep).now()
    }

    fn claims(change: impl FnOnce(&mut Value)) -> Value {
        let mut claims = json!({
            "iss": IAP_ISSUER, "aud": AUDIENCE, "email": "accounts.google.com:ada@example.com",
            "exp": now().as_second() + 300, "iat": now().as_second(),
        });
        change(&mut claims);
        claims
    }

    fn signed(key: &EncodingKey, kid: &str, claims: &Value) -> HeaderMap {
        let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::ES256) };
        let mut headers = HeaderMap::new();
        headers.insert(IAP_HEADER, encode(&header, claims, key).unwrap().parse().unwrap());
        headers
    }

    fn gate(url: &str, allowed: &[&str]) -> Gate {
        let allowed = allowed.iter().map(|name| (*name).to_owned()).collect();
        Gate::new(Proxy::Iap { audience: AUDIENCE.to_owned() }, Some(url.to_owned()), allowed)
    }

    #[tokio::test]
    async fn who_comes_through_the_proxy_is_let_in_and_keys_are_read_once() {
        let signer = signer().await;
        let gate = gate(&signer.url, &[]);
        for _ in 0..3 {
            assert_eq!(gate.admit(&signed(&signer.key, "k1", &claims(|_| ()))).await, Ok(()));
        }
        assert_eq!(signer.asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn everybody_else_is_turned_away_with_the_reason() {
        let signer = signer().await;
        let gate = gate(&signer.url, &[]);
        assert_eq!(gate.admit(&HeaderMap::new()).await, Err(Turned::NoToken(IAP_HEADER)));
        let stranger = encoding(&random_key());
        let past = now().as_second() - 3_600;
        for (headers, reason) in [
            (signed(&stranger, "k1", &claims(|_| ())), "InvalidSignature"),
            (signed(&signer.key, "k2", &claims(|_| ())), "not published"),
            (
                signed(&signer.key, "k1", &claims(|claims| claims["aud"] = json!("another"))),
                "another service",
            ),
            (
                signed(&signer.key, "k1", &claims(|claims| claims["iss"] = json!("https://a.example"))),
                "somebody else's",
            ),
            (signed(&signer.key, "k1", &claims(|claims| claims["exp"] = json!(past))), "too old"),
            (
                signed(
                    &signer.key,
                    "k1",
                    &claims(|claims| drop(claims.as_object_mut().unwrap().remove("exp"))),
                ),
                "exp",
            ),
        ] {
            let turned = gate.admit(&headers).await.unwrap_err();
            assert!(turned.to_string().contains(reason), "{turned} should say {reason}");
        }
        // A token that says it needs no signature, or one made with the public key as a password.
        for (header, reason) in
            [("eyJhbGciOiJub25lIn0", "token"), ("eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIn0", "HS256")]
        {
            let mut headers = HeaderMap::new();
            headers.insert(IAP_HEADER, format!("{header}.e30.c2ln").parse().unwrap());
            let turned = gate.admit(&headers).await.unwrap_err().to_string();
            assert!(turned.contains(reason), "{turned}");
        }
    }

    #[tokio::test]
    async fn a_list_lets_in_whom_it_names() {
        let signer = signer().await;
        for (allowed, email, is_let_in) in [
            (&["ada@example.com"][..], "ada@example.com", true),
            (&["@example.com"], "accounts.google.com:Ada@Example.com", true),
            (&["@example.com"], "ada@sub.example.com", false),
            (&["@example.com"], "ada@example.com.evil.example", false),
            (&["bob@example.com"], "ada@example.com", false),
        ] {
            let headers = signed(&signer.key, "k1", &claims(|claims| claims["email"] = json!(email)));
            assert_eq!(
                gate(&signer.url, allowed).admit(&headers).await.is_ok(),
                is_let_in,
                "{email} of {allowed:?}"
            );
        }
        let unproven = claims(|claims| claims["email_verified"] = json!(false));
        let turned = gate(&signer.url, &["@example.com"]).admit(&signed(&signer.key, "k1", &unproven)).await;
        assert_eq!(turned, Err(Turned::NotAllowed));
    }

    #[tokio::test]
    async fn keys_that_cannot_be_read_are_not_the_visitors_fault() {
        let signer = signer().await;
        let gate = gate("http://127.0.0.1:1/keys", &[]);
        let turned = gate.admit(&signed(&signer.key, "k1", &claims(|_| ()))).await.unwrap_err();
        assert!(matches!(turned, Turned::NoKeys { .. }), "{turned}");
    }
}
