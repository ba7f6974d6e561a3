//! Exact amounts in US dollars.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub};
use std::str::FromStr;

/// An amount in US dollars, counted in billionths: the scale of the warehouse's `NUMERIC(38, 9)`.
///
/// ```
/// # use aispend_model::Money;
/// assert_eq!(Money::from_cents("123.45").unwrap().money.to_string(), "1.2345");
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(i128);

/// Why a text is not an amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The text is not a decimal number.
    #[error("`{0}` is not a decimal number")]
    NotANumber(String),
    /// More digits than an exact amount holds.
    #[error("`{0}` has more digits than an amount can hold")]
    TooLarge(String),
}

/// An amount read at the door, and what rounding to a nano-dollar took from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rounded {
    /// The amount, rounded half-even to a nano-dollar.
    pub money: Money,
    /// What was written less what is kept; zero for almost every amount.
    pub lost: Decimal,
}

/// A decimal number exactly as written: `digits / 10^scale`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Decimal {
    digits: i128,
    scale: u32,
}

/// Digits of a fraction that are kept: what lies beyond can only break a tie, and one more digit says so.
const MOST_FRACTION: i64 = 30;
/// i128 holds 38 digits; an exponent beyond this is a mistake, not an amount.
const MAX_SCALE: u32 = 36;
const NANO_SCALE: u32 = 9;

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From billionths of a dollar.
    pub const fn from_nanos(nanos: i128) -> Self {
        Self(nanos)
    }

    /// In billionths of a dollar.
    pub const fn nanos(self) -> i128 {
        self.0
    }

    /// In billionths of a dollar, as a row carries it: up to 9 billion dollars.
    ///
    /// # Errors
    /// When the amount does not fit.
    pub fn wire(self) -> Result<i64, MoneyError> {
        i64::try_from(self.0).map_err(|_| MoneyError::TooLarge(self.to_string()))
    }

    /// Reads an amount in cents, such as `4102.33`; a fraction finer than a nano-dollar is rounded half-even, once.
    ///
    /// # Errors
    /// When the text is no decimal number.
    pub fn from_cents(text: &str) -> Result<Rounded, MoneyError> {
        Decimal::from_str(text)?.shifted(2).to_nanos(text)
    }

    /// Reads an amount in dollars, such as `41.0233`; a fraction finer than a nano-dollar is rounded half-even, once.
    ///
    /// # Errors
    /// When the text is no decimal number.
    pub fn from_dollars(text: &str) -> Result<Rounded, MoneyError> {
        Decimal::from_str(text)?.to_nanos(text)
    }

    /// The amount without its sign.
    #[must_use]
    pub const fn abs(self) -> Self {
        Self(self.0.abs())
    }
}

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self { digits: 0, scale: 0 };

    /// True for zero, however written.
    pub const fn is_zero(self) -> bool {
        self.digits == 0
    }

    /// The number divided by `10^places`.
    const fn shifted(self, places: u32) -> Self {
        Self { digits: self.digits, scale: self.scale + places }
    }

    /// The sum, or `None` beyond 38 digits.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let digits = self.digits.checked_mul(power(scale - self.scale)?)?;
        let more = other.digits.checked_mul(power(scale - other.scale)?)?;
        Some(Self { digits: digits.checked_add(more)?, scale })
    }

    /// Billionths, rounded half-even. The same rule as IEEE and as BigQuery's exact casts of ties do not apply here:
    /// half-even is the design's choice, made once at the door.
    fn to_nanos(self, text: &str) -> Result<Rounded, MoneyError> {
        let too_large = || MoneyError::TooLarge(text.to_owned());
        if self.scale <= NANO_SCALE {
            let factor = power(NANO_SCALE - self.scale).ok_or_else(too_large)?;
            let nanos = self.digits.checked_mul(factor).ok_or_else(too_large)?;
            return Ok(Rounded { money: Money(nanos), lost: Decimal::ZERO });
        }
        let unit = power(self.scale - NANO_SCALE).ok_or_else(too_large)?;
        let (whole, rest) = (self.digits.div_euclid(unit), self.digits.rem_euclid(unit));
        let up = match (rest * 2).cmp(&unit) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal => whole.rem_euclid(2) == 1,
            std::cmp::Ordering::Greater => true,
        };
        let lost = if up { rest - unit } else { rest };
        Ok(Rounded {
            money: Money(whole + i128::from(up)),
            lost: Decimal { digits: lost, scale: self.scale },
        })
    }

    /// As billionths for a column that is no money (request units); rounded half-even.
    ///
    /// # Errors
    /// When it does not fit a row.
    pub fn to_billionths(self) -> Result<i64, MoneyError> {
        self.to_nanos("number")?.money.wire()
    }
}

