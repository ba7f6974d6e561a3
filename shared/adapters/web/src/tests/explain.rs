//! From a figure to what it is made of, over a warehouse that answers what a test says.

use super::*;

/// Two rows of a budget sheet, one named and one unnamed model, and every question that was asked.
#[derive(Default)]
struct Sheet {
    asked: std::sync::Mutex<Vec<String>>,
}

struct Sheets(Arc<Sheet>);

#[async_trait]
impl Cards for Sheets {
    async fn newest(&self) -> Result<Arc<dyn Snapshot>, ReadError> {
        Ok(Arc::clone(&self.0) as Arc<dyn Snapshot>)
    }
}

fn result(columns: &[&str], rows: Vec<Vec<Cell>>) -> QueryResult {
    let column = |name: &&str| QueryColumn { name: (*name).to_owned(), kind: CellKind::Text };
    QueryResult { columns: columns.iter().map(column).collect(), rows }
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

#[async_trait]
impl Snapshot for Sheet {
    fn version(&self) -> &'static str {
        "v1"
    }

    fn engine(&self) -> Engine {
        Engine::DuckDb
    }

    fn is_simulated(&self) -> bool {
        false
    }

    async fn query(&self, sql: &str) -> Result<QueryResult, ReadError> {
        self.asked.lock().unwrap().push(sql.to_owned());
        if sql.contains("ai_usage_analytics.dim_budget AS b") && sql.contains("AS finest") {
            let row = |platform: &str, usd: &str| {
                let cells = [Cell::Date(date(2026, 10, 1)), text(platform), text("Data")].into_iter();
                let lineage = ["sheets/budgets|sheets|all", &"ab".repeat(32)].map(text);
                cells.chain([Cell::Decimal(usd.to_owned()), text("cfo@example.com")]).chain(lineage).collect()
            };
            let columns =
                ["month", "platform", "team", "budget_usd", "approved_by", "slice_key", "raw_response"];
            return Ok(result(&columns, vec![row("cursor", "600.105"), row("claude_api", "900.2")]));
        }
        if sql.contains("AS place") && sql.contains("'Other models'") {
            let row =
                |model: &str, usd: &str, key: Cell| vec![text(model), Cell::Decimal(usd.to_owned()), key];
            let rows = vec![
                row("claude-opus-4-1", "90", text("claude-opus-4-1")),
                row("Cursor seats", "8", Cell::Null),
                row("Other models", "0.75", Cell::Null),
            ];
            return Ok(result(&["model", "cost_usd", "model_key"], rows));
        }
        if sql.starts_with("SELECT COUNT(*) AS records") {
            let row = vec![Cell::Integer(2), Cell::Decimal("0.75".to_owned())];
            return Ok(result(&["records", "figure"], vec![row]));
        }
        Ok(QueryResult { columns: Vec::new(), rows: Vec::new() })
    }
}

fn routes_over(sheet: &Arc<Sheet>) -> Router {
    router(Options {
        data: Arc::new(Sheets(Arc::clone(sheet))),
        cards: aispend_warehouse::cards().unwrap(),
        clock: Arc::new(SystemClock::new(tokio::time::sleep)),
        archive: None,
        documents: None,
        is_team_only: false,
        hosts: loopback_names(),
        gate: None,
    })
}

/// A page without the signs that HTML is written with.
async fn page(sheet: &Arc<Sheet>, address: &str) -> String {
    let (response, body) = get(routes_over(sheet), address).await;
    let body = body.replace("&#x2f;", "/").replace("&amp;", "&");
    assert_eq!(response.status(), StatusCode::OK, "{address}: {body}");
    body
}

#[tokio::test]
async fn a_budget_is_explained_by_the_rows_of_the_sheet_to_the_cent() {
    let sheet = Arc::new(Sheet::default());
    let address =
        "/explain/alloc/teams?range=2026-10-01~2026-10-31&team=Data&platform=cursor&column=budget_usd";
    let page = page(&sheet, address).await;
    assert!(page.contains("<span class=\"value\">$1,500.305</span>"), "{page}");
    for words in ["Teams against budget, Budget: October 2026. Team Data", "cfo@example.com", "The ledger"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let asked = sheet.asked.lock().unwrap();
    let budget = asked.iter().find(|sql| sql.contains("AS finest")).unwrap();
    // A team's budget is of all its platforms.
    assert!(budget.contains("n.team IN ('Data') AND TRUE"), "{budget}");
    let lines = ["l.slice_key IN ('sheets/budgets|sheets|all')", "d.sha256 IN ('abab"];
    assert!(lines.iter().all(|line| asked.iter().any(|sql| sql.contains(line))), "{asked:?}");
}

#[tokio::test]
async fn the_rest_of_a_table_leads_to_rows_without_what_the_table_names() {
    let sheet = Arc::new(Sheet::default());
    let allocation = page(&sheet, "/allocation?range=2026-10-01~2026-10-31&team=Data").await;
    let address = allocation
        .split("href=\"")
        .filter_map(|part| part.split('"').next())
        .find(|address| address.contains("case=Other%20models"))
        .unwrap();
    let explained = page(&sheet, address).await;
    assert!(explained.contains("<span class=\"value\">$0.75</span>"), "{explained}");
    assert!(explained.contains("Other models") && explained.contains("not claude-opus-4-1"), "{explained}");
    let asked = sheet.asked.lock().unwrap();
    let sum = asked.iter().rfind(|sql| sql.starts_with("SELECT COUNT(*) AS records")).unwrap();
    for condition in [
        "THEN 'Unattributed' ELSE 'No team' END IN ('Data')",
        "COALESCE(f.model NOT IN ('claude-opus-4-1'), TRUE)",
        "IN ('cursor') AND f.cost_class IN ('seat'), FALSE)",
    ] {
        assert!(sum.contains(condition), "{condition}: {sum}");
    }
}

#[tokio::test]
async fn a_forecast_is_explained_from_the_view_that_made_it() {
    let sheet = Arc::new(Sheet::default());
    let page = page(&sheet, "/explain/exec/budget-vs-actual?range=thismonth&column=forecast_usd").await;
    assert!(page.contains("mean of its weekday") && page.contains("vw_forecast.forecast_usd"), "{page}");
    let asked = sheet.asked.lock().unwrap();
    assert!(
        asked.iter().any(|sql| sql.starts_with("WITH moments AS (") && sql.contains("weekday_parts AS ("))
    );
    // Nothing is stated where nothing was found.
    assert!(!page.contains("<span class=\"value\">"), "{page}");
}
