// The charts that are not lines and bars over categories: ring, rows, waterfall, scatter. Pure, like `chart.js`.

import * as format from "./format.js";
import { decal } from "./palette.js";
import { axes, legend, LETTER, shorten, ticks, wrapped } from "./scale.js";

function emphasis(tones) {
  return { focus: "none", itemStyle: { borderColor: tones.focus, borderWidth: 2 } };
}

/** Bars from left to right, with names before and values behind them. */
function bars({ seen, tones, style, view }, one, place, { left, right, top, bottom, words, index = 0, colored, letters = Math.max(6, Math.floor((left - 12) / LETTER)) }) {
  const names = seen.categories.map((category) => category.label);
  const highest = Math.max(0, ...one.points.map((point) => point?.value ?? 0)) || 1;
  return {
    grid: { left, right, top, bottom, outerBoundsMode: "none" },
    xAxis: { type: "value", gridIndex: index, min: 0, max: highest, show: false },
    yAxis: {
      type: "category", gridIndex: index, inverse: true, data: names, axisTick: { show: false }, axisLine: { show: false },
      axisLabel: { show: letters > 0, color: tones.ink, fontSize: 13, interval: 0, margin: 10, formatter: (name) => shorten(name, letters) },
    },
    series: {
      type: "bar", id: `s${place}`, name: one.label, xAxisIndex: index, yAxisIndex: index, barMaxWidth: 18, barCategoryGap: "30%", emphasis: emphasis(tones),
      label: { show: true, position: "right", distance: 8, color: tones.ink, fontSize: 13, formatter: (item) => words(one.points[item.dataIndex]) },
      data: one.points.map((point, at) => {
        const key = seen.categories[at].value;
        const looks = style(String(key), at);
        const slate = /^unattributed$/i.test(String(key)) ? style("unattributed", at) : null;
        const color = view.forced ? "CanvasText" : colored ? looks.color : slate ? slate.color : tones.single;
        return { value: point?.value ?? null, itemStyle: { color, decal: colored || slate ? decal((slate ?? looks).pattern, tones.pattern) : undefined } };
      }),
    },
  };
}

export function row(context) {
  const { seen, view, tones, base, tooltip } = context;
  const colored = ["level", "growth", "platform", "cost_class"].includes(seen.chart.colors) && !seen.chart.series;
  if (seen.chart.series) return stacked(context);
  const longest = Math.max(8, ...seen.categories.map((category) => category.label.length));
  const panels = seen.series.length;
  const left = Math.min(longest * LETTER + 20, view.width * (panels > 1 ? 0.3 : 0.44));
  const each = (view.width - left) / panels;
  const built = seen.series.map((one, place) => {
    const start = left + place * each;
    const words = (point) => (point ? point.text : "n/a");
    const right = 24 + Math.max(3, ...one.points.map((point) => words(point).length)) * LETTER;
    // Names stand once, before the first panel.
    const letters = place ? 0 : Math.max(6, Math.floor((left - 12) / LETTER));
    return bars(context, one, place, { left: start, right: view.width - start - each + right, top: panels > 1 ? 24 : 4, bottom: 4, words, index: place, colored, letters });
  });
  return {
    ...base, tooltip: { ...tooltip, trigger: "item", formatter: (item) => `${seen.categories[item.dataIndex]?.label}\n${item.seriesName}  ${seen.series[item.seriesIndex]?.points[item.dataIndex]?.text ?? "n/a"}` },
    grid: built.map((panel) => panel.grid), xAxis: built.map((panel, place) => ({ ...panel.xAxis, show: panels > 1, axisLabel: { show: false }, axisTick: { show: false }, axisLine: { show: false }, splitLine: { show: false }, position: "top", name: panels > 1 ? seen.series[place].label : undefined, nameLocation: "start", nameGap: 0, nameTextStyle: { color: tones.muted, fontSize: 12, align: "left", verticalAlign: "bottom", padding: [0, 0, 4, 0] } })),
    yAxis: built.map((panel) => panel.yAxis), series: built.map((panel) => panel.series),
  };
}

