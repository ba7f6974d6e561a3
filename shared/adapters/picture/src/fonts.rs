//! The two fonts of a picture, and how wide a text is in them.

use std::sync::Arc;

use resvg::usvg::fontdb::{Database, Source};
use skrifa::{
    FontRef, MetadataProvider as _,
    charmap::Charmap,
    metrics::GlyphMetrics,
    prelude::{LocationRef, Size},
};

use crate::PictureError;

/// Their family.
pub const FAMILY: &str = "Inter";

const REGULAR: &[u8] = include_bytes!("../fonts/Inter-Regular.otf");
const SEMIBOLD: &[u8] = include_bytes!("../fonts/Inter-SemiBold.otf");

/// Both fonts and no other: a picture is the same on every machine.
pub fn database() -> Arc<Database> {
    let mut database = Database::new();
    for bytes in [REGULAR, SEMIBOLD] {
        database.load_font_source(Source::Binary(Arc::new(bytes)));
    }
    database.set_sans_serif_family(FAMILY);
    Arc::new(database)
}

/// Stands for a letter that the fonts have not, so that a name is seen to be one.
pub const BOX: char = '□';

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    Regular,
    SemiBold,
}

/// Measures texts.
pub struct Ruler {
    regular: Face,
    semibold: Face,
}

struct Face {
    letters: Charmap<'static>,
    widths: GlyphMetrics<'static>,
    em: f32,
}

impl Face {
    fn read(bytes: &'static [u8]) -> Result<Self, PictureError> {
        let font = FontRef::new(bytes).map_err(|error| PictureError::Start(format!("its font: {error}")))?;
        let (size, place) = (Size::unscaled(), LocationRef::default());
        let em = f32::from(font.metrics(size, place).units_per_em);
        Ok(Self { letters: font.charmap(), widths: font.glyph_metrics(size, place), em })
    }

    #[expect(clippy::float_arithmetic, reason = "pixels")]
    fn width(&self, text: &str, size: f32) -> f32 {
        let advance = |letter| self.letters.map(letter).and_then(|glyph| self.widths.advance_width(glyph));
        let width = |letter| advance(letter).or_else(|| advance(BOX)).unwrap_or(self.em);
        text.chars().map(width).sum::<f32>() * size / self.em
    }
}

impl Ruler {
    pub fn new() -> Result<Self, PictureError> {
        Ok(Self { regular: Face::read(REGULAR)?, semibold: Face::read(SEMIBOLD)? })
    }

    /// True for a letter that can be drawn. Both fonts have the same.
    pub fn has(&self, letter: char) -> bool {
        self.regular.letters.map(letter).is_some()
    }

    /// The width of a text in pixels, without kerning.
    pub fn width(&self, text: &str, size: f32, weight: Weight) -> f32 {
        match weight {
            Weight::Regular => self.regular.width(text, size),
            Weight::SemiBold => self.semibold.width(text, size),
        }
    }

    /// Lines of at most `width` pixels and at most `most` of them; what is left out leaves an ellipsis. A word that is too
    /// long for a line is broken.
    pub fn wrap(&self, text: &str, size: f32, weight: Weight, width: f32, most: usize) -> Vec<String> {
        let fits = |line: &str| self.width(line, size, weight) <= width;
        let mut lines: Vec<String> = Vec::new();
        let mut line = String::new();
        for word in text.split_whitespace() {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if fits(&longer) {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            for letter in word.chars() {
                line.push(letter);
                if !fits(&line) {
                    line.pop();
                    lines.push(std::mem::take(&mut line));
                    line.push(letter);
                }
            }
            if lines.len() > most {
                break;
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
        if lines.len() > most {
            lines.truncate(most);
            if let Some(last) = lines.last_mut() {
                last.push('…');
                while !fits(last) && last.chars().count() > 1 {
                    last.pop();
                    last.pop();
                    last.push('…');
                }
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fonts_are_there_in_both_weights_with_every_mark_that_charts_use() {
        let weights: Vec<u16> = database().faces().map(|face| face.weight.0).collect();
        assert_eq!(weights, [400, 600]);
        assert!(database().faces().all(|face| face.families.iter().any(|(name, _)| name == FAMILY)));
        let ruler = Ruler::new().unwrap();
        for letter in "●■▲◆×·–−…→≥$€%éŁßжλ".chars().chain([BOX]) {
            assert!(ruler.has(letter) && ruler.semibold.letters.map(letter).is_some(), "{letter}");
        }
        assert!(!ruler.has('林'));
        assert!(
            (ruler.width("林", 10.0, Weight::Regular) - ruler.width("□", 10.0, Weight::Regular)).abs() < 0.01
        );
    }

    #[test]
    fn a_text_is_as_wide_as_its_letters_and_bold_is_wider() {
        let ruler = Ruler::new().unwrap();
        assert!(ruler.width("", 14.0, Weight::Regular).abs() < f32::EPSILON);
        let (one, two) =
            (ruler.width("Spend", 14.0, Weight::Regular), ruler.width("SpendSpend", 14.0, Weight::Regular));
        assert!((two - 2.0 * one).abs() < 0.01 && (30.0..50.0).contains(&one), "{one} {two}");
        assert!(ruler.width("Spend", 14.0, Weight::SemiBold) > one);
    }

    #[test]
    fn lines_fit_lose_no_word_and_are_cut_with_an_ellipsis() {
        let ruler = Ruler::new().unwrap();
        let wrap = |text: &str, most| ruler.wrap(text, 14.0, Weight::Regular, 200.0, most);
        let text = "Spend rose from $1,204 in October 2025 to $9,545 in September 2026, without a gap.";
        let lines = wrap(text, 9);
        assert!(lines.len() > 2 && lines.join(" ") == text, "{lines:?}");
        let word = "x".repeat(100);
        assert_eq!(wrap(&word, 9).concat(), word);
        for (text, most) in [(text, 9), (text, 2), (word.as_str(), 9), (word.as_str(), 1)] {
            let lines = wrap(text, most);
            assert!(lines.len() <= most);
            assert!(lines.iter().all(|line| ruler.width(line, 14.0, Weight::Regular) <= 200.0), "{lines:?}");
        }
        assert!(wrap(text, 2).last().unwrap().ends_with('…'));
        assert_eq!(wrap(" \t ", 3), Vec::<String>::new());
    }
}
