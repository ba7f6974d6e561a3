//! From the figures on the pages to the rows that they are made of: the rows of a page add up to the figure that led there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use aispend_dashboards::{BOARDS, Number};
use aispend_model::Money;
use aispend_simulator::{FaultPlan, World, WorldConfig};
use aispend_warehouse::{Card, Column, How, Recipe, cards};
use axum::http::StatusCode;
use sha2::{Digest, Sha256};

use crate::command::Home;
use crate::pages::{Pages, plain};
use crate::vendors::Vendors;
use crate::worlds::{Shape, config, days_ago};

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split_once(after).map(|(found, _)| found)
}

/// The figures of a page that lead to an explanation: address and exact value.
fn figures(page: &str) -> Vec<(String, String)> {
    let cell = |part: &str| {
        let raw = part.split('"').next()?.to_owned();
        let own = part.split("data-raw=\"").next()?;
        let marked = ["class=\"explain\" href=\"", "class=\"why\" href=\""];
        let link = marked.iter().find_map(|mark| between(own, mark, "\""))?;
        Some((link.to_owned(), raw))
    };
    page.split("data-raw=\"").skip(1).filter_map(cell).collect()
}

/// One value of an address.
fn value_of<'a>(address: &'a str, name: &str) -> Option<&'a str> {
    let pairs = address.split_once('?')?.1.split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(known, _)| *known == name).map(|(_, value)| value).next_back()
}

/// True where a cell adds up several others: its address has more than one value for what tells them apart.
fn is_sum(address: &str) -> bool {
    let pairs = address.split(['?', '&']).skip(1).filter_map(|pair| pair.split_once('='));
    let mut seen = BTreeSet::new();
    pairs.filter(|(name, _)| !matches!(*name, "but" | "nor" | "without")).any(|(name, value)| {
        // Members are chosen by a value of each of several columns.
        let value = decoded(value);
        let column = value.split_once(':').map(|(column, _)| column.to_owned()).filter(|_| name == "row");
        !seen.insert((name, column))
    })
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).unwrap()
}

/// A figure without sign and commas.
fn number(text: &str) -> Number {
    let text = text.replace(['$', ',', '%'], "");
    Number::read(text.trim()).unwrap_or_else(|| panic!("`{text}` is no number"))
}

/// The first table of an explanation: its heads, and the exact values below them.
fn first_table(page: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let table = between(page, "<table", "</table>").unwrap();
    let heads = between(table, "<thead>", "</thead>").unwrap().split("<th ").skip(1);
    let heads = heads.map(|head| between(head, ">", "</th>").unwrap().to_owned()).collect();
    let rows = between(table, "<tbody>", "</tbody>").unwrap().split("<tr>").skip(1).map(|row| {
        row.split("data-raw=\"").skip(1).map(|cell| cell.split('"').next().unwrap().to_owned()).collect()
    });
    (heads, rows.collect())
}

/// The exact sum of the rows that an explanation lists, where it lists all of them.
fn sum_of_rows(page: &str) -> Option<Number> {
    let (shown, all) = between(page, "Newest first; ", " on this page")?.split_once(" of ")?;
    if shown != all {
        return None;
    }
    let (heads, rows) = first_table(page);
    assert_eq!(rows.len().to_string(), shown);
    // The measure stands after the key, or after the kind of token.
    let at = heads.iter().position(|head| head == "cost in USD").unwrap_or(5);
    if heads.get(at).is_some_and(|head| head == "is active") {
        return None;
    }
    rows.iter().try_fold(Number::ZERO, |sum, row| sum.plus(Number::read(&row[at])?))
}

fn column_of(address: &str) -> Option<Column> {
    static CARDS: LazyLock<Vec<Card>> = LazyLock::new(|| cards().unwrap());
    let id = address.strip_prefix("/explain/")?.split('?').next()?;
    let card = CARDS.iter().find(|card| card.id == id)?;
    card.columns.iter().find(|column| Some(column.name.as_str()) == value_of(address, "column")).cloned()
}

fn recipe_of(address: &str) -> Option<Recipe> {
    let column = column_of(address)?;
    let case = value_of(address, "case").map(decoded);
    column.made_of.as_ref()?.recipe(case.as_deref()).cloned()
}

