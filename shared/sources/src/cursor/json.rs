//! Reads the vendor's JSON quickly: texts borrowed, numbers as they are written, unknown members named.

use std::borrow::Cow;
use std::fmt;

use aispend_model::{Decimal, Money, MoneyError, Rounded, parse_moment};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// A text, borrowed unless it holds escapes. (`Option<Cow<str>>` of serde is always a copy.)
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Text<'a>(pub Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrow;
        impl<'de> Visitor<'de> for Borrow {
            type Value = Cow<'de, str>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(text))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(text.to_owned()))
            }
            fn visit_string<E: Error>(self, text: String) -> Result<Self::Value, E> {
                Ok(Cow::Owned(text))
            }
        }
        deserializer.deserialize_str(Borrow).map(Text)
    }
}

/// What a text says: nothing, where it is absent or blank.
pub(super) fn said<'t>(text: Option<&'t Text>) -> Option<&'t str> {
    text.map(|text| text.0.trim()).filter(|text| !text.is_empty())
}

/// The same as an owned value.
pub(super) fn owned(text: Option<&Text>) -> Option<String> {
    said(text).map(str::to_owned)
}

/// A number by its digits, or a text of digits: quotes are taken off.
#[derive(Debug, Clone, Copy)]
pub(super) struct Digits<'a>(&'a str);

impl<'de: 'a, 'a> Deserialize<'de> for Digits<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?.get();
        let text = raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"')).unwrap_or(raw);
        Ok(Self(text.trim()))
    }
}

impl<'a> Digits<'a> {
    /// As written.
    pub(super) fn text(self) -> &'a str {
        self.0
    }

    /// An amount in cents.
    pub(super) fn cents(self) -> Result<Rounded, MoneyError> {
        let rounded = Money::from_cents(self.0)?;
        rounded.money.wire()?;
        Ok(rounded)
    }

    /// A count; `None` for what is no whole number.
    pub(super) fn count(self) -> Option<i64> {
        self.0.parse().ok().or_else(|| self.0.parse::<Decimal>().ok()?.to_string().parse().ok())
    }

    /// Epoch milliseconds or RFC 3339, as microseconds.
    pub(super) fn moment(self) -> Option<i64> {
        match self.count() {
            Some(millis) => millis.checked_mul(1_000),
            None => parse_moment(self.0).ok(),
        }
    }
}

/// A flag, or a text or number that is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flag(bool);

/// As a row carries it.
pub(super) fn flag(flag: Option<Flag>) -> Option<bool> {
    flag.map(|flag| flag.0)
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Truth;
        impl Visitor<'_> for Truth {
            type Value = Flag;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true or false")
            }
            fn visit_bool<E: Error>(self, flag: bool) -> Result<Flag, E> {
                Ok(Flag(flag))
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Flag, E> {
                self.visit_str(if number == 1 {
                    "true"
                } else if number == 0 {
                    "false"
                } else {
                    ""
                })
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Flag, E> {
                match text.trim() {
                    text if text.eq_ignore_ascii_case("true") => Ok(Flag(true)),
                    text if text.eq_ignore_ascii_case("false") => Ok(Flag(false)),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
                }
            }
        }
        deserializer.deserialize_any(Truth)
    }
}

/// Counts a list without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count(pub u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Count;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Count, A::Error> {
                let mut count = 0;
                while list.next_element::<IgnoredAny>()?.is_some() {
                    count += 1;
                }
                Ok(Count(count))
            }
        }
        deserializer.deserialize_seq(List)
    }
}

