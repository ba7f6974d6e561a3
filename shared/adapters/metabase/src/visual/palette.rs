//! The colours of everything drawn: those of the web page on white. Nothing is red or green.

/// Colours of platforms, with the dash that says the same.
pub const PLATFORMS: [(&str, &str, &str); 5] = [
    ("claude_code", "#08306B", "solid"),
    ("claude_ai", "#1F6FB5", "dashed"),
    ("claude_api", "#5198CE", "dotted"),
    ("cursor", "#C2410C", "solid"),
    ("unattributed", "#475569", "dashed"),
];

/// Of kinds of cost.
pub const COST_CLASSES: [(&str, &str, &str); 3] =
    [("seat", "Seats", "#08306B"), ("usage", "Usage", "#5198CE"), ("other", "Other", "#475569")];

/// Of series without colours of their own, in order.
pub const SERIES: [&str; 6] = ["#08306B", "#C2410C", "#1F6FB5", "#D97706", "#475569", "#5198CE"];

/// Text, and the series of the sum.
pub const INK: &str = "#0F172A";
/// What stands alone.
pub const SINGLE: &str = "#1F6FB5";
/// What it is held against.
pub const BUDGET: &str = "#C2410C";
/// What it may come to.
pub const FORECAST: &str = "#5198CE";
/// What is left over.
pub const OTHER: &str = "#475569";
/// More, less and the sum of a waterfall.
pub const CHANGE: [&str; 3] = ["#C2410C", "#1F6FB5", "#475569"];
/// A rate that falls or stays, that grows, that grows fast.
pub const GROWTH: [&str; 3] = ["#0B4F8A", "#475569", "#B45309"];
/// Ends of the heat map.
pub const HEAT: [&str; 2] = ["#FFFFFF", "#6BAED6"];
/// Cheap, between, dear.
pub const COST_HEAT: [&str; 3] = ["#6BAED6", "#FFFFFF", "#FDAE6B"];
/// Behind the best and the worst words.
pub const TINTS: [&str; 2] = ["#DEEBF7", "#FEE6CE"];

/// Every colour there is.
pub fn all() -> Vec<&'static str> {
    let platforms = PLATFORMS.iter().map(|(_, color, _)| *color);
    let classes = COST_CLASSES.iter().map(|(_, _, color)| *color);
    let rest = [INK, SINGLE, BUDGET, FORECAST, OTHER].into_iter().chain(SERIES).chain(CHANGE).chain(GROWTH);
    platforms.chain(classes).chain(rest).chain(HEAT).chain(COST_HEAT).chain(TINTS).collect()
}
