// Makes the page that the server sent quicker to use. Everything in here is a help: the page is whole without it.

import { filters } from "./filters.js";
import { keys, outside, store } from "./keys.js";
import { refresh } from "./refresh.js";
import { sortable, swap } from "./tables.js";

const root = document.documentElement;
const status = document.getElementById("status");
let charts = null;

/** Opens the part that the address names, else the first. */
function tabs() {
  const panels = [...document.querySelectorAll(".panel")];
  const wanted = decodeURIComponent(location.hash.slice(1));
  const open = panels.find((panel) => panel.id === wanted) ?? panels.find((panel) => panel.contains(document.getElementById(wanted))) ?? panels[0];
  for (const panel of panels) panel.hidden = panel !== open;
  for (const link of document.querySelectorAll(".tabs a")) {
    if (link.dataset.tab === open?.id) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

function enhance() {
  const main = document.getElementById("main");
  tabs();
  sortable(main);
  for (const link of main.querySelectorAll(".tabs a")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      history.pushState(null, "", link.hash);
      tabs();
    });
  }
  const form = document.getElementById("filters");
  if (form) {
    form.dataset.shown = location.search;
    filters(form, go);
  }
  if (main.querySelector(".chart-card")) draw(main);
}

async function draw(main) {
  charts ??= await import("./draw.js");
  charts.drawAll(main);
}

/** Shows another address of the same dashboard: the rest of the page, and where one was, stays. */
async function go(url, push = true) {
  const focused = document.activeElement?.id;
  const open = [...document.querySelectorAll("details[open].filter")].map((one) => one.id);
  const waiting = setTimeout(() => { document.getElementById("main").setAttribute("aria-busy", "true"); }, 300);
  try {
    const response = await fetch(url, { headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const main = page.getElementById("main");
    if (!main) throw new Error("no page");
    document.getElementById("main").replaceWith(document.adoptNode(main));
    const fresh = document.getElementById("fresh");
    document.querySelector(".states").replaceChildren(...[...page.querySelectorAll(".states > .state")].map((state) => document.adoptNode(state)), fresh);
    document.querySelector(".boards").replaceWith(document.adoptNode(page.querySelector(".boards")));
    document.body.dataset.version = page.body.dataset.version ?? "";
    document.title = page.title;
    if (push) history.pushState(null, "", url);
    for (const id of open) { const one = document.getElementById(id); if (one) one.open = true; }
    enhance();
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    status.textContent = told();
  } catch {
    location.assign(url);
  } finally {
    clearTimeout(waiting);
    document.getElementById("main").removeAttribute("aria-busy");
  }
}

/** "23 rows, October 2026". */
function told() {
  const rows = document.querySelectorAll(".panel:not([hidden]) tbody tr").length;
  const range = document.querySelector(".title .range")?.textContent.replace(/\s+/g, " ").trim() ?? "";
  return `${rows} rows, ${range}`;
}

let opener = null;

function sheet(id, from) {
  opener = from;
  const dialog = document.getElementById(id);
  dialog.showModal();
  dialog.querySelector("h2").focus();
}

function about(button) {
  const source = document.getElementById(button.dataset.about);
  const card = button.closest(".card");
  document.getElementById("about-t").textContent = card.querySelector("h3").textContent;
  document.getElementById("about-body").replaceChildren(source.querySelector(".about-text").cloneNode(true));
  const menu = button.closest("details.menu");
  if (menu) menu.open = false;
  const chart = card.querySelector(".chart");
  sheet("about", document.activeElement === chart ? chart : menu ? menu.querySelector("summary") : button);
}

async function png(link) {
  const card = link.closest(".card");
  const [{ chartOf }, { picture }] = await Promise.all([import("./draw.js"), import("./png.js")]);
  const one = chartOf(card);
  const text = (selector) => card.querySelector(selector)?.textContent.replace(/\s+/g, " ").trim() ?? "";
  const caption = text("figcaption");
  const footer = one.answer.simulated && !/simulated/i.test(caption) ? `${caption} Simulated data.` : caption;
  const filters = document.querySelector(".title .range")?.textContent.replace(/\s+/g, " ").trim() ?? "";
  const blob = await picture(one.model, { title: text("h3"), filters, summary: text(".summary"), footer });
  // A card that follows no range is named after the page's, as the server names its files.
  const day = (name) => one.answer.filters?.[name] ?? document.querySelector(`input[name="${name}"]`)?.value;
  const name = `ai-usage_${one.answer.simulated ? "simulated_" : ""}${one.answer.id.replace("/", "_")}_${day("from")}_${day("to")}.png`;
  const save = document.createElement("a");
  save.href = URL.createObjectURL(blob);
  save.download = name;
  save.click();
  setTimeout(() => URL.revokeObjectURL(save.href), 10_000);
}

const THEMES = { "": "as the system", light: "light", dark: "dark" };

function themes() {
  const button = document.getElementById("theme");
  const say = () => button.setAttribute("aria-label", `Theme: ${THEMES[root.dataset.theme ?? ""]}`);
  say();
  button.addEventListener("click", () => {
    const names = Object.keys(THEMES);
    const next = names[(names.indexOf(root.dataset.theme ?? "") + 1) % names.length];
    if (next) root.dataset.theme = next;
    else delete root.dataset.theme;
    store("aispend.theme", next);
    say();
    status.textContent = button.getAttribute("aria-label");
    charts?.repaint();
  });
}

document.addEventListener("click", (event) => {
  const hit = (selector) => event.target.closest(selector);
  const card = hit(".card");
  if (hit("[data-table]")) swap(card);
  else if (hit("[data-about]")) about(hit("[data-about]"));
  else if (hit("[data-close]")) hit("dialog").close();
  else if (hit("#keys-open")) sheet("keys", document.activeElement);
  else if (hit("[data-retry]")) go(location.href, false);
  else if (hit("#copy-link")) {
    navigator.clipboard.writeText(location.href).then(() => { status.textContent = "Link copied."; hit("#copy-link").textContent = "Link copied"; }, () => { status.textContent = "The link could not be copied."; });
  } else if (hit('.chart-card [data-format="PNG"]')) {
    event.preventDefault();
    const link = hit('[data-format="PNG"]');
    png(link).catch(() => location.assign(link.href));
  }
});
for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("close", () => opener?.focus());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
}
addEventListener("popstate", () => {
  const shown = document.getElementById("filters")?.dataset.shown;
  if (shown && shown !== location.search) go(location.href, false);
  else tabs();
});
addEventListener("hashchange", tabs);

themes();
keys();
outside();
enhance();
refresh((url) => go(url, false));
root.classList.add("ready");
