//! Sheets brought in by `aispend import`: what it shows is what it does.

use std::collections::BTreeMap;
use std::path::PathBuf;

use aispend_model::Money;
use aispend_simulator::{FaultPlan, Platform, Restatement};

use crate::command::{Ended, Home};
use crate::compare::{assert_tables, bytes};
use crate::vendors::Vendors;
use crate::worlds::{Shape, days_ago, plain};

/// Money of seats by platform and month.
const SEATS: &str = "SELECT platform || ' ' || strftime(d, '%Y-%m') || '|' || CAST(SUM(c) AS VARCHAR) FROM (
           SELECT platform, expense_date AS d, cost_usd AS c FROM ai_usage_analytics.claude_expenses WHERE slice_key LIKE 'sheets/seats|%'
     UNION ALL SELECT 'cursor', expense_date, estimated_cost_usd FROM ai_usage_analytics.cursor_expenses WHERE slice_key LIKE 'sheets/seats|%')
   GROUP BY platform, strftime(d, '%Y-%m')";

/// Writes a file beside the data folder, and names it.
fn file(home: &Home, name: &str, text: &str) -> String {
    let path = home.data().parent().unwrap().join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn exact(text: &str) -> Money {
    Money::from_dollars(text).unwrap().money
}

/// Billed money of the warehouse by `level who`, as the preview names it.
fn billed(home: &Home) -> BTreeMap<String, Money> {
    let mut all = BTreeMap::new();
    for (level, column) in
        [("platform", "platform"), ("team", "COALESCE(team, '(no team)')"), ("person", "user_email")]
    {
        let sql = format!(
            "SELECT {column} || '|' || CAST(SUM(cost_usd) AS VARCHAR) FROM ai_usage_analytics.fct_cost_daily GROUP BY {column}"
        );
        for line in home.column(&sql) {
            let (who, cost) = line.rsplit_once('|').unwrap();
            all.insert(format!("{who} {level}"), exact(cost));
        }
    }
    all.retain(|_, cost| *cost != Money::ZERO);
    all
}

/// What changed between two readings, with both amounts.
fn differences(
    before: &BTreeMap<String, Money>,
    after: &BTreeMap<String, Money>,
) -> BTreeMap<String, (Money, Money)> {
    let keys = before.keys().chain(after.keys());
    let amount = |of: &BTreeMap<String, Money>, key| of.get(key).copied().unwrap_or(Money::ZERO);
    let both = keys.map(|key| (key.clone(), (amount(before, key), amount(after, key))));
    both.filter(|(_, (before, after))| before != after).collect()
}

/// The lines of a table of amounts below a title: name, before, after.
fn shown(stdout: &str, title: &str) -> BTreeMap<String, (Money, Money)> {
    let lines = stdout.lines().skip_while(|line| !line.starts_with(title)).skip(2);
    lines
        .take_while(|line| line.starts_with("  "))
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let (name, amounts) = words.split_at(words.len() - 3);
            let (before, after) = (exact(amounts[0]), exact(amounts[1]));
            assert_eq!(exact(amounts[2].trim_start_matches('+')), after - before, "{line}");
            (name.join(" "), (before, after))
        })
        .collect()
}

/// Everything that a command says before it says what it did.
fn preview(ended: &Ended) -> &str {
    let end = ["\nNothing was changed", "\nWrote "].iter().find_map(|mark| ended.stdout.find(mark));
    &ended.stdout[..end.unwrap_or_else(|| panic!("no end of the preview: {}", ended.stdout))]
}

fn files(folder: PathBuf) -> Vec<PathBuf> {
    let mut all = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { all.push(path) }
        }
    }
    all.sort();
    all
}

