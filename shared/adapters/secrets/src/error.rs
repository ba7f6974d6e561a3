//! Why a secret cannot be had.

use aispend_google::GoogleError;
use google_cloud_gax::error::Error;
use google_cloud_gax::error::rpc::Code;

use crate::name::SecretName;

/// Why a secret cannot be had. Never its value.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// No credentials.
    #[error(transparent)]
    Google(#[from] GoogleError),
    /// The client cannot be made.
    #[error("the Secret Manager client cannot be made: {0}")]
    Client(String),
    /// The reference names nothing. It is left out: somebody may have put the value itself behind `secret://`.
    #[error(
        "a `secret://` value names no secret; write `secret://NAME`, `secret://NAME/versions/3` or \
         `secret://projects/PROJECT/secrets/NAME`"
    )]
    Name,
    /// There is no such secret or version.
    #[error(
        "there is no secret `{secret}`; `gcloud secrets versions access {version} --secret={name} --project={project}` \
         shows whether it is there"
    )]
    Missing {
        /// The whole name.
        secret: String,
        /// Its project,
        project: String,
        /// its short name,
        name: String,
        /// and its version, or `latest`.
        version: String,
    },
    /// We may not read it.
    #[error(
        "no permission to read the secret `{secret}`; grant roles/secretmanager.secretAccessor on it to whoever runs this"
    )]
    Denied {
        /// The whole name.
        secret: String,
    },
    /// No answer in time, or none that can be used.
    #[error("Secret Manager did not give `{secret}`: {detail}")]
    Unavailable {
        /// The whole name.
        secret: String,
        /// What went wrong.
        detail: String,
    },
}

impl SecretError {
    pub(crate) fn of(secret: &SecretName, error: &Error) -> Self {
        let http = error.http_status_code();
        let code = error.status().map(|status| status.code);
        if http == Some(404) || code == Some(Code::NotFound) {
            return Self::Missing {
                secret: secret.to_string(),
                project: secret.project.clone(),
                name: secret.name.clone(),
                version: secret.version.clone(),
            };
        }
        if matches!(http, Some(401 | 403))
            || matches!(code, Some(Code::PermissionDenied | Code::Unauthenticated))
        {
            return Self::Denied { secret: secret.to_string() };
        }
        // The text of a decoding error can quote what it could not decode.
        let detail = if error.is_deserialization() {
            "its answer cannot be read".to_owned()
        } else {
            error.to_string()
        };
        Self::Unavailable { secret: secret.to_string(), detail }
    }
}
