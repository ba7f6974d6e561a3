//! What can go wrong with BigQuery, told apart by what a caller can do about it.

use std::error::Error as _;

use aispend_google::GoogleError;
use aispend_ports::WarehouseError;
use google_cloud_bigquery::error::{AppendError, CommitError, QueryError, RowError, WriterBuilderError};
use google_cloud_gax::error::{Error as CallError, rpc::Code};

/// Whose fault a failed call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The dataset or a table is not there.
    Missing,
    /// Another load was in the way.
    Conflict,
    /// The statement is wrong, or not allowed to say what it says.
    Statement,
    /// Anything else: the network, a quota, a permission, an outage.
    Service,
}

/// Why BigQuery did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum BigQueryError {
    /// There is no way to ask.
    #[error(transparent)]
    Google(#[from] GoogleError),
    /// The dataset cannot have this name.
    #[error(
        "AISPEND_DATASET: `{0}` is no name of a dataset: letters, digits and underscores, not a digit first"
    )]
    Dataset(String),
    /// A call came to nothing.
    #[error("could not {doing}: {detail}")]
    Call {
        /// What we were doing.
        doing: &'static str,
        /// Whose fault it is.
        fault: Fault,
        /// What BigQuery said.
        detail: String,
    },
    /// A demo meets real data, or the other way round. Wrong usage: exit code 2.
    #[error(
        "the dataset `{dataset}` holds {} data, and this command works on {} data: set AISPEND_DATASET to another one",
        kind(*is_simulated), kind(!*is_simulated)
    )]
    OtherKind {
        /// Which dataset.
        dataset: String,
        /// What it holds.
        is_simulated: bool,
    },
    /// A newer build made these tables.
    #[error("the warehouse has schema version {found}, this build knows {known}: use a newer aispend")]
    NewerSchema {
        /// In the dataset.
        found: i64,
        /// In this build.
        known: i64,
    },
    /// The tables are not there, or not as this build needs them.
    #[error("the warehouse is not ready: {0}; `aispend migrate` creates and upgrades it")]
    NotMigrated(String),
    /// What the ledger holds cannot be read.
    #[error("the ledger line of `{slice_key}` cannot be read: {detail}")]
    Ledger {
        /// Whose line.
        slice_key: String,
        /// Why.
        detail: String,
    },
}

const fn kind(is_simulated: bool) -> &'static str {
    if is_simulated { "simulated" } else { "real" }
}

impl BigQueryError {
    pub(crate) fn new(doing: &'static str, fault: Fault, detail: impl Into<String>) -> Self {
        Self::Call { doing, fault, detail: detail.into() }
    }

    /// No answer in the time a call may take.
    pub(crate) fn late(doing: &'static str) -> Self {
        Self::new(doing, Fault::Service, "no answer in time")
    }

    pub(crate) fn query(doing: &'static str) -> impl FnOnce(QueryError) -> Self {
        move |error| match error {
            // BigQuery says so in the answer of a job, or as the status of a call: the same words either way.
            QueryError::JobFailed { errors, .. } => {
                let detail = errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join("; ");
                let reason = errors.first().map_or("", |error| error.reason.as_str());
                Self::new(doing, classify(reason, &detail), detail)
            }
            QueryError::Rpc { source, .. } => Self::call(doing, &source),
            other => Self::new(doing, Fault::Service, other.to_string()),
        }
    }

    pub(crate) fn row(doing: &'static str) -> impl FnOnce(RowError) -> Self {
        move |error| match error {
            RowError::Rpc { source, .. } => Self::call(doing, &source),
            other => Self::new(doing, Fault::Service, other.to_string()),
        }
    }

    pub(crate) fn builder(doing: &'static str) -> impl FnOnce(WriterBuilderError) -> Self {
        move |error| match error {
            WriterBuilderError::Rpc { source, .. } => Self::call(doing, &source),
            other => Self::new(doing, Fault::Service, other.to_string()),
        }
    }

    pub(crate) fn commit(doing: &'static str) -> impl FnOnce(CommitError) -> Self {
        move |error| match error {
            CommitError::Rpc { source, .. } => Self::call(doing, &source),
            other => Self::new(doing, Fault::Service, other.to_string()),
        }
    }

