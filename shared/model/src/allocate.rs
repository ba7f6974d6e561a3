//! Splits an amount so that the parts add up to it.

use crate::money::Money;

/// Why an amount cannot be split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AllocateError {
    /// No part has a weight.
    #[error("every weight is zero")]
    NoWeight,
    /// The amount times a weight exceeds 128 bits.
    #[error("the amount times its weights is too large to split exactly")]
    TooLarge,
}

/// Splits an amount by integer weights: largest remainder, ties to the earlier part. The parts always add up to the
/// amount; a negative amount is split as its absolute value and negated.
///
/// # Errors
/// When no weight is above zero, or the product leaves i128.
pub fn allocate(amount: Money, weights: &[u64]) -> Result<Vec<Money>, AllocateError> {
    let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    if total == 0 {
        return Err(AllocateError::NoWeight);
    }
    let nanos = amount.nanos().checked_abs().ok_or(AllocateError::TooLarge)?;
    let mut shares = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    for (place, weight) in weights.iter().enumerate() {
        let product = nanos.checked_mul(i128::from(*weight)).ok_or(AllocateError::TooLarge)?;
        shares.push(product / total);
        remainders.push((product % total, place));
    }
    let mut missing = nanos - shares.iter().sum::<i128>();
    remainders.sort_by(|left, right| right.0.cmp(&left.0).then(left.1.cmp(&right.1)));
    for (_, place) in remainders {
        if missing == 0 {
            break;
        }
        if let Some(share) = shares.get_mut(place) {
            *share += 1;
            missing -= 1;
        }
    }
    let sign = if amount.nanos() < 0 { -1 } else { 1 };
    Ok(shares.into_iter().map(|share| Money::from_nanos(share * sign)).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(nanos: i128, weights: &[u64]) -> Vec<i128> {
        allocate(Money::from_nanos(nanos), weights).unwrap().into_iter().map(Money::nanos).collect()
    }

    #[test]
    fn missing_units_go_to_the_largest_remainders_then_to_the_earlier() {
        assert_eq!(split(100_000_000, &[1, 1, 1]), [33_333_334, 33_333_333, 33_333_333]);
        assert_eq!(split(10, &[1, 2, 0]), [3, 7, 0]);
        assert_eq!(split(-10, &[1, 2]), [-3, -7]);
    }

    #[test]
    fn without_a_weight_there_is_no_split() {
        assert_eq!(allocate(Money::from_nanos(5), &[0, 0]), Err(AllocateError::NoWeight));
        assert_eq!(allocate(Money::from_nanos(5), &[]), Err(AllocateError::NoWeight));
    }

    proptest! {
        #[test]
        fn parts_add_up_to_the_amount(nanos in any::<i64>(), weights in prop::collection::vec(any::<u32>(), 1..40)) {
            let weights: Vec<u64> = weights.into_iter().map(u64::from).collect();
            prop_assume!(weights.iter().any(|weight| *weight > 0));
            let parts = allocate(Money::from_nanos(i128::from(nanos)), &weights).unwrap();
            prop_assert_eq!(parts.iter().copied().sum::<Money>().nanos(), i128::from(nanos));
            for (part, weight) in parts.iter().zip(&weights) {
                prop_assert!(*weight > 0 || part.nanos() == 0);
            }
        }
    }
}
