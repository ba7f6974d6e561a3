//! One usage event: what the vendor says of it, and what it costs.

use aispend_model::{Money, Rounded};

use super::json::{Digits, Flag, Text, flag, object};

object! {
    /// As sent, in the form of 2026 or 2025.
    Event {
        "timestamp" => timestamp: Digits<'a>,
        "userEmail" => user_email: Text<'a>,
        "serviceAccountId" => service_account_id: Text<'a>,
        "cloudAgentId" => cloud_agent_id: Text<'a>,
        "automationId" => automation_id: Text<'a>,
        "conversationId" => conversation_id: Text<'a>,
        "model" => model: Text<'a>,
        "kind" | "kindLabel" => kind: Text<'a>,
        "isChargeable" => is_chargeable: Flag,
        "maxMode" => max_mode: Flag,
        "isHeadless" => is_headless: Flag,
        "isTokenBasedCall" => is_token_based_call: Flag,
        "requestsCosts" => requests_costs: Digits<'a>,
        "tokenUsage" => token_usage: TokenUsage<'a>,
        "chargedCents" => charged_cents: Digits<'a>,
        "cursorTokenFee" => cursor_token_fee: Digits<'a>,
    }
    leaves ["serviceAccountName", "isFreeBugbot"]
}

object! {
    /// Tokens, and what they are worth before discount and fee.
    TokenUsage {
        "inputTokens" => input_tokens: Digits<'a>,
        "outputTokens" => output_tokens: Digits<'a>,
        "cacheWriteTokens" => cache_write_tokens: Digits<'a>,
        "cacheReadTokens" => cache_read_tokens: Digits<'a>,
        "totalCents" => total_cents: Digits<'a>,
    }
    leaves ["discountPercentOff"]
}

/// What an event's kind says about money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    UsageBased,
    Included,
    NotCharged,
    /// Not said, or a word we do not know.
    Unknown,
}

impl Kind {
    /// Reads the display form (`Included in Business`) or the enum form (`USAGE_EVENT_KIND_INCLUDED_IN_BUSINESS`).
    pub(super) fn of(text: &str) -> Self {
        let letters =
            text.bytes().filter(u8::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase() as char);
        let word: String = letters.take(80).collect();
        let word = word.strip_prefix("usageeventkind").unwrap_or(&word);
        if ["errored", "aborted", "notcharged"].iter().any(|part| word.contains(part)) {
            Self::NotCharged
        } else if word == "usagebased" {
            Self::UsageBased
        } else if word.starts_with("included") || INCLUDED.contains(&word) {
            Self::Included
        } else {
            Self::Unknown
        }
    }
}

/// Kinds that a plan covers and that do not say so.
const INCLUDED: [&str; 6] = ["freecredit", "pro", "proplus", "ultra", "business", "customsubscription"];

/// A row's kind of charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Charge {
    UsageBased,
    Included,
    NotCharged,
}

impl Charge {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::UsageBased => "usage_based",
            Self::Included => "included_usage",
            Self::NotCharged => "not_charged",
        }
    }
}

/// Amounts of an event, each rounded once.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Amounts {
    pub charged: Option<Rounded>,
    pub model: Option<Rounded>,
    pub fee: Option<Rounded>,
}

/// How an event is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decision {
    pub charge: Charge,
    /// Billed money; zero unless usage based.
    pub cost: Money,
    /// What the plan covered, where it is said.
    pub included: Option<Money>,
    /// `isChargeable` and the kind say different things; the former decides.
    pub is_contradiction: bool,
    /// Billed without `chargedCents`.
    pub lacks_charge: bool,
}

