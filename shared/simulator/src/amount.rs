//! Amounts as the vendors print them: decimal digits of a cent, held as an integer.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub};

use serde::{Deserialize, Serialize};

/// Decimals of a cent that an [`Amount`] holds.
const DECIMALS: usize = 14;
const PER_CENT: i128 = 100_000_000_000_000;
const PER_NANO: i128 = 10_000_000;

/// An amount of US cents, counted in units of 10⁻¹⁴ cent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Amount(pub i128);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// A whole number of cents.
    pub const fn cents(cents: i128) -> Self {
        Self(cents * PER_CENT)
    }

    /// A number of nano-dollars, which is 10⁻⁷ of a cent.
    pub const fn nanos(nanos: i128) -> Self {
        Self(nanos * PER_NANO)
    }

    /// The amount in nano-dollars, rounded once, half to even.
    pub const fn nano(self) -> i128 {
        let floor = self.0.div_euclid(PER_NANO);
        let twice = self.0.rem_euclid(PER_NANO) * 2;
        if twice > PER_NANO || (twice == PER_NANO && floor % 2 != 0) { floor + 1 } else { floor }
    }

    /// This amount times a whole percentage, cut to a whole nano-dollar.
    #[must_use]
    pub const fn percent(self, percent: i128) -> Self {
        Self(self.0 * percent / 100 / PER_NANO * PER_NANO)
    }

    /// Whether nothing is left.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Appends the digits, with `least` decimals or as many more as the amount needs.
    pub fn write(self, out: &mut Vec<u8>, least: usize) {
        if self.0 < 0 {
            out.push(b'-');
        }
        let size = self.0.unsigned_abs();
        let per_cent = PER_CENT.unsigned_abs();
        let (whole, fraction) = if let Ok(small) = u64::try_from(size) {
            let per_cent = per_cent as u64;
            (u128::from(small / per_cent), small % per_cent)
        } else {
            (size / per_cent, (size % per_cent) as u64)
        };
        write_integer(out, whole as u64);
        let mut digits = [b'0'; DECIMALS];
        let mut rest = fraction;
        let mut needed = 0;
        for (place, digit) in digits.iter_mut().enumerate().rev() {
            let value = (rest % 10) as u8;
            *digit = b'0' + value;
            rest /= 10;
            if needed == 0 && value != 0 {
                needed = place + 1;
            }
            if rest == 0 && needed != 0 {
                break;
            }
        }
        let shown = needed.max(least);
        if shown > 0 {
            out.push(b'.');
            out.extend(digits.iter().take(shown));
            out.extend(std::iter::repeat_n(b'0', shown.saturating_sub(DECIMALS)));
        }
    }

    /// The digits as a text.
    pub fn text(self, least: usize) -> String {
        let mut out = Vec::new();
        self.write(&mut out, least);
        out.into_iter().map(char::from).collect()
    }

    /// The amount in dollars, as a text without trailing zeros, for the sheets.
    pub fn dollars(self) -> String {
        let mut text = Self(self.0.abs()).text(DECIMALS);
        let point = text.find('.').unwrap_or(text.len());
        if point < 3 {
            text.insert_str(0, &"0".repeat(3 - point));
        }
        let point = text.find('.').unwrap_or(text.len());
        text.remove(point);
        text.insert(point - 2, '.');
        let trimmed = text.trim_end_matches('0').trim_end_matches('.');
        if self.0 < 0 { format!("-{trimmed}") } else { trimmed.to_owned() }
    }
}

/// Appends the decimal digits of a number.
pub fn write_integer(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0_u8; 20];
    let mut used = 0;
    for digit in &mut digits {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
        used += 1;
        if number == 0 {
            break;
        }
    }
    out.extend(digits.iter().take(used).rev());
}

impl Add for Amount {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Amount {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for Amount {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_printed_exactly() {
        let check =
            |units: i128, least: usize, expected: &str| assert_eq!(Amount(units).text(least), expected);
        check(0, 0, "0");
        check(0, 2, "0.00");
        check(PER_CENT * 10, 0, "10");
        check(PER_CENT * 513 + PER_CENT / 10_000 * 8044, 0, "513.8044");
        check(PER_CENT * 513 + PER_CENT / 10_000 * 8044, 6, "513.804400");
        check(4_016_700_000_000_000 - 1, 0, "40.16699999999999");
        check(-PER_CENT / 2, 0, "-0.5");
        check(PER_NANO, 0, "0.0000001");
        check(PER_CENT * 1_000_000_000, 6, "1000000000.000000");
    }

    #[test]
    fn rounding_is_half_to_even() {
        let check = |units: i128, expected: i128| assert_eq!(Amount(units).nano(), expected);
        check(5_000_000, 0);
        check(15_000_000, 2);
        check(25_000_000, 2);
        check(25_000_001, 3);
        check(-5_000_000, 0);
        check(-15_000_000, -2);
        check(-4_999_999, 0);
        check(-15_000_001, -2);
    }

    #[test]
    fn dollars_have_two_places_less() {
        let check = |amount: Amount, expected: &str| assert_eq!(amount.dollars(), expected);
        check(Amount::cents(4000), "40");
        check(Amount::cents(5), "0.05");
        check(Amount::cents(-1250), "-12.5");
        check(Amount::nanos(1), "0.000000001");
    }
}