/// A vendor's object: the members we read, the members we know and leave, and the names of all others in `unknown`.
macro_rules! object {
    ($(#[$doc:meta])* $name:ident { $($json:literal $(| $other:literal)* => $field:ident: $type:ty,)* } leaves [$($left:literal),*]) => {
        $(#[$doc])*
        #[allow(clippy::struct_field_names, reason = "the vendor's names")]
        #[derive(Debug, Default)]
        pub(super) struct $name<'a> {
            $(pub $field: Option<$type>,)*
            /// Members that the vendor added since.
            pub unknown: Vec<std::borrow::Cow<'a, str>>,
        }

        impl<'de: 'a, 'a> serde::Deserialize<'de> for $name<'a> {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Members;
                impl<'de> serde::de::Visitor<'de> for Members {
                    type Value = $name<'de>;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }
                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
                        let mut object = $name::default();
                        while let Some(name) = members.next_key::<$crate::cursor::json::Text>()? {
                            match &*name.0 {
                                // A null beside the same member under its other name says nothing.
                                $($json $(| $other)* => {
                                    if let value @ Some(_) = members.next_value()? {
                                        object.$field = value;
                                    }
                                })*
                                $($left => drop(members.next_value::<serde::de::IgnoredAny>()?),)*
                                _ => {
                                    members.next_value::<serde::de::IgnoredAny>()?;
                                    object.unknown.push(name.0);
                                }
                            }
                        }
                        Ok(object)
                    }
                }
                deserializer.deserialize_map(Members)
            }
        }
    };
}
pub(super) use object;

#[cfg(test)]
mod tests {
    use super::*;

    object! {
        /// For these tests.
        Thing { "name" | "title" => name: Text<'a>, "cents" => cents: Digits<'a>, } leaves ["left"]
    }

    #[test]
    fn members_are_read_left_or_named() {
        let json = r#"{"title":"a","cents":12.50,"left":{"x":[1]},"new":null,"n\u0065wer":1}"#;
        let thing: Thing = serde_json::from_str(json).unwrap();
        assert!(matches!(thing.name, Some(Text(Cow::Borrowed("a")))));
        assert_eq!(thing.cents.unwrap().text(), "12.50");
        assert_eq!(thing.unknown, ["new", "newer"]);
    }

    #[test]
    fn null_and_absent_are_the_same() {
        let thing: Thing = serde_json::from_str(r#"{"name":null}"#).unwrap();
        assert!(thing.name.is_none() && thing.cents.is_none() && thing.unknown.is_empty());
        let thing: Thing = serde_json::from_str(r#"{"name":"a","title":null}"#).unwrap();
        assert_eq!(thing.name, Some(Text(Cow::Borrowed("a"))));
    }

    #[test]
    fn a_number_may_stand_in_quotes() {
        let digits = |json| serde_json::from_str::<Digits>(json).unwrap();
        assert_eq!(digits("\"1791194400123\"").moment(), Some(1_791_194_400_123_000));
        assert_eq!(digits("1791194400123").moment(), Some(1_791_194_400_123_000));
        assert_eq!(digits("1.791194400123e12").moment(), Some(1_791_194_400_123_000));
        assert_eq!(digits("\"2026-10-05T10:00:00.123Z\"").moment(), Some(1_791_194_400_123_000));
        assert_eq!(digits("\"noon\"").moment(), None);
        assert_eq!(
            (digits("3.0").count(), digits("3.5").count(), digits("true").count()),
            (Some(3), None, None)
        );
        assert!(digits("{}").cents().is_err());
    }

    #[test]
    fn a_flag_may_stand_in_quotes() {
        let read = |json| serde_json::from_str::<Flag>(json).map(|flag| flag.0).ok();
        assert_eq!((read("true"), read("\"True\""), read("1")), (Some(true), Some(true), Some(true)));
        assert_eq!((read("false"), read("\"false\""), read("0")), (Some(false), Some(false), Some(false)));
        assert_eq!((read("\"maybe\""), read("2"), read("[]")), (None, None, None));
    }

    #[test]
    fn a_list_is_counted_unread() {
        assert_eq!(serde_json::from_str::<Count>(r#"[{"a":[1,2]},null,3]"#).unwrap(), Count(3));
        assert!(serde_json::from_str::<Count>("{}").is_err());
    }
}
