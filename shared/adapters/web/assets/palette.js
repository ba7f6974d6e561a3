// Colours of everything drawn, with the dash, marker and pattern that say the same without colour. Pure.

const THEMES = {
  light: {
    surface: "#FFFFFF", pattern: "rgba(255,255,255,0.55)", ink: "#0F172A", muted: "#64748B", grid: "#CBD5E1", focus: "#1D4ED8", weekend: "#F8FAFC",
    platform: { claude_code: "#08306B", claude_ai: "#1F6FB5", claude_api: "#5198CE", cursor: "#C2410C", unattributed: "#475569" },
    level: { best: "#08306B", good: "#3F8FD0", weak: "#D97706", worst: "#7C2D12", none: "#64748B" },
    series: ["#08306B", "#C2410C", "#1F6FB5", "#D97706", "#475569", "#5198CE"],
    cost_class: { seat: "#08306B", usage: "#5198CE", other: "#475569" },
    change: { up: "#C2410C", down: "#1F6FB5", total: "#475569" },
    single: "#1F6FB5", budget: "#C2410C",
  },
  dark: {
    surface: "#0F172A", pattern: "rgba(15,23,42,0.6)", ink: "#E2E8F0", muted: "#94A3B8", grid: "#334155", focus: "#93C5FD", weekend: "#334155",
    platform: { claude_code: "#7CC0F2", claude_ai: "#3B82C4", claude_api: "#CFE6FA", cursor: "#FF9F45", unattributed: "#94A3B8" },
    level: { best: "#DCEEFF", good: "#4A9BE0", weak: "#FDBA74", worst: "#E0611A", none: "#8595AD" },
    series: ["#7CC0F2", "#FF9F45", "#3B82C4", "#FDBA74", "#94A3B8", "#CFE6FA"],
    cost_class: { seat: "#7CC0F2", usage: "#3B82C4", other: "#94A3B8" },
    change: { up: "#FF9F45", down: "#3B82C4", total: "#94A3B8" },
    single: "#3B82C4", budget: "#FF9F45",
  },
};

/** Forced colours: the browser keeps our SVG fills, so we choose its own colours ourselves. */
const SYSTEM = "CanvasText";

const LEVELS = [
  ["best", ["High", "Excellent", "Top Performer", "Highly Active", "Power"]],
  ["good", ["Good", "Above Average", "Moderately Active", "Regular"]],
  ["weak", ["Average", "Acceptable", "Below Average", "Occasional"]],
  ["worst", ["Low", "Poor", "Needs Support", "Low Activity", "Needs Attention", "Cost Only"]],
];
const GROWTH = {
  "Significant Decline": "best", "Moderate Decline": "good", "Stable": "none", "Moderate Growth": "weak", "High Growth": "worst",
};
const LOOKS = ["claude_code", "cursor", "claude_ai", "unattributed", "claude_api", "claude_code"];
const DASHES = { claude_code: "solid", claude_ai: [6, 4], claude_api: [2, 3], cursor: "solid", unattributed: [12, 5] };
const MARKERS = { claude_code: "circle", claude_ai: "rect", claude_api: "triangle", cursor: "diamond", unattributed: "path://M1,0L4,3L7,0L8,1L5,4L8,7L7,8L4,5L1,8L0,7L3,4L0,1Z" };
const PATTERNS = {
  claude_ai: { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [1, 7], rotation: -Math.PI / 4, symbolSize: 1 },
  claude_api: { symbol: "circle", dashArrayX: [[4, 6], [0, 5, 4, 1]], dashArrayY: [5, 0], symbolSize: 0.55 },
  unattributed: { symbol: "line", dashArrayX: [1, 0], dashArrayY: [1, 5], rotation: Math.PI / 4, symbolSize: 1 },
};
const LEVEL_LINES = { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [2, 4], rotation: 0, symbolSize: 1 };

export function theme(name) {
  return THEMES[name === "dark" ? "dark" : "light"];
}

function levelOf(word) {
  return GROWTH[word] ?? LEVELS.find(([, words]) => words.some((known) => word === known || word?.startsWith(known + " ")))?.[0] ?? "none";
}

/** How one series or bar looks: by its key and the card's `colors`; `place` orders what has no colour of its own. */
export function look(colors, key, place, name) {
  const tones = theme(name);
  const named = (known, color) => ({ color, dash: DASHES[known], marker: MARKERS[known], pattern: PATTERNS[known] ?? null, thick: known === "cursor" });
  if (key === "total") return { color: tones.ink, dash: "solid", marker: "circle", pattern: null, thick: true };
  if (tones.platform[key]) return named(key, tones.platform[key]);
  if (colors === "cost_class" && tones.cost_class[key.toLowerCase()]) {
    const known = { seat: "claude_code", usage: "claude_api", other: "unattributed" }[key.toLowerCase()];
    return named(known, tones.cost_class[key.toLowerCase()]);
  }
  if (colors === "level" || colors === "growth") return { ...named("claude_code", tones.level[levelOf(key)]), marker: "circle" };
  const known = LOOKS[place % LOOKS.length];
  return named(known, /^other /i.test(key) || place >= 6 ? tones.series[4] : tones.series[place]);
}

/** The same look in the two colours that a forced palette has. Pattern, dash and marker tell series apart. */
export function forced(seen) {
  return { ...seen, color: SYSTEM, pattern: seen.pattern ?? (seen.marker === "diamond" ? LEVEL_LINES : null) };
}

/** A pattern in the colour of the ground, thin enough not to shout. */
export function decal(pattern, ground) {
  return pattern ? { ...pattern, color: ground } : undefined;
}
