// One browser for a test file, and pages in it that keep account of what goes wrong.

import { after, before } from "node:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

export const BASE = (process.env.AISPEND_WEB_URL ?? "").replace(/\/$/, "");
if (!BASE) throw new Error("AISPEND_WEB_URL has to name a running `aispend serve`, such as http://127.0.0.1:8787");

export const DASHBOARDS = ["/executive", "/allocation", "/productivity", "/roi"];
export const SCREENSHOTS = process.env.AISPEND_SCREENSHOTS;

const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

let context;
let folder;

export function withBrowser() {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "aispend-web-"));
    const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", headless: true, args: FLAGS });
    context = { browser };
  });
  after(async () => {
    await context?.browser.close();
    await rm(folder, { recursive: true, force: true });
  });
}

/** Everything a page should never do, as sentences. Empty is good. */
function watch(page) {
  const faults = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) faults.push(`console ${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`script: ${error.message}`));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (!["blob:", "data:"].includes(url.protocol) && url.origin !== new URL(BASE).origin) faults.push(`left the machine: ${url.href}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) faults.push(`${response.status()}: ${response.url()}`);
  });
  return faults;
}

/** Opens an address in a browser of its own settings, runs `check`, and closes it. */
export async function open(path, settings, check) {
  const own = await context.browser.newContext({ viewport: { width: 1440, height: 900 }, locale: "en-GB", ...settings });
  try {
    const page = await own.newPage();
    const faults = watch(page);
    if (settings.javaScriptEnabled !== false) {
      await page.addInitScript(() => {
        window.violations = [];
        document.addEventListener("securitypolicyviolation", (event) => window.violations.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sourceFile ?? ""}`));
      });
    }
    await page.goto(BASE + path);
    if (settings.javaScriptEnabled !== false) await settled(page);
    return await check(page, faults);
  } finally {
    await own.close();
  }
}

/** Until the script has run and every visible chart is drawn. */
export async function settled(page) {
  await page.waitForFunction(() => document.documentElement.classList.contains("ready")
    && [...document.querySelectorAll(".panel:not([hidden]) .chart:not([hidden])")].every((chart) => chart.querySelector("svg")));
}

/** The parts of a dashboard, by the names in its address. */
export function tabs(page) {
  return page.$$eval(".panel", (panels) => panels.map((panel) => panel.id));
}

export async function turnTo(page, tab) {
  const link = page.locator(`.tabs a[data-tab="${tab}"]`);
  if (await link.count()) await link.click();
  await settled(page);
}
