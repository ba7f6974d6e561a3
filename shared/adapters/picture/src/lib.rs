//! A card's chart as a PNG, made without a browser: for downloads without script, and for the command line.
//!
//! Runs the very scripts that draw the page's charts, in an engine that has no network, no files and no clock to speak of.
//! Never asks for data: what is drawn is the card's answer as it is given.

mod error;
mod fonts;
mod painter;
mod raster;
mod script;
mod sheet;
#[cfg(test)]
mod tests;

pub use error::PictureError;
pub use painter::{CardJson, Painter, PictureOptions};