    pub(crate) fn append(doing: &'static str, error: &AppendError) -> Self {
        match error {
            AppendError::Rpc { source, .. } => Self::call(doing, source),
            other => Self::new(doing, Fault::Service, other.to_string()),
        }
    }

    pub(crate) fn call(doing: &'static str, error: &CallError) -> Self {
        let detail = chain(error);
        let missing = error.http_status_code() == Some(404)
            || error.status().is_some_and(|status| status.code == Code::NotFound);
        let wrong = error.http_status_code() == Some(400)
            || error.status().is_some_and(|status| status.code == Code::InvalidArgument);
        let reason = if missing {
            "notFound"
        } else if wrong {
            "invalidQuery"
        } else {
            ""
        };
        Self::new(doing, classify(reason, &detail), detail)
    }

    pub(crate) const fn fault(&self) -> Option<Fault> {
        match self {
            Self::Call { fault, .. } => Some(*fault),
            _ => None,
        }
    }
}

/// By BigQuery's reason, and by its words where the reason says too little.
fn classify(reason: &str, detail: &str) -> Fault {
    let words = detail.to_ascii_lowercase();
    let says = |text: &str| words.contains(text);
    if says("aborted due to concurrent update")
        || says("could not serialize access")
        || says("transaction is aborted")
    {
        return Fault::Conflict;
    }
    match reason {
        "notFound" => Fault::Missing,
        // What one may not see is told like what is not there.
        "accessDenied" if says("or perhaps it does not exist") => Fault::Missing,
        "invalidQuery" | "invalid" => Fault::Statement,
        _ => Fault::Service,
    }
}

fn chain(error: &CallError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        let words = deeper.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        cause = deeper.source();
    }
    text
}

impl From<BigQueryError> for WarehouseError {
    fn from(error: BigQueryError) -> Self {
        match error {
            BigQueryError::NotMigrated(detail) => Self::NotMigrated(detail),
            BigQueryError::NewerSchema { .. }
            | BigQueryError::OtherKind { .. }
            | BigQueryError::Dataset(_)
            | BigQueryError::Call { fault: Fault::Missing, .. } => Self::NotMigrated(error.to_string()),
            BigQueryError::Call { .. } | BigQueryError::Google(_) | BigQueryError::Ledger { .. } => {
                Self::Unavailable(error.to_string())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use google_cloud_gax::error::rpc::Status;

    use super::*;

    #[test]
    fn what_bigquery_says_is_told_apart_by_what_can_be_done() {
        for (reason, detail, fault) in [
            ("notFound", "Not found: Table p:d.t was not found in location US", Fault::Missing),
            (
                "invalidQuery",
                "Transaction is aborted due to concurrent update against table p:d.load_lock",
                Fault::Conflict,
            ),
            (
                "invalidQuery",
                "Could not serialize access to table p:d.t due to concurrent update",
                Fault::Conflict,
            ),
            ("invalidQuery", "Syntax error: Unexpected identifier", Fault::Statement),
            ("accessDenied", "Access Denied: User does not have permission", Fault::Service),
            ("accessDenied", "no permission to query table t, or perhaps it does not exist.", Fault::Missing),
            ("backendError", "try again", Fault::Service),
            ("quotaExceeded", "too much", Fault::Service),
        ] {
            let status = Status::default().set_code(Code::Unknown).set_message(detail);
            let call = BigQueryError::query("load")(QueryError::from(CallError::service(status)));
            if fault == Fault::Conflict {
                assert_eq!(call.fault(), Some(fault), "{detail}");
            }
            assert_eq!(classify(reason, detail), fault, "{detail}");
        }
        let missing = CallError::service(Status::default().set_code(Code::NotFound).set_message("no table"));
        assert_eq!(BigQueryError::call("load", &missing).fault(), Some(Fault::Missing));
        assert!(matches!(
            WarehouseError::from(BigQueryError::call("load", &missing)),
            WarehouseError::NotMigrated(_)
        ));
    }
}
