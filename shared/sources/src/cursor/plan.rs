//! Which plan a team has. No endpoint says it; events that a plan covers name it in their kind.

/// The plan that a page of usage events names: `Business` of `Included in Business`. `None` where no event names one.
pub fn plan_named(body: &[u8]) -> Option<String> {
    let page: serde_json::Value = serde_json::from_slice(body).ok()?;
    let events = page.get("usageEvents")?.as_array()?;
    let mut kinds =
        events.iter().filter_map(|event| event.get("kind").or_else(|| event.get("kindLabel"))?.as_str());
    kinds.find_map(plan_of_kind)
}

/// Reads the display form (`Included in Business`) or the enum form (`USAGE_EVENT_KIND_INCLUDED_IN_BUSINESS`).
fn plan_of_kind(kind: &str) -> Option<String> {
    let kind = kind.to_ascii_lowercase().replace('_', " ");
    let kind = kind.strip_prefix("usage event kind ").unwrap_or(&kind);
    let plan = kind.strip_prefix("included in ").or_else(|| UNSAID.contains(&kind).then_some(kind))?;
    let words = plan.split_whitespace().map(|word| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    });
    let plan: Vec<String> = words.collect();
    (!plan.is_empty()).then(|| plan.join(" "))
}

/// Kinds that are the plan's own word.
const UNSAID: [&str; 5] = ["pro", "pro plus", "ultra", "business", "custom subscription"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_read_from_the_first_event_that_names_one() {
        let page = |kinds: &[&str]| {
            let events: Vec<String> = kinds.iter().map(|kind| format!(r#"{{"kind":"{kind}"}}"#)).collect();
            plan_named(format!(r#"{{"usageEvents":[{}]}}"#, events.join(",")).as_bytes())
        };
        for (kinds, plan) in [
            (&["Usage-based", "Included in Business"][..], Some("Business")),
            (&["USAGE_EVENT_KIND_INCLUDED_IN_PRO_PLUS"], Some("Pro Plus")),
            (&["USAGE_EVENT_KIND_CUSTOM_SUBSCRIPTION"], Some("Custom Subscription")),
            (&["USAGE_EVENT_KIND_USAGE_BASED", "Errored, Not Charged", "Free Credit", "included in "], None),
            (&[], None),
        ] {
            assert_eq!(page(kinds).as_deref(), plan, "{kinds:?}");
        }
        assert_eq!(
            plan_named(br#"{"usageEvents":[{"kindLabel":"Included in Ultra"}]}"#).as_deref(),
            Some("Ultra")
        );
        for body in [&b"<html>"[..], b"{}", b"{\"usageEvents\":{}}"] {
            assert_eq!(plan_named(body), None);
        }
    }
}