/// A dry run changes nothing; the import says the same, does it, and a second one finds nothing to do.
fn imported(home: &Home, sheet: &str, text: &str) -> Ended {
    let name = file(home, &format!("{sheet}-new.csv"), text);
    let (tables, there) = (bytes(home), std::fs::read(home.sheet(sheet)).ok());
    let archived = files(home.data().join("raw"));
    let tried = home.aispend(&["import", sheet, &name, "--dry-run"]).exits(0);
    assert_tables(&tables, &bytes(home), "after a dry run");
    assert_eq!(std::fs::read(home.sheet(sheet)).ok(), there);
    assert_eq!(files(home.data().join("raw")), archived, "a rehearsal archives nothing");
    let done = home.aispend(&["import", sheet, &name]).exits(0);
    assert_eq!(preview(&done), preview(&tried));
    assert!(!home.data().join(".writer/rehearsal").exists());
    let after = std::fs::read(home.sheet(sheet)).unwrap();
    let tables = bytes(home);
    home.aispend(&["import", sheet, &name]).exits(0).says("0 added, 0 changed").says("Nothing to change");
    assert_eq!(std::fs::read(home.sheet(sheet)).unwrap(), after);
    assert_tables(&tables, &bytes(home), "after a second import");
    done
}

/// A cell of a sheet by its row (counted from 1, the header apart) and column.
fn cell(home: &Home, sheet: &str, row: usize, column: &str) -> String {
    let text = std::fs::read_to_string(home.sheet(sheet)).unwrap();
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    let place = lines[0].iter().position(|name| *name == column).unwrap();
    lines[row][place].to_owned()
}

#[test]
fn people_and_keys_move_the_money_that_the_preview_says() {
    let vendors = Vendors::open(plain(Shape::Legacy, 120), FaultPlan::none());
    let home = Home::with_csv(&vendors);
    home.run(days_ago(11), days_ago(4)).exits(0);
    let asked = vendors.asked();
    let before = billed(&home);
    let (email, from) = (cell(&home, "people", 2, "user_email"), cell(&home, "people", 2, "valid_from"));
    let people = format!(
        "user_email;Team Name;valid_from\n{email};Research;{from}\nnew@example.com;Research;2026-01-01\n"
    );
    let done = imported(&home, "people", &people);
    done.says("people: 1 added, 1 changed").says("team ").says(" → Research");
    let moved = differences(&before, &billed(&home));
    assert!(moved.contains_key("Research team"), "{moved:?}");
    assert_eq!(shown(&done.stdout, "Billed money that changes hands"), moved);
    let before = billed(&home);
    // Every key is the new person's, for another platform: legacy lines are read again.
    let keys = "SELECT DISTINCT api_key_id FROM ai_usage_analytics.claude_expenses WHERE api_key_id IS NOT NULL AND platform = 'claude_api' AND api_key_id NOT IN (SELECT api_key_id FROM ai_usage_analytics.dim_api_key_mapping) ORDER BY 1";
    let free = home.column(keys);
    assert!(!free.is_empty(), "a key that nobody mapped");
    let rows: Vec<String> = free.iter().map(|key| format!("{key},new@example.com,claude_code\n")).collect();
    let done =
        imported(&home, "api-key-mapping", &format!("api_key_id,user_email,platform\n{}", rows.concat()));
    let moved = differences(&before, &billed(&home));
    assert!(moved.contains_key("new@example.com person"), "{moved:?}");
    assert!(moved.contains_key("claude_code platform"), "{moved:?}");
    assert_eq!(shown(&done.stdout, "Billed money that changes hands"), moved);
    assert_eq!(vendors.asked(), asked, "an import asks no vendor");
    // The total is what it was.
    let total = |sums: &BTreeMap<String, Money>| -> Money {
        sums.iter().filter(|(key, _)| key.ends_with(" platform")).map(|(_, cost)| *cost).sum()
    };
    assert_eq!(total(&before), total(&billed(&home)));
}

