//! No answer of any vendor may take the process down.

use crate::harness::{ask, response};
use aispend_model::{Feed, Slice, day_from_number};
use aispend_sources::{Ask, Body, Progress, source};
use proptest::prelude::*;

fn asks(feed: Feed) -> Vec<Ask> {
    let slice = if feed.is_daily() {
        Slice::of_day(feed, "org", day_from_number(20_731).unwrap())
    } else {
        Slice::all(feed, "org")
    };
    let tab = feed.as_str().rsplit('/').next().unwrap();
    ["", "google", "csv", "analytics", "analytics_enterprise", "legacy"]
        .map(|form| ask(slice.clone(), form, tab))
        .to_vec()
}

/// What comes back is of no interest, only that something does.
fn survive(status: u16, bytes: &[u8]) {
    for feed in [Feed::CursorMembers, Feed::CursorDailyUsage, Feed::CursorUsageEvents, Feed::CursorSpend]
        .into_iter()
        .chain(Feed::ALL.into_iter().filter(|feed| feed.vendor() == aispend_model::Vendor::Sheets))
    {
        for ask in asks(feed) {
            for request in source(feed).requests(&ask) {
                drop(source(feed).follow(
                    &ask,
                    &request,
                    &response(status, bytes.to_vec()),
                    Progress::default(),
                ));
                let body = Body {
                    role: request.role.clone(),
                    request: request.line(),
                    page: 0,
                    bytes: bytes.to_vec(),
                };
                drop(crate::harness::read(&ask, vec![body]));
            }
        }
    }
}

/// Bodies that begin like the real ones.
fn nearly() -> impl Strategy<Value = Vec<u8>> {
    let value = prop_oneof![
        Just("null".to_owned()),
        Just("[]".to_owned()),
        Just("{}".to_owned()),
        Just("\"\"".to_owned()),
        Just("-1e400".to_owned()),
        Just("99999999999999999999999999999999999999999999".to_owned()),
        Just("\"1791194400123\"".to_owned()),
        Just("\"2026-10-05\"".to_owned()),
        Just("\"\\ud800\"".to_owned()),
        Just("true".to_owned()),
    ];
    let members = [
        "timestamp",
        "chargedCents",
        "kind",
        "isChargeable",
        "tokenUsage",
        "day",
        "date",
        "userId",
        "email",
        "spendCents",
        "name",
        "model",
        "requestsCosts",
    ];
    let list = prop_oneof![
        Just("usageEvents"),
        Just("data"),
        Just("teamMembers"),
        Just("teamMemberSpend"),
        Just("values")
    ];
    (list, prop::collection::vec((prop::sample::select(members.to_vec()), value.clone()), 0..8), value)
        .prop_map(|(list, members, start)| {
            let members: Vec<_> =
                members.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
            format!(
                r#"{{"{list}":[{{{}}}],"subscriptionCycleStart":{start},"totalPages":{start}}}"#,
                members.join(",")
            )
            .into_bytes()
        })
}

fn rows() -> impl Strategy<Value = Vec<u8>> {
    let header = "vendor,price_usd,user_email,api_key_id,month,budget_usd,activity_date,total_net_spend_usd,\
        period_start,period_end,invoice_id,scope,amount,currency,valid_from,valid_to,cycle_day,billing";
    let cell = prop_oneof![
        Just("2026-10-05".to_owned()),
        Just("-9999-01-01".to_owned()),
        Just("46300".to_owned()),
        Just("40".to_owned()),
        Just("cursor".to_owned()),
        Just("9999999999".to_owned()),
        Just("-0.000000001".to_owned()),
        Just("annual".to_owned()),
        Just("a@b".to_owned()),
        Just("31".to_owned()),
        Just("usage".to_owned()),
        Just("USD".to_owned()),
        Just(String::new()),
        ".{0,12}".prop_map(|text| format!("\"{}\"", text.replace('"', "\"\""))),
    ];
    prop::collection::vec(prop::collection::vec(cell, 0..20), 0..6).prop_map(move |rows| {
        let rows: Vec<_> = rows.into_iter().map(|row| row.join(",")).collect();
        format!("{header}\n{}", rows.join("\n")).into_bytes()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn random_bytes(status in prop_oneof![Just(200_u16), 100_u16..600], bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        survive(status, &bytes);
    }

    #[test]
    fn almost_an_answer(bytes in nearly()) {
        survive(200, &bytes);
    }

    #[test]
    fn almost_a_sheet(bytes in rows()) {
        survive(200, &bytes);
    }

    #[test]
    fn a_fixture_cut_off_or_spoilt(file in prop::sample::select(vec![
        "cursor/usage-events/page-1.json", "cursor/daily-usage/page-1.json", "cursor/members/members.json",
        "cursor/spend/page-1.json", "sheets/seats/numbers.json", "sheets/seats/by-hand.csv",
        "sheets/claude-ai-spend/three-days.csv", "sheets/api-key-mapping/ragged.json",
    ]), place in any::<prop::sample::Index>(), byte in any::<u8>(), is_cut in any::<bool>()) {
        let mut bytes = crate::harness::fixture(file);
        let place = place.index(bytes.len());
        if is_cut { bytes.truncate(place) } else { bytes[place] = byte }
        survive(200, &bytes);
    }
}
