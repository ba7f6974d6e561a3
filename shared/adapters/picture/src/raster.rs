//! From SVG to PNG, twice the size.

use png::{BitDepth, ColorType, Encoder};
use resvg::{
    tiny_skia::{Color, Pixmap, Transform},
    usvg::{Options, Tree},
};

use crate::{PictureError, fonts, sheet::Sheet};

/// Pixels of the file for one of the sheet, in each direction.
pub const SCALE: u16 = 2;

/// How drawings are read: with our fonts, and nothing from disk.
pub fn options() -> Options<'static> {
    Options { fontdb: fonts::database(), font_family: fonts::FAMILY.to_owned(), ..Options::default() }
}

/// Paints a sheet; `description` goes into the file for whoever cannot see it.
pub fn png(sheet: &Sheet, description: String, options: &Options<'_>) -> Result<Vec<u8>, PictureError> {
    let tree =
        Tree::from_str(&sheet.svg, options).map_err(|error| PictureError::Drawing(error.to_string()))?;
    let scale = u32::from(SCALE);
    let (width, height) = (sheet.width.saturating_mul(scale), sheet.height.saturating_mul(scale));
    let mut pixels = Pixmap::new(width, height)
        .ok_or_else(|| PictureError::Drawing(format!("no picture has {width} by {height} pixels")))?;
    pixels.fill(Color::WHITE);
    resvg::render(&tree, Transform::from_scale(f32::from(SCALE), f32::from(SCALE)), &mut pixels.as_mut());
    encoded(&pixels, description).map_err(|error| PictureError::Png(error.to_string()))
}

/// The ground is opaque, so the file needs no alpha.
fn encoded(pixels: &Pixmap, description: String) -> Result<Vec<u8>, png::EncodingError> {
    let colors: Vec<u8> =
        pixels.pixels().iter().flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue()]).collect();
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, pixels.width(), pixels.height());
    encoder.set_color(ColorType::Rgb);
    encoder.set_depth(BitDepth::Eight);
    encoder.add_itxt_chunk("Description".to_owned(), description)?;
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&colors)?;
    writer.finish()?;
    Ok(bytes)
}
