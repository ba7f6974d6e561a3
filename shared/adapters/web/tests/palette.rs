//! The colours: each contrast worked out anew (WCAG 2.2, 1.4.3 and 1.4.11), and none beside the palette.
#![allow(clippy::unwrap_used, clippy::panic, clippy::float_arithmetic)]

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
};

/// Grounds that text and shapes stand on, light and dark.
const SURFACE: [&str; 2] = ["#FFFFFF", "#0F172A"];

/// Text needs 4.5 to 1 on its ground, a shape 3 to 1.
const TEXT: f64 = 4.5;
const SHAPE: f64 = 3.0;

/// Names in `tokens.css`, what they must reach on the surface, and the ratios the brief states (light, dark).
const STATED: [(&str, f64, [f64; 2]); 17] = [
    ("ink", TEXT, [17.85, 14.48]),
    ("muted", TEXT, [4.76, 6.96]),
    ("link", TEXT, [6.45, 9.90]),
    ("focus", SHAPE, [6.70, 9.90]),
    ("good", TEXT, [8.40, 9.08]),
    ("bad", TEXT, [5.02, 10.59]),
    ("line-strong", 0.0, [1.48, 1.72]),
    ("claude-code", SHAPE, [12.76, 9.08]),
    ("claude-ai", SHAPE, [5.25, 4.40]),
    ("claude-api", SHAPE, [3.12, 13.90]),
    ("cursor", SHAPE, [5.18, 8.75]),
    ("unattributed", SHAPE, [7.58, 6.96]),
    ("best", SHAPE, [12.76, 15.06]),
    ("fair", SHAPE, [3.47, 6.00]),
    ("weak", SHAPE, [3.19, 10.59]),
    ("worst", SHAPE, [9.37, 5.01]),
    ("none", SHAPE, [4.76, 5.87]),
];

/// Steps of the heat map: ink stands on each of them.
const GROUNDS: [&str; 11] =
    ["page", "hover", "note", "cool-1", "cool-2", "cool-3", "cool-4", "warm-1", "warm-2", "warm-3", "warm-4"];

fn folder(name: &str) -> PathBuf {
    Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap()).join(name)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Relative luminance of `#RRGGBB`.
fn luminance(hex: &str) -> f64 {
    let part = |at: usize| {
        let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
}

fn contrast(a: &str, b: &str) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Linear light of `#RRGGBB`.
fn linear(hex: &str) -> [f64; 3] {
    [1, 3, 5].map(|at| {
        let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    })
}

type Matrix = [[f64; 3]; 3];

fn times(matrix: &Matrix, [a, b, c]: [f64; 3]) -> [f64; 3] {
    matrix.map(|[x, y, z]| x * a + y * b + z * c)
}

/// How people without one kind of cone see linear light: Machado, Oliveira and Fernandes (2009), full severity.
const BLINDNESS: [(&str, Matrix); 3] = [
    (
        "protanopia",
        [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ],
    ),
    (
        "deuteranopia",
        [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_820, 0.042_940, 0.968_881],
        ],
    ),
    (
        "tritanopia",
        [
            [1.255_528, -0.076_749, -0.178_779],
            [-0.078_411, 0.930_809, 0.147_602],
            [0.004_733, 0.691_367, 0.303_900],
        ],
    ),
];

/// CIE 1976 L*a*b* of linear light, under D65.
fn lab(light: [f64; 3]) -> [f64; 3] {
    const XYZ: Matrix = [
        [0.412_456_4, 0.357_576_1, 0.180_437_5],
        [0.212_672_9, 0.715_152_2, 0.072_175_0],
        [0.019_333_9, 0.119_192_0, 0.950_304_1],
    ];
    let [x, y, z] = times(&XYZ, light.map(|part| part.clamp(0.0, 1.0)));
    let [x, y, z] = [x / 0.950_47, y, z / 1.088_83].map(|part| {
        if part > 216.0 / 24_389.0 { part.cbrt() } else { (24_389.0 / 27.0 * part + 16.0) / 116.0 }
    });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// The two of some colours that are hardest to tell apart for somebody, and their distance.
fn nearest<'a>(colours: &[&'a str], seen: &Matrix) -> (f64, &'a str, &'a str) {
    let mut least = (f64::INFINITY, "", "");
    for (place, one) in colours.iter().enumerate() {
        for other in colours.iter().skip(place + 1) {
            let [a, b] = [one, other].map(|colour| lab(times(seen, linear(colour))));
            let distance = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
            if distance < least.0 {
                least = (distance, one, other);
            }
        }
    }
    least
}

/// A token's colours, light and dark.
fn token<'a>(css: &'a str, name: &str) -> [&'a str; 2] {
    let start = format!("--{name}: light-dark(");
    let (_, rest) = css.split_once(&start).unwrap_or_else(|| panic!("tokens.css has no --{name}"));
    let (light, rest) = rest.split_once(',').unwrap();
    [light.trim(), rest.split_once(')').unwrap().0.trim()]
}

