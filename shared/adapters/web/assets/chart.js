// From a model to an ECharts option. Pure: no document, no window, no clock; it runs in the page, in tests and headless.

import * as format from "./format.js";
import { decal, forced, look, theme } from "./palette.js";
import { model } from "./model.js";
import { axes, legend, ticks } from "./scale.js";
import { pie, row, scatter, waterfall } from "./shapes.js";

// Single quotes: an SVG as text has double ones around it.
const FONT = "Inter, ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', Arial, sans-serif";
const LINE = 17;
const GLYPHS = { circle: "●", rect: "■", triangle: "▲", diamond: "◆" };

/**
 * The whole option for one card answer.
 * `view`: theme ("light" or "dark"), width and height in px, `motion`, `forced` (forced colours), `logarithmic` (scatter).
 */
export function option(answer, view) {
  return draw(model(answer), view);
}

export function draw(seen, view) {
  const tones = view.forced
    ? { ...theme(view.theme), surface: "Canvas", pattern: "Canvas", ink: "CanvasText", muted: "CanvasText", grid: "GrayText", focus: "Highlight", single: "CanvasText", budget: "CanvasText" }
    : theme(view.theme);
  const style = (key, place) => (view.forced ? forced(look(seen.chart.colors, key, place, view.theme)) : look(seen.chart.colors, key, place, view.theme));
  const context = { seen, view, tones, style, base: base(view, tones), tooltip: tooltip(tones) };
  switch (seen.display) {
    case "pie": return pie(context);
    case "row": return row(context);
    case "scatter": return scatter(context);
    case "waterfall": return waterfall(context);
    default: return cartesian(context);
  }
}

function base(view, tones) {
  return {
    animation: Boolean(view.motion), animationDuration: 240, animationDurationUpdate: 160,
    // Patterns are set by us where two series touch; the library would put its own on everything.
    aria: { enabled: true, label: { enabled: false }, decal: { show: false } },
    textStyle: { fontFamily: FONT, fontSize: 12, color: tones.ink },
    backgroundColor: "transparent",
  };
}

function tooltip(tones) {
  return {
    renderMode: "richText", confine: true, transitionDuration: 0, backgroundColor: tones.surface, borderColor: tones.muted, borderWidth: 1, padding: [8, 12],
    shadowBlur: 0, shadowColor: "transparent", shadowOffsetX: 0, shadowOffsetY: 0, extraCssText: "", textStyle: { color: tones.ink, fontSize: 13, fontFamily: FONT, lineHeight: 20 },
  };
}

/** Lines, bars and both together. */
function cartesian(context) {
  const { seen, view, tones, style } = context;
  const { chart } = seen;
  const lines = seen.display === "line";
  const shares = chart.percent ? shareOf(seen) : null;
  const highest = chart.percent ? 1 : Math.max(0, ...tops(seen), lines && chart.goal ? chart.goal : 0);
  const unit = chart.percent ? "percent" : seen.unit;
  const { max, step } = unit === "percent" && highest <= 1 ? { max: 1, step: view.height < 180 ? 0.5 : 0.25 } : ticks(highest, view.height < 180 ? 3 : 4);
  // Names stand at the ends of lines where there is room for them, else above.
  const ended = lines && view.width >= 440;
  const above = !ended && seen.series.length > 1 ? legend(seen, context) : null;
  const width = ended ? Math.min(148, 36 + Math.max(...seen.series.map((series) => series.label.length), ...(chart.band_words ?? []).map((words) => words.length)) * 6.8) : 12;
  const frame = axes({ ...context, seen: { ...seen, unit } }, { max, step, right: width, top: above?.top ?? 16 });
  const series = seen.series.flatMap((one, place) => {
    const looks = style(one.key, place);
    if (lines) return line(context, one, place, looks, ended);
    if (one.column?.startsWith("budget")) return budget(context, one, place);
    return [bar(context, one, place, looks, shares)];
  });
  if (lines) {
    spread(seen, series, { max, height: view.height - frame.grid.top - frame.grid.bottom });
    const marks = guides(context, max);
    if (marks.length) series.push(...marks);
  }
  return {
    ...context.base, ...frame, series,
    legend: above?.legend,
    tooltip: { ...context.tooltip, trigger: "axis", axisPointer: { triggerEmphasis: false, type: lines ? "line" : "shadow", lineStyle: { color: tones.muted, type: "solid" }, shadowStyle: { color: tones.muted, opacity: 0.12 } }, formatter: (hits) => told(seen, hits, shares) },
  };
}

