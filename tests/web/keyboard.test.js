// Everything can be reached, used and left without a mouse.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DASHBOARDS, open, settled, tabs, turnTo, withBrowser } from "./browser.js";

/** Names every control that Tab has to reach, in the order of the page. */
function controls(page) {
  return page.evaluate(() => {
    const seen = (element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest("details:not([open]) > :not(summary)");
    // A row of a table is explained from its first figure; its page leads to the others.
    const all = [...document.querySelectorAll("a[href], button, input, summary, [tabindex='0']")].filter((element) => seen(element) && !element.matches("a.explain[tabindex='-1'], a.why[tabindex='-1']"));
    // A group of radio buttons is one stop.
    const stops = all.filter((element) => element.type !== "radio" || element.checked);
    stops.forEach((element, index) => { element.dataset.stop = String(index); });
    return stops.length;
  });
}

/** Presses Tab once around the page, and says which stops it met without a visible ring. */
async function walk(page, count) {
  const met = new Set();
  const faint = [];
  let left = false;
  for (let press = 0; press < count + 40; press += 1) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return null;
      const style = getComputedStyle(element);
      const box = element.getBoundingClientRect();
      const top = document.elementFromPoint(Math.min(innerWidth - 1, Math.max(0, box.left + box.width / 2)), Math.min(innerHeight - 1, Math.max(0, box.top + Math.min(box.height / 2, 12))));
      return {
        stop: element.dataset.stop ?? null,
        ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
        covered: Boolean(top?.closest("header.top")) && !element.closest("header.top"),
        name: element.id || element.textContent.trim().slice(0, 40),
      };
    });
    // Past the last control the focus leaves the page and comes back at its beginning.
    if (at === null) { left = true; continue; }
    if (at.stop !== null && met.has(at.stop)) break;
    if (at.stop !== null) met.add(at.stop);
    if (!at.ring) faint.push(`no ring: ${at.name}`);
    if (at.covered) faint.push(`covered by the header: ${at.name}`);
  }
  return { met, faint, left };
}

/** Opens every closed part that can be seen from its own summary, walks through what is inside, leaves and closes it again. */
async function openAll(page) {
  const wrong = [];
  let inside = 0;
  const count = await page.evaluate(() => {
    const closed = [...document.querySelectorAll("details:not([open])")].filter((one) => one.querySelector("summary").checkVisibility({ visibilityProperty: true }));
    closed.forEach((one, index) => { one.dataset.part = String(index); });
    return closed.length;
  });
  for (let index = 0; index < count; index += 1) {
    const part = page.locator(`[data-part="${index}"]`);
    const name = await part.evaluate((one) => `${one.closest(".card")?.id ?? one.id}: ${one.querySelector("summary").textContent.trim().slice(0, 30)}`);
    await part.locator("summary").first().focus();
    await page.keyboard.press("Enter");
    if (!await part.evaluate((one) => one.open)) { wrong.push(`${name} does not open`); continue; }
    const stops = await part.evaluate((one) => {
      const all = [...one.querySelectorAll("a[href], button, input, [tabindex='0']")].filter((element) => element.checkVisibility({ visibilityProperty: true }));
      const radios = all.filter((element) => element.type === "radio");
      const stops = all.filter((element) => element.type !== "radio" || element.checked || (element === radios[0] && !radios.some((radio) => radio.checked)));
      stops.forEach((element, index) => { element.dataset.inside = String(index); });
      return stops.map((element) => element.id || element.textContent.trim().slice(0, 30));
    });
    if (!stops.length) wrong.push(`${name} has nothing inside to reach`);
    const met = new Set();
    let left = false;
    // The parts of a date are stops of one control.
    for (let press = 0; press < stops.length + 12 && !left; press += 1) {
      await page.keyboard.press("Tab");
      const at = await page.evaluate((index) => {
        const element = document.activeElement;
        if (!element?.closest(`[data-part="${index}"]`)) return null;
        const style = getComputedStyle(element);
        return { stop: element.dataset.inside, ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 };
      }, index);
      if (at === null) { left = true; continue; }
      if (at.stop !== undefined) met.add(Number(at.stop));
      if (!at.ring) wrong.push(`${name}: no ring on ${stops[at.stop]}`);
    }
    stops.forEach((stop, at) => { if (!met.has(at)) wrong.push(`${name}: ${stop} is not reached`); });
    if (!left) wrong.push(`${name} is never left`);
    inside += met.size;
    await part.evaluate((one) => { for (const old of one.querySelectorAll("[data-inside]")) delete old.dataset.inside; });
    // A menu closes when it is left; whatever stays open closes as it opened.
    if (await part.evaluate((one) => one.open)) {
      await part.locator("summary").first().focus();
      await page.keyboard.press("Enter");
      if (await part.evaluate((one) => one.open)) wrong.push(`${name} does not close`);
    }
  }
  await page.evaluate(() => { for (const old of document.querySelectorAll("[data-part]")) delete old.dataset.part; });
  return { count, inside, wrong };
}

