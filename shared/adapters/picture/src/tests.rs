//! Pictures of every chart of a simulated company, and of cards that nobody wrote.

use std::{fs, io::Cursor, path::PathBuf, time::Duration};

use png::{ColorType, Decoder};
use serde_json::{Value, json};

use crate::{
    Painter, PictureError, PictureOptions,
    script::{LIMITS, Limits},
};

const CARDS: &str = include_str!("../fixtures/cards.json");

fn cards() -> Vec<Value> {
    serde_json::from_str(CARDS).unwrap()
}

fn card(id: &str) -> Value {
    cards().into_iter().find(|card| card["id"] == id).unwrap()
}

fn words() -> PictureOptions {
    PictureOptions {
        filters: "October 2026 · all teams".into(),
        footer: "US dollars, UTC billing days. Data through 17 Oct 2026. Simulated data.".into(),
        empty: "Nothing was spent.".into(),
    }
}

/// What a reader of the file finds.
struct Seen {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
    description: String,
}

impl Seen {
    fn read(bytes: &[u8]) -> Self {
        let mut reader = Decoder::new(Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let frame = reader.next_frame(&mut pixels).unwrap();
        assert_eq!(frame.color_type, ColorType::Rgb);
        let text = reader.info().utf8_text.first().unwrap();
        assert_eq!(text.keyword, "Description");
        Self { width: frame.width, height: frame.height, description: text.get_text().unwrap(), pixels }
    }

    /// Pixels that are not white, in rows of the sheet counted from the top, or from the bottom where negative.
    fn inked(&self, from: i64, to: i64) -> usize {
        let row =
            |at: i64| usize::try_from(if at < 0 { i64::from(self.height) + 2 * at } else { 2 * at }).unwrap();
        let stride = 3 * usize::try_from(self.width).unwrap();
        let (first, last) =
            (row(from), if to == 0 { usize::try_from(self.height).unwrap() } else { row(to) });
        self.pixels[first * stride..last * stride].chunks(3).filter(|pixel| **pixel != [255; 3]).count()
    }
}

/// Where `AISPEND_PICTURES` names a folder, the pictures are there to be looked at.
fn keep(name: &str, bytes: &[u8]) {
    if let Some(folder) = std::env::var_os("AISPEND_PICTURES").map(PathBuf::from) {
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{}.png", name.replace('/', "_"))), bytes).unwrap();
    }
}

#[test]
fn every_chart_is_drawn_with_its_words_and_twice_the_same() {
    let (painter, other) = (Painter::new().unwrap(), Painter::new().unwrap());
    let cards = cards();
    assert!(cards.len() > 20);
    let mut all = Vec::new();
    for card in cards {
        let id = card["id"].as_str().unwrap();
        let bytes = painter.png(&card, &words()).unwrap();
        keep(id, &bytes);
        let seen = Seen::read(&bytes);
        assert_eq!(seen.width, 1920, "{id}");
        assert!((1232..=1360).contains(&seen.height), "{id}: {}", seen.height);
        for (part, from, to, least) in [
            ("title", 30, 60, 500),
            ("filters", 62, 82, 500),
            ("summary", 94, 114, 500),
            ("plot", -480, -70, 5_000),
            ("footer", -40, 0, 500),
        ] {
            let inked = seen.inked(from, to);
            assert!(inked >= least, "{id}: {inked} pixels in the {part}");
        }
        let summary = card["summary"].as_str().unwrap();
        assert!(!summary.is_empty() && seen.description.contains(summary), "{id}: {}", seen.description);
        assert!(seen.description.contains("Data through 17 Oct 2026. Simulated data."), "{id}");
        assert!(!all.contains(&bytes), "{id} looks like another card");
        assert!(other.png(&card, &words()).unwrap() == bytes, "{id} is drawn otherwise by another engine");
        all.push(bytes);
    }
    // Names that an engine counts up over its life are not in the picture.
    assert!(painter.png(&card("exec/monthly-trend"), &words()).unwrap() == all[0]);
}

#[test]
fn markup_in_a_title_or_a_name_is_drawn_as_text() {
    let painter = Painter::new().unwrap();
    let mut hostile = card("exec/top-users");
    let title = "</text><svg><image href='file:///etc/passwd'/></svg><script>alert(1)</script>&\u{1}]]>";
    hostile["title"] = title.into();
    for row in hostile["rows"].as_array_mut().unwrap() {
        row[0] = format!("<b>&amp;{}</b>\u{8}😀", row[0].as_str().unwrap_or_default()).into();
    }
    let bytes = painter.png(&hostile, &words()).unwrap();
    keep("hostile", &bytes);
    let seen = Seen::read(&bytes);
    assert!(seen.description.starts_with(title));
    // The title is as long as its letters, tags included.
    let plain = Seen::read(&painter.png(&card("exec/top-users"), &words()).unwrap());
    assert!(seen.inked(30, 60) > 2 * plain.inked(30, 60));
    assert!(seen.inked(-480, -70) > 5_000);
}

#[test]
fn no_rows_are_said_in_words() {
    let painter = Painter::new().unwrap();
    let mut empty = card("exec/platform-share");
    empty["rows"] = json!([]);
    let bytes = painter.png(&empty, &words()).unwrap();
    keep("empty", &bytes);
    let seen = Seen::read(&bytes);
    let plot = seen.inked(-480, -70);
    assert!((500..20_000).contains(&plot), "{plot}");
    let other = PictureOptions { empty: "No key has an owner.".into(), ..words() };
    assert!(painter.png(&empty, &other).unwrap() != bytes);
}

#[test]
fn a_simulated_card_says_so_whatever_its_footer() {
    let painter = Painter::new().unwrap();
    let of = |simulated: bool| {
        let mut card = card("exec/platform-share");
        card["simulated"] = simulated.into();
        let words = PictureOptions { footer: "Data through 17 Oct 2026.".into(), ..words() };
        Seen::read(&painter.png(&card, &words).unwrap()).description
    };
    assert!(of(true).ends_with("2026. Simulated data.") && of(false).ends_with("17 Oct 2026."));
}

#[test]
fn more_rows_than_a_chart_can_show_are_capped_and_counted() {
    let painter = Painter::new().unwrap();
    let mut large = card("roi/scatter");
    let row = large["rows"][0].clone();
    large["rows"] = vec![row; 9_000].into();
    let seen = Seen::read(&painter.png(&large, &words()).unwrap());
    assert!(seen.description.ends_with("Drawn from the first 4000 of 9000 rows."), "{}", seen.description);
    let mut days = card("exec/monthly-trend");
    let day = |at: usize| json!([format!("{:04}-{:02}-01", 2000 + at / 12, at % 12 + 1), "cursor", "1.5"]);
    days["rows"] = (0..5_000).map(day).collect();
    assert!(Seen::read(&painter.png(&days, &words()).unwrap()).description.ends_with("of 5000 rows."));
}

#[test]
fn after_a_failure_the_next_card_is_drawn() {
    let painter = Painter::new().unwrap();
    let broken = json!({"title": "x", "display": "line", "columns": 1, "rows": [[1]]});
    assert!(matches!(painter.png(&broken, &words()), Err(PictureError::Script(_))));
    assert!(painter.png(&card("exec/monthly-trend"), &words()).is_ok());
}

#[test]
fn an_engine_without_room_does_not_start_and_says_why() {
    let small = Limits { memory_mib: 2, ..LIMITS };
    assert!(matches!(Painter::with(small), Err(PictureError::TooLarge(2))));
    let hasty = Limits { time: Duration::from_nanos(1), ..LIMITS };
    assert!(matches!(Painter::with(hasty), Err(PictureError::TooSlow(_))));
}
