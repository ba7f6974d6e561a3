//! How a card's question is put to the copy: the same answer, from less.

mod fold;
mod months;
mod text;

pub use fold::Constants;
pub use text::quoted;

use crate::layout::DAILY;

/// The statement that is asked in the place of another. `ask` answers questions that give one row.
pub fn planned(sql: &str, ask: &mut dyn FnMut(&str) -> Option<Constants>) -> String {
    let folded = fold::fold(sql, ask);
    DAILY.iter().fold(folded, |sql, daily| months::by_months(&sql, daily))
}
