//! Rows on their way: length-delimited `RecordSet` frames, plain or zstd-compressed.

use std::cell::RefCell;
use std::io;

use aispend_proto::v1::RecordSet;
use aispend_proto::{Message, Row};
use bytes::Bytes;

/// Rows in one frame: small enough to hold several, large enough that a frame costs nothing.
pub const FRAME_ROWS: usize = 4_096;

/// For what is read twice and thrown away: speed before size.
const BATCH_LEVEL: i32 = -3;

/// A compressed object that claims more than this is read piece by piece.
const LARGEST_FRAME: u64 = 256 << 20;

/// Why frames cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// Not what a `FramesWriter` wrote.
    #[error("frame {frame} cannot be read: {detail}")]
    Unreadable {
        /// Which frame, from 0.
        frame: usize,
        /// Why.
        detail: String,
    },
}

/// Writes rows into frames as they come; holds one frame of rows and the encoded bytes.
#[derive(Default)]
pub struct FramesWriter {
    set: RecordSet,
    rows: usize,
    bytes: Vec<u8>,
}

impl FramesWriter {
    /// Adds one row.
    pub fn push<R: Row>(&mut self, row: R) {
        self.set.push(row);
        self.rows += 1;
        if self.rows >= FRAME_ROWS {
            self.flush();
        }
    }

    /// Encoded bytes so far.
    pub fn size_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The frames, plain.
    pub fn finish(mut self) -> Bytes {
        self.flush();
        Bytes::from(self.bytes)
    }

    fn flush(&mut self) {
        if self.rows == 0 {
            return;
        }
        self.set.encode_length_delimited(&mut self.bytes).expect("a Vec grows");
        self.set.clear();
        self.rows = 0;
    }
}

/// Reads frames one by one. A clone reads from the same place on, and costs nothing.
#[derive(Debug, Clone)]
pub struct Frames {
    bytes: Bytes,
    frame: usize,
}

impl Frames {
    /// Over plain frames.
    pub const fn new(bytes: Bytes) -> Self {
        Self { bytes, frame: 0 }
    }

    /// Compresses frames for the archive.
    pub fn compress(plain: &[u8]) -> Result<Bytes, FrameError> {
        compress(plain, BATCH_LEVEL)
            .map(Bytes::from)
            .map_err(|error| FrameError::Unreadable { frame: 0, detail: error.to_string() })
    }

    /// Over compressed frames.
    pub fn decompress(compressed: &[u8]) -> Result<Self, FrameError> {
        decode(compressed)
            .map(|plain| Self::new(Bytes::from(plain)))
            .map_err(|error| FrameError::Unreadable { frame: 0, detail: error.to_string() })
    }

    /// The plain frames.
    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }
}

thread_local! {
    /// Making one costs more than compressing a page with it.
    static COMPRESSOR: RefCell<zstd::bulk::Compressor<'static>> = RefCell::default();
    static DECOMPRESSOR: RefCell<zstd::bulk::Decompressor<'static>> = RefCell::default();
}

/// Compresses into one zstd frame that says its size.
pub fn compress(plain: &[u8], level: i32) -> io::Result<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|compressor| {
        compressor.set_compression_level(level)?;
        compressor.compress(plain)
    })
}

/// Decompresses in one allocation where the frame says its size, and says one that is believable.
pub fn decode(compressed: &[u8]) -> io::Result<Vec<u8>> {
    match zstd::zstd_safe::get_frame_content_size(compressed) {
        Ok(Some(size)) if size <= LARGEST_FRAME => {
            DECOMPRESSOR.with_borrow_mut(|decompressor| decompressor.decompress(compressed, size as usize))
        }
        Ok(_) | Err(_) => zstd::stream::decode_all(compressed),
    }
}

impl Iterator for Frames {
    type Item = Result<RecordSet, FrameError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.bytes.is_empty() {
            return None;
        }
        let frame = self.frame;
        self.frame += 1;
        let set = RecordSet::decode_length_delimited(&mut self.bytes)
            .map_err(|error| FrameError::Unreadable { frame, detail: error.to_string() });
        if set.is_err() {
            self.bytes = Bytes::new();
        }
        Some(set)
    }
}
