//! Invented names, addresses and ids.

use crate::dice::{Dice, mix, mix_text};

pub const FIRST: &[&str] = &[
    "Alice", "Bob", "Carol", "Dana", "Erik", "Fatima", "Grace", "Hugo", "Ines", "Jonas", "Keiko", "Liam",
    "Mara", "Nils", "Olga", "Priya", "Quinn", "Rosa", "Samir", "Tove", "Umar", "Vera", "Wei", "Ximena",
    "Yusuf", "Zoe", "Anton", "Bea", "Chidi", "Dora", "Emre", "Freya",
];

pub const LAST: &[&str] = &[
    "Ng", "Ruiz", "Idle", "Oyelaran", "Lind", "Haddad", "Novak", "Okafor", "Petrov", "Quist", "Rossi",
    "Sato", "Tanaka", "Ueda", "Varga", "Weber", "Xu", "Yilmaz", "Zeman", "Almeida", "Bergman", "Costa",
    "Dubois", "Eriksen", "Fischer", "Gallo", "Horvat", "Ivanov", "Jansen", "Kowalski", "Larsen",
];

/// Teams with their departments and how much they use, in percent.
pub const TEAMS: &[(&str, &str, u64)] = &[
    ("Platform", "Engineering", 160),
    ("Data", "Engineering", 130),
    ("Product", "Product", 70),
    ("Mobile", "Engineering", 110),
    ("Finance", "Operations", 25),
    ("Security", "Engineering", 80),
    ("Support", "Operations", 45),
    ("Design", "Product", 50),
];

const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// A text of letters and digits that looks drawn by lot.
pub fn letters(seed: u64, length: usize) -> String {
    let mut dice = Dice::new(seed);
    (0..length).filter_map(|_| dice.pick(ALPHABET)).map(char::from).collect()
}

/// An id of Anthropic's form, such as `apikey_01Rj2N8SVvo6BePZj99NhmiT`.
pub fn anthropic_id(kind: &str, seed: u64, index: u64) -> String {
    format!("{kind}_01{}", letters(mix(mix_text(seed, kind), index), 22))
}

/// An id of Cursor's form, such as `user_PDSPmvukpYgZEDXsoNirw3CFhy`.
pub fn cursor_id(seed: u64, index: u64) -> String {
    format!("user_{}", letters(mix(mix_text(seed, "cursor"), index), 26))
}

/// A UUID.
pub fn uuid(seed: u64, what: &str) -> String {
    let hash = mix_text(seed, what);
    let (high, low) = (mix(hash, 1), mix(hash, 2));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xFFFF,
        high & 0xFFF,
        ((low >> 48) & 0x3FFF) | 0x8000,
        low & 0xFFFF_FFFF_FFFF
    )
}