/// True where a figure is the one that a cell shows. Some cells are words, as far as they go.
fn is_shown(figure: Number, raw: &str, is_words: bool) -> bool {
    let figure = if raw.ends_with('%') { figure.times_ten_to(2) } else { figure };
    let shown = number(raw);
    let places = shown.plain().split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let places = if is_words { u32::try_from(places).unwrap() } else { 9 };
    // A zero at the end of words is not in their number.
    let apart = figure.rounded(places.max(1)).minus(shown).unwrap().abs();
    if is_words {
        apart <= Number::read(if places == 0 { "0.5" } else { "0.05" }).unwrap()
    } else {
        apart.is_zero()
    }
}

/// Follows a figure and says by what it was judged.
fn assert_explained(pages: &Pages, address: &str, raw: &str) -> &'static str {
    let page = pages.page(address);
    // This card's figures are words.
    let is_words = address.starts_with("/explain/prod/tool-comparison?");
    let members = column_of(address).and_then(|column| column.members);
    if members.as_ref().is_some_and(|members| members.newest.is_some()) {
        let Some(said) = between(&page, "Worked out from ", " row") else {
            assert!(
                page.contains("Nothing was found.") && number(raw).is_zero(),
                "{address} for {raw}: {page}"
            );
            return "evidence";
        };
        let said: usize = said.parse().unwrap();
        let (heads, rows) = first_table(&page);
        assert_eq!(rows.len(), said.min(100), "{address}");
        // Whatever names slices leads on to what was read.
        let has_slices = heads.iter().any(|head| head == "slice key");
        assert_eq!(
            page.contains("The ledger") && page.contains("What was read"),
            has_slices,
            "{address}: {page}"
        );
        assert!(has_slices || !address.starts_with("/explain/exec/freshness?"), "{address}: {heads:?}");
        return "evidence";
    }
    if members.is_some() {
        let told = between(&page, "<span class=\"value\">", "</span>").unwrap();
        assert!(number(told).minus(number(raw)).unwrap().is_zero(), "{address}: {told} for {raw}");
        let (_, rows) = first_table(&page);
        assert!(
            told.starts_with('$') || rows.len().to_string() == told,
            "{address}: {} rows for {told}",
            rows.len()
        );
        return "members";
    }
    let Some(recipe) = recipe_of(address) else {
        assert!(page.contains("What it is made of") && page.contains("<dt>Column</dt>"), "{address}: {page}");
        return "columns";
    };
    match recipe.how {
        How::Whole => {
            let told = between(&page, "<span class=\"value\">", "</span>").unwrap();
            assert!(is_shown(number(told), raw, is_words), "{address}: {told} for {raw}");
            if let Some(sum) = sum_of_rows(&page) {
                assert!(is_shown(sum, raw, is_words), "the rows of {address}: {} for {raw}", sum.plain());
                return "rows";
            }
            "sum"
        }
        How::Ratio | How::Worked => {
            let parts: Vec<(&str, &str)> = page
                .split("<dd><a href=\"")
                .skip(1)
                .map(|part| (part.split('"').next().unwrap(), between(part, "\">", " in ").unwrap()))
                .collect();
            assert_eq!(parts.len(), recipe.parts.len(), "{address}: {page}");
            for (link, told) in &parts {
                let page = pages.page(link);
                let again = between(&page, "<span class=\"value\">", "</span>").unwrap();
                assert_eq!(number(again), number(told), "{link}");
            }
            if recipe.how == How::Worked {
                return "parts";
            }
            let share = number(parts[0].1).share_of(number(parts[1].1)).unwrap();
            let apart = share.minus(if is_words { share } else { number(raw) }).unwrap().abs();
            assert!(apart <= Number::read("0.000001").unwrap(), "{address}: {} for {raw}", share.plain());
            assert!(!is_words || is_shown(share, raw, true), "{address}: {} for {raw}", share.plain());
            "ratio"
        }
    }
}

/// Seven weeks, so that there is a period before and more than one month.
fn longer(shape: Shape, seed: u64) -> World {
    let period = WorldConfig::company(seed, 6, days_ago(48), days_ago(4));
    let (first_day, last_day) = (period.first_day, period.last_day);
    World::generate(WorldConfig { first_day, last_day, events_per_person_day: 2, ..config(shape, seed) })
}

