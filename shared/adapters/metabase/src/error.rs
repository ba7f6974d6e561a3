//! What can go wrong, and what a person does about it.

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
pub enum MetabaseError {
    /// A version that nobody tried.
    #[error("Metabase `{tag}` {why}; this build knows 0.64 and 0.65")]
    Version {
        /// As the server says it.
        tag: String,
        /// What is wrong with it.
        why: String,
    },
    /// Nobody answers, or the connection broke.
    #[error("{method} {path}: Metabase does not answer at {url}")]
    Transport {
        /// GET, POST …
        method: String,
        /// Below the address.
        path: String,
        /// The address.
        url: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// It answered with an error.
    #[error("{method} {path}: Metabase answered {status}: {message}")]
    Status {
        /// GET, POST …
        method: String,
        /// Below the address.
        path: String,
        /// Of HTTP.
        status: u16,
        /// What it said, shortened.
        message: String,
    },
    /// It answered with something that cannot be what was asked for.
    #[error("{path}: {problem}")]
    Answer {
        /// Below the address.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Nobody may sign in.
    #[error("{0}")]
    Access(String),
    /// Two things carry the same marker or name.
    #[error(
        "`{key}` is there twice, as {kind} {first} and {second}: delete or rename one of them in Metabase, then plan again"
    )]
    Twice {
        /// Our name of it.
        key: String,
        /// Card, dashboard …
        kind: &'static str,
        /// An id.
        first: u64,
        /// Another.
        second: u64,
    },
    /// It is still starting.
    #[error("Metabase at {0} is still starting: try again in a few minutes")]
    Starting(String),
    /// The card files, or what is made of them, are wrong.
    #[error("{0}")]
    Cards(String),
    /// A new API key is lost.
    #[error("the new API key could not be kept ({0}): make another with `aispend metabase apply --new-key`")]
    Unkept(String),
    /// Tables of the warehouse that Metabase does not see.
    #[error(
        "Metabase does not see {missing} after its sync: check the dataset and the rights of its service account"
    )]
    Unsynced {
        /// `table.column`, with commas between.
        missing: String,
    },
}