withBrowser();

describe("what is closed", () => {
  for (const path of DASHBOARDS) {
    it(`opens by key on ${path}, and everything inside is reached and left`, async () => {
      await open(path, {}, async (page) => {
        for (const tab of await tabs(page)) {
          await turnTo(page, tab);
          const { count, inside, wrong } = await openAll(page);
          assert.deepEqual(wrong, [], `#${tab}`);
          assert.ok(count > 3 && inside >= 2 * count, `#${tab}: ${inside} controls in ${count} parts`);
        }
      });
    });
  }

  it("opens by key without script as well, and its details too", async () => {
    await open("/executive", { javaScriptEnabled: false }, async (page) => {
      const summary = page.locator("details.about summary").first();
      await summary.focus();
      await page.keyboard.press("Enter");
      assert.equal(await page.locator("details.about").first().locator("pre").isVisible(), true);
    });
  });

  it("would be missed where a control inside cannot be reached, or a part does not open", async () => {
    await open("/executive", {}, async (page) => {
      await page.evaluate(() => {
        document.querySelector("details.export a").tabIndex = -1;
        document.querySelectorAll("details.export")[1].addEventListener("click", (event) => event.preventDefault());
      });
      const { wrong } = await openAll(page);
      assert.ok(wrong.some((one) => /is not reached/.test(one)), wrong.join("; "));
      assert.ok(wrong.some((one) => /does not open/.test(one)), wrong.join("; "));
    });
  });
});

describe("Tab", () => {
  for (const path of DASHBOARDS) {
    it(`reaches and leaves every control of ${path}, with a visible ring`, async () => {
      await open(path, {}, async (page) => {
        for (const tab of await tabs(page)) {
          await turnTo(page, tab);
          await page.evaluate(() => { document.activeElement?.blur(); scrollTo(0, 0); for (const old of document.querySelectorAll("[data-stop]")) delete old.dataset.stop; });
          const count = await controls(page);
          const { met, faint, left } = await walk(page, count);
          const missed = await page.evaluate((met) => [...document.querySelectorAll("[data-stop]")].filter((element) => !met.includes(element.dataset.stop)).map((element) => element.outerHTML.slice(0, 120)), [...met]);
          assert.deepEqual(missed, [], `#${tab}: not reached`);
          assert.ok(left, `#${tab}: Tab never leaves the page`);
          assert.deepEqual(faint, [], `#${tab}`);
        }
      });
    });
  }

  it("would be missed where a control cannot be reached", async () => {
    await open("/executive", {}, async (page) => {
      const count = await controls(page);
      await page.evaluate(() => { document.querySelector("#theme").tabIndex = -1; });
      const { met } = await walk(page, count);
      assert.ok(met.size < count);
    });
  });
});

