//! The sheet around a chart: title, filters, summary, and below it as of when. Measures are those of the browser's picture.

use crate::fonts::{BOX, FAMILY, Ruler, Weight};

/// Size of the drawing, in pixels of the sheet.
pub const CHART_WIDTH: u32 = 896;
pub const CHART_HEIGHT: u32 = 420;

const WIDTH: u32 = 960;
const EDGE: u32 = 32;
const INK: &str = "#0F172A";
const MUTED: &str = "#64748B";

/// Lines of one text; what is longer ends in an ellipsis. The file's description has it whole.
const MOST_LINES: usize = 6;

/// The words of a picture.
#[derive(Debug, Clone, Default)]
pub struct Words {
    pub title: String,
    pub filters: String,
    pub summary: String,
    pub footer: String,
}

impl Words {
    /// What a picture says to whoever cannot see it.
    pub fn description(&self) -> String {
        let all = [&self.title, &self.filters, &self.summary, &self.footer];
        all.map(String::as_str).into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join("\n")
    }
}

/// A whole picture as SVG.
pub struct Sheet {
    pub svg: String,
    pub width: u32,
    pub height: u32,
}

/// Below the words stands a drawing, or why there is none.
pub enum Body<'a> {
    Drawing(&'a str),
    Nothing(&'a str),
}

/// How a text is set.
#[derive(Clone, Copy)]
struct Style {
    size: u16,
    line_height: u32,
    color: &'static str,
    weight: Weight,
    is_centred: bool,
}

const TEXT: Style =
    Style { size: 14, line_height: 20, color: INK, weight: Weight::Regular, is_centred: false };
const TITLE: Style = Style { size: 20, line_height: 26, weight: Weight::SemiBold, ..TEXT };
const FILTERS: Style = Style { color: MUTED, ..TEXT };
const NOTHING: Style = Style { size: 16, line_height: 24, color: MUTED, is_centred: true, ..TEXT };
const FOOTER: Style = Style { size: 13, line_height: 18, color: MUTED, ..TEXT };

/// Puts a sheet together.
pub fn sheet(words: &Words, body: &Body<'_>, ruler: &Ruler) -> Sheet {
    let mut page = Page { ruler, texts: String::new(), y: 52 };
    page.write(&words.title, TITLE);
    page.y = page.y.saturating_sub(2);
    page.write(&words.filters, FILTERS);
    page.y = page.y.saturating_add(12);
    page.write(&words.summary, TEXT);
    let below = page.y.saturating_add(4);
    let chart = match body {
        Body::Drawing(svg) => {
            format!("<g transform=\"translate({EDGE} {below})\">{}</g>", drawable(svg, ruler))
        }
        Body::Nothing(why) => {
            page.y = below.saturating_add(CHART_HEIGHT / 2);
            page.write(why, NOTHING);
            String::new()
        }
    };
    page.y = below.saturating_add(CHART_HEIGHT).saturating_add(40);
    page.write(&words.footer, FOOTER);
    let height = page.y.saturating_add(6);
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\">\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#FFFFFF\"/>{}{chart}</svg>",
        page.texts
    );
    Sheet { svg, width: WIDTH, height }
}

/// Texts one below the other.
struct Page<'a> {
    ruler: &'a Ruler,
    texts: String,
    /// The base of the next line.
    y: u32,
}

impl Page<'_> {
    fn write(&mut self, text: &str, style: Style) {
        let Style { size, line_height, color, weight, is_centred } = style;
        let number = match weight {
            Weight::Regular => 400,
            Weight::SemiBold => 600,
        };
        let (x, anchor) = if is_centred { (WIDTH / 2, "middle") } else { (EDGE, "start") };
        for line in self.ruler.wrap(text, f32::from(size), weight, CHART_WIDTH as f32, MOST_LINES) {
            let text = format!(
                "<text x=\"{x}\" y=\"{}\" text-anchor=\"{anchor}\" font-family=\"{FAMILY}\" font-size=\"{size}\" \
                 font-weight=\"{number}\" fill=\"{color}\">{}</text>",
                self.y,
                escaped(&line, self.ruler)
            );
            self.texts.push_str(&text);
            self.y = self.y.saturating_add(line_height);
        }
    }
}

/// Text that stays text between two tags.
fn escaped(text: &str, ruler: &Ruler) -> String {
    drawable(text, ruler).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Text or markup with nothing in it that cannot be drawn: XML has no place for control characters, not even escaped, and
/// a letter without a glyph would leave no trace.
fn drawable(text: &str, ruler: &Ruler) -> String {
    let seen = |letter: char| match letter {
        ' ' | '\t' | '\n' | '\r' => Some(letter),
        // Joiners, and marks that turn the direction of what follows.
        '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}' => None,
        letter if letter.is_control() => Some(' '),
        letter => Some(if ruler.has(letter) { letter } else { BOX }),
    };
    text.chars().filter_map(seen).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_each_stands_where_the_browser_puts_it_and_more_lines_make_it_taller() {
        let ruler = Ruler::new().unwrap();
        let words = Words {
            title: "Spend".into(),
            filters: "October 2026".into(),
            summary: "It rose.".into(),
            footer: "Data through 17 Oct 2026.".into(),
        };
        let one = sheet(&words, &Body::Drawing("<svg/>"), &ruler);
        for place in ["y=\"52\"", "y=\"76\"", "y=\"108\"", "translate(32 132)", "y=\"592\""] {
            assert!(one.svg.contains(place), "{place}: {}", one.svg);
        }
        assert_eq!((one.width, one.height), (960, 616));
        let long = Words { summary: "It rose. ".repeat(40), ..words };
        let lines = ruler.wrap(&long.summary, 14.0, Weight::Regular, 896.0, 9).len();
        let taller = sheet(&long, &Body::Drawing("<svg/>"), &ruler).height - one.height;
        assert!(lines > 1 && taller as usize == 20 * (lines - 1), "{lines} {taller}");
    }

    #[test]
    fn markup_stays_text_control_characters_go_and_no_letter_is_lost() {
        let ruler = Ruler::new().unwrap();
        for (text, drawn) in [
            ("</text><script>&\u{1}\u{0}", "&lt;/text&gt;&lt;script&gt;&amp;  "),
            ("Łukasz Ж.", "Łukasz Ж."),
            ("林 😀\u{FE0F}", "□ □"),
            ("a\u{202E}b\u{FFFF}", "ab□"),
        ] {
            assert_eq!(escaped(text, &ruler), drawn);
        }
        assert_eq!(drawable("<a b=\"é\">\n</a>", &ruler), "<a b=\"é\">\n</a>");
    }
}
