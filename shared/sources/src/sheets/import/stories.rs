//! Tests: files merged into sheets.

use aispend_model::Feed;
use jiff::civil::date;
use proptest::prelude::*;

use super::{Incoming, Merge, all, merge, short_name};

fn import(feed: Feed, there: Option<&str>, text: &str) -> Merge {
    let incoming = Incoming { name: "new.csv", bytes: text.as_bytes(), period: None };
    merge(feed, there.map(str::as_bytes), &incoming).unwrap()
}

fn file(merged: &Merge) -> &str {
    std::str::from_utf8(&merged.file).unwrap()
}

fn refused(merged: &Merge) -> Vec<String> {
    merged.refused.iter().map(ToString::to_string).collect()
}

fn counts(merged: &Merge) -> (usize, usize, usize, usize) {
    (merged.added.len(), merged.changed.len(), merged.unchanged, merged.refused.len())
}

#[test]
fn a_first_import_has_every_column_and_a_second_one_changes_no_byte() {
    let text = "user_email;Team Name;Colour\nAna@example.com;Platform;red\nbo@example.com;Data;\n";
    let first = import(Feed::SheetPeople, None, text);
    assert_eq!(counts(&first), (2, 0, 0, 0));
    assert_eq!(
        file(&first),
        "user_email,name,department,team,manager_email,valid_from,valid_to,colour\nAna@example.com,,,Platform,,,,red\nbo@example.com,,,Data,,,,\n"
    );
    let second = import(Feed::SheetPeople, Some(file(&first)), text);
    assert_eq!(counts(&second), (0, 0, 2, 0));
    assert_eq!(second.file, first.file);
}

#[test]
fn what_does_not_change_stays_as_it_was_to_the_byte() {
    let there = "\u{feff}Note,User E-Mail,team,valid_from\r\n\"x\",\"ana@example.com\", Data ,\r\n\r\nkeep me,bo@example.com,Data,2026-01-01";
    // `User E-Mail` is no name of the column: the sheet itself could not be read.
    let there = there.replace("User E-Mail", "User Email");
    let text = "user_email,team,valid_from,manager_email\nbo@example.com,Platform,2026-01-01,lee@example.com\ncy@example.com,,,\n";
    let merged = import(Feed::SheetPeople, Some(&there), text);
    assert_eq!(counts(&merged), (1, 1, 0, 0), "{:?}", merged.refused);
    assert_eq!(
        file(&merged),
        "\u{feff}Note,User Email,team,valid_from,manager_email\r\n\"x\",\"ana@example.com\", Data ,\r\n\r\nkeep me,bo@example.com,Platform,2026-01-01,lee@example.com\r\n,cy@example.com,,,\r\n"
    );
    let changed = &merged.changed[0];
    assert_eq!((changed.row, changed.sheet_row, changed.key.as_str()), (2, 4, "bo@example.com"));
    let fields: Vec<_> = changed
        .fields
        .iter()
        .map(|field| (field.column.as_str(), field.before.as_str(), field.after.as_str()))
        .collect();
    assert_eq!(fields, [("team", "Data", "Platform"), ("manager_email", "", "lee@example.com")]);
}

#[test]
fn an_empty_cell_wipes_nothing_and_says_so() {
    let there = "user_email,team,valid_to\nana@example.com,Data,2026-09-30\n";
    let merged = import(Feed::SheetPeople, Some(there), "user_email,team,valid_to\nana@example.com,,\n");
    assert_eq!(counts(&merged), (0, 0, 1, 0));
    let kept: Vec<_> =
        merged.kept.iter().map(|kept| (kept.row, kept.column.as_str(), kept.value.as_str())).collect();
    assert_eq!(kept, [(2, "team", "Data"), (2, "valid_to", "2026-09-30")]);
    assert_eq!(file(&merged), there);
}

#[test]
fn a_new_period_needs_the_old_one_to_end_and_both_rows_are_named() {
    let there = "api_key_id,user_email,valid_from,valid_to\n\nk1,ana@example.com,2026-01-01,\n";
    let next = "api_key_id,user_email,valid_from,valid_to\nk1,bo@example.com,2026-10-01,\n";
    let merged = import(Feed::SheetApiKeyMapping, Some(there), next);
    assert_eq!(counts(&merged), (0, 0, 0, 1));
    assert_eq!(
        refused(&merged),
        [
            "new.csv, row 2, column valid_from: row 3 of the sheet \"api-key-mapping\" has the same API key for some of these days (from 2026-01-01) → import that row as well, same valid_from, with a valid_to before this one begins; or give this row other days"
        ]
    );
    let both = format!("{next}k1,ana@example.com,2026-01-01,2026-09-30\n");
    let merged = import(Feed::SheetApiKeyMapping, Some(there), &both);
    assert_eq!(counts(&merged), (1, 1, 0, 0));
    assert_eq!(
        file(&merged),
        "api_key_id,user_email,valid_from,valid_to\n\nk1,ana@example.com,2026-01-01,2026-09-30\nk1,bo@example.com,2026-10-01,\n"
    );
    let twice = "api_key_id,user_email\n\nk1,ana@example.com\n# k3,x\nk1,bo@example.com\n";
    let merged = import(Feed::SheetApiKeyMapping, None, twice);
    assert_eq!(counts(&merged), (1, 0, 0, 1));
    assert!(
        refused(&merged)[0].starts_with("new.csv, row 5, column api_key_id: row 3 has the same"),
        "{:?}",
        merged.refused
    );
}

