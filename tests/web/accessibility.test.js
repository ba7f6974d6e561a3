// axe-core finds nothing on any part of any dashboard, in any theme and at any width; and it would find something.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import { DASHBOARDS, open, tabs, turnTo, withBrowser } from "./browser.js";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SETTINGS = {
  "light": { colorScheme: "light" },
  "dark": { colorScheme: "dark" },
  "320 px": { viewport: { width: 320, height: 800 } },
  "forced colours": { forcedColors: "active" },
};

async function violations(page) {
  // The page's own policy forbids scripts that are not its own; the debugger's way in is not bound by it.
  await page.evaluate(AXE);
  // Nobody reads what passes, and a long table has thousands of cells that do.
  const result = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  return result.violations.map((found) => `${found.id}: ${found.nodes.slice(0, 3).map((node) => node.target.join(" ")).join(", ")}`);
}

withBrowser();

for (const [name, settings] of Object.entries(SETTINGS)) {
  describe(`in ${name}`, () => {
    for (const path of DASHBOARDS) {
      it(`${path} has no accessibility violation`, async () => {
        await open(path, settings, async (page) => {
          for (const tab of await tabs(page)) {
            await turnTo(page, tab);
            assert.deepEqual(await violations(page), [], `#${tab}`);
          }
        });
      });
    }
  });
}

describe("the accessibility tree", () => {
  for (const path of DASHBOARDS) {
    it(`of ${path} names every chart, with its summary, and every table's columns`, async () => {
      await open(path, {}, async (page) => {
        for (const tab of await tabs(page)) {
          await turnTo(page, tab);
          for (const card of await page.locator(`#${tab} .chart-card:has(.chart)`).all()) {
            const title = (await card.locator("h3").textContent()).trim();
            const tree = await card.ariaSnapshot();
            assert.ok(tree.includes(`heading "${title}" [level=3]`), tree);
            assert.match(tree, /figure "/);
            assert.match(tree, /application "[^"]+, chart\. Use arrow keys/);
            assert.match(tree, /button "View as table"/);
            assert.ok((await card.locator(".summary").textContent()).trim().length > 10, title);
          }
          for (const table of await page.locator(`#${tab} .card.table table`).all()) {
            const tree = await table.ariaSnapshot();
            assert.match(tree, /^- table "/);
            assert.match(tree, /columnheader "/);
            assert.match(tree, /rowheader "/);
          }
        }
      });
    });
  }
});

it("has no violation with a table, a menu, a filter and the panel about a figure open", async () => {
  await open("/executive", {}, async (page) => {
    await page.locator(".chart-card [data-table]").first().click();
    await page.locator(".chart-card details.export summary").first().click();
    assert.deepEqual(await violations(page), []);
    await page.locator("#filters details.filter summary").nth(1).click();
    assert.deepEqual(await violations(page), []);
    await page.locator(".chart-card [data-about]").first().click();
    assert.deepEqual(await violations(page), []);
  });
});

it("has no violation where a number is explained, nor where there is no page", async () => {
  await open("/executive", {}, async (page) => {
    const address = await page.locator('a[href^="/explain/"]').first().getAttribute("href");
    for (const path of [address, "/no-such-page"]) {
      await page.goto(new URL(path, page.url()).href);
      await page.waitForFunction(() => document.documentElement.classList.contains("ready"));
      assert.equal(await page.locator("h1").count(), 1, path);
      assert.deepEqual(await violations(page), [], path);
    }
  });
});

it("would notice a control without a name and text too pale to read", async () => {
  await open("/executive", {}, async (page) => {
    await page.evaluate(() => {
      document.querySelector(".kpi h3").style.color = "#CBD5E1";
      document.querySelector("#theme").removeAttribute("aria-label");
      document.querySelector("#theme").textContent = "";
    });
    const found = (await violations(page)).join("\n");
    assert.match(found, /color-contrast/);
    assert.match(found, /button-name/);
  });
});
