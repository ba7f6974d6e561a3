//! Keys, organisations and generations of the cost API that change between runs.

use aispend_simulator::{FaultPlan, Quirks, World, WorldConfig};

use crate::command::Home;
use crate::compare::{assert_attribution, assert_tables, assert_truth, bytes};
use crate::vendors::Vendors;
use crate::worlds::{Shape, config, days_ago, plain};

#[test]
fn one_vendor_alone_is_enough() {
    let check = |change: fn(&mut WorldConfig)| {
        let mut config = WorldConfig { quirks: Quirks::default(), ..config(Shape::Enterprise, 110) };
        change(&mut config);
        let what = format!("{config:?}");
        let vendors = Vendors::open(World::generate(config), FaultPlan::none());
        let home = Home::with_csv(&vendors);
        home.run(days_ago(11), days_ago(4));
        assert_truth(&home, &vendors, &what);
        assert_attribution(&home, &vendors, &what);
    };
    check(|config| (config.console, config.enterprise) = (false, false));
    check(|config| (config.console, config.cursor) = (false, false));
    check(|config| (config.enterprise, config.cursor, config.sheets) = (false, false, false));
}

#[test]
fn a_key_that_answers_for_another_organisation_reads_nothing_until_confirmed() {
    let vendors = Vendors::open(plain(Shape::Analytics, 111), FaultPlan::none());
    let mut home = Home::with_csv(&vendors);
    home.run(days_ago(11), days_ago(4)).exits(0);
    let before = bytes(&home);
    let other = "5d0fa35c-0000-4000-8000-000000000001";
    vendors.simulator().world.replace_console_id(other.to_owned());
    let ended = home.run(days_ago(11), days_ago(4)).exits(1);
    ended.says("ANTHROPIC_ADMIN_KEY").says(other).says("AISPEND_CONFIRMED_ORGS");
    assert_tables(&before, &bytes(&home), "nothing of another organisation");
    home.set("AISPEND_CONFIRMED_ORGS", other);
    home.run(days_ago(11), days_ago(4)).exits(0);
    let organisations =
        "SELECT DISTINCT org_id FROM ai_usage_analytics.claude_expenses WHERE org_id <> 'sheets'";
    assert_eq!(home.column(organisations).len(), 2);
}

#[test]
fn a_rotated_key_of_the_same_organisation_changes_nothing() {
    let vendors = Vendors::open(plain(Shape::Enterprise, 112), FaultPlan::none());
    let mut home = Home::with_csv(&vendors);
    home.run(days_ago(11), days_ago(4)).exits(0);
    let before = bytes(&home);
    vendors.simulator().world.keys.admin = "sk-ant-admin01-rotated".to_owned();
    vendors.simulator().world.keys.cursor = "crsr_rotated".to_owned();
    home.set("ANTHROPIC_ADMIN_KEY", "sk-ant-admin01-rotated");
    home.set("CURSOR_ADMIN_KEY", "crsr_rotated");
    home.run(days_ago(11), days_ago(4)).exits(0);
    assert_tables(&before, &bytes(&home), "rotated");
}

#[test]
fn a_day_loaded_from_analytics_is_never_replaced_from_legacy_unless_a_setting_says_so() {
    let config = |shape| WorldConfig { quirks: Quirks::NONE, ..config(shape, 113) };
    let vendors = Vendors::open(World::generate(config(Shape::Analytics)), FaultPlan::none());
    let mut home = Home::with_csv(&vendors);
    home.run(days_ago(11), days_ago(4)).exits(0);
    let before = bytes(&home);
    vendors.simulator().world = World::generate(config(Shape::Legacy));
    let ended = home.run(days_ago(11), days_ago(4)).exits(1);
    ended.says("anthropic/cost").says("AISPEND_COST_API=legacy");
    assert_tables(&before, &bytes(&home), "the beta closed");
    home.set("AISPEND_COST_API", "legacy");
    home.run(days_ago(11), days_ago(4)).exits(0);
    assert_truth(&home, &vendors, "legacy by setting");
    let sources = "SELECT DISTINCT source FROM ai_usage_analytics.claude_expenses WHERE org_id <> 'sheets'";
    assert_eq!(home.column(sources).len(), 1, "never both for one day");
}

#[test]
fn a_beta_that_opens_replaces_legacy_days_whole() {
    let config = |shape| WorldConfig { quirks: Quirks::default(), ..config(shape, 114) };
    let vendors = Vendors::open(World::generate(config(Shape::EnterpriseLegacy)), FaultPlan::none());
    let home = Home::with_google(&vendors);
    home.run(days_ago(11), days_ago(4));
    vendors.simulator().world = World::generate(config(Shape::Enterprise));
    home.run(days_ago(11), days_ago(4));
    assert_truth(&home, &vendors, "the beta opened");
    assert_attribution(&home, &vendors, "the beta opened");
}

#[test]
fn a_period_that_is_not_over_is_read_up_to_yesterday_and_says_so() {
    let config = WorldConfig { last_day: days_ago(0), ..config(Shape::Legacy, 115) };
    let vendors = Vendors::open(World::generate(config), FaultPlan::none());
    let home = Home::with_csv(&vendors);
    let ended = home.run(days_ago(3), days_ago(0));
    ended.says("is not over yet");
    for (table, day) in [("claude_expenses", "expense_date"), ("cursor_usage_events", "event_date")] {
        let last = home.value(&format!("SELECT MAX({day}) FROM ai_usage_analytics.{table}"));
        assert_eq!(last, days_ago(1).to_string(), "{table}");
    }
}