#[test]
fn the_money_of_a_sheet_is_shown_as_it_is_loaded() {
    let vendors = Vendors::open(plain(Shape::Analytics, 121), FaultPlan::none());
    let home = Home::with_csv(&vendors);
    home.run(days_ago(11), days_ago(4)).exits(0);
    let check = |sheet: &str, text: &str, sql: &str| {
        let before = loaded(&home, sql);
        let done = imported(&home, sheet, text);
        let expected = differences(&before, &loaded(&home, sql));
        let mut shown = shown(&done.stdout, "Money of this sheet");
        assert!(shown.remove("these lines together").is_some(), "{}", done.stdout);
        assert!(!shown.is_empty());
        assert_eq!(shown, expected, "{sheet}: {}", done.stdout);
    };
    let first = days_ago(40);
    check(
        "seats",
        &format!(
            "vendor,plan,user_email,price_usd,valid_from\ncursor,Teams,eve@example.com,40,{first}\nclaude.ai,Team,,30.00,{first}\n"
        ),
        SEATS,
    );
    check(
        "budgets",
        "month,platform,team,budget_usd\n2031-01,,,100\n2031-01,,Research,7.50\n2031-02,Cursor,,1\n",
        "SELECT CASE WHEN platform IS NULL AND team IS NULL THEN 'all' WHEN team IS NULL THEN platform WHEN platform IS NULL THEN 'team ' || team ELSE platform || ', team ' || team END
           || ' ' || strftime(month, '%Y-%m') || '|' || CAST(SUM(budget_usd) AS VARCHAR) FROM ai_usage_analytics.dim_budget GROUP BY platform, team, month",
    );
    check(
        "invoices",
        "vendor,invoice_id,period_start,period_end,scope,amount,currency,usd_amount\nanthropic,A-1,2026-09-01,2026-09-30,usage,12.34,USD,\nanthropic,A-1,2026-09-01,2026-09-30,tax,2.00,USD,\ncursor,C-1,2026-09-01,2026-09-30,seats,100,EUR,109.50\n",
        "SELECT vendor || ' ' || scope || ' ' || strftime(period_start, '%Y-%m') || '|' || CAST(SUM(usd_amount) AS VARCHAR) FROM ai_usage_analytics.invoices GROUP BY vendor, scope, strftime(period_start, '%Y-%m')",
    );
    let report = "user_email,account_uuid,product,model,model family,total_requests,total_prompt_tokens,total_completion_tokens,total_net_spend_usd,total_gross_spend_usd\nana@example.com,u,Chat,m,f,1,2,3,10.01,11\nana@example.com,u,Claude Code,m,f,1,2,3,5,5\n";
    let name = file(&home, "spend.csv", report);
    home.aispend(&["import", "claude-ai-spend", &name]).exits(2).says("--from YYYY-MM-DD");
    let period = ["--from", "2026-08-20", "--to", "2026-09-10"];
    let spend =
        |more: &[&str]| home.aispend(&[&["import", "claude-ai-spend", &name], &period[..], more].concat());
    let tried = spend(&["--dry-run"]).exits(0);
    let done = spend(&[]).exits(0);
    assert_eq!(preview(&done), preview(&tried));
    let sql = "SELECT platform || ' ' || strftime(expense_date, '%Y-%m') || '|' || CAST(SUM(cost_usd) AS VARCHAR) FROM ai_usage_analytics.claude_expenses WHERE slice_key LIKE 'sheets/claude-ai-spend|%' GROUP BY platform, strftime(expense_date, '%Y-%m')";
    let mut shown = shown(&done.stdout, "Money of this sheet");
    assert_eq!(shown.remove("these lines together"), Some((Money::ZERO, exact("15.01"))));
    assert_eq!(shown, differences(&BTreeMap::new(), &loaded(&home, sql)));
    assert_eq!(shown.len(), 4);
    spend(&[]).exits(0).says("0 added, 0 changed");
}

/// Lines of `name|amount`.
fn loaded(home: &Home, sql: &str) -> BTreeMap<String, Money> {
    let lines = home.column(sql).into_iter();
    lines
        .map(|line| line.rsplit_once('|').map(|(name, cost)| (name.to_owned(), exact(cost))).unwrap())
        .collect()
}

