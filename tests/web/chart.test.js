// What charts are made of, without a browser: exact sums, running periods, steps, and an SVG of every kind.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ticks } from "../../shared/adapters/web/assets/scale.js";
import * as format from "../../shared/adapters/web/assets/format.js";
import { renderSvg } from "../../shared/adapters/web/assets/headless.js";
import { href, model } from "../../shared/adapters/web/assets/model.js";
import { option } from "../../shared/adapters/web/assets/chart.js";

const MONTHS = ["2026-08-01", "2026-09-01", "2026-10-01"];

function trend(more = {}) {
  return {
    id: "exec/monthly-trend", display: "line", complete_through: "2026-10-17", chart: { x: "month", y: ["cost_usd"], series: "platform", colors: "platform", total: true },
    columns: [{ name: "month", label: "Month", type: "month" }, { name: "platform", label: "Platform", type: "platform" }, { name: "cost_usd", label: "Spend", type: "usd", link: "/allocation?range={month}&platform={platform}" }],
    rows: MONTHS.flatMap((month, at) => [[month, "cursor", `${100 + at}.10`], [month, "claude_code", `${200 + at}.2`]]), ...more,
  };
}

describe("figures", () => {
  for (const [given, expected] of [["8412.37", "$8,412"], ["99.994", "$99.99"], ["99.995", "$100.00"], ["-0.001", "$0.00"], ["100", "$100"], ["0", "$0"], ["-190", "-$190"], ["0.005", "$0.01"], ["1234567.5", "$1,234,568"]]) {
    it(`${given} is ${expected}`, () => assert.equal(format.usd(given), expected));
  }
  it("unit costs have three decimals, shares one", () => {
    assert.equal(format.unitCost("0.1869"), "$0.187");
    assert.equal(format.percent("0.063"), "6.3\u00A0%");
    assert.equal(format.percent("-0.2001"), "-20.0\u00A0%");
  });
  it("sums are exact", () => assert.equal(format.sum(["0.1", "0.2", "-0.05"]), "0.25"));
  it("what is not there is n/a, and zero is zero", () => assert.deepEqual([format.words(null, "usd"), format.words(0, "integer")], ["n/a", "0"]));
});

describe("a model", () => {
  it("keeps the order of platforms, and sums a total of its own", () => {
    const seen = model(trend());
    assert.deepEqual(seen.series.map((one) => one.label), ["Total", "Claude Code", "Cursor"]);
    assert.deepEqual(seen.series[0].points.map((point) => point.raw), ["300.3", "302.3", "304.3"]);
  });
  it("knows the running month by the last day of its data", () => {
    const running = (complete_through) => model(trend({ complete_through })).running;
    assert.deepEqual([running("2026-10-01"), running("2026-10-17"), running("2026-10-30"), running("2026-10-31"), running("2026-09-30")], [2, 2, 2, -1, -1]);
    assert.equal(model(trend()).categories[2].label, "Oct 2026 (to 17 Oct)");
  });
  it("knows February", () => assert.deepEqual([format.lastDay("2028-02-01", "month"), format.lastDay("2026-02-01", "month"), format.lastDay("2026-12-28", "week")], ["2028-02-29", "2026-02-28", "2027-01-03"]));
  it("fills links, whole months included, and makes none without a value", () => {
    const { columns } = trend();
    assert.equal(href(columns[2].link, ["2026-02-01", "cursor", "1"], columns), "/allocation?range=2026-02-01~2026-02-28&platform=cursor");
    assert.equal(href(columns[2].link, ["2026-02-01", null, "1"], columns), null);
    assert.equal(href("/x?user={platform}", ["", "a&b=c", "1"], columns), "/x?user=a%26b%3Dc");
  });
  it("takes a total that the rows bring, without the link of one platform", () => {
    const rows = [...trend().rows, ["2026-08-01", "total", "300.3"]];
    const [total] = model(trend({ rows })).series;
    assert.deepEqual([total.label, total.points[0].href], ["Total", "/allocation?range=2026-08-01~2026-08-31"]);
  });
  it("makes words of keys", () => {
    const columns = trend().columns.map((column) => (column.name === "platform" ? { ...column, type: "text" } : column));
    assert.deepEqual(model(trend({ columns, chart: { ...trend().chart, total: false }, rows: [[MONTHS[0], "cache_read", "1"], [MONTHS[0], "GPT-5 mini", "1"]] })).series.map((one) => one.label), ["Cache read", "GPT-5 mini"]);
  });
  it("leaves a gap where there is no value", () => {
    const rows = trend().rows.filter(([month, platform]) => month !== MONTHS[1] || platform !== "cursor");
    assert.equal(model(trend({ rows })).series[2].points[1], null);
  });
});