#[test]
fn every_kind_of_figure_leads_to_rows_that_add_up_to_it() {
    let mut judged: BTreeMap<&str, usize> = BTreeMap::new();
    let mut columns: BTreeSet<String> = BTreeSet::new();
    for (shape, seed) in [(Shape::Legacy, 81), (Shape::Enterprise, 82)] {
        let vendors = Vendors::open(longer(shape, seed), FaultPlan::none());
        let home = Home::with_csv(&vendors);
        home.run(days_ago(48), days_ago(4));
        let pages = Pages::of(&home, false);
        let range = format!("range={}~{}", days_ago(20), days_ago(4));
        // Everything of one company, what a team and a platform have of the other.
        let filters = match shape {
            Shape::Legacy => vec![range],
            _ => vec![format!("{range}&team=Platform"), format!("{range}&platform=claude_code")],
        };
        for filters in filters {
            for board in &BOARDS {
                let page = pages.page(&format!("{}?{filters}", board.path));
                let mut by_column: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
                for (address, raw) in figures(&page) {
                    let id = address.split('?').next().unwrap();
                    let column = value_of(&address, "column").unwrap();
                    let case = value_of(&address, "case").unwrap_or_default();
                    let sum = if is_sum(&address) { "of several" } else { "" };
                    by_column.entry(format!("{id} {column} {case}{sum}")).or_default().push((address, raw));
                }
                for (column, mut cells) in by_column {
                    let mut chosen = vec![cells.len() - 1, 0];
                    chosen.dedup();
                    for at in chosen {
                        let (address, raw) = cells.swap_remove(at);
                        *judged.entry(assert_explained(&pages, &address, &raw)).or_default() += 1;
                    }
                    columns.insert(column.trim_start_matches("/explain/").to_owned());
                }
            }
        }
    }
    println!("{judged:?}, {} columns", columns.len());
    for how in ["rows", "sum", "ratio", "parts", "columns", "members", "evidence"] {
        assert!(judged.get(how).is_some_and(|count| *count > 3), "{how}: {judged:?}");
    }
    for column in [
        "exec/platform-share cost_usd ",
        "exec/what-changed after_usd Now",
        "alloc/heatmap cursor ",
        "alloc/people sessions ",
        "alloc/teams people ",
        "alloc/keys input_tokens ",
        "alloc/service-tiers cost_usd ",
        "prod/active-trend wau ",
        "prod/ranking lines_accepted ",
        "prod/tool-comparison cursor Sessions",
        "roi/platform-efficiency tokens ",
        "prod/user-categories people ",
        "prod/engagement people ",
        "roi/preference people ",
        "roi/tier-counts people ",
        "roi/savings-by-rule findings ",
        "roi/savings-by-rule monthly_saving_usd ",
        "roi/recommendations monthly_saving_usd ",
        "exec/data-quality measured_value ",
        "exec/data-quality target ",
        "exec/seat-vs-usage cost_usd of several",
        "alloc/token-types cost_usd of several",
        "prod/lines-trend lines_accepted of several",
        "prod/request-mix requests total",
        "roi/value value_per_line_usd ",
        "exec/freshness hours_old ",
    ] {
        assert!(columns.contains(column), "{column} is explained nowhere: {columns:?}");
    }
}

/// Checks whose value is not what their evidence comes to, as `vw_data_quality_evidence` says it does.
const UNPROVED: &str = "
    SELECT q.check_name || ': ' || CAST(q.measured_value AS VARCHAR) || ' of ' || COALESCE(CAST(e.comes_to AS VARCHAR), 'nothing')
    FROM ai_usage_analytics.vw_data_quality AS q
    LEFT JOIN (
        SELECT
            v.check_name,
            CASE
                WHEN v.check_name = 'time_to_recover_hours' THEN AVG(v.part)
                WHEN v.check_name IN ('cursor_cycle_matches_spend', 'reconciliation_worst') THEN MAX(v.part * 100 / v.of_all)
                WHEN STARTS_WITH(v.check_name, 'freshness_') THEN MAX(v.part)
                WHEN v.check_name LIKE 'dimensions_keep_%' THEN ABS(SUM(v.part))
                WHEN v.check_name = 'claude_code_tokens_match_usage' THEN ABS(SUM(v.part)) * 100 / SUM(v.of_all)
                WHEN COUNT(v.of_all) > 0 THEN SUM(v.part) * 100 / SUM(v.of_all)
                ELSE SUM(v.part)
            END AS comes_to
        FROM ai_usage_analytics.vw_data_quality_evidence AS v
        GROUP BY v.check_name
    ) AS e ON e.check_name = q.check_name
    WHERE ABS(COALESCE(q.measured_value, 0) - COALESCE(e.comes_to, 0)) > 0.000001";