/// A sheet as it is, and files with what they come to.
type Case<'a> = (Feed, &'a str, &'a [(&'a str, (usize, usize, usize, usize))]);

#[test]
fn every_sheet_has_the_key_that_people_expect() {
    let cases: [Case; 6] = [
        (
            Feed::SheetBudgets,
            "month,platform,team,budget_usd\n2026-10,,,9\n2026-10,cursor,,2\n",
            &[
                ("month,platform,team,budget_usd\n2026-10-15,Cursor,,3\n2026-11,,,9.00\n", (1, 1, 0, 0)),
                ("month,budget_usd\n2026-10,1\n2026-10,2\n", (0, 1, 0, 1)),
            ],
        ),
        (
            Feed::SheetInvoices,
            "vendor,org_id,invoice_id,period_start,period_end,scope,amount,currency\nCursor,,1,2026-10-01,2026-10-31,usage,5,USD\n",
            &[
                (
                    "vendor,org_id,invoice_id,period_start,period_end,scope,amount,currency\ncursor,,1,2026-10-01,2026-10-31,tax,1,USD\ncursor,,1,2026-10-01,2026-10-30,usage,6,USD\n",
                    (1, 1, 0, 0),
                ),
                (
                    "vendor,org_id,invoice_id,period_start,period_end,scope,amount,currency\ncursor,,1,2026-10-02,2026-10-31,usage,5,USD\n",
                    (0, 0, 0, 1),
                ),
                (
                    "vendor,org_id,invoice_id,period_start,period_end,scope,amount,currency\ncursor,o2,1,2026-10-01,2026-10-31,usage,5,USD\n",
                    (1, 0, 0, 0),
                ),
            ],
        ),
        (
            Feed::SheetClaudeAiUsage,
            "user_email,activity_date,message_count\nana@example.com,2026-10-01,5\n",
            &[(
                "user_email,activity_date,message_count\nANA@example.com,2026-10-01,6\nana@example.com,2026-10-02,1\n",
                (1, 1, 0, 0),
            )],
        ),
        (
            Feed::SheetClaudeAiSpend,
            "user_email,product,model,total_net_spend_usd,period_start,period_end\nana@example.com,Chat,m,5,2026-10-01,2026-10-10\n",
            &[
                // The month to date, exported again later.
                (
                    "user_email,product,model,total_net_spend_usd,period_start,period_end\nana@example.com,Chat,m,9,2026-10-01,2026-10-20\n",
                    (0, 1, 0, 0),
                ),
                (
                    "user_email,product,model,total_net_spend_usd,period_start,period_end\nana@example.com,Chat,m,2,2026-10-01,2026-10-05\n",
                    (0, 0, 0, 1),
                ),
                (
                    "user_email,product,model,total_net_spend_usd,period_start,period_end\nana@example.com,Chat,m,2,2026-10-10,2026-10-12\n",
                    (0, 0, 0, 1),
                ),
                (
                    "user_email,product,model,total_net_spend_usd,period_start,period_end\nana@example.com,Cowork,m,2,2026-10-10,2026-10-12\n",
                    (1, 0, 0, 0),
                ),
            ],
        ),
        (
            Feed::SheetSeats,
            "vendor,plan,user_email,price_usd,valid_from\nClaude AI,Team,ana@example.com,30,2026-01-01\ncursor,Teams,,40,2026-01-01\n",
            &[
                // Seats without a person are as many as there are rows.
                (
                    "vendor,plan,user_email,price_usd,valid_from\ncursor,Teams,,40,2026-01-01\ncursor,Teams,,40.00,2026-01-01\n",
                    (1, 0, 1, 0),
                ),
                (
                    "vendor,plan,user_email,price_usd,valid_from\nclaude_ai,Premium,ana@example.com,100,2026-01-01\n",
                    (0, 1, 0, 0),
                ),
                (
                    "vendor,plan,user_email,price_usd,valid_from\nclaude_ai,Premium,ana@example.com,100,2026-05-01\n",
                    (0, 0, 0, 1),
                ),
            ],
        ),
        (
            Feed::SheetPeople,
            "user_email,team\nana@example.com,Data\n",
            &[(
                "user_email,team,valid_from,valid_to\nana@example.com,Data,2020-01-01,2020-12-31\n",
                (0, 0, 0, 1),
            )],
        ),
    ];
    for (feed, there, imports) in cases {
        for (text, expected) in imports {
            let merged = import(feed, Some(there), text);
            assert_eq!(counts(&merged), *expected, "{feed}\n{text}\n{:?}", merged.refused);
            let again = import(feed, Some(file(&merged)), text);
            assert_eq!((again.added.len(), again.changed.len()), (0, 0), "{feed}\n{text}");
            assert_eq!(again.file, merged.file, "{feed}\n{text}");
        }
    }
}

