//! The newest snapshot with what it says about itself, and the answers that were given from it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use aispend_dashboards::{Answer, Asked, Cards, DataState, ReadError, Snapshot};
use aispend_warehouse::Card;

/// Answers that are kept; a page asks some twenty.
const MOST_ANSWERS: usize = 2_000;

/// A snapshot in use.
pub struct Held {
    /// Whom to ask.
    pub snapshot: Arc<dyn Snapshot>,
    /// What it says about itself.
    pub state: DataState,
    /// By card and query.
    answers: Mutex<HashMap<(String, String), Arc<Answer>>>,
}

/// Follows the newest snapshot.
pub struct Data {
    cards: Arc<dyn Cards>,
    held: tokio::sync::Mutex<Option<Arc<Held>>>,
}

impl Data {
    pub fn new(cards: Arc<dyn Cards>) -> Self {
        Self { cards, held: tokio::sync::Mutex::new(None) }
    }

    /// The newest snapshot.
    pub async fn newest(&self) -> Result<Arc<Held>, ReadError> {
        let mut held = self.held.lock().await;
        let snapshot = self.cards.newest().await?;
        if let Some(held) = held.as_ref().filter(|held| Arc::ptr_eq(&held.snapshot, &snapshot)) {
            return Ok(Arc::clone(held));
        }
        let state = DataState::read(snapshot.as_ref()).await?;
        let fresh = Arc::new(Held { snapshot, state, answers: Mutex::default() });
        *held = Some(Arc::clone(&fresh));
        Ok(fresh)
    }
}

impl Held {
    /// A card's query as it is asked; none for a text card.
    pub fn sql(&self, card: &Card, asked: &Asked) -> Option<String> {
        card.sql(self.snapshot.engine(), &asked.selection_of(card))
    }

    /// A card's rows, all of them.
    pub async fn answer(&self, card: &Card, asked: &Asked) -> Result<Arc<Answer>, ReadError> {
        self.answer_to(card, self.sql(card, asked)).await
    }

    /// What its page shows of a card.
    pub async fn first_rows(&self, card: &Card, asked: &Asked) -> Result<Arc<Answer>, ReadError> {
        self.answer_to(card, asked.page_sql(card, self.snapshot.engine())).await
    }

    async fn answer_to(&self, card: &Card, sql: Option<String>) -> Result<Arc<Answer>, ReadError> {
        let Some(sql) = sql else { return Ok(Arc::new(Answer::nothing())) };
        let key = (card.id.clone(), sql);
        if let Some(known) = self.answers.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(Arc::clone(known));
        }
        let result = self.snapshot.query(&key.1).await?;
        let answer = Arc::new(Answer::of(card, result).map_err(ReadError::Failed)?);
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() >= MOST_ANSWERS {
            answers.clear();
        }
        answers.insert(key, Arc::clone(&answer));
        Ok(answer)
    }
}
