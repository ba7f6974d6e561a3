//! Chance, made of nothing but a seed: the same seed gives the same world on every machine and in every release.

/// Mixes two numbers into one that looks random.
pub const fn mix(left: u64, right: u64) -> u64 {
    let mut z =
        left.wrapping_add(right.wrapping_mul(0x9E37_79B9_7F4A_7C15)).wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Mixes a text into a seed.
pub fn mix_text(seed: u64, text: &str) -> u64 {
    text.bytes().fold(mix(seed, text.len() as u64), |hash, byte| mix(hash, u64::from(byte)))
}

/// A stream of numbers from one seed.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Starts a stream.
    pub const fn new(seed: u64) -> Self {
        Self(mix(seed, 0xD1CE))
    }

    /// The next number of the stream.
    pub const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(1);
        mix(self.0, 0x5EED)
    }

    /// A number under `limit`; zero when there is no such number.
    pub const fn below(&mut self, limit: u64) -> u64 {
        if limit == 0 { 0 } else { self.roll() % limit }
    }

    /// A number from `low` to `high`, both included.
    pub const fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// True in `per_mille` of a thousand cases.
    pub const fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }

    /// One of the values.
    pub fn pick<T: Copy>(&mut self, values: &[T]) -> Option<T> {
        values.get(self.below(values.len() as u64) as usize).copied()
    }
}
