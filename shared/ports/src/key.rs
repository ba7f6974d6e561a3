//! A vendor's key, which may be replaced while we run.

use async_trait::async_trait;
use secrecy::SecretString;

/// Tells an account's key. Its `Debug` shows none of it.
#[async_trait]
pub trait Key: std::fmt::Debug + Send + Sync {
    /// The key as last read.
    fn current(&self) -> SecretString;

    /// The vendor refused the current one: reads it again, unless that was done a moment ago. Where it cannot be read, the
    /// current one.
    async fn refreshed(&self) -> SecretString {
        self.current()
    }
}

/// A key that stays.
#[async_trait]
impl Key for SecretString {
    fn current(&self) -> SecretString {
        self.clone()
    }
}