describe("an axis", () => {
  for (const [highest, expected] of [[9, 10], [9_545, 10_000], [0.43, 0.6], [100, 125], [0, 1]]) {
    it(`for ${highest} ends at ${expected}`, () => assert.equal(Math.round(ticks(highest).max * 1000) / 1000, expected));
  }
});

const text = (name, type = "text", label = name) => ({ name, label, type });
const KINDS = {
  "line": trend(),
  "bar": { ...trend(), display: "bar", chart: { ...trend().chart, stack: true, total: false } },
  "bar to 100 %": { ...trend(), display: "bar", chart: { ...trend().chart, stack: true, percent: true, total: false } },
  "combo": {
    ...trend(), display: "combo", chart: { x: "month", y: ["actual_usd", "budget_usd", "forecast_usd"] },
    columns: [text("month", "month"), text("actual_usd", "usd"), text("budget_usd", "usd"), text("forecast_usd", "usd")], rows: MONTHS.map((month) => [month, "10", "12", null]),
  },
  "row": { ...trend(), display: "row", chart: { x: "name", y: ["cost"] }, columns: [text("name"), text("cost", "usd")], rows: [["Ana", "10.00"], ["Unattributed", "2.00"]] },
  "row in two panels": { ...trend(), display: "row", chart: { x: "name", y: ["a", "b"] }, columns: [text("name"), text("a", "integer"), text("b", "integer")], rows: [["x", 1, null], ["y", 2, 3]] },
  "pie": { ...trend(), display: "pie", chart: { x: "platform", y: ["cost"] }, columns: [text("platform", "platform"), text("cost", "usd")], rows: [["claude_code", "10"], ["cursor", "4"]] },
  "waterfall": { ...trend(), display: "waterfall", chart: { x: "driver", y: ["delta"] }, columns: [text("driver"), text("delta", "usd")], rows: [["September", "100"], ["Seats", "-10"], ["Usage", "25"], ["October", "115"]] },
  "scatter": {
    ...trend(), display: "scatter", chart: { x: "cost", y: ["lines"], series: "platform", size: "sessions", label: "who" },
    columns: [text("who"), text("platform", "platform"), text("cost", "usd"), text("lines", "integer"), text("sessions", "integer")], rows: [["Ana", "cursor", "10", 100, 4], ["Ben", "claude_code", "20", 30, null]],
  },
};

describe("a picture without a browser", () => {
  for (const [name, answer] of Object.entries(KINDS)) {
    for (const theme of ["light", "dark"]) {
      it(`of a ${name} in ${theme}`, () => {
        const svg = renderSvg(answer, { theme });
        assert.match(svg, /^<svg [^>]*width="896"/);
        assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
        // Attributes end where they should: others than browsers read this.
        assert.doesNotMatch(svg.replace(/<!\[CDATA\[[^]*?\]\]>/g, ""), /<[^<>]*="[^"<>]*"[^\s\/<>][^<>]*>/);
      });
      it(`of a ${name} in ${theme} with no rows`, () => assert.match(renderSvg({ ...answer, rows: [] }, { theme }), /^<svg/));
    }
  }
  it("steps of a waterfall end where the last total stands", () => {
    const { series } = option(KINDS.waterfall, { theme: "light", width: 600, height: 240 });
    assert.deepEqual(series[0].data.slice(1, 3), [90, 90]);
    assert.deepEqual(series[1].data.slice(1, 3).map((step) => step.value), [10, 25]);
  });
  it("uses no colour outside the palette", () => {
    const palette = new Set("FFFFFF 0F172A 64748B CBD5E1 1D4ED8 F8FAFC 08306B 1F6FB5 5198CE C2410C 475569 3F8FD0 D97706 7C2D12 E2E8F0 94A3B8 334155 93C5FD 7CC0F2 3B82C4 CFE6FA FF9F45 DCEEFF 4A9BE0 FDBA74 E0611A 8595AD".split(" "));
    for (const answer of Object.values(KINDS)) {
      for (const theme of ["light", "dark"]) {
        const used = renderSvg(answer, { theme }).match(/#[0-9a-f]{6}\b/gi) ?? [];
        assert.deepEqual(used.filter((color) => !palette.has(color.slice(1).toUpperCase())), [], answer.display);
      }
    }
  });
});