#[test]
fn a_refused_row_stays_out_the_others_load_and_the_old_sheet_can_be_put_back() {
    let vendors = Vendors::open(plain(Shape::Analytics, 122), FaultPlan::none());
    let home = Home::with_csv(&vendors);
    home.run(days_ago(11), days_ago(4)).exits(0);
    let there = std::fs::read(home.sheet("seats")).unwrap();
    let name = file(
        &home,
        "new.csv",
        "vendor,user_email,price_usd,valid_from\ncursor,eve@example.com,forty,2026-01-01\ncursor,eve@example.com,40,17.10.2026\ncursor,eve@example.com,=40,2026-01-01\ncursor,eve@example.com,40,2026-01-01\n",
    );
    let ended = home.aispend(&["import", "seats", &name]).exits(1);
    ended
        .says("seats: 1 added, 0 changed, 0 unchanged, 3 refused")
        .says("row 2, column price_usd: price_usd `forty` is not an amount")
        .says("row 3, column valid_from: valid_from `17.10.2026` is not a day")
        .says("row 4, column price_usd: `=40` is a formula")
        .says("To undo: mv ");
    let rejected = "SELECT COUNT(*) FROM ai_usage_analytics.rejected_records";
    assert_eq!(home.value(rejected), "0", "what is refused at the door is not in the sheet");
    assert_eq!(std::fs::read(home.data().join("sheets/seats.before.csv")).unwrap(), there);
    std::fs::rename(home.data().join("sheets/seats.before.csv"), home.sheet("seats")).unwrap();
    home.aispend(&["run", "--feeds", "sheets/seats"]).exits(0);
    let eve = "SELECT COUNT(*) FROM ai_usage_analytics.dim_seats WHERE user_email = 'eve@example.com'";
    assert_eq!(home.value(eve), "0");
}

#[test]
fn an_import_is_refused_where_the_sheet_is_kept_or_told_elsewhere() {
    let vendors = Vendors::open(plain(Shape::Enterprise, 123), FaultPlan::none());
    let home = Home::with_google(&vendors);
    let people = file(&home, "people.csv", "user_email,team\na@example.com,Data\n");
    home.aispend(&["import", "people", &people]).exits(2).says("into its tab \"people\"");
    home.aispend(&["import", "claude-ai-spend", "--dry-run"]).exits(2).says("for Team plans");
    home.aispend(&["import", "seats", "--from", "2026-10-01", "--to", "2026-10-02"])
        .exits(2)
        .says("names its days");
    let home = Home::new(&vendors);
    home.aispend(&["import", "people"]).exits(2).says("aispend import people FILE");
    let people = file(&home, "people.csv", "user_email,team\na@example.com,Data\n");
    let spend = file(&home, "spend.csv", "user_email,total_net_spend_usd\na@example.com,1\n");
    home.aispend(&["import", "claude-ai-spend", &spend, "--from", "2026-10-01", "--to", "2026-10-02"])
        .exits(2)
        .says("for Team plans");
    let folder = home.data().parent().unwrap().display().to_string();
    home.aispend(&["import", "people", &folder]).exits(2).says("is a folder");
    home.aispend(&["import", "people", "nowhere.csv"]).exits(2).says("nowhere.csv");
    home.aispend(&["import", "staff", &people]).exits(2).says("there is no sheet `staff`");
    let workbook = file(&home, "people.xlsx", "PK\u{3}\u{4}");
    home.aispend(&["import", "people", &workbook]).exits(2).says("save it as CSV");
    assert!(!home.data().join("warehouse.duckdb").exists(), "nothing is made for a file that is none");
    home.aispend(&["demo", "--people", "2", "--days", "3", "--no-serve"]).exits(0);
    let demo = home.nested("demo");
    let there = std::fs::read(demo.sheet("people")).unwrap();
    for more in [&[][..], &["--dry-run"]] {
        demo.aispend(&[&["import", "people", &people], more].concat()).exits(2).says("simulated");
    }
    assert_eq!(std::fs::read(demo.sheet("people")).unwrap(), there);
}

