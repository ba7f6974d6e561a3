//! What stands around a chart: on the page, and in a picture that has left it.

use aispend_warehouse::Card;

use crate::{answer::Asked, page::through_words, state::DataState};

/// The words of a picture that are not in the card's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caption {
    /// Range and filters of the dashboard.
    pub filters: String,
    /// Unit, as of when, and whether it is all invented.
    pub footer: String,
    /// What is said where there are no rows.
    pub empty: String,
}

impl Caption {
    /// Of a card, as it is asked.
    pub fn of(card: &Card, asked: &Asked, state: &DataState) -> Self {
        let filters = format!("{} · {}", asked.period.words(), asked.filters.words(asked.board.filters));
        Self { filters, footer: footer(card, state), empty: empty(card) }
    }
}

/// `US dollars, UTC billing days. Data through 17 Oct 2026.`
pub(crate) fn footer(card: &Card, state: &DataState) -> String {
    let unit = if card.unit.is_empty() || card.unit == "text" {
        String::new()
    } else {
        let mut letters = card.unit.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        let unit: String = first.into_iter().chain(letters).collect();
        format!("{unit}, UTC billing days. ")
    };
    let simulated = if state.is_simulated { " Simulated data." } else { "" };
    format!("{unit}Data through {}.{simulated}", through_words(state))
}

/// A card's own words for no rows.
pub(crate) fn empty(card: &Card) -> String {
    if card.empty.is_empty() { "Nothing in this range.".to_owned() } else { card.empty.clone() }
}