/** Rows made of several parts. */
function stacked(context) {
  const { seen, view, tones, style, base, tooltip } = context;
  const longest = Math.max(8, ...seen.categories.map((category) => category.label.length));
  const letters = Math.min(longest, Math.floor((view.width * 0.4) / LETTER));
  const above = legend(seen, context);
  return {
    ...base, grid: { left: letters * LETTER + 20, right: 16, top: above.top, bottom: 4, outerBoundsMode: "none" },
    legend: above.legend,
    xAxis: { type: "value", show: false },
    yAxis: { type: "category", inverse: true, data: seen.categories.map((category) => category.label), axisTick: { show: false }, axisLine: { show: false }, axisLabel: { color: tones.ink, fontSize: 13, interval: 0, formatter: (name) => shorten(name, letters) } },
    series: seen.series.map((one, place) => {
      const looks = style(one.key, place);
      return {
        type: "bar", id: `s${place}`, name: one.label, stack: "all", barMaxWidth: 18, emphasis: emphasis(tones),
        itemStyle: { color: looks.color, borderColor: tones.surface, borderWidth: 1, decal: decal(looks.pattern, tones.pattern) }, data: one.points.map((point) => point?.value ?? null),
      };
    }),
    tooltip: { ...tooltip, trigger: "axis", axisPointer: { type: "shadow", shadowStyle: { color: tones.muted, opacity: 0.12 } }, formatter: (hits) => [seen.categories[hits[0]?.dataIndex]?.label, ...seen.series.map((one) => `${one.label}  ${one.points[hits[0]?.dataIndex]?.text ?? "n/a"}`)].join("\n") },
  };
}

/** A ring, and beside it the bars that let one compare. */
export function pie(context) {
  const { seen, view, tones, style, base, tooltip } = context;
  const one = seen.series[0];
  const total = format.sum(one.points.filter(Boolean).map((point) => point.raw));
  const share = (point) => (point && Number(total) ? format.percent((point.value / Number(total)).toFixed(6), 0) : "n/a");
  const listedWords = (point) => (point ? `${point.text}  ${share(point)}` : "n/a");
  const tall = view.width < 380;
  const size = tall ? Math.min(view.width, view.height * 0.5) : Math.min(view.height, view.width * 0.4);
  const center = tall ? [view.width / 2, size / 2] : [size / 2, view.height / 2];
  const looks = (at) => style(String(seen.categories[at].value), at);
  const money = one.type === "usd" ? format.usd(total) : format.fixed(total, 0);
  const listed = bars({ ...context, seen }, one, 1, {
    left: (tall ? 0 : size + 16) + 96, right: 20 + Math.max(...one.points.map((point) => listedWords(point).length)) * LETTER, top: tall ? size + 8 : Math.max(0, (view.height - seen.categories.length * 40) / 2), bottom: tall ? 0 : Math.max(0, (view.height - seen.categories.length * 40) / 2),
    words: listedWords, colored: true,
  });
  listed.yAxis.axisLabel.formatter = (name) => shorten(name, 12);
  return {
    ...base, grid: listed.grid, xAxis: listed.xAxis, yAxis: listed.yAxis,
    tooltip: { ...tooltip, trigger: "item", formatter: (item) => { const point = one.points[item.dataIndex]; return `${seen.categories[item.dataIndex]?.label}\n${point?.text ?? "n/a"}, ${share(point)}`; } },
    series: [
      {
        type: "pie", id: "s0", name: one.label, center, radius: [size * 0.31, size * 0.46], startAngle: 90, clockwise: true, minAngle: 2, emphasis: { scale: false, itemStyle: { borderColor: tones.focus, borderWidth: 2 }, label: { show: false } },
        label: { show: false }, labelLine: { show: false },
        data: one.points.map((point, at) => ({ name: seen.categories[at].label, value: point?.value ?? 0, itemStyle: { color: looks(at).color, borderColor: tones.surface, borderWidth: 2, decal: decal(looks(at).pattern, tones.pattern) } })),
      },
      // A ring of no width carries the total in the middle.
      {
        type: "pie", id: "middle", silent: true, center, radius: [0, 0], label: { show: true, position: "center", formatter: money, color: tones.ink, fontSize: size < 130 ? 15 : 20, fontWeight: 600 },
        labelLine: { show: false }, tooltip: { show: false }, emphasis: { disabled: true }, data: [{ value: 1, itemStyle: { color: "transparent" } }],
      },
      { ...listed.series, silent: true, tooltip: { show: false } },
    ],
  };
}

