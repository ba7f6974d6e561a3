// What a chart says, before it is drawn: categories, series, points with their words and links. Pure: the drawing, the
// keyboard and the picture all read the same points.

import * as format from "./format.js";

const PERIODS = ["day", "week", "month"];

/** Fills a column's link from one row. A missing value makes no link. */
export function href(link, row, columns) {
  if (!link) return null;
  let whole = true;
  const filled = link.replace(/(range=)?\{(\w+)\}/g, (_, range, name) => {
    const at = columns.findIndex((column) => column.name === name);
    const value = row[at];
    if (value === null || value === undefined) whole = false;
    if (range && PERIODS.includes(columns[at]?.type)) return `range=${value}~${format.lastDay(String(value), columns[at].type)}`;
    return (range ?? "") + encodeURIComponent(value);
  });
  return whole ? filled : null;
}

/** Reads a card answer into a model of its chart. */
export function model(answer) {
  const { columns, rows, display } = answer;
  const chart = answer.chart ?? {};
  const at = (name) => columns.findIndex((column) => column.name === name);
  const x = at(chart.x);
  const ys = (chart.y ?? []).map(at).filter((index) => index >= 0);
  const series = chart.series ? at(chart.series) : -1;
  const xType = columns[x]?.type ?? "text";

  const point = (row, y) => {
    const column = columns[y];
    const links = [column, columns[series], columns[x]].map((found) => href(found?.link, row, columns));
    return {
      raw: row[y], value: format.number(row[y]), text: format.words(row[y], column.type), row,
      href: links.find(Boolean) ?? null,
    };
  };

  if (display === "scatter") return scatter({ answer, chart, at, x, y: ys[0], series, point });

  const values = [];
  for (const row of rows) if (!values.includes(row[x])) values.push(row[x]);
  if (PERIODS.includes(xType)) values.sort();
  const running = runningPeriod(values, xType, answer.complete_through);
  const categories = values.map((value, index) => {
    const label = xType === "text" ? readable(value) : format.words(value, xType);
    const through = index === running ? `to ${format.dayShort(answer.complete_through)}` : null;
    return { value, label: through ? `${label} (${through})` : label, through };
  });

  let found;
  if (series >= 0) {
    const keys = [];
    for (const row of rows) if (row[series] !== null && !keys.includes(row[series])) keys.push(row[series]);
    if (columns[series].type === "platform") keys.sort((a, b) => order(a) - order(b));
    found = keys.map((key) => ({
      key, label: named(key, columns[series], columns[ys[0]]), type: columns[ys[0]].type, column: columns[ys[0]].name,
      points: values.map((value) => {
        const row = rows.find((row) => row[x] === value && row[series] === key);
        if (!row || row[ys[0]] === null) return null;
        const found = point(row, ys[0]);
        return key === "total" ? { ...found, href: found.href && unfiltered(found.href) } : found;
      }),
    }));
    if (chart.total && found.length && !keys.includes("total")) found.unshift(total(found, values));
  } else {
    found = ys.map((y) => ({
      key: columns[y].name, label: columns[y].label, type: columns[y].type, column: columns[y].name,
      points: values.map((value) => {
        const row = rows.find((row) => row[x] === value);
        return row && row[y] !== null ? point(row, y) : null;
      }),
    }));
  }
  const kind = at("kind");
  const steps = display === "waterfall" ? values.map((value, index) => step(rows.find((row) => row[x] === value)?.[kind], index, values.length)) : null;
  return { display, chart, xType, xLabel: columns[x]?.label, categories, series: found, running, steps, unit: columns[ys[0]]?.type };
}

/** The name of a series. What adds up has a total; a price of all together is none. */
function named(key, column, measure) {
  if (key === "total") return ["usd", "integer"].includes(measure.type) ? "Total" : "Together";
  return column.type === "text" ? readable(key) : format.words(key, column.type);
}

/** `cache_read` → `Cache read`. What is written as words stays as it is. */
function readable(key) {
  const text = String(key);
  return /^[a-z][a-z_]*$/.test(text) ? (text[0].toUpperCase() + text.slice(1)).replaceAll("_", " ") : text;
}

function order(key) {
  const place = format.PLATFORM_ORDER.indexOf(key);
  return key === "total" ? -1 : place < 0 ? 99 : place;
}

function step(kind, index, count) {
  if (kind) return ["total", "start", "end"].includes(kind) ? "total" : "delta";
  return index === 0 || index === count - 1 ? "total" : "delta";
}

function total(found, values) {
  const points = values.map((_, index) => {
    const parts = found.map((series) => series.points[index]).filter(Boolean);
    const raw = parts.length ? format.sum(parts.map((part) => part.raw)) : null;
    return raw === null ? null : { raw, value: format.number(raw), text: format.words(raw, found[0].type), row: null, href: parts[0].href && unfiltered(parts[0].href) };
  });
  return { key: "total", label: "Total", type: found[0].type, column: found[0].column, points };
}

/** The link of a part, without what makes it a part. */
function unfiltered(link) {
  const [address, hash] = link.split("#");
  const [path, query = ""] = address.split("?");
  return `${path}?${query.split("&").filter((word) => !word.startsWith("platform=")).join("&")}${hash ? `#${hash}` : ""}`;
}

/** The last period, if the data does not reach its end. */
function runningPeriod(values, type, through) {
  if (!through || !["week", "month"].includes(type) || !values.length) return -1;
  const last = values[values.length - 1];
  return through >= last && through < format.lastDay(last, type) ? values.length - 1 : -1;
}

function scatter({ answer, chart, at, x, y, series, point }) {
  const { columns, rows } = answer;
  const keys = [...new Set(rows.map((row) => (series >= 0 ? row[series] : "all")))].sort((a, b) => order(a) - order(b));
  const label = chart.label ? at(chart.label) : columns.findIndex((column) => column.type === "person");
  const size = at(chart.size);
  const drawn = rows.filter((row) => row[x] !== null && row[y] !== null);
  const found = keys.map((key) => ({
    key, label: format.platform(key), type: columns[y].type, column: columns[y].name,
    points: drawn.filter((row) => series < 0 || row[series] === key).map((row) => ({
      ...point(row, y), x: format.number(row[x]), size: size < 0 ? null : format.number(row[size]), name: label < 0 ? null : row[label],
      text: `${format.words(row[y], columns[y].type)} ${columns[y].label.toLowerCase()}, ${format.words(row[x], columns[x].type)}`,
    })),
  }));
  return { display: "scatter", chart, xType: columns[x].type, xLabel: columns[x].label, yLabel: columns[y].label, categories: [], series: found, running: -1, steps: null, unit: columns[y].type };
}