describe("in a chart", () => {
  for (const path of DASHBOARDS) {
    it(`the arrows read every point of every chart of ${path}`, async () => {
      await open(path, {}, async (page) => {
        for (const tab of await tabs(page)) {
          await turnTo(page, tab);
          const charts = page.locator(`#${tab} .chart`);
          for (let index = 0; index < await charts.count(); index += 1) {
            const chart = charts.nth(index);
            await chart.focus();
            await page.keyboard.press("Home");
            const first = await chart.getAttribute("data-point");
            const total = Number(/ of (\d+)$/.exec(first ?? "")?.[1]);
            assert.ok(total > 0, `${path}#${tab}: no point was read: ${first}`);
            const told = new Set([first]);
            for (let step = 1; step < total; step += 1) {
              await page.keyboard.press("ArrowRight");
              told.add(await chart.getAttribute("data-point"));
            }
            assert.equal(told.size, total, `each point is said once: ${[...told].slice(0, 3).join("; ")}`);
            await page.keyboard.press("ArrowRight");
            assert.ok(told.has(await chart.getAttribute("data-point")), "the last point is the end");
            await page.keyboard.press("Escape");
            assert.equal(await chart.getAttribute("data-point"), null);
          }
        }
      });
    });
  }

  it("a point is said in the live region, at most every 150 ms, and shown", async () => {
    await open("/executive", {}, async (page) => {
      const chart = page.locator(".chart").first();
      await chart.focus();
      await page.keyboard.press("End");
      const point = await chart.getAttribute("data-point");
      await page.waitForFunction((point) => document.getElementById("live").textContent === point, point);
      await page.keyboard.press("ArrowDown");
      assert.notEqual(await chart.getAttribute("data-point"), point);
      await page.keyboard.press("ArrowUp");
      assert.equal(await chart.getAttribute("data-point"), point);
    });
  });

  it("T, E and I open table, export and about, and Escape comes back", async () => {
    await open("/executive", {}, async (page) => {
      const card = page.locator(".chart-card").first();
      const chart = card.locator(".chart");
      await chart.focus();
      await page.keyboard.press("e");
      assert.equal(await card.locator("details.export").getAttribute("open"), "");
      await page.keyboard.press("Escape");
      assert.equal(await page.evaluate(() => document.activeElement.className.includes("chart")), true);
      await page.keyboard.press("i");
      await page.locator("#about[open]").waitFor();
      assert.equal(await page.locator("#about h2").textContent(), await card.locator("h3").textContent());
      await page.keyboard.press("Escape");
      assert.equal(await page.evaluate(() => document.activeElement.className.includes("chart")), true);
      await page.keyboard.press("t");
      assert.equal(await card.locator("[data-table]").getAttribute("aria-expanded"), "true");
      assert.equal(await card.locator("table").isVisible(), true);
      assert.equal(await page.evaluate(() => document.activeElement.getAttribute("role")), "region");
    });
  });

  it("Enter follows the link of a point", async () => {
    await open("/executive", {}, async (page) => {
      const index = await page.$$eval(".chart-card", (cards) => cards.findIndex((card) => JSON.parse(document.getElementById(`${card.id}-json`).textContent).columns.some((column) => column.link)));
      assert.ok(index >= 0, "no chart of the dashboard leads anywhere");
      await page.locator(".chart").nth(index).focus();
      await page.keyboard.press("Home");
      await Promise.all([page.waitForURL((url) => url.pathname !== "/executive"), page.keyboard.press("Enter")]);
      await settled(page);
      assert.ok(new URL(page.url()).search.length > 1, "the next page is filtered");
    });
  });
});

describe("on the page", () => {
  it("digits change the dashboard, a slash finds the filters, a question mark lists the keys", async () => {
    await open("/executive", {}, async (page) => {
      await page.keyboard.press("/");
      assert.equal(await page.evaluate(() => document.activeElement.closest("#filters") !== null), true);
      await page.evaluate(() => document.activeElement.blur());
      await page.keyboard.press("?");
      await page.locator("#keys[open]").waitFor();
      await page.keyboard.press("Escape");
      await page.waitForFunction(() => !document.querySelector("dialog[open]") && document.activeElement === document.body);
      await Promise.all([page.waitForURL("**/productivity*"), page.keyboard.press("3")]);
    });
  });

  it("single-letter keys can be switched off, and stay off", async () => {
    await open("/executive", {}, async (page) => {
      await page.keyboard.press("?");
      await page.locator("#single-keys").uncheck();
      await page.keyboard.press("Escape");
      await page.reload();
      await settled(page);
      await page.keyboard.press("3");
      await page.waitForTimeout(200);
      assert.equal(new URL(page.url()).pathname, "/executive");
    });
  });

  it("a column's head sorts its table and says so", async () => {
    await open("/allocation", {}, async (page) => {
      const table = page.locator(".card.table table").first();
      const head = table.locator("thead th.right").last();
      await head.locator("button").press("Enter");
      const sorted = await head.getAttribute("aria-sort");
      assert.ok(["ascending", "descending"].includes(sorted));
      const values = await table.evaluate((table) => [...table.tBodies[0].rows].filter((row) => row.cells[0].textContent.trim() !== "Unattributed").map((row) => Number(row.cells[row.cells.length - 1].dataset.raw)));
      assert.deepEqual(values, values.toSorted((a, b) => (sorted === "ascending" ? a - b : b - a)));
      const last = await table.evaluate((table) => table.tBodies[0].rows[table.tBodies[0].rows.length - 1].cells[0].textContent.trim());
      if (await table.locator("tbody th", { hasText: /^\s*Unattributed\s*$/ }).count()) assert.equal(last, "Unattributed");
    });
  });
});
