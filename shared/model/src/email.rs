//! E-mail addresses as identities.

/// Where money stands that nobody could be named for. Always visible, never spread.
pub const UNATTRIBUTED: &str = "unknown@unattributed.com";

/// Trims and lower-cases; `None` for an address that says nothing.
pub fn normalize_email(text: &str) -> Option<String> {
    let trimmed = text.trim();
    (!trimmed.is_empty()).then(|| trimmed.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_trimmed_and_lower_cased() {
        assert_eq!(normalize_email(" Dana@Example.com ").as_deref(), Some("dana@example.com"));
        assert_eq!(normalize_email("  "), None);
    }
}
