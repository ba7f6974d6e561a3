//! Tests: files as they should not be.

use std::time::{Duration, Instant};

use aispend_model::Feed;

use super::{ImportError, Incoming, Merge, merge};

fn import(feed: Feed, bytes: &[u8]) -> Result<Merge, ImportError> {
    merge(feed, None, &Incoming { name: "bad.csv", bytes, period: None })
}

/// The only refused row of a people sheet, beside one that comes in.
fn refused(header: &str, row: &str) -> String {
    let text = format!("{header}\n{row}\nbo@example.com\n");
    let merged = import(Feed::SheetPeople, text.as_bytes()).unwrap();
    assert_eq!(merged.added.len(), 1, "{row}");
    assert_eq!(merged.refused.len(), 1, "{row}");
    merged.refused[0].to_string()
}

#[test]
fn a_refused_row_says_file_row_column_reason_and_remedy_and_the_others_come_in() {
    for (header, row, expected) in [
        (
            "user_email,team",
            "nobody,x",
            "bad.csv, row 2, column user_email: user_email `nobody` is not an e-mail address",
        ),
        ("user_email,team", ",x", "bad.csv, row 2, column user_email: user_email is empty → fill it in"),
        (
            "user_email,valid_from",
            "a@example.com,46300",
            "bad.csv, row 2, column valid_from: valid_from `46300` is not a day (YYYY-MM-DD) → this is a spreadsheet's number of a day: format the column as YYYY-MM-DD and save again",
        ),
        (
            "user_email,valid_from",
            "a@example.com,17.10.2026",
            "column valid_from: valid_from `17.10.2026` is not a day (YYYY-MM-DD) → which is the day and which the month is not guessed: write YYYY-MM-DD",
        ),
        (
            "user_email,valid_to",
            "a@example.com,10/17/2026",
            "→ which is the day and which the month is not guessed",
        ),
        ("user_email,team", "a@example.com,=1+1", "column team: `=1+1` is a formula"),
        ("user_email,Note", "a@example.com,@SUM(A1)", "column note: `@SUM(A1)` is a formula"),
        (
            "user_email,name",
            "a@example.com,Ana,x",
            "cell 3 stands under no header → name its column in row 1",
        ),
        (
            "user_email,valid_from,valid_to",
            "a@example.com,2026-10-02,2026-10-01",
            "column valid_to: valid_to 2026-10-01 is before valid_from 2026-10-02",
        ),
    ] {
        let said = refused(header, row);
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn an_amount_with_a_decimal_comma_or_a_sign_is_refused_and_never_guessed() {
    for amount in ["1.200,50", "1200,50", "$40", "40 USD", "=20*2", "1e400", "NaN"] {
        let text = format!("vendor;price_usd;valid_from\ncursor;{amount};2026-01-01\n");
        let merged = import(Feed::SheetSeats, text.as_bytes()).unwrap();
        assert_eq!((merged.added.len(), merged.refused.len()), (0, 1), "{amount}");
        assert_eq!(merged.refused[0].column, "price_usd", "{amount}");
    }
}

#[test]
fn a_cell_of_ten_megabytes_costs_its_row() {
    let text = format!("user_email,note\na@example.com,{}\nbo@example.com,\n", "x".repeat(10 << 20));
    let merged = import(Feed::SheetPeople, text.as_bytes()).unwrap();
    assert_eq!(merged.added.len(), 1);
    let said = merged.refused[0].to_string();
    assert_eq!(
        said,
        "bad.csv, row 2, column note: the cell holds 10485760 bytes; a cell holds 50000 → shorten it"
    );
}

#[test]
fn what_separates_cells_and_how_letters_are_written_makes_no_difference() {
    let text = "user_email,team,note\nana@example.com,Dáta,\"a,b;c\"\n";
    let plain = import(Feed::SheetPeople, text.as_bytes()).unwrap();
    assert_eq!(plain.refused, []);
    let utf16: Vec<u8> =
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let tabs = text.replace("\"a,b;c\"", "\"a|b;c\"").replace(',', "\t").replace('|', ",");
    let semicolons =
        text.replace("\"a,b;c\"", "\"a|b!c\"").replace(',', ";").replace('|', ",").replace('!', ";");
    let said = format!("sep=;\r\n{semicolons}");
    let marked = format!("\u{feff}{text}");
    for bytes in [&utf16[..], tabs.as_bytes(), semicolons.as_bytes(), said.as_bytes(), marked.as_bytes()] {
        let merged = import(Feed::SheetPeople, bytes).unwrap();
        assert_eq!(merged.file, plain.file, "{}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn a_file_that_is_no_sheet_says_what_and_where_and_what_to_do() {
    for (bytes, expected) in [
        (&b""[..], "bad.csv: the file is empty\n  → `aispend sheets template`"),
        (b"PK\x03\x04rest", "not CSV\n  → open it in a spreadsheet and save it as CSV"),
        (b"user_email,name\nx@example.com,Jos\xe9\n", "bad.csv, line 2, byte 18: 0xE9 is not UTF-8"),
        (
            b"user_email,name\na@example.com,\"Ana\n",
            "bad.csv, row 2, cell 2: a quote opens and is never closed",
        ),
        (b"\n\nuser_email\n", "bad.csv, row 1: row 1 is blank"),
        (b"name,team\nAna,Data\n", "bad.csv: row 1 has no header `user_email`"),
        (b"user_email,team,Team\n", "bad.csv: two columns are called `team`"),
        (b"user_email,team,team_name\n", "bad.csv: two columns are called `team`"),
        (b"user_email,=1+1\n", "bad.csv: `=1+1` is no name of a column"),
    ] {
        let said = import(Feed::SheetPeople, bytes).unwrap_err().to_string();
        assert!(said.contains(expected), "{said}");
        assert!(said.contains("\n  → "), "{said}");
    }
}

#[test]
fn a_sheet_that_cannot_be_read_is_never_written_over() {
    let incoming = Incoming { name: "n.csv", bytes: b"user_email\na@example.com\n", period: None };
    for there in
        [&b"name\nAna\n"[..], b"user_email,name\na@example.com,Jos\xe9\n", b"user_email\n\"a@example.com\n"]
    {
        let error = merge(Feed::SheetPeople, Some(there), &incoming).unwrap_err();
        assert!(matches!(error, ImportError::Sheet { .. }), "{error}");
        assert!(error.to_string().starts_with("sheet \"people\""), "{error}");
    }
}

#[test]
fn a_hundred_thousand_rows_merge_in_seconds() {
    let rows = |team: &str| {
        let rows = (0..100_000).map(|row| format!("p{row}@example.com,{team},2026-01-01,\n"));
        std::iter::once("user_email,team,valid_from,valid_to\n".to_owned()).chain(rows).collect::<String>()
    };
    let began = Instant::now();
    let first = import(Feed::SheetPeople, rows("Data").as_bytes()).unwrap();
    assert_eq!(first.added.len(), 100_000);
    let text = rows("Platform");
    let incoming = Incoming { name: "n.csv", bytes: text.as_bytes(), period: None };
    let second = merge(Feed::SheetPeople, Some(&first.file), &incoming).unwrap();
    assert_eq!((second.added.len(), second.changed.len()), (0, 100_000));
    // Measured at about two seconds on one busy core; quadratic work would take minutes.
    assert!(began.elapsed() < Duration::from_mins(1), "{:?}", began.elapsed());
}
