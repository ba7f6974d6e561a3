// Draws the charts of a page as SVG, and draws them again when their size or the theme changes.

import { init } from "./vendor/echarts.js";
import { draw as option } from "./chart.js";
import { model } from "./model.js";
import { reachable } from "./points.js";

const drawn = new Map();
const forced = matchMedia("(forced-colors: active)");
const dark = matchMedia("(prefers-color-scheme: dark)");
const still = matchMedia("(prefers-reduced-motion: reduce)");

let paper = false;

export function theme() {
  if (paper) return "light";
  return document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light");
}

export function answerOf(card) {
  const block = document.getElementById(`${card.id}-json`);
  return block ? JSON.parse(block.textContent) : null;
}

export const chartOf = (card) => drawn.get(card);

function paint(one, moving = false) {
  const { width, height } = one.box.getBoundingClientRect();
  if (width < 40 || height < 40) return;
  if (!one.instance) one.instance = init(one.box, null, { renderer: "svg", width, height });
  else one.instance.resize({ width, height, silent: true });
  one.instance.setOption(option(one.model, { theme: theme(), width, height, motion: moving && !still.matches, forced: forced.matches, logarithmic: one.logarithmic }), true);
  one.card.dataset.drawn = "true";
}

const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const one = drawn.get(target.closest(".card"));
    const { width, height } = target.getBoundingClientRect();
    if (one && (Math.abs(width - (one.width ?? 0)) > 0.5 || Math.abs(height - (one.height ?? 0)) > 0.5)) {
      Object.assign(one, { width, height });
      paint(one);
    }
  }
});

/** Draws every chart below `root` that is visible now or later. */
export function drawAll(root) {
  for (const [card, one] of drawn) {
    if (card.isConnected) continue;
    one.instance?.dispose();
    sizes.unobserve(one.box);
    drawn.delete(card);
  }
  for (const card of root.querySelectorAll(".chart-card")) {
    const box = card.querySelector(".drawing");
    const answer = box && answerOf(card);
    if (!answer || drawn.has(card)) continue;
    const one = { card, box, answer, model: model(answer), instance: null };
    drawn.set(card, one);
    reachable(one);
    if (answer.display === "scatter") scaleSwitch(one);
    sizes.observe(box);
  }
}

function scaleSwitch(one) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = "Logarithmic axes";
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", () => {
    one.logarithmic = !one.logarithmic;
    button.setAttribute("aria-pressed", String(one.logarithmic));
    paint(one);
  });
  one.card.querySelector(".tools").prepend(button);
}

export function repaint() {
  for (const one of drawn.values()) if (one.instance) paint(one);
}

for (const query of [forced, dark]) query.addEventListener("change", repaint);
for (const [name, printing] of [["beforeprint", true], ["afterprint", false]]) {
  addEventListener(name, () => {
    paper = printing;
    repaint();
  });
}