fn power(exponent: u32) -> Option<i128> {
    10_i128.checked_pow(exponent)
}

impl FromStr for Decimal {
    type Err = MoneyError;

    /// Reads `-12.340`, `1e-7`, `.5`: what JSON and the vendors' strings can hold.
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let not_a_number = || MoneyError::NotANumber(text.chars().take(40).collect());
        let too_large = || MoneyError::TooLarge(text.chars().take(60).collect());
        let trimmed = text.trim();
        let (mantissa, exponent) = match trimmed.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().map_err(|_| not_a_number())?),
            None => (trimmed, 0),
        };
        let (is_negative, unsigned) = match mantissa.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
        };
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        if whole.is_empty() && fraction.is_empty() {
            return Err(not_a_number());
        }
        if !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
            return Err(not_a_number());
        }
        let mut fraction = fraction.trim_end_matches('0').to_owned();
        // A positive exponent would bring the digits beyond back.
        let most = usize::try_from(MOST_FRACTION + i64::from(exponent.min(0))).unwrap_or(0);
        if exponent <= 0 && fraction.len() > most {
            fraction.truncate(most);
            fraction.push('1');
        }
        let mut digits: i128 = 0;
        for byte in whole.bytes().chain(fraction.bytes()) {
            digits = digits
                .checked_mul(10)
                .and_then(|digits| digits.checked_add(i128::from(byte - b'0')))
                .ok_or_else(too_large)?;
        }
        if is_negative {
            digits = -digits;
        }
        let scale = i64::try_from(fraction.len()).map_err(|_| too_large())? - i64::from(exponent);
        if digits == 0 {
            return Ok(Self::ZERO);
        }
        match u32::try_from(scale) {
            Ok(scale) if scale <= MAX_SCALE => Ok(Self { digits, scale }),
            Ok(_) => Err(too_large()),
            Err(_) => {
                let factor = u32::try_from(-scale).ok().and_then(power).ok_or_else(too_large)?;
                Ok(Self { digits: digits.checked_mul(factor).ok_or_else(too_large)?, scale: 0 })
            }
        }
    }
}

fn write_scaled(f: &mut fmt::Formatter<'_>, digits: i128, scale: u32) -> fmt::Result {
    let sign = if digits < 0 { "-" } else { "" };
    let text = format!("{:0>width$}", digits.unsigned_abs(), width = scale as usize + 1);
    let (whole, fraction) = text.split_at(text.len() - scale as usize);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { write!(f, "{sign}{whole}") } else { write!(f, "{sign}{whole}.{fraction}") }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_scaled(f, self.digits, self.scale)
    }
}

/// Dollars, without trailing zeros: `1.2345`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_scaled(f, self.0, NANO_SCALE)
    }
}

// i128 nano-dollars overflow beyond 10^29 dollars: sums of rows that fit the wire cannot reach it.
#[allow(clippy::arithmetic_side_effects)]
mod sums {
    use super::{Add, AddAssign, Money, Neg, Sub, Sum};

