//! Exact decimal numbers for showing: rounded once, never a float.

use std::cmp::Ordering;

/// Digits of a fraction that are kept; what lies beyond no screen shows.
const MOST_FRACTION: usize = 18;

/// A decimal number: `digits / 10^scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number {
    digits: i128,
    scale: u32,
}

impl Number {
    /// Nothing.
    pub const ZERO: Self = Self { digits: 0, scale: 0 };

    /// Reads `-12.340`; `None` for what is no plain decimal number.
    pub fn read(text: &str) -> Option<Self> {
        let (is_negative, unsigned) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        let fraction = fraction.get(..MOST_FRACTION).unwrap_or(fraction);
        let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
        Some(Self { digits: if is_negative { -digits } else { digits }, scale: fraction.len() as u32 })
    }

    /// A count.
    pub const fn whole(count: i128) -> Self {
        Self { digits: count, scale: 0 }
    }

    /// True below zero.
    pub const fn is_negative(self) -> bool {
        self.digits < 0
    }

    /// True for zero, however written.
    pub const fn is_zero(self) -> bool {
        self.digits == 0
    }

    /// Without its sign.
    #[must_use]
    pub const fn abs(self) -> Self {
        Self { digits: self.digits.abs(), scale: self.scale }
    }

    /// The sum; `None` beyond 38 digits.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let digits = self.at(scale)?.checked_add(other.at(scale)?)?;
        Some(Self { digits, scale })
    }

    /// The difference; `None` beyond 38 digits.
    #[must_use]
    pub fn minus(self, other: Self) -> Option<Self> {
        self.plus(Self { digits: other.digits.checked_neg()?, scale: other.scale })
    }

    /// The number times a power of ten.
    #[must_use]
    pub fn times_ten_to(self, places: u32) -> Self {
        if self.scale >= places {
            return Self { scale: self.scale - places, ..self };
        }
        let factor = 10_i128.pow(places - self.scale);
        Self { digits: self.digits.saturating_mul(factor), scale: 0 }
    }

    /// What part of another it is, to nine decimals; `None` of nothing.
    #[must_use]
    pub fn share_of(self, whole: Self) -> Option<Self> {
        let scale = self.scale.max(whole.scale);
        let digits = self.at(scale)?.checked_mul(1_000_000_000)?.checked_div(whole.at(scale)?)?;
        Some(Self { digits, scale: 9 })
    }

    /// The nearest whole number.
    pub fn to_whole(self) -> i128 {
        self.rounded(0).at(0).unwrap_or(0)
    }

    /// Rounded, half away from zero, as both engines do it.
    #[must_use]
    pub fn rounded(self, places: u32) -> Self {
        if self.scale <= places {
            return self;
        }
        let unit = 10_i128.pow(self.scale - places);
        let (whole, rest) = (self.digits / unit, self.digits % unit);
        let up = if rest.abs() * 2 >= unit { rest.signum() } else { 0 };
        Self { digits: whole + up, scale: places }
    }

    /// With that many decimals and commas between thousands.
    pub fn grouped(self, places: u32) -> String {
        let rounded = self.rounded(places);
        let digits = rounded.at(places).unwrap_or(i128::MAX);
        let text = format!("{:0>width$}", digits.unsigned_abs(), width = places as usize + 1);
        let (whole, fraction) = text.split_at(text.len() - places as usize);
        let mut shown = String::new();
        for (place, digit) in whole.chars().enumerate() {
            if place > 0 && (whole.len() - place).is_multiple_of(3) {
                shown.push(',');
            }
            shown.push(digit);
        }
        if places > 0 {
            shown.push('.');
            shown.push_str(fraction);
        }
        if digits < 0 { format!("-{shown}") } else { shown }
    }

    /// To the last digit, with commas between thousands: for people who add up.
    pub fn exact(self) -> String {
        let text = self.grouped(self.scale);
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    }

    /// Without commas and trailing zeros: for files and JSON.
    pub fn plain(self) -> String {
        self.exact().replace(',', "")
    }

    /// For drawing and spreadsheets, which know floats only.
    pub fn for_drawing(self) -> f64 {
        self.plain().parse().unwrap_or_default()
    }

    fn at(self, scale: u32) -> Option<i128> {
        self.digits.checked_mul(10_i128.checked_pow(scale.checked_sub(self.scale)?)?)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        let scale = self.scale.max(other.scale);
        Some(self.at(scale)?.cmp(&other.at(scale)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_rounded_once_and_half_away_from_zero() {
        for (text, places, shown) in [
            ("8412.37", 0, "8,412"),
            ("84.125", 2, "84.13"),
            ("-84.125", 2, "-84.13"),
            ("0.1874999", 3, "0.187"),
            ("1234567.5", 0, "1,234,568"),
            ("-0.4", 0, "0"),
            ("5", 2, "5.00"),
            ("0.005", 2, "0.01"),
            ("999.999", 2, "1,000.00"),
        ] {
            assert_eq!(Number::read(text).unwrap().grouped(places), shown, "{text}");
        }
    }

    #[test]
    fn sums_are_exact_and_what_is_no_number_is_none() {
        let sum = Number::read("0.1").unwrap().plus(Number::read("0.2").unwrap()).unwrap();
        assert_eq!(sum.plain(), "0.3");
        assert_eq!(Number::read("-1.500").unwrap().plain(), "-1.5");
        assert_eq!(Number::read("0.063").unwrap().times_ten_to(2).grouped(1), "6.3");
        assert!(Number::read("1.5").unwrap() > Number::read("1.49").unwrap());
        for text in ["", "-", ".5", "1e5", "NaN", "1,000", "+1"] {
            assert_eq!(Number::read(text), None, "{text}");
        }
    }
}
