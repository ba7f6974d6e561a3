//! The cards of the dashboards on both engines: the web page's answers from DuckDB, Metabase's from BigQuery.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use aispend_bigquery::BigQuery;
use aispend_dashboards::format::platform;
use aispend_dashboards::{BOARDS, Cards as _};
use aispend_duckdb::{open_cards, open_reader};
use aispend_metabase::{says_platforms, twin_as_metabase};
use aispend_warehouse::{Card, DATASET, Engine, Filter, Selection};
use jiff::civil::date;

use crate::parity::{Plain, copied, ordered};

/// The cards of all dashboards, over the whole company and under filters: where the web page's query on DuckDB and Metabase's
/// on BigQuery answer differently. Both read copies of the views: DuckDB's are the web page's own, made when this is called.
pub async fn card_problems(cards: &[Card], names: &[&str], data_dir: &Path, bigquery: &BigQuery) -> String {
    let page = open_cards(data_dir, cards).newest().await.unwrap();
    let reader = open_reader(data_dir).unwrap();
    let days = Selection::of_days(date(2026, 10, 5), date(2026, 10, 8), date(2026, 10, 10));
    let most = |column: &str| {
        let sql = format!(
            "SELECT s.{column} AS value FROM {DATASET}.vw_spend_daily AS s WHERE s.{column} IS NOT NULL AND s.attribution <> 'none' \
             GROUP BY s.{column} ORDER BY COUNT(*) DESC, value LIMIT 1"
        );
        vec![reader.query(&sql).unwrap().rows[0][0].to_string()]
    };
    let (team, platform) = (vec!["Platform".to_owned(), "Data".to_owned()], most("platform"));
    let mut selections = vec![
        ("no filter", days.clone()),
        (
            "teams and a platform",
            Selection { team: team.clone(), platform: platform.clone(), ..days.clone() },
        ),
    ];
    selections.extend([
        ("other days", Selection::of_days(date(2026, 10, 6), date(2026, 10, 6), date(2026, 10, 10))),
        ("teams", Selection { team, ..days.clone() }),
        ("a person", Selection { user: most("user_email"), ..days.clone() }),
        ("a platform", Selection { platform, ..days.clone() }),
        ("a model", Selection { model: most("model"), ..days }),
    ]);
    let mut problems = String::new();
    let mut with_rows: BTreeMap<&str, usize> = selections.iter().map(|(filters, _)| (*filters, 0)).collect();
    for card in cards {
        let mut asked = BTreeSet::new();
        for (filters, selection) in &selections {
            let selection = selection.keeping(&kept(card));
            let Some(sql) = card.sql(Engine::DuckDb, &selection) else { continue };
            // Without the filters that it ignores, a card is asked the same again.
            if !asked.insert(sql.clone()) {
                continue;
            }
            let mut here =
                ordered(&page.query(&sql).await.unwrap_or_else(|error| panic!("{}: {error}", card.id)));
            if says_platforms(card) {
                in_words(&mut here);
            }
            // As Metabase asks for a table: the days as rows of the calendar, filters as optional parts, platforms by name.
            let sql = copied(&twin_as_metabase(card, Engine::BigQuery, &selection).unwrap(), names);
            let there = match bigquery.query(&sql, None).await {
                Ok(there) => with_commas(ordered(&there)),
                Err(error) => {
                    writeln!(problems, "{} with {filters}: BigQuery: {error}", card.id).unwrap();
                    continue;
                }
            };
            *with_rows.get_mut(filters).unwrap() += usize::from(!here.rows.is_empty());
            if let Some(difference) = here.difference(&there) {
                writeln!(problems, "{} with {filters}: {difference}", card.id).unwrap();
            } else if here.rows != there.rows {
                writeln!(problems, "{} with {filters}: the same rows in another order", card.id).unwrap();
            }
        }
    }
    assert!(
        with_rows.values().all(|answers| *answers > 15),
        "answers with rows prove too little: {with_rows:?}"
    );
    problems
}

/// Platforms as tables of Metabase name them.
fn in_words(answer: &mut Plain) {
    let at = answer.columns.iter().position(|(name, _)| name == "platform").unwrap();
    for cell in answer.rows.iter_mut().filter_map(|row| row.get_mut(at)) {
        // A plain answer has text in quotes.
        let key = cell.trim_matches('"');
        *cell = format!("{:?}", if key == "total" { "Total" } else { platform(key) });
    }
}

/// The emulator prints `FORMAT("%'d")` with apostrophes; BigQuery's own documentation says commas.
fn with_commas(mut answer: Plain) -> Plain {
    for cell in answer.rows.iter_mut().flatten() {
        let letters: Vec<char> = cell.chars().collect();
        let digit = |at: usize| letters.get(at).is_some_and(char::is_ascii_digit);
        let is_between = |at: usize| at > 0 && digit(at - 1) && digit(at + 1);
        let letter =
            |(at, letter): (usize, &char)| if *letter == '\'' && is_between(at) { ',' } else { *letter };
        *cell = letters.iter().enumerate().map(letter).collect();
    }
    answer
}

/// The filters of a card's dashboard, less those that it ignores.
fn kept(card: &Card) -> Vec<Filter> {
    let board = BOARDS.iter().find(|board| board.group == card.group).unwrap();
    board.filters.iter().copied().filter(|filter| !card.ignores.contains(filter)).collect()
}