function tops(seen) {
  if (!seen.chart.stack) return seen.series.flatMap((one) => one.points.map((point) => point?.value ?? 0));
  return seen.categories.map((_, index) => seen.series.reduce((top, one) => top + Math.max(0, one.points[index]?.value ?? 0), 0));
}

function shareOf(seen) {
  const totals = seen.categories.map((_, index) => seen.series.reduce((all, one) => all + (one.points[index]?.value ?? 0), 0));
  return seen.series.map((one) => one.points.map((point, index) => (point && totals[index] ? point.value / totals[index] : null)));
}

function emphasis(tones) {
  return { focus: "none", scale: 1.6, itemStyle: { borderColor: tones.focus, borderWidth: 2, opacity: 1 } };
}

function line({ seen, tones }, one, place, looks, ended) {
  const values = one.points.map((point) => point?.value ?? null);
  const running = seen.running;
  const many = values.length > 32;
  const common = {
    type: "line", symbol: looks.marker, symbolSize: many ? 3 : looks.marker === "diamond" ? 7 : 5, showSymbol: true, connectNulls: false, emphasis: emphasis(tones),
    itemStyle: { color: looks.color }, lineStyle: { color: looks.color, width: looks.thick ? 2.5 : 1.75, type: looks.dash }, z: one.key === "total" ? 4 : 3,
  };
  // The mark before the name ties the label to its line where labels had to move apart.
  const label = {
    show: true, position: "right", distance: 8, color: tones.ink, fontSize: 12, formatter: `{mark|${GLYPHS[looks.marker] ?? "×"}} ${one.label}`,
    rich: { mark: { color: looks.color, fontSize: 10, width: 10, align: "center" } },
  };
  const end = values.findLastIndex((value) => value !== null);
  const data = values.map((value, index) => {
    const item = { value: running >= 0 && index >= running ? null : value };
    const before = values[index - 1];
    const jumped = seen.xType === "month" && index !== running && before > 0 && value > before * 1.2;
    if ((one.key === "total" || seen.series.length === 1) && seen.unit === "usd" && jumped && index > 1) {
      item.label = { show: true, position: "top", distance: 6, color: tones.ink, fontSize: 12, formatter: `+${Math.round((value / before - 1) * 100)} %` };
    }
    if (ended && index === end && index !== running) item.label = label;
    return item;
  });
  const whole = { ...common, id: `s${place}`, name: one.label, data };
  if (running < 0 || values[running] === null) return [whole];
  const dotted = values.map((value, index) => (index < running - 1 ? null : { value, symbolSize: index === running ? undefined : 0.1, label: ended && index === running ? label : undefined }));
  return [whole, { ...common, id: `s${place}r`, name: one.label, data: dotted, itemStyle: { color: tones.surface, borderColor: looks.color, borderWidth: 1.5 }, lineStyle: { color: looks.color, width: looks.thick ? 2 : 1.5, type: [1, 3] } }];
}

/** Pushes labels at line ends apart, so that no two stand on each other. */
function spread(seen, series, { max, height }) {
  const ends = [];
  for (const one of series) {
    const item = one.data.findLast((item) => item && item.value !== null && item.label?.position === "right");
    if (item) ends.push({ item, at: height * (1 - item.value / max) });
  }
  ends.sort((a, b) => a.at - b.at);
  let free = -Infinity;
  for (const end of ends) { end.to = Math.max(end.at, free); free = end.to + LINE; }
  let limit = height + 8;
  for (const end of ends.toReversed()) { end.to = Math.min(end.to, limit); limit = end.to - LINE; }
  for (const end of ends) end.item.label = { ...end.item.label, offset: [0, end.to - end.at] };
}