    impl Add for Money {
        type Output = Self;
        fn add(self, other: Self) -> Self {
            Self(self.0 + other.0)
        }
    }
    impl Sub for Money {
        type Output = Self;
        fn sub(self, other: Self) -> Self {
            Self(self.0 - other.0)
        }
    }
    impl AddAssign for Money {
        fn add_assign(&mut self, other: Self) {
            self.0 += other.0;
        }
    }
    impl Neg for Money {
        type Output = Self;
        fn neg(self) -> Self {
            Self(-self.0)
        }
    }
    impl Sum for Money {
        fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
            amounts.fold(Self::ZERO, Add::add)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cents(text: &str) -> (i128, String) {
        let rounded = Money::from_cents(text).unwrap();
        (rounded.money.nanos(), rounded.lost.to_string())
    }

    #[test]
    fn cents_become_nano_dollars_exactly() {
        assert_eq!(cents("123.45"), (1_234_500_000, "0".into()));
        assert_eq!(cents("123.78912"), (1_237_891_200, "0".into()));
        assert_eq!(cents("-0.0000001"), (-1, "0".into()));
        assert_eq!(cents("10"), (100_000_000, "0".into()));
        assert_eq!(cents("1e2"), (1_000_000_000, "0".into()));
        assert_eq!(cents("1.5E-3"), (15_000, "0".into()));
        assert_eq!(cents(" 7.000 "), (70_000_000, "0".into()));
    }

    #[test]
    fn a_finer_amount_is_rounded_half_even_and_says_what_it_lost() {
        assert_eq!(cents("0.00000005"), (0, "0.0000000005".into()));
        assert_eq!(cents("0.00000015"), (2, "-0.0000000005".into()));
        assert_eq!(cents("-0.00000005"), (0, "-0.0000000005".into()));
        assert_eq!(cents("-0.00000015"), (-2, "0.0000000005".into()));
        assert_eq!(cents("40.16699999999999"), (401_670_000, "-0.0000000000000001".into()));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", ".", "twelve", "1,5", "1.2.3", "NaN", "inf", "--1", "1e", "0x10"] {
            assert!(Money::from_cents(text).is_err(), "{text}");
        }
        assert!(matches!(Money::from_cents("1e40"), Err(MoneyError::TooLarge(_))));
        assert!(matches!(Money::from_cents("1e-99"), Err(MoneyError::TooLarge(_))));
    }

    #[test]
    fn any_number_of_decimals_is_read() {
        assert_eq!(cents(&format!("0.00000005{}", "0".repeat(60))).0, 0);
        assert_eq!(cents(&format!("0.00000005{}1", "0".repeat(60))).0, 1);
        assert_eq!(cents(&format!("12.{}", "3".repeat(80))).0, 123_333_333);
        assert_eq!(cents(&format!("1234567.{}e-5", "9".repeat(50))).0, 123_456_800);
    }

    proptest! {
        #[test]
        fn digits_beyond_those_kept_only_break_ties(digits in 0_u64.., more in "[0-9]{0,60}") {
            let short = format!("0.{digits:020}");
            let (less, exact) = (cents(&short).0, cents(&format!("{short}{more}")).0);
            let next = cents(&format!("0.{:020}", u128::from(digits) + 1)).0;
            prop_assert!(less <= exact && exact <= next, "{less} {exact} {next}");
        }

        #[test]
        fn what_prints_reads_back(nanos in any::<i64>()) {
            let money = Money::from_nanos(i128::from(nanos));
            prop_assert_eq!(Money::from_dollars(&money.to_string()).unwrap().money, money);
        }

        #[test]
        fn rounding_loses_at_most_half_a_nano(digits in any::<i64>(), scale in 0_usize..20) {
            let text = Decimal { digits: i128::from(digits), scale: scale as u32 }.to_string();
            let rounded = Money::from_dollars(&text).unwrap();
            let kept = Decimal { digits: rounded.money.nanos(), scale: 9 };
            let sum = kept.checked_add(rounded.lost).unwrap();
            prop_assert_eq!(sum.to_string(), text);
            prop_assert!(rounded.lost.digits.abs() * 2 <= 10_i128.pow(rounded.lost.scale.saturating_sub(9)));
        }

        #[test]
        fn no_text_panics(text in ".{0,60}") {
            prop_assert!(Money::from_cents(&text).is_ok() || Money::from_cents(&text).is_err());
        }
    }
}
