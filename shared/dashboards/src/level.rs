//! Words of ordered scales, and which of five steps each is.

/// best, good, weak, worst or none: a colour beside the word, never instead of it.
pub fn level_class(word: &str) -> &'static str {
    match word {
        "High"
        | "Excellent"
        | "Top Performer"
        | "Highly Active"
        | "Power"
        | "Significant Decline"
        | "ok"
        | "OK"
        | "fresh" => "best",
        "Good" | "Above Average" | "Moderately Active" | "Regular" | "Moderate Decline" | "On track" => {
            "good"
        }
        "Average" | "Acceptable" | "Below Average" | "Occasional" | "Moderate Growth" | "At risk"
        | "warning" | "gaps" => "weak",
        "Low" | "Poor" | "Needs Support" | "Low Activity" | "Needs Attention" | "High Growth" | "Over"
        | "alert" | "stale" | "Stale" | "Cost Only" => "worst",
        _ => "none",
    }
}
