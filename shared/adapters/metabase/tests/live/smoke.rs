//! Every card is run through the query interface, and what is wrong is named.

use std::sync::Arc;

use aispend_fake_metabase::{FakeMetabase, Version};
use aispend_metabase::{Edition, found, smoke};
use aispend_warehouse::cards;
use serde_json::json;

use crate::run::{everything, options, person, run};

#[tokio::test]
async fn a_card_that_fails_or_has_other_columns_is_named_and_a_good_one_adds_up() {
    let mut options = options(Version::V0_65);
    options.answers = Some(Arc::new(|sql: &str| {
        if sql.contains("[[") || sql.contains("{{") {
            return Err("a tag is left".to_owned());
        }
        if sql.contains("AS total_usd,\n    SUM") {
            let columns = ["total_usd", "previous", "base"].map(str::to_owned).to_vec();
            return Ok((columns, vec![vec![json!("12.5"), json!(2), json!("x")]]));
        }
        Err("Unrecognized name: v".to_owned())
    }));
    let server = FakeMetabase::start_with(options).await;
    let wanted = everything();
    run(&server, &wanted, false).await.unwrap();
    let person = person(&server).await;
    let found = found(&person, &wanted, Edition::default()).await.unwrap();
    let lines = smoke(&person, &wanted, &found, &cards().unwrap()).await.unwrap();
    let line = |card: &str| lines.iter().find(|line| line.card == card).unwrap();
    let good = line("exec/total-spend");
    assert_eq!((good.problem.as_deref(), good.rows), (None, 1));
    assert_eq!(good.totals[0], ("total_usd".to_owned(), 12_500_000));
    let bad = line("alloc/people").problem.as_deref().unwrap();
    assert!(bad.contains("Unrecognized name"), "{bad}");
    assert!(lines.iter().all(|line| line.problem.as_deref() != Some("a tag is left")));
}
