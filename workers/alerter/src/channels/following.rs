//! A way whose address is a secret, and changes while we run.

use std::sync::{Arc, Mutex, PoisonError};

use aispend_ports::Key;
use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};

use super::{Channel, ChannelError, Notice};
use crate::settings::AlertSettingsError;

/// Makes the way to an address.
type Make = dyn Fn(&str) -> Result<Arc<dyn Channel>, AlertSettingsError> + Send + Sync;

/// Goes where its key says at the time. A way is made once for each address.
pub struct Following {
    name: &'static str,
    address: Arc<dyn Key>,
    make: Box<Make>,
    last: Mutex<(SecretString, Arc<dyn Channel>)>,
}

impl Following {
    /// To that address.
    ///
    /// # Errors
    /// When it is none at the start.
    pub fn new(
        name: &'static str,
        address: Arc<dyn Key>,
        make: impl Fn(&str) -> Result<Arc<dyn Channel>, AlertSettingsError> + Send + Sync + 'static,
    ) -> Result<Self, AlertSettingsError> {
        let now = address.current();
        let last = make(now.expose_secret())?;
        Ok(Self { name, address, make: Box::new(make), last: Mutex::new((now, last)) })
    }

    fn way(&self, address: &SecretString) -> Result<Arc<dyn Channel>, ChannelError> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.0.expose_secret() != address.expose_secret() {
            let made = (self.make)(address.expose_secret()).map_err(|error| ChannelError {
                channel: self.name,
                detail: aispend_stage::error_chain(&error),
            })?;
            *last = (address.clone(), made);
        }
        Ok(Arc::clone(&last.1))
    }

    async fn tell_at(&self, address: &SecretString, notice: &Notice) -> Result<(), ChannelError> {
        let way = self.way(address)?;
        way.tell(notice).await
    }
}

#[async_trait]
impl Channel for Following {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn tell(&self, notice: &Notice) -> Result<(), ChannelError> {
        let address = self.address.current();
        let told = self.tell_at(&address, notice).await;
        if told.is_ok() {
            return told;
        }
        // As a vendor's key: what is refused may have been replaced.
        let newest = self.address.refreshed().await;
        if newest.expose_secret() == address.expose_secret() {
            return told;
        }
        self.tell_at(&newest, notice).await
    }
}
