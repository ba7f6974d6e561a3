//! A view as its file declares it.

use crate::{
    DATASET, Engine, files,
    table::{double_quote, quote},
    template::{render, with_parts},
};

/// A view's declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// Its name, without the dataset.
    pub name: &'static str,
    file: &'static str,
}

/// Every view; one stands after those it reads.
pub fn views() -> impl Iterator<Item = View> {
    files::VIEWS.iter().map(|(name, file)| View { name, file })
}

/// Those among them that the facts and their checks stand on, without the ones that dashboards read.
pub fn fact_views() -> impl Iterator<Item = View> {
    views().take_while(|view| view.name != FIRST_OF_DASHBOARDS)
}

/// The views from here on are for dashboards.
const FIRST_OF_DASHBOARDS: &str = "vw_spend_daily";

impl View {
    /// What a person should know about it: the comment its file begins with.
    pub fn about(self) -> String {
        let lines = self.file.lines().map_while(|line| line.strip_prefix("-- "));
        lines.collect::<Vec<_>>().join(" ")
    }

    /// The statement that creates or replaces the view, and nothing beside it.
    pub fn select(self, engine: Engine) -> String {
        // A part that no file has stays as it is named: the engine says so, and a test finds it first.
        let sql = with_parts(self.file).unwrap_or_else(|_| self.file.to_owned());
        render(&sql, engine).trim().trim_end_matches(';').to_owned()
    }

    /// The statements that create or replace the view, and its comment.
    pub fn create(self, engine: Engine) -> Vec<String> {
        let name = self.name;
        let body = self.select(engine);
        let about = self.about();
        match engine {
            Engine::DuckDb => {
                vec![body, format!("COMMENT ON VIEW {DATASET}.{name} IS {}", quote(&about))]
            }
            Engine::BigQuery => {
                let head = format!("VIEW {DATASET}.{name}");
                let options = format!("{head} OPTIONS (description = {})", double_quote(&about));
                vec![body.replacen(&head, &options, 1)]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_views_of_the_facts_are_some_and_not_all() {
        let facts: Vec<&str> = fact_views().map(|view| view.name).collect();
        assert!(facts.contains(&"fct_cost_daily") && facts.contains(&"vw_data_quality"), "{facts:?}");
        assert!(facts.len() < views().count());
    }
}