/** Goal, bands and weekends behind lines. */
function guides({ seen, tones }, max) {
  const { chart } = seen;
  const quiet = { type: "line", data: [], silent: true, symbol: "none", tooltip: { show: false } };
  const marks = [];
  const bands = (chart.bands ?? []).map((at, index) => ({ yAxis: at, words: chart.band_words?.[index] ?? format.unitCost(String(at)) })).filter((band) => band.yAxis <= max);
  if (chart.goal && chart.goal <= max && !bands.some((band) => band.yAxis === chart.goal)) bands.push({ yAxis: chart.goal, words: chart.goal_words ?? "Goal" });
  if (bands.length) {
    marks.push({ ...quiet, id: "bands", markLine: {
      silent: true, symbol: "none", lineStyle: { color: tones.muted, type: [4, 4], width: 1 },
      label: { position: "insideStartTop", color: tones.muted, fontSize: 12, formatter: (item) => item.name }, data: bands.map((band) => ({ yAxis: band.yAxis, name: band.words })),
    } });
  }
  if (seen.xType === "day") {
    const off = seen.categories.filter((category) => [0, 6].includes(new Date(`${category.value}T00:00:00Z`).getUTCDay()));
    const half = seen.categories.length ? off.map((category) => [{ xAxis: category.value }, { xAxis: category.value }]) : [];
    const pairs = [];
    for (let index = 0; index < half.length; index += 1) {
      const next = off[index + 1];
      const joined = next && Date.parse(next.value) - Date.parse(off[index].value) === 864e5;
      pairs.push([half[index][0], joined ? half[index + 1][1] : half[index][1]]);
      if (joined) index += 1;
    }
    marks.push({ ...quiet, id: "weekends", markArea: { silent: true, itemStyle: { color: tones.muted, opacity: 0.14 }, data: pairs } });
  }
  return marks;
}

function bar({ seen, tones, view }, one, place, looks, shares) {
  const expected = one.column?.startsWith("forecast");
  const lone = seen.series.filter((series) => !/^(budget|forecast)/.test(series.column ?? "")).length === 1 && !seen.chart.series;
  const color = lone && !view.forced ? tones.single : looks.color;
  return {
    type: "bar", id: `s${place}`, name: one.label, stack: seen.chart.stack ? "all" : undefined, barMaxWidth: 36, barCategoryGap: "38%", barGap: expected ? "-100%" : "8%", emphasis: emphasis(tones), z: expected ? 1 : 2,
    itemStyle: expected
      ? { color: "transparent", borderColor: color, borderWidth: 1.5, borderType: [3, 3] }
      : { color, borderColor: tones.surface, borderWidth: seen.chart.stack ? 1 : 0, decal: lone ? undefined : decal(looks.pattern, tones.pattern) },
    data: one.points.map((point, index) => (point === null ? null : shares ? shares[place][index] : point.value)),
  };
}

function budget({ tones }, one, place) {
  return [{
    type: "line", id: `s${place}`, name: one.label, step: "middle", symbol: "none", showSymbol: false, emphasis: emphasis(tones), z: 5,
    itemStyle: { color: tones.budget }, lineStyle: { color: tones.budget, width: 2, type: [6, 4] }, data: one.points.map((point) => point?.value ?? null),
  }];
}

/** The tooltip of a category: its name, then every series. */
function told(seen, hits, shares) {
  const index = hits[0]?.dataIndex ?? 0;
  const lines = seen.series.map((one, place) => {
    const point = one.points[index];
    const share = shares?.[place][index];
    const mark = seen.current === undefined ? "" : seen.current === place ? "▸ " : "\u2003";
    return `${mark}${one.label}  ${point ? point.text : "n/a"}${share ? ` (${format.percent(String(share.toFixed(6)))})` : ""}`;
  });
  return [seen.categories[index]?.label ?? "", ...lines].join("\n");
}
