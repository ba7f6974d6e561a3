//! A JSON writer that appends to one buffer: the vendors' bodies are large, and building trees of them would be slow.

use bytes::Bytes;

use crate::amount::{Amount, write_integer};

/// A body under construction. Commas take care of themselves.
#[derive(Debug, Default)]
pub struct Json(Vec<u8>);

impl Json {
    /// Starts an empty body.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Starts a body with room for `size` bytes.
    pub fn with_room(size: usize) -> Self {
        Self(Vec::with_capacity(size))
    }

    /// The finished body.
    pub fn finish(self) -> Bytes {
        Bytes::from(self.0)
    }

    /// The bytes so far, for writers that know what they do.
    pub const fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }

    fn separate(&mut self) {
        if !matches!(self.0.last(), None | Some(b'{' | b'[' | b':')) {
            self.0.push(b',');
        }
    }

    /// Opens an object, as a value or as an element.
    pub fn open(&mut self) -> &mut Self {
        self.separate();
        self.0.push(b'{');
        self
    }

    /// Closes an object.
    pub fn close(&mut self) -> &mut Self {
        self.0.push(b'}');
        self
    }

    /// Opens a list, as a value or as an element.
    pub fn open_list(&mut self) -> &mut Self {
        self.separate();
        self.0.push(b'[');
        self
    }

    /// Closes a list.
    pub fn close_list(&mut self) -> &mut Self {
        self.0.push(b']');
        self
    }

    /// Writes a member's name; its value comes next. Names need no escaping.
    pub fn name(&mut self, name: &str) -> &mut Self {
        self.separate();
        self.0.push(b'"');
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
        self
    }

    /// A text element.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.separate();
        escape(&mut self.0, text);
        self
    }

    /// A number element.
    pub fn number(&mut self, number: u64) -> &mut Self {
        self.separate();
        write_integer(&mut self.0, number);
        self
    }

    /// An element that is JSON already.
    pub fn raw(&mut self, json: &str) -> &mut Self {
        self.separate();
        self.0.extend_from_slice(json.as_bytes());
        self
    }

    /// A member that is a text.
    pub fn field(&mut self, name: &str, text: &str) -> &mut Self {
        self.name(name).text(text)
    }

    /// A member that is a text or null.
    pub fn maybe(&mut self, name: &str, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.field(name, text),
            None => self.null(name),
        }
    }

    /// A member that is null.
    pub fn null(&mut self, name: &str) -> &mut Self {
        self.name(name).raw("null")
    }

    /// A member that is a whole number.
    pub fn count(&mut self, name: &str, number: u64) -> &mut Self {
        self.name(name).number(number)
    }

    /// A member that is a whole number or null.
    pub fn maybe_count(&mut self, name: &str, number: Option<u64>) -> &mut Self {
        match number {
            Some(number) => self.count(name, number),
            None => self.null(name),
        }
    }

    /// A member that is true or false.
    pub fn flag(&mut self, name: &str, value: bool) -> &mut Self {
        self.name(name).raw(if value { "true" } else { "false" })
    }

    /// A member that is an amount in a decimal string.
    pub fn amount(&mut self, name: &str, amount: Amount, decimals: usize) -> &mut Self {
        self.name(name);
        self.0.push(b'"');
        amount.write(&mut self.0, decimals);
        self.0.push(b'"');
        self
    }

    /// A member that is an amount as a JSON number.
    pub fn amount_number(&mut self, name: &str, amount: Amount) -> &mut Self {
        self.name(name);
        amount.write(&mut self.0, 0);
        self
    }
}

fn escape(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            0..=0x1F => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_and_escapes_are_right() {
        let mut json = Json::new();
        json.open().field("a", "q\"\\\n").count("b", 10).name("c").open_list();
        json.number(1).text("x").open().close().close_list().null("d").flag("e", true).close();
        let text = String::from_utf8(json.finish().to_vec()).unwrap();
        assert_eq!(text, r#"{"a":"q\"\\\u000a","b":10,"c":[1,"x",{}],"d":null,"e":true}"#);
    }
}
