//! E-mails that Metabase sends: none by default, made for readers, and ended when nobody reads.

use aispend_fake_metabase::{FakeMetabase, Version};
use aispend_metabase::{Names, Outcome, Wanted, wanted};
use serde_json::Value;

use crate::run::{everything, options, planned, run};

fn with_readers(alerts_to: &[&str]) -> Wanted {
    let list = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
    let (monthly_to, weekly_to) = (list(&["finance@example.com"]), list(&["lead@example.com"]));
    wanted(Names { monthly_to, weekly_to, alerts_to: list(alerts_to), ..Names::default() }).unwrap()
}

fn active(state: &Value, list: &str) -> usize {
    let all = state[list].as_array().unwrap().iter();
    all.filter(|one| one["archived"] != true && one["active"] != false).count()
}

#[tokio::test]
async fn readers_get_subscriptions_and_alerts_and_without_them_there_are_none() {
    let mut options = options(Version::V0_65);
    options.email_configured = true;
    let server = FakeMetabase::start_with(options).await;
    run(&server, &everything(), false).await.unwrap();
    assert_eq!((active(&server.state(), "pulses"), active(&server.state(), "notifications")), (0, 0));
    let wanted = with_readers(&["on-call@example.com"]);
    let ran = run(&server, &wanted, false).await.unwrap();
    assert!(ran.outcomes.iter().all(|outcome| *outcome == Outcome::Done));
    assert!(ran.plan.notes.iter().all(|note| !note.contains("e-mail")), "{}", ran.plan);
    assert_eq!(active(&server.state(), "pulses"), 2);
    assert_eq!(active(&server.state(), "notifications"), wanted.schedules.len());
    let again = planned(&server, &wanted).await.unwrap();
    assert!(again.is_empty(), "{again}");
    let other = with_readers(&["night@example.com"]);
    run(&server, &other, false).await.unwrap();
    assert_eq!(active(&server.state(), "notifications"), other.schedules.len());
    assert!(!server.state()["notifications"].to_string().contains("on-call@example.com"));
    run(&server, &everything(), false).await.unwrap();
    assert_eq!((active(&server.state(), "pulses"), active(&server.state(), "notifications")), (0, 0));
    assert!(planned(&server, &everything()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_server_that_cannot_send_is_said_to() {
    let server = FakeMetabase::start_with(options(Version::V0_64)).await;
    run(&server, &everything(), false).await.unwrap();
    let plan = planned(&server, &with_readers(&[])).await.unwrap();
    assert!(plan.notes.iter().any(|note| note.contains("cannot send e-mail")), "{plan}");
}