#[test]
fn what_a_check_measured_is_what_its_evidence_comes_to() {
    let mut seen = BTreeSet::new();
    for (shape, seed) in [(Shape::Legacy, 85), (Shape::Enterprise, 86), (Shape::Analytics, 87)] {
        let vendors = Vendors::open(longer(shape, seed), FaultPlan::none());
        let home = Home::with_csv(&vendors);
        home.run(days_ago(48), days_ago(4)).exits(0);
        assert_eq!(home.column(UNPROVED), Vec::<String>::new(), "{shape:?}");
        let checks =
            "SELECT DISTINCT check_name FROM ai_usage_analytics.vw_data_quality_evidence WHERE part <> 0";
        seen.extend(home.column(checks));
    }
    assert!(seen.len() >= 10, "too few checks measured anything: {seen:?}");
}

#[test]
fn the_one_figure_of_a_card_is_explained_to_the_cent() {
    let vendors = Vendors::open(longer(Shape::Analytics, 83), FaultPlan::none());
    let home = Home::with_csv(&vendors);
    home.run(days_ago(48), days_ago(4)).exits(0);
    let pages = Pages::of(&home, false);
    let range = format!("range={}~{}", days_ago(20), days_ago(4));
    let mut checked = 0;
    for card in cards().unwrap().iter().filter(|card| card.display.is_figure()) {
        let Some(column) = card.columns.iter().find(|column| !column.hidden && column.made_of.is_some())
        else {
            continue;
        };
        let answer = pages.page(&format!("/api/v1/cards/{}?{range}", card.id));
        let Some(row) = between(&answer, "\"rows\":[[", "]") else { continue };
        let raw = row.split(',').next().unwrap().replace('"', "");
        if raw == "null" {
            continue;
        }
        let address = format!("/explain/{}?{range}&column={}", card.id, column.name);
        let board = BOARDS.iter().find(|board| board.group == card.group).unwrap();
        let page = pages.page(&format!("{}?{range}", board.path));
        assert!(page.contains(&format!("/explain/{}?", card.id)), "{} leads nowhere", card.id);
        assert_explained(&pages, &address, &raw);
        checked += 1;
    }
    assert!(checked >= 10, "{checked}");
    // All billed money of a day, to the nano-dollar.
    let day = days_ago(10);
    let page = pages.page(&format!("/explain/exec/total-spend?range={day}~{day}&column=total_usd"));
    let billed = home.value(&format!(
        "SELECT CAST(SUM(cost_usd) AS VARCHAR) FROM ai_usage_analytics.fct_cost_daily WHERE cost_date = DATE '{day}'"
    ));
    let told = between(&page, "<span class=\"value\">$", "</span>").unwrap().replace(',', "");
    assert_eq!(Money::from_dollars(&told).unwrap().money, Money::from_dollars(&billed).unwrap().money);
    for words in ["platform rule", "allocation", "attribution"] {
        assert!(page.contains(words), "no {words}");
    }
    let rules = home.column("SELECT DISTINCT platform_rule FROM ai_usage_analytics.fct_cost_daily");
    assert!(rules.len() > 1 && rules.iter().all(|rule| !rule.is_empty()), "{rules:?}");
}