/// Decides as the vendor bills: by `isChargeable`, or by the kind where that is not said.
pub(super) fn decide(event: &Event, kind: Kind, amounts: &Amounts) -> Decision {
    let by_kind = kind == Kind::UsageBased;
    let is_billed = flag(event.is_chargeable).unwrap_or(by_kind);
    let is_contradiction = kind != Kind::Unknown && is_billed != by_kind;
    let charge = match kind {
        _ if is_billed => Charge::UsageBased,
        Kind::NotCharged => Charge::NotCharged,
        // Neither billed nor called off: the plan covers it, whatever its kind is called.
        Kind::UsageBased | Kind::Included | Kind::Unknown => Charge::Included,
    };
    let money = |amount: Option<Rounded>| amount.map(|amount| amount.money);
    // The form of 2025 states the tokens' price only, and there is no other charge on a token based call.
    let stated = money(amounts.charged)
        .or_else(|| money(amounts.model).filter(|_| flag(event.is_token_based_call) == Some(true)));
    Decision {
        charge,
        cost: if is_billed { stated.unwrap_or_default() } else { Money::ZERO },
        included: if charge == Charge::Included { money(amounts.charged.or(amounts.model)) } else { None },
        is_contradiction,
        lacks_charge: is_billed && amounts.charged.is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_kind_are_one_kind() {
        for (text, kind) in [
            ("Usage-based", Kind::UsageBased),
            ("USAGE_EVENT_KIND_USAGE_BASED", Kind::UsageBased),
            ("Included in Business", Kind::Included),
            ("USAGE_EVENT_KIND_INCLUDED_IN_PRO", Kind::Included),
            ("USAGE_EVENT_KIND_PRO_PLUS", Kind::Included),
            ("USAGE_EVENT_KIND_FREE_CREDIT", Kind::Included),
            ("USAGE_EVENT_KIND_CUSTOM_SUBSCRIPTION", Kind::Included),
            ("Errored, Not Charged", Kind::NotCharged),
            ("USAGE_EVENT_KIND_ABORTED_NOT_CHARGED", Kind::NotCharged),
            ("On the house", Kind::Unknown),
            ("", Kind::Unknown),
        ] {
            assert_eq!(Kind::of(text), kind, "{text}");
        }
    }

    fn decided(json: &str) -> (&'static str, String, bool, bool) {
        let event: Event = serde_json::from_str(json).unwrap();
        let cents = |digits: Option<Digits>| digits.map(|digits| digits.cents().unwrap());
        let model = event.token_usage.as_ref().and_then(|usage| usage.total_cents);
        let amounts = Amounts { charged: cents(event.charged_cents), model: cents(model), fee: None };
        let kind = event.kind.as_ref().map_or(Kind::Unknown, |kind| Kind::of(&kind.0));
        let decision = decide(&event, kind, &amounts);
        (
            decision.charge.as_str(),
            decision.cost.to_string(),
            decision.is_contradiction,
            decision.lacks_charge,
        )
    }

    #[test]
    fn is_chargeable_decides_and_the_kind_where_it_is_absent() {
        let check = |json, charge, cost: &str, contradicts, lacks| {
            assert_eq!(decided(json), (charge, cost.to_owned(), contradicts, lacks), "{json}");
        };
        check(
            r#"{"kind":"Usage-based","isChargeable":true,"chargedCents":5}"#,
            "usage_based",
            "0.05",
            false,
            false,
        );
        check(r#"{"kind":"Usage-based","chargedCents":5}"#, "usage_based", "0.05", false, false);
        check(r#"{"isChargeable":true,"chargedCents":5}"#, "usage_based", "0.05", false, false);
        check(r#"{"kind":"New","isChargeable":true,"chargedCents":5}"#, "usage_based", "0.05", false, false);
        check(
            r#"{"kind":"Included in Pro","isChargeable":true,"chargedCents":5}"#,
            "usage_based",
            "0.05",
            true,
            false,
        );
        check(
            r#"{"kind":"Usage-based","isChargeable":false,"chargedCents":5}"#,
            "included_usage",
            "0",
            true,
            false,
        );
        check(r#"{"kind":"Errored, Not Charged","chargedCents":5}"#, "not_charged", "0", false, false);
        check(
            r#"{"kind":"Included in Pro","isChargeable":false,"chargedCents":5}"#,
            "included_usage",
            "0",
            false,
            false,
        );
        check(r#"{"chargedCents":5}"#, "included_usage", "0", false, false);
    }

    #[test]
    fn money_that_is_not_stated_is_not_guessed() {
        let tokens = r#""kindLabel":"Usage-based","tokenUsage":{"totalCents":7}"#;
        assert_eq!(
            decided(&format!("{{{tokens},\"isTokenBasedCall\":true}}")),
            ("usage_based", "0.07".into(), false, true)
        );
        assert_eq!(decided(&format!("{{{tokens}}}")), ("usage_based", "0".into(), false, true));
        assert_eq!(decided(r#"{"kind":"Usage-based"}"#), ("usage_based", "0".into(), false, true));
    }
}
