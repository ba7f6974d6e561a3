//! Pictures of charts, drawn where they hold up no page.

use std::sync::Arc;

use aispend_picture::{CardJson, Painter, PictureError, PictureOptions};
use tokio::{sync::OnceCell, task::spawn_blocking};

use crate::problem::Problem;

/// Starts its engine with the first picture: most servers never draw one.
#[derive(Default)]
pub struct Pictures {
    painter: OnceCell<Arc<Painter>>,
}

impl Pictures {
    /// The PNG of a card's answer.
    pub async fn png(&self, card: CardJson, words: PictureOptions) -> Result<Vec<u8>, Problem> {
        let painter = self.painter.get_or_try_init(|| apart(|| Painter::new().map(Arc::new))).await?;
        let painter = Arc::clone(painter);
        Ok(apart(move || painter.png(&card, &words)).await?)
    }
}

/// On a thread that may wait.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PictureError> + Send + 'static,
) -> Result<T, PictureError> {
    spawn_blocking(work).await.map_err(|_| PictureError::Gone)?
}
