//! Notices as files: one `.json` and one `.eml` each. Told twice, the same files.

use std::path::PathBuf;

use async_trait::async_trait;

use super::{Channel, ChannelError, Mailboxes, Notice};

/// Files in a folder.
pub struct Folder {
    folder: PathBuf,
    mailboxes: Mailboxes,
}

impl Folder {
    /// In that folder, which is made when something is told. `mailboxes` stand in the letters; nothing is sent.
    pub fn new(folder: impl Into<PathBuf>, mailboxes: Mailboxes) -> Self {
        Self { folder: folder.into(), mailboxes }
    }
}

#[async_trait]
impl Channel for Folder {
    fn name(&self) -> &'static str {
        "folder"
    }

    async fn tell(&self, notice: &Notice) -> Result<(), ChannelError> {
        let failed = |detail: String| ChannelError { channel: "folder", detail };
        let letter = self.mailboxes.message(notice).map_err(|error| failed(error.to_string()))?;
        let json = serde_json::to_vec_pretty(&notice.json()).map_err(|error| failed(error.to_string()))?;
        let unwritten = |error: std::io::Error| failed(format!("{}: {error}", self.folder.display()));
        tokio::fs::create_dir_all(&self.folder).await.map_err(unwritten)?;
        for (extension, body) in [("eml", letter.formatted()), ("json", json)] {
            let name = format!("{}.{extension}", notice.announcement);
            // Whole or not there: whoever watches the folder reads no half.
            let fresh = self.folder.join(format!(".{name}.new"));
            tokio::fs::write(&fresh, body).await.map_err(unwritten)?;
            tokio::fs::rename(&fresh, self.folder.join(name)).await.map_err(unwritten)?;
        }
        Ok(())
    }
}