#[test]
fn a_row_that_a_run_refuses_is_mended_by_one_that_comes() {
    let there = "vendor,user_email,price_usd,valid_from\ncursor,ana@example.com,forty,2026-01-01\n";
    let merged = import(
        Feed::SheetSeats,
        Some(there),
        "vendor,user_email,price_usd,valid_from\ncursor,ana@example.com,40,2026-01-01\n",
    );
    assert_eq!(counts(&merged), (0, 1, 0, 0));
    assert_eq!(merged.broken.len(), 1);
    assert_eq!(
        file(&merged),
        "vendor,user_email,price_usd,valid_from\ncursor,ana@example.com,40,2026-01-01\n"
    );
}

#[test]
fn the_spend_report_comes_with_its_days_and_other_exports_say_where_they_belong() {
    let report = "user_email,account_uuid,product,model,model family,total_requests,total_prompt_tokens,total_completion_tokens,total_net_spend_usd,total_gross_spend_usd\nana@example.com,u,Claude Code,m,f,1,2,3,0.30,0.40\n";
    let of = |feed, text: &str, period| {
        merge(feed, None, &Incoming { name: "r.csv", bytes: text.as_bytes(), period })
    };
    let october = Some((date(2026, 10, 1), date(2026, 10, 31)));
    let merged = of(Feed::SheetClaudeAiSpend, report, october).unwrap();
    assert_eq!(merged.export, Some("the spend report of claude.ai"));
    assert!(
        file(&merged)
            .ends_with("\nana@example.com,u,Claude Code,m,f,1,2,3,0.30,0.40,2026-10-01,2026-10-31\n")
    );
    let dated = report
        .replace("usd\n", "usd,period_start,period_end\n")
        .replace("0.40\n", "0.40,2026-10-01,2026-10-31\n");
    let same = merge(
        Feed::SheetClaudeAiSpend,
        Some(&merged.file),
        &Incoming { name: "d.csv", bytes: dated.as_bytes(), period: None },
    )
    .unwrap();
    assert_eq!(counts(&same), (0, 0, 1, 0));
    for (feed, text, period, expected) in [
        (Feed::SheetClaudeAiSpend, report, None, "--from YYYY-MM-DD --to"),
        (Feed::SheetClaudeAiSpend, &dated, october, "names its own days"),
        (Feed::SheetClaudeAiUsage, report, None, "aispend import claude-ai-spend"),
        (Feed::SheetPeople, "user_email\na@example.com\n", october, "leave --from and --to out"),
        (
            Feed::SheetInvoices,
            "usage_date_utc,model,cost_usd\n",
            None,
            "the cost export of the Claude Console",
        ),
        (
            Feed::SheetApiKeyMapping,
            "usage_date_utc,usage_output_tokens\n",
            None,
            "the usage export of the Claude Console",
        ),
        (Feed::SheetPeople, "vendor,price_usd\n", None, "is it the sheet seats?"),
    ] {
        let said = of(feed, text, period).unwrap_err().to_string();
        assert!(said.contains(expected), "{said}");
    }
}

proptest! {
    #[test]
    fn a_second_import_adds_and_changes_nothing(
        there in proptest::collection::vec((0_u8..4, 1_u8..28, 0_u8..4, "[a\",\n]{0,3}"), 0..6),
        came in proptest::collection::vec((0_u8..4, 1_u8..28, 0_u8..4, "[a\",\n=]{0,3}"), 0..6),
    ) {
        let text = |rows: &[(u8, u8, u8, String)]| {
            let rows: Vec<String> = rows
                .iter()
                .map(|(who, from, length, team)| {
                    let to = from + length;
                    format!("p{who}@example.com,\"{}\",2026-01-{from:02},2026-01-{to:02}\n", team.replace('"', "\"\""))
                })
                .collect();
            format!("user_email,team,valid_from,valid_to\n{}", rows.concat())
        };
        let (there, came) = (text(&there), text(&came));
        let once = import(Feed::SheetPeople, Some(&there), &came);
        let rows = once.added.len() + once.changed.len() + once.unchanged + once.refused.len();
        prop_assert_eq!(rows, came.matches("@example.com").count());
        let twice = import(Feed::SheetPeople, Some(file(&once)), &came);
        prop_assert_eq!((twice.added.len(), twice.changed.len()), (0, 0));
        prop_assert_eq!(&twice.file, &once.file);
    }

    #[test]
    fn no_file_panics(bytes in proptest::collection::vec(any::<u8>(), 0..80), text in "[a,\";\t\r\n#=0-9@.]{0,60}") {
        for feed in all() {
            for bytes in [&bytes[..], text.as_bytes(), format!("user_email,{}\n{text}", short_name(feed)).as_bytes()] {
                drop(merge(feed, None, &Incoming { name: "x", bytes, period: None }));
                drop(merge(feed, Some(bytes), &Incoming { name: "x", bytes: b"user_email\n", period: None }));
            }
        }
    }
}