#[test]
fn sheets_can_be_kept_before_there_is_any_key() {
    let home = Home::empty();
    let folder = home.data().parent().unwrap().join("templates").display().to_string();
    home.aispend(&["sheets", "template", "--to", &folder]).exits(0);
    home.aispend(&["sheets", "template", "people", "--to", &folder])
        .exits(1)
        .says("is there already and stays");
    home.aispend(&["sheets", "template", "people"]).exits(0).says("\n# ana@example.com,");
    let template = format!("{folder}/people.csv");
    home.aispend(&["import", "people", &template, "--dry-run"])
        .exits(0)
        .says("0 added")
        .says("1 rows begin with #");
    assert!(!home.data().exists(), "a dry run makes no data folder");
    let text = std::fs::read_to_string(&template).unwrap().replace("# ana", "ana");
    std::fs::write(&template, text).unwrap();
    home.aispend(&["import", "people", &template]).exits(0).says("To undo: rm ");
    assert_eq!(
        home.value("SELECT team FROM ai_usage_analytics.dim_users WHERE user_email = 'ana@example.com'"),
        "Platform"
    );
    let live = home.data().join("sheets").display().to_string();
    home.aispend(&["sheets", "template", "--to", &live]).exits(2).says("where runs read the sheets");
}

/// A Google tab: what the preview says is what loading does, and nothing before.
#[test]
fn a_tab_is_shown_in_rows_and_money_before_it_is_loaded() {
    let vendors = Vendors::open(plain(Shape::Legacy, 125), FaultPlan::none());
    let home = Home::with_google(&vendors);
    // Nothing is loaded, nothing is made.
    home.aispend(&["import", "seats", "--dry-run"]).exits(0).says("0 changed").says("Nothing was changed");
    assert!(!home.data().join("warehouse.duckdb").exists());
    home.run(days_ago(11), days_ago(4)).exits(0);
    home.aispend(&["import", "seats"])
        .exits(0)
        .says("0 added, 0 changed, 0 removed")
        .says("Nothing to change");
    // A seat costs something else, another ends.
    let (was, tables) = (loaded(&home, SEATS), bytes(&home));
    vendors.simulator().world.restate(&Restatement::PriceSeat { row: 0, dollars: 55 });
    let tried = home.aispend(&["import", "seats", "--dry-run"]).exits(0);
    tried.says("1 changed").says("price_usd");
    assert_tables(&tables, &bytes(&home), "after a dry run");
    let done = home.aispend(&["import", "seats"]).exits(0);
    assert!(done.stdout.starts_with(preview(&tried)), "{}", done.stdout);
    let mut moved = shown(&done.stdout, "Money of this sheet, USD");
    moved.retain(|name, _| !name.starts_with("these lines"));
    assert_eq!(moved, differences(&was, &loaded(&home, SEATS)));
    assert!(!moved.is_empty());
}

#[test]
fn a_tab_of_keys_moves_the_money_that_the_preview_says() {
    let vendors = Vendors::open(plain(Shape::Legacy, 126), FaultPlan::none());
    let home = Home::with_google(&vendors);
    home.run(days_ago(11), days_ago(4)).exits(0);
    let (before, tables) = (billed(&home), bytes(&home));
    let archived = files(home.data().join("raw"));
    for key in 0..8 {
        let platform = Platform::ClaudeCode;
        vendors.simulator().world.restate(&Restatement::MapKey { key, person: 1, platform });
    }
    let tried = home.aispend(&["import", "api-key-mapping", "--dry-run"]).exits(0);
    tried.says(" removed");
    assert_tables(&tables, &bytes(&home), "after a dry run");
    assert_eq!(files(home.data().join("raw")), archived, "a rehearsal archives nothing");
    assert!(!home.data().join(".writer/rehearsal").exists());
    let done = home.aispend(&["import", "api-key-mapping"]).exits(0);
    assert!(done.stdout.starts_with(preview(&tried)), "{}", done.stdout);
    let moved = differences(&before, &billed(&home));
    assert!(moved.keys().any(|key| key.ends_with(" person")), "{moved:?}");
    assert_eq!(shown(&done.stdout, "Billed money that changes hands"), moved);
    home.aispend(&["import", "api-key-mapping"]).exits(0).says("Nothing to change");
    // A tab that is gone is no reason to forget what it said.
    let tables = bytes(&home);
    let mut lost = home;
    lost.set("AISPEND_SPREADSHEET_ID", "another");
    lost.aispend(&["import", "api-key-mapping"]).exits(1).says("check AISPEND_SPREADSHEET_ID");
    assert_tables(&tables, &bytes(&lost), "after a spreadsheet that nobody finds");
}