/** From one total to the next, step by step, on a base nobody sees. */
export function waterfall(context) {
  const { seen, view, tones, base, tooltip } = context;
  const one = seen.series[0];
  let level = 0;
  const steps = one.points.map((point, at) => {
    const value = point?.value ?? 0;
    const from = seen.steps[at] === "total" ? 0 : level;
    level = seen.steps[at] === "total" ? value : level + value;
    return { low: Math.min(from, level), high: Math.max(from, level), value, total: seen.steps[at] === "total" };
  });
  const highest = Math.max(...steps.map((step) => step.high), 1);
  const deltas = steps.filter((step) => !step.total);
  const lowest = deltas.length ? Math.min(...steps.map((step) => (step.total ? step.high : step.low))) : 0;
  const rounded = (highest - lowest) / 3;
  const power = 10 ** Math.floor(Math.log10(Math.max(rounded, 1)));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rounded);
  // Small changes between large totals would not be seen from zero; the axis says where it begins.
  const min = lowest > highest * 0.6 ? Math.max(0, Math.floor((lowest - step * 0.5) / step) * step) : 0;
  const wide = min ? step : [1, 2, 2.5, 5, 10].map((factor) => factor * 10 ** Math.floor(Math.log10(highest / 4))).find((candidate) => candidate >= highest / 4);
  const max = Math.ceil((highest * 1.02) / wide) * wide;
  // On an axis cut short a total is a level, not an area: a bar's length would lie.
  for (const one of steps) if (one.total) one.low = min ? one.high - (max - min) * 0.025 : 0;
  const lying = view.width / Math.max(1, steps.length) < 66;
  const frame = lying ? lain(seen, { view, tones, min, max }) : axes({ ...context, seen: { ...seen, unit: "usd" } }, { min, max, step: wide, top: 24 });
  if (!lying) {
    const letters = Math.floor((view.width - frame.grid.left - frame.grid.right) / steps.length / LETTER);
    frame.grid.bottom = 38;
    frame.xAxis.axisLabel = { ...frame.xAxis.axisLabel, interval: 0, formatter: (_, at) => wrapped(seen.categories[at].label, letters) };
  }
  const change = context.tones.change;
  const color = (at) => (view.forced ? "CanvasText" : steps[at].total ? change.total : steps[at].value > 0 ? change.up : change.down);
  return {
    ...base, ...frame,
    tooltip: { ...tooltip, trigger: "item", formatter: (item) => `${seen.categories[item.dataIndex]?.label}\n${signed(one.points[item.dataIndex], steps[item.dataIndex])}` },
    series: [
      { type: "bar", id: "base", silent: true, stack: "steps", barMaxWidth: 48, itemStyle: { color: "transparent" }, emphasis: { disabled: true }, tooltip: { show: false }, data: steps.map((step) => step.low) },
      {
        type: "bar", id: "s0", name: one.label, stack: "steps", barMaxWidth: 48, barCategoryGap: "28%", emphasis: emphasis(tones),
        label: { show: true, position: lying ? "right" : "top", color: tones.ink, fontSize: 12, formatter: (item) => signed(one.points[item.dataIndex], steps[item.dataIndex]) },
        data: steps.map((step, at) => ({ value: step.high - step.low, itemStyle: { color: color(at), decal: step.total || step.value > 0 ? undefined : decal({ symbol: "rect", dashArrayX: [1, 0], dashArrayY: [1, 6], rotation: -Math.PI / 4, symbolSize: 1 }, tones.pattern) } })),
      },
    ],
  };
}

/** The same steps from left to right, where columns would be too narrow for their names. */
function lain(seen, { view, tones, min, max }) {
  const letters = Math.floor((view.width * 0.42) / LETTER);
  const names = seen.categories.map((category) => category.label);
  return {
    grid: { left: Math.min(letters, Math.max(...names.map((name) => name.length))) * LETTER + 16, right: 64, top: 4, bottom: 4, outerBoundsMode: "none" },
    xAxis: { type: "value", min, max, show: false },
    yAxis: { type: "category", inverse: true, data: names, axisTick: { show: false }, axisLine: { show: false }, axisLabel: { color: tones.ink, fontSize: 12, interval: 0, formatter: (name) => shorten(name, letters) } },
  };
}

function signed(point, step) {
  if (!point) return "n/a";
  return step.total || step.value <= 0 ? point.text : `+${point.text}`;
}

