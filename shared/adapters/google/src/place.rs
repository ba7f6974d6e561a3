//! Where a service is, and who asks.

use google_cloud_auth::credentials::{Builder as ApplicationDefault, Credentials, anonymous};

/// Why Google cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum GoogleError {
    /// A setting is missing or cannot be used.
    #[error("{setting}: {detail}")]
    Setting {
        /// Which one.
        setting: &'static str,
        /// What is wrong, and what to do.
        detail: String,
    },
    /// There are no Application Default Credentials.
    #[error(
        "no Google credentials: {0}; run `gcloud auth application-default login`, set GOOGLE_APPLICATION_CREDENTIALS, or \
         run on Google Cloud with a service account"
    )]
    NoCredentials(String),
}

/// The project, and where its services are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Google {
    /// The project's id.
    pub project: String,
    /// Pub/Sub; `None`: Google's.
    pub pubsub: Option<String>,
    /// BigQuery's REST interface.
    pub bigquery: Option<String>,
    /// BigQuery's Storage interface (gRPC).
    pub bigquery_storage: Option<String>,
    /// Cloud Storage.
    pub storage: Option<String>,
    /// Secret Manager.
    pub secret_manager: Option<String>,
}

/// One service: its address where it is not Google's, and the credentials that go with it.
#[derive(Debug, Clone)]
pub struct Place {
    /// `http://host:port` of an emulator; `None`: the client's own default.
    pub endpoint: Option<String>,
    /// Anonymous for an emulator, Application Default Credentials otherwise.
    pub credentials: Credentials,
}

impl Google {
    /// Reads `GOOGLE_CLOUD_PROJECT`, `PUBSUB_EMULATOR_HOST`, `BIGQUERY_EMULATOR_HOST`, `BIGQUERY_STORAGE_EMULATOR_HOST`,
    /// `STORAGE_EMULATOR_HOST` and `SECRET_MANAGER_EMULATOR_HOST`. Each host is `host:port` or a whole `http://` address.
    ///
    /// # Errors
    /// When the project is missing, or one of BigQuery's two emulator addresses is there without the other.
    pub fn read(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, GoogleError> {
        let text = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let host = |name: &str| text(name).map(|host| address(&host));
        let Some(project) = text("GOOGLE_CLOUD_PROJECT") else {
            return Err(GoogleError::Setting {
                setting: "GOOGLE_CLOUD_PROJECT",
                detail: "not set; it is the id of the Google Cloud project".to_owned(),
            });
        };
        let google = Self {
            project: project.trim().to_owned(),
            pubsub: host("PUBSUB_EMULATOR_HOST"),
            bigquery: host("BIGQUERY_EMULATOR_HOST"),
            bigquery_storage: host("BIGQUERY_STORAGE_EMULATOR_HOST"),
            storage: host("STORAGE_EMULATOR_HOST"),
            secret_manager: host("SECRET_MANAGER_EMULATOR_HOST"),
        };
        if google.bigquery.is_some() != google.bigquery_storage.is_some() {
            return Err(GoogleError::Setting {
                setting: "BIGQUERY_STORAGE_EMULATOR_HOST",
                detail: "set it together with BIGQUERY_EMULATOR_HOST: an emulator has one address for REST and one for gRPC"
                    .to_owned(),
            });
        }
        Ok(google)
    }

    /// Where Pub/Sub is.
    pub fn pubsub(&self) -> Result<Place, GoogleError> {
        Place::of(self.pubsub.as_deref())
    }

    /// Where BigQuery's REST interface is.
    pub fn bigquery(&self) -> Result<Place, GoogleError> {
        Place::of(self.bigquery.as_deref())
    }

    /// Where BigQuery's Storage interface is.
    pub fn bigquery_storage(&self) -> Result<Place, GoogleError> {
        Place::of(self.bigquery_storage.as_deref())
    }

    /// Where Cloud Storage is.
    pub fn storage(&self) -> Result<Place, GoogleError> {
        Place::of(self.storage.as_deref())
    }

    /// Where Secret Manager is.
    pub fn secret_manager(&self) -> Result<Place, GoogleError> {
        Place::of(self.secret_manager.as_deref())
    }
}

impl Place {
    fn of(endpoint: Option<&str>) -> Result<Self, GoogleError> {
        // A second adapter in this process finds the first one's provider: that is the same one.
        drop(rustls::crypto::ring::default_provider().install_default());
        let credentials = match endpoint {
            Some(_) => anonymous::Builder::new().build(),
            None => ApplicationDefault::default()
                .build()
                .map_err(|error| GoogleError::NoCredentials(error.to_string()))?,
        };
        Ok(Self { endpoint: endpoint.map(str::to_owned), credentials })
    }
}

fn address(host: &str) -> String {
    let host = host.trim().trim_end_matches('/');
    if host.contains("://") { host.to_owned() } else { format!("http://{host}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Google, GoogleError> {
        Google::read(&|name| {
            pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_host_may_be_a_whole_address() {
        let google =
            read(&[("GOOGLE_CLOUD_PROJECT", " demo "), ("PUBSUB_EMULATOR_HOST", "127.0.0.1:8085")]).unwrap();
        assert_eq!(
            (google.project.as_str(), google.pubsub.as_deref()),
            ("demo", Some("http://127.0.0.1:8085"))
        );
        let google =
            read(&[("GOOGLE_CLOUD_PROJECT", "demo"), ("STORAGE_EMULATOR_HOST", "https://gcs.test/")]);
        assert_eq!(google.unwrap().storage.as_deref(), Some("https://gcs.test"));
    }

    #[test]
    fn what_is_missing_is_named() {
        for (pairs, setting) in [
            (&[][..], "GOOGLE_CLOUD_PROJECT"),
            (&[("GOOGLE_CLOUD_PROJECT", " ")][..], "GOOGLE_CLOUD_PROJECT"),
            (
                &[("GOOGLE_CLOUD_PROJECT", "demo"), ("BIGQUERY_EMULATOR_HOST", "x:1")][..],
                "BIGQUERY_STORAGE_EMULATOR_HOST",
            ),
        ] {
            assert!(read(pairs).unwrap_err().to_string().starts_with(setting), "{pairs:?}");
        }
    }
}
