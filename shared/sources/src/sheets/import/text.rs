//! Bytes of a file as text: UTF-8, or UTF-16 that says so. Nothing else is guessed.

use std::borrow::Cow;

use super::ImportError;

/// Larger than any sheet that people keep: 100,000 rows are about 10 MB.
const LARGEST: usize = 64 << 20;

/// How files that are no CSV begin.
const OTHERS: [(&[u8], &str); 6] = [
    (b"PK\x03\x04", "an Excel workbook (XLSX) or another zip file"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (XLS)"),
    (b"%PDF", "a PDF"),
    (b"{\\rtf", "a rich text document"),
    (b"<", "a web page or XML"),
    (b"\x1f\x8b", "a gzip file"),
];

const SAVE_AS: &str = "open it in a spreadsheet and save it as CSV UTF-8 (comma separated)";

/// The text of a file.
///
/// # Errors
/// When it is empty, too large, no text, or in an encoding that cannot be told.
pub(super) fn decode<'a>(name: &str, bytes: &'a [u8]) -> Result<Cow<'a, str>, ImportError> {
    let wrong = |reason: String| Err(ImportError::file(name, reason, SAVE_AS));
    if bytes.len() > LARGEST {
        return Err(ImportError::file(
            name,
            format!("the file holds {} bytes; an import takes {LARGEST}", bytes.len()),
            "split it into several files with the same header",
        ));
    }
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => {
            if let Some((_, what)) = OTHERS.iter().find(|(start, _)| bytes.starts_with(start)) {
                return wrong(format!("the file is {what}, not CSV"));
            }
            match std::str::from_utf8(bytes) {
                Ok(text) => Some(Cow::Borrowed(text.strip_prefix('\u{feff}').unwrap_or(text))),
                Err(error) => return Err(not_utf8(name, bytes, error.valid_up_to())),
            }
        }
    };
    let Some(text) = text else {
        return wrong("the file begins like UTF-16 text and does not go on like it".to_owned());
    };
    if let Some(place) = text.find('\0') {
        let line = line_of(text.as_bytes(), place);
        return wrong(format!(
            "line {line} holds a zero byte: the file is no text, or UTF-16 without a mark"
        ));
    }
    if text.trim().is_empty() {
        return Err(ImportError::file(
            name,
            "the file is empty",
            "`aispend sheets template` gives the header and an example row",
        ));
    }
    Ok(text)
}

fn utf16<'a>(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<Cow<'a, str>> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let units = pairs.iter().map(|pair| unit(*pair));
    char::decode_utf16(units).collect::<Result<String, _>>().ok().map(Cow::Owned)
}

/// Latin-1, Windows and Macintosh text look alike: which letter a byte stands for would be a guess.
fn not_utf8(name: &str, bytes: &[u8], place: usize) -> ImportError {
    let before = bytes.get(..place).unwrap_or_default();
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let byte = bytes.get(place).copied().unwrap_or_default();
    ImportError::file(
        format!("{name}, line {}, byte {}", line_of(bytes, place), place - start + 1),
        format!("0x{byte:02X} is not UTF-8 (the file is Latin-1 or Windows text, perhaps)"),
        SAVE_AS,
    )
}

fn line_of(bytes: &[u8], place: usize) -> usize {
    bytes.get(..place).unwrap_or_default().split(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16_of(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(bytes).collect()
    }

    #[test]
    fn utf_8_and_marked_utf_16_are_one_text() {
        let text = "user_email,name\nana@example.com,Ána 😀\n";
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            utf16_of(text, u16::to_le_bytes),
            utf16_of(text, u16::to_be_bytes),
        ] {
            assert_eq!(decode("f.csv", &bytes).unwrap(), text);
        }
    }

    #[test]
    fn what_is_no_text_says_where_and_what_to_do() {
        let check = |bytes: &[u8], expected: &str| {
            let said = decode("f.csv", bytes).unwrap_err().to_string();
            assert!(said.contains(expected) && said.contains("\n  → "), "{said}");
        };
        check(b"", "the file is empty");
        check(b"\xef\xbb\xbf \r\n", "the file is empty");
        check(b"name\nJos\xe9,1\n", "f.csv, line 2, byte 4: 0xE9 is not UTF-8");
        check(b"PK\x03\x04\x14\0", "XLSX");
        check(b"\xd0\xcf\x11\xe0\xa1", "XLS");
        check(b"<html>", "a web page");
        check(b"\xff\xfea", "begins like UTF-16");
        check(b"\xff\xfe\x00\xd8a\0", "begins like UTF-16");
        check(b"a\0b\0", "zero byte");
        check(&vec![b'a'; LARGEST + 1], "an import takes");
    }
}