export function scatter(context) {
  const { seen, view, tones, style, base, tooltip } = context;
  const points = seen.series.flatMap((one) => one.points);
  const above = legend(seen, context);
  const [left, right, top, bottom] = [56, view.width < 500 ? 48 : 88, above.top + 20, 44];
  const [across, up] = [ticks(Math.max(1, ...points.map((point) => point.x)), view.width < 500 ? 3 : 5), ticks(Math.max(1, ...points.map((point) => point.value)))];
  const [rightmost, highest] = [across.max, up.max];
  const large = Math.max(1, ...points.map((point) => point.size ?? 0));
  const log = Boolean(view.logarithmic);
  const type = log ? "log" : "value";
  const prices = [0.1, 0.25, 0.5].map((price) => {
    const x = Math.min(rightmost, highest * price);
    return { price, end: [x, x / price], start: log ? [1, 1 / price] : [0, 0] };
  });
  // A name where a point is dear, or far above all others: the rest is in the table.
  const dear = points.filter((point) => point.x / point.value > 0.5 && point.x > rightmost * 0.1).sort((a, b) => b.x - a.x).slice(0, 4);
  const productive = points.toSorted((a, b) => b.value - a.value).slice(0, 2);
  const named = apart([...dear, ...productive], (point) => [(point.x / rightmost) * (view.width - left - right), (1 - point.value / highest) * (view.height - top - bottom)]);
  const axis = { type, axisLabel: { color: tones.muted, fontSize: 12 }, axisLine: { show: true, lineStyle: { color: tones.muted } }, axisTick: { show: false }, splitLine: { lineStyle: { color: tones.grid, opacity: 0.7 } }, nameTextStyle: { color: tones.muted, fontSize: 12 } };
  return {
    ...base, grid: { left, right, top, bottom, outerBoundsMode: "none" },
    legend: above.legend,
    xAxis: { ...axis, name: seen.xLabel, nameLocation: "middle", nameGap: 26, min: log ? 1 : 0, max: log ? undefined : rightmost, interval: log ? undefined : across.step, axisLabel: { ...axis.axisLabel, formatter: (value) => `$${format.fixed(String(Math.round(value)), 0)}` } },
    yAxis: { ...axis, name: seen.yLabel, nameLocation: "end", nameGap: 10, nameTextStyle: { ...axis.nameTextStyle, align: "left", padding: [0, 0, 0, 8 - left] }, min: log ? 1 : 0, max: log ? undefined : highest, interval: log ? undefined : up.step, axisLabel: { ...axis.axisLabel, formatter: (value) => format.fixed(String(Math.round(value)), 0) } },
    tooltip: { ...tooltip, trigger: "item", formatter: (item) => { const point = seen.series[item.seriesIndex]?.points[item.dataIndex]; return point ? `${point.name ?? ""}\n${seen.series[item.seriesIndex].label}  ${point.text}` : ""; } },
    series: [
      ...seen.series.map((one, place) => {
        const looks = style(one.key, place);
        return {
          type: "scatter", id: `s${place}`, name: one.label, symbol: looks.marker, emphasis: { ...emphasis(tones), scale: 1.3 }, z: 4,
          itemStyle: { color: looks.color, opacity: 1, borderColor: tones.surface, borderWidth: 1 },
          data: one.points.map((point) => ({
            value: [point.x, point.value], symbolSize: point.size === null ? 10 : 8 + 14 * Math.sqrt(point.size / large),
            label: named.has(point) ? { show: true, position: point.x > rightmost * 0.85 ? "left" : "right", formatter: point.name ?? "", color: tones.ink, fontSize: 12 } : undefined,
          })),
        };
      }),
      ...prices.map(({ price, start, end }) => ({
        type: "line", id: `price${price}`, silent: true, symbol: "circle", symbolSize: 1, showSymbol: true, tooltip: { show: false }, z: 1, lineStyle: { color: tones.muted, width: 1, type: [4, 4] }, itemStyle: { color: tones.muted },
        data: [start, { value: end, label: { show: true, position: end[0] < rightmost ? "top" : "right", formatter: `$${price.toFixed(2)}${view.width < 500 ? "" : " a line"}`, color: tones.muted, fontSize: 12 } }],
      })),
    ],
  };
}

/** Those points whose names do not stand on each other. */
function apart(points, place) {
  const kept = [];
  for (const point of points) {
    const [x, y] = place(point);
    if (kept.every((other) => Math.abs(place(other)[0] - x) > 120 || Math.abs(place(other)[1] - y) > 16)) kept.push(point);
  }
  return new Set(kept);
}
