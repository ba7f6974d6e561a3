// Keys for the whole page. Single letters act only on the page itself or on a chart, and can be switched off.

import { swap } from "./tables.js";

const SWITCH = "aispend.keys";

function stored(name) {
  try { return localStorage.getItem(name); } catch { return null; }
}

function store(name, value) {
  try { localStorage.setItem(name, value); } catch { /* Without storage the choice lasts as long as the page. */ }
}

export function keys() {
  const box = document.getElementById("single-keys");
  box.checked = stored(SWITCH) !== "off";
  box.addEventListener("change", () => store(SWITCH, box.checked ? "on" : "off"));

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key === "Escape") return void close(event);
    if (!box.checked || document.querySelector("dialog[open]")) return;
    const focused = document.activeElement;
    const chart = focused?.closest?.(".chart");
    const page = !focused || focused === document.body || focused.id === "main";
    if (!chart && !page) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const card = chart?.closest(".card");
    if (card && key === "t") swap(card);
    else if (card && key === "e") reveal(card.querySelector("details.export"));
    else if (card && key === "i") card.querySelector("[data-about]")?.click();
    else if (key === "/" || key === "f") document.querySelector("#filters summary")?.focus();
    else if (key === "?") document.getElementById("keys-open").click();
    else if (/^[1-9]$/.test(key)) document.querySelector(`.boards [data-key="${key}"]`)?.click();
    else return;
    event.preventDefault();
  });
}

function reveal(menu) {
  if (!menu) return;
  menu.open = true;
  menu.dataset.from = menu.closest(".card").querySelector(".chart")?.id ?? "";
  menu.querySelector("a, button")?.focus();
}

/** Closes the innermost open thing and goes back to what opened it. */
function close(event) {
  const menu = event.target.closest?.("details[open].menu, details[open].filter") ?? document.querySelector("details[open].menu, details[open].filter");
  if (!menu) return;
  const from = menu.dataset.from && document.getElementById(menu.dataset.from);
  delete menu.dataset.from;
  menu.open = false;
  (from || menu.querySelector("summary")).focus();
}

/** A press or a step outside closes what is open. */
export function outside() {
  const shut = (event) => {
    for (const menu of document.querySelectorAll("details[open].menu, details[open].filter")) {
      if (event.target instanceof Node && !menu.contains(event.target)) menu.open = false;
    }
  };
  document.addEventListener("pointerdown", shut);
  document.addEventListener("focusin", shut);
}

export { store, stored };