#[test]
fn every_number_of_a_sentence_is_among_the_figures_that_explain_it() {
    let vendors = Vendors::open(longer(Shape::Legacy, 88), FaultPlan::none());
    let home = Home::with_csv(&vendors);
    home.run(days_ago(48), days_ago(4)).exits(0);
    let pages = Pages::of(&home, false);
    let (mut numbers, mut links) = (0, 0);
    for board in &BOARDS {
        let range = format!("range={}~{}", days_ago(20), days_ago(4));
        let page = pages.page(&format!("{}?{range}", board.path));
        let sentence = between(&page, "<p class=\"sentence\">", "</p>").unwrap();
        let address = format!("/explain/{}/headline?{range}&column=headline", board.group);
        assert!(page.contains(&address), "{} leads nowhere", board.path);
        let explained = pages.page(&address);
        let facts = between(&explained, "<dl class=\"facts\">", "</dl>").unwrap().split("<dd>").skip(1);
        let facts: Vec<&str> = facts.filter_map(|fact| fact.split("</dd>").next()).collect();
        for said in sentence.split("<strong>").skip(1).filter_map(|part| part.split("</strong>").next()) {
            for word in said.split(" of ").filter(|word| word.contains(|sign: char| sign.is_ascii_digit())) {
                // A word before or after it, such as "over", says what becomes of it.
                let word =
                    word.split(' ').find(|word| word.contains(|sign: char| sign.is_ascii_digit())).unwrap();
                let worked_out = said.ends_with(" over") || said.ends_with(" under");
                let shown = number(word);
                let places = shown.plain().split_once('.').map_or(0, |(_, fraction)| fraction.len());
                let half = Number::read(&format!("0.{}5", "0".repeat(places))).unwrap();
                let is_near = |fact: &&str| {
                    let Some(fact) = Number::read(&fact.replace(',', "")) else { return false };
                    [fact, fact.times_ten_to(2)].iter().any(|fact| {
                        // Of a part that has an owner, percents begun are not counted.
                        let apart = fact.abs().minus(shown).unwrap();
                        apart.abs() <= half
                            || said.ends_with('%') && !apart.is_negative() && apart < Number::whole(1)
                    })
                };
                assert!(worked_out || facts.iter().any(is_near), "{address}: `{said}` of {facts:?}");
                numbers += usize::from(!worked_out);
            }
        }
        let see = between(&explained, "Each by itself", "</li>").unwrap_or_default();
        for link in see.split("href=\"").skip(1).filter_map(|link| link.split('"').next()) {
            let (address, place) = link.split_once('#').unwrap_or((link, ""));
            let there = pages.page(address);
            assert!(place.is_empty() || there.contains(&format!("id=\"{place}\"")), "{link}");
            links += 1;
        }
    }
    assert!(numbers >= 10 && links >= 20, "{numbers} numbers, {links} links");
}

#[test]
fn an_archived_response_opens_and_is_what_its_hash_says() {
    let vendors = Vendors::open(longer(Shape::Legacy, 84), FaultPlan::none());
    let home = Home::with_csv(&vendors);
    home.run(days_ago(12), days_ago(4)).exits(0);
    let pages = Pages::of(&home, false);
    for start in
        ["/explain/exec/total-spend?column=total_usd", "/explain/prod/lines-accepted?column=lines_accepted"]
    {
        let page = pages.page(&format!("{start}&range={}~{}", days_ago(12), days_ago(4)));
        let hash = between(&page, "href=\"/document/", "\"").unwrap().to_owned();
        let document = pages.page(&format!("/document/{hash}"));
        assert!(document.contains(&hash) && document.contains("Checked just now"), "{document}");
        let file = format!("/document/{hash}/file");
        let (status, headers, body) = pages.get(&file);
        assert_eq!((status, format!("{:x}", Sha256::digest(&body))), (StatusCode::OK, hash.clone()));
        let header = |name: &str| headers[name].to_str().unwrap().to_owned();
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert!(header("content-security-policy").starts_with("default-src 'none'; sandbox"));
        assert!(header("content-disposition").starts_with("attachment; filename="));
        assert!(["application/json", "text/plain; charset=utf-8"].contains(&header("content-type").as_str()));
        // Where only teams may be seen, nobody's day is given out.
        let teams = Pages::of(&home, true);
        for address in [format!("/document/{hash}"), file.clone()] {
            let (status, _, body) = teams.get(&address);
            assert_eq!(status, StatusCode::NOT_FOUND);
            assert!(String::from_utf8_lossy(&body).contains("single people"), "{address}");
        }
        let path = home.data().join("raw").join(&hash[..2]).join(format!("{hash}.zst"));
        // Another text under its name is not passed off as the vendor's.
        let kept = std::fs::read(&path).unwrap();
        std::fs::write(&path, b"something else").unwrap();
        assert_eq!(pages.get(&file).0, StatusCode::INTERNAL_SERVER_ERROR);
        // What the archive no longer keeps is said to be gone, with what brings it back.
        std::fs::remove_file(&path).unwrap();
        let (status, _, body) = pages.get(&file);
        assert_eq!(status, StatusCode::NOT_FOUND);
        let said = plain(&String::from_utf8_lossy(&body));
        assert!(said.contains("no longer") && said.contains("aispend run --from"), "{said}");
        std::fs::write(&path, kept).unwrap();
    }
    for unknown in ["0".repeat(64), "..%2f..%2fetc%2fpasswd".to_owned(), "x' OR 'a'='a".replace(' ', "%20")] {
        assert_eq!(pages.get(&format!("/document/{unknown}")).0, StatusCode::NOT_FOUND, "{unknown}");
    }
    let teams = Pages::of(&home, true);
    let (status, _, _) = teams.get("/explain/prod/lines-accepted?column=lines_accepted");
    assert_eq!(status, StatusCode::NOT_FOUND, "rows of use name people");
}
