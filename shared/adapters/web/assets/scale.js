// Axes, their labels, and the room that words need. Pure.

import * as format from "./format.js";

/** About how wide a letter is at our sizes: margins are known before anything is drawn. */
export const LETTER = 7;

/** Round steps from 0 to above the highest value. */
export function ticks(highest, wanted = 4) {
  if (!(highest > 0)) return { max: 1, step: 1 };
  const rough = highest / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough * 0.999);
  return { max: Math.ceil((highest * 1.001) / step) * step, step };
}

/** The label of a value on an axis: shorter than in a sentence, and never the same for two steps. */
export function axisWords(value, type, step = 1) {
  if (type === "percent") return `${Math.round(value * 100)} %`;
  const money = type === "usd" || type === "usd_unit" ? "$" : "";
  if (type === "usd_unit") return money + value.toFixed([2, 3].find((decimals) => Number(step.toFixed(decimals)) === step) ?? 4);
  const size = Math.abs(value);
  if (size >= 1e6) return `${money}${trim(value / 1e6)}M`;
  if (size >= 1e4) return `${money}${trim(value / 1e3)}k`;
  return money + format.fixed(String(Math.round(value * 100) / 100), size < 10 && value % 1 ? 1 : 0);
}

const trim = (value) => String(Math.round(value * 10) / 10);

/** Axes with margins we know, so that labels can be placed without asking the drawing. */
export function axes({ seen, view, tones }, { max, step, right = 12, top = 12, min = 0 }) {
  const labels = [];
  for (let value = min; value <= max + step / 2; value += step) labels.push(axisWords(value, seen.unit, step));
  const left = 10 + Math.max(...labels.map((label) => label.length)) * 7;
  const two = ["month", "week", "day"].includes(seen.xType);
  const count = Math.max(1, seen.categories.length);
  // "to 17 Oct" under the last period is wider than a narrow bar.
  const edge = seen.running >= 0 ? Math.max(right, 30 - (view.width - left - right) / count / 2) : right;
  const room = (view.width - left - edge) / count;
  const bottom = two || seen.categories.some((category) => category.label.length * LETTER > room) ? 38 : 24;
  const every = Math.max(1, Math.ceil((two ? 38 : 64) / room));
  const last = seen.categories.length - 1;
  return {
    grid: { left, right: edge, top, bottom, outerBoundsMode: "none" },
    xAxis: {
      type: "category", data: seen.categories.map((category) => category.value), axisTick: { show: false }, axisLine: { lineStyle: { color: tones.muted } },
      axisLabel: {
        color: tones.muted, fontSize: 12, lineHeight: 15, hideOverlap: false,
        interval: (index) => (last - index) % every === 0,
        formatter: (_, index) => below(seen, index, every, Math.floor((room * every) / LETTER)),
      },
    },
    yAxis: {
      type: "value", min, max, interval: step, axisLabel: { color: tones.muted, fontSize: 12, formatter: (value) => axisWords(value, seen.unit, step) },
      splitLine: { lineStyle: { color: tones.grid, width: 1, type: "solid", opacity: 0.7 } },
    },
  };
}

/** What stands under a category: the month, and the year where it begins. */
function below(seen, index, every, letters) {
  const category = seen.categories[index];
  if (!category) return "";
  if (seen.xType === "month") {
    if (category.through) return `${format.monthShort(category.value)}\n${category.through}`;
    const before = seen.categories[index - every];
    const year = !before || before.value.slice(0, 4) !== category.value.slice(0, 4) ? category.value.slice(0, 4) : "";
    return `${format.monthShort(category.value)}\n${year}`;
  }
  if (seen.xType === "week" || seen.xType === "day") {
    const [date, name] = format.dayShort(category.value).split(" ");
    return `${date}\n${name}`;
  }
  return wrapped(category.label, letters);
}

/** A name shortened to so many letters. */
export function shorten(words, letters) {
  return words.length > letters ? `${words.slice(0, Math.max(4, letters - 1))}…` : words;
}

/** A name on at most two lines. */
export function wrapped(words, letters) {
  const lines = [""];
  for (const word of words.split(" ")) {
    const longer = `${lines[lines.length - 1]} ${word}`.trim();
    if (longer.length <= letters || !lines[lines.length - 1]) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  if (lines.length > 2) lines[1] = lines.slice(1).join(" ");
  return lines.slice(0, 2).map((line) => shorten(line, letters)).join("\n");
}

/** The legend, and the room it takes on top. */
export function legend(seen, { view, tones }) {
  const words = seen.series.map((one) => one.label.length * LETTER + 36);
  let rows = 1;
  let used = 0;
  for (const width of words) {
    if (used + width > view.width) { rows += 1; used = 0; }
    used += width;
  }
  return {
    top: 12 + rows * 22,
    legend: {
      left: 0, top: 0, width: view.width, itemWidth: 12, itemHeight: 12, itemGap: 16, padding: [2, 0], borderColor: "transparent", selectedMode: false, textStyle: { color: tones.ink, fontSize: 12 },
      data: seen.series.map((one) => ({ name: one.label })),
    },
  };
}