/// Every `#RRGGBB` of a text.
fn colours(text: &str) -> BTreeSet<String> {
    text.match_indices('#')
        .filter_map(|(at, _)| text.get(at..at + 7))
        .filter(|found| found[1..].chars().all(|digit| digit.is_ascii_hexdigit()))
        .map(str::to_uppercase)
        .collect()
}

#[test]
fn every_colour_stands_out_as_far_as_it_must() {
    let css = read(&folder("assets/tokens.css"));
    for (name, needed, stated) in STATED {
        for ((colour, ground), stated) in token(&css, name).into_iter().zip(SURFACE).zip(stated) {
            let found = contrast(colour, ground);
            assert!(found >= needed, "{name} {colour} on {ground}: {found:.2}, needs {needed}");
            assert!(
                (found - stated).abs() < 0.006,
                "{name} {colour} on {ground}: {found:.3}, stated as {stated}"
            );
        }
    }
}

/// What they are, their tokens, and how far apart the nearest two are for each kind of sight, light and dark.
type Beside = (&'static str, [&'static str; 5], [[f64; 3]; 2]);

/// Colours that stand beside each other.
const TOLD_APART: [Beside; 2] = [
    (
        "platforms",
        ["claude-code", "claude-ai", "claude-api", "cursor", "unattributed"],
        [[17.2, 18.1, 14.4], [19.7, 22.1, 21.5]],
    ),
    ("levels", ["best", "fair", "weak", "worst", "none"], [[26.2, 29.6, 25.0], [25.6, 26.8, 25.0]]),
];

#[test]
fn colours_are_told_apart_by_every_kind_of_sight() {
    let css = read(&folder("assets/tokens.css"));
    for (what, names, stated) in TOLD_APART {
        for (theme, stated) in stated.into_iter().enumerate() {
            let colours = names.map(|name| token(&css, name)[theme]);
            for ((sight, seen), stated) in BLINDNESS.iter().zip(stated) {
                let (found, one, other) = nearest(&colours, seen);
                assert!(
                    (found - stated).abs() < 0.06,
                    "{what}, theme {theme}: {one} and {other} are {found:.2} apart under {sight}, stated as {stated}"
                );
            }
        }
    }
}

#[test]
fn text_is_readable_on_every_ground() {
    let css = read(&folder("assets/tokens.css"));
    let inks = token(&css, "ink");
    for name in GROUNDS {
        for (ink, ground) in inks.into_iter().zip(token(&css, name)) {
            let found = contrast(ink, ground);
            assert!(found >= TEXT, "ink {ink} on {name} {ground}: {found:.2}");
        }
    }
    for name in ["muted", "link"] {
        for (ink, ground) in token(&css, name).into_iter().zip(token(&css, "page")) {
            let found = contrast(ink, ground);
            assert!(found >= TEXT, "{name} {ink} on page {ground}: {found:.2}");
        }
    }
}

#[test]
fn drawings_use_the_colours_of_the_page() {
    let css = read(&folder("assets/tokens.css"));
    let script = read(&folder("assets/palette.js"));
    for (theme, place) in [("light: {", 0), ("dark: {", 1)] {
        let (_, rest) = script.split_once(theme).unwrap();
        let block = rest.split_once("\n  },").unwrap().0;
        for (key, name) in [
            ("claude_code", "claude-code"),
            ("claude_ai", "claude-ai"),
            ("claude_api", "claude-api"),
            ("cursor", "cursor"),
            ("unattributed", "unattributed"),
            ("best", "best"),
            ("good", "fair"),
            ("weak", "weak"),
            ("worst", "worst"),
            ("none", "none"),
            ("ink", "ink"),
            ("muted", "muted"),
            ("focus", "focus"),
            ("surface", "surface"),
        ] {
            let of_page = token(&css, name)[place];
            assert!(
                block.contains(&format!("{key}: \"{of_page}\"")),
                "{theme} {key} is not {of_page} in palette.js"
            );
        }
        let (_, rest) = block.split_once("series: [").unwrap();
        for colour in colours(rest.split_once(']').unwrap().0) {
            let found = contrast(&colour, SURFACE[place]);
            assert!(found >= SHAPE, "series {colour}: {found:.2}");
        }
    }
}

#[test]
fn no_colour_stands_beside_the_palette() {
    let mut palette = colours(&read(&folder("assets/tokens.css")));
    palette.extend(colours(&read(&folder("assets/palette.js"))));
    let mut looked_at = 0;
    for place in ["assets", "templates", "../../../infra/warehouse/cards", "../../dashboards/src"] {
        let mut open = vec![folder(place)];
        while let Some(path) = open.pop() {
            if path.is_dir() {
                let entries = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path());
                open.extend(entries.filter(|entry| !entry.ends_with("vendor")));
                continue;
            }
            looked_at += 1;
            let strange: Vec<String> = colours(&read(&path)).difference(&palette).cloned().collect();
            assert!(strange.is_empty(), "{} has {strange:?}", path.display());
        }
    }
    assert!(looked_at > 100, "only {looked_at} files were found");
}
