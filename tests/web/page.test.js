// The pages as they are used: filters and links by address, tabs, policy, no script, zoom, forced colours, newer data.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BASE, DASHBOARDS, open, settled, tabs, turnTo, withBrowser } from "./browser.js";

withBrowser();

/** What is chosen, as the form says it. */
function chosen(page) {
  return page.$$eval("#filters input:checked", (inputs) => inputs.filter((input) => input.name !== "range").map((input) => `${input.name}=${input.value}`));
}

function answers(page) {
  return page.$$eval(".chart-card script[type='application/json']", (blocks) => blocks.map((block) => JSON.parse(block.textContent)));
}

describe("filters", () => {
  it("apply at once, are in the address, in words and in every chart, and the address gives the same page", async () => {
    await open("/executive", {}, async (page, faults) => {
      await page.locator("#f-platform summary").click();
      const box = page.locator("#f-platform input").first();
      const value = await box.getAttribute("value");
      await box.check();
      await page.waitForURL((url) => url.searchParams.getAll("platform").includes(value));
      await settled(page);
      assert.deepEqual(await chosen(page), [`platform=${value}`]);
      assert.match(await page.locator("#status").textContent(), /^\d+ rows, /);
      assert.equal(await page.evaluate(() => document.activeElement.name), "platform", "the focus stays where it was");
      let split = 0;
      for (const answer of await answers(page)) {
        const at = answer.columns.findIndex((column) => column.name === "platform");
        if (at < 0) continue;
        split += 1;
        assert.deepEqual(answer.rows.map((row) => row[at]).filter((key) => ![value, "total"].includes(key)), [], `${answer.id} shows other platforms`);
      }
      assert.ok(split > 0, "no chart by platform");
      const before = await page.locator("#main").innerText();
      await page.reload();
      await settled(page);
      assert.equal((await page.locator("#main h1, #main .range, #main .summary").allInnerTexts()).join("\n").length > 0, true);
      await page.locator("#f-platform summary").click();
      assert.equal(await page.locator("#main").innerText(), before);
      await page.goBack();
      await page.waitForFunction(() => !location.search && !document.querySelector("#f-platform input:checked"));
      assert.deepEqual(await chosen(page), []);
      assert.deepEqual(faults, []);
    });
  });

  it("take own days, and Reset returns to the defaults", async () => {
    await open("/executive", {}, async (page) => {
      await page.locator("#f-range summary").click();
      await page.locator("#f-from").fill("2026-09-01");
      await page.locator("#f-to").fill("2026-09-30");
      await page.locator("#f-range .apply").click();
      await page.waitForURL((url) => url.searchParams.get("range") === "2026-09-01~2026-09-30");
      await page.locator(".reset").click();
      await page.waitForURL((url) => url.search === "");
    });
  });

  it("work without script", async () => {
    await open("/executive", { javaScriptEnabled: false }, async (page) => {
      await page.locator("#f-platform summary").click();
      const box = page.locator("#f-platform input").first();
      const value = await box.getAttribute("value");
      await box.check();
      await Promise.all([page.waitForNavigation(), page.locator("#f-platform .apply").click()]);
      assert.deepEqual(await chosen(page), [`platform=${value}`]);
    });
  });

  it("say in the page what is wrong with a value nobody knows", async () => {
    const answer = await fetch(`${BASE}/executive?platform=nonsense`);
    const text = await answer.text();
    assert.ok(answer.status === 400 || /class="field-error"/.test(text), `${answer.status} without a word about it`);
  });
});

describe("links", () => {
  for (const path of DASHBOARDS) {
    it(`from ${path} lead to pages that show what was asked`, async () => {
      await open(path, {}, async (page) => {
        const links = await page.$$eval(".panel td a, .panel th a", (links) => links.map((link) => link.href));
        assert.ok(links.length > 0, `no figure of ${path} leads anywhere`);
        const kinds = new Map();
        for (const link of links) {
          const url = new URL(link);
          const kind = `${url.pathname} ${[...url.searchParams.keys()].sort()}`;
          // Of explanations one for each card and column, of filtered pages one for each set of filters.
          kinds.set(url.pathname.startsWith("/explain/") ? `${url.pathname} ${url.searchParams.get("column")}` : kind, url);
        }
        const all = [...kinds.values()];
        const drills = all.filter((url) => DASHBOARDS.includes(url.pathname));
        const explained = all.filter((url) => url.pathname.startsWith("/explain/"));
        assert.equal(drills.length + explained.length, all.length, "a link leads elsewhere");
        assert.ok(drills.length > 0, `no figure of ${path} leads to another page`);
        assert.ok(explained.length > 2, `${explained.length} figures of ${path} are explained`);
        for (const url of drills) {
          await page.goto(url.href);
          await page.waitForFunction(() => document.documentElement.classList.contains("ready"));
          const wanted = [...url.searchParams].filter(([name]) => ["team", "user", "platform", "model"].includes(name)).map(([name, value]) => `${name}=${value}`);
          const got = await chosen(page);
          for (const one of wanted) assert.ok(got.includes(one), `${url.href} does not show ${one}`);
        }
        for (const url of explained.slice(0, 6)) {
          const answer = await page.goto(url.href);
          assert.equal(answer.status(), 200, url.href);
          assert.match(await page.locator("h1").innerText(), /^Explain: /);
          assert.ok(await page.locator(".step").count() > 0, url.href);
        }
      });
    });
  }

  it("that explain a figure which leads elsewhere show in the row under the pointer or the focus, and always on touch", async () => {
    const shown = (mark) => mark.evaluate((link) => getComputedStyle(link).opacity === "1");
    const two = (page) => [0, 1].map((row) => page.locator("#alloc-heatmap tbody tr").nth(row).locator(".why").first());
    await open("/allocation", {}, async (page) => {
      const [first, second] = two(page);
      assert.deepEqual([await shown(first), await shown(second)], [false, false]);
      await page.locator("#alloc-heatmap tbody tr").first().hover();
      assert.deepEqual([await shown(first), await shown(second)], [true, false]);
      await second.focus();
      assert.equal(await shown(second), true);
    });
    await open("/allocation", { hasTouch: true, isMobile: true }, async (page) => {
      for (const mark of two(page)) assert.equal(await shown(mark), true);
    });
  });

  it("from a figure through its rows lead to the vendor's answer, whose hash is that of the file", async () => {
    const { createHash } = await import("node:crypto");
    await open("/allocation", {}, async (page, faults) => {
      const link = page.locator(".panel:not([hidden]) a.explain").first();
      const shown = (await link.textContent()).trim();
      await Promise.all([page.waitForURL("**/explain/**"), link.click()]);
      assert.match(shown, /\$/);
      for (const step of ["The rows", "The rule that decided", "The ledger", "What the vendor answered", "Beside it"]) {
        assert.equal(await page.getByRole("heading", { name: step, exact: true }).count(), 1, step);
      }
      await Promise.all([page.waitForURL("**/document/**"), page.locator('a[href^="/document/"]').first().click()]);
      const hash = new URL(page.url()).pathname.split("/").pop();
      assert.ok((await page.locator("#main").innerText()).includes(hash));
      const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download the file" }).click()]);
      const { readFile } = await import("node:fs/promises");
      assert.equal(createHash("sha256").update(await readFile(await download.path())).digest("hex"), hash);
      assert.deepEqual(faults, []);
      assert.deepEqual(await page.evaluate(() => window.violations), []);
    });
  });
});

describe("tabs", () => {
  for (const path of DASHBOARDS) {
    it(`of ${path} are addresses of their own`, async () => {
      await open(path, {}, async (page) => {
        const all = await tabs(page);
        for (const tab of all) {
          await turnTo(page, tab);
          const shown = await page.$$eval(".panel", (panels) => panels.filter((panel) => panel.checkVisibility()).map((panel) => panel.id));
          assert.deepEqual(shown, [tab]);
        }
        const last = all[all.length - 1];
        await page.goto(`${BASE}${path}#${last}`);
        await page.reload();
        await settled(page);
        assert.equal(await page.locator(`#${last}`).isVisible(), true);
        assert.equal(await page.evaluate(() => scrollY), 0);
      });
    });
  }
});

describe("policy", () => {
  for (const path of DASHBOARDS) {
    it(`${path} breaks none of its own rules, logs nothing and asks nobody else`, async () => {
      await open(path, {}, async (page, faults) => {
        for (const tab of await tabs(page)) await turnTo(page, tab);
        const chart = page.locator(".panel:not([hidden]) .chart").first();
        if (await chart.count()) await chart.hover();
        await page.keyboard.press("?");
        await page.keyboard.press("Escape");
        assert.deepEqual(await page.evaluate(() => window.violations), []);
        assert.deepEqual(faults, []);
      });
    });
  }

  it("is strict", async () => {
    const headers = (await fetch(`${BASE}/executive`)).headers;
    const policy = headers.get("content-security-policy") ?? "";
    assert.match(policy, /default-src 'self'/);
    assert.doesNotMatch(policy, /unsafe|\*|https?:|data:/);
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.ok(headers.get("referrer-policy"));
  });

  it("would be seen to be broken", async () => {
    await open("/executive", {}, async (page, faults) => {
      await page.evaluate(() => {
        document.querySelector("#status").innerHTML = '<span style="color: blue">planted</span>';
        const foreign = document.createElement("script");
        foreign.src = "http://127.0.0.2:9/planted.js";
        document.body.append(foreign);
      });
      await page.waitForTimeout(300);
      const violations = (await page.evaluate(() => window.violations)).join("\n");
      assert.match(violations, /style-src/);
      assert.match(violations, /script-src/);
      assert.ok(faults.length > 0);
    });
  });
});

describe("without script", () => {
  for (const path of DASHBOARDS) {
    it(`${path} says everything: sentence, figures, summaries, tables`, async () => {
      await open(path, { javaScriptEnabled: false }, async (page, faults) => {
        assert.equal(await page.locator("h1").count(), 1);
        assert.ok((await page.locator(".sentence").first().innerText()).length > 20);
        for (const selector of [".panel", ".kpi .value", ".summary", "table"]) {
          for (const one of await page.locator(selector).all()) assert.equal(await one.isVisible(), true, selector);
        }
        assert.equal(await page.locator(".chart:visible").count(), 0);
        assert.equal(await page.locator("button:visible:not([type=submit])").count(), 0, "a button that would do nothing");
        const charts = await page.locator(".chart-card figure").count();
        assert.equal(await page.locator(".chart-card table").count(), charts, "each chart has its table");
        assert.deepEqual(faults, []);
      });
    });
  }
});

describe("at other sizes and in other colours", () => {
  for (const [name, settings] of Object.entries({
    "320 px": { viewport: { width: 320, height: 800 } },
    "768 px": { viewport: { width: 768, height: 1024 } },
    "200 % zoom": { viewport: { width: 720, height: 450 }, deviceScaleFactor: 2 },
  })) {
    for (const path of DASHBOARDS) {
      it(`${path} at ${name} does not scroll sideways or cut its words`, async () => {
        await open(path, settings, async (page) => {
          for (const tab of await tabs(page)) {
            await turnTo(page, tab);
            assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `#${tab} scrolls sideways`);
            assert.deepEqual(await cut(page), [], `#${tab}`);
          }
        });
      });
    }
  }

  it("keeps its words with the text spacing of WCAG 1.4.12", async () => {
    await open("/executive", { bypassCSP: true }, async (page) => {
      await page.addStyleTag({ content: "* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important } p { margin-bottom: 2em !important }" });
      assert.deepEqual(await cut(page), []);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    });
  });

  it("would be seen to scroll sideways", async () => {
    await open("/executive", { viewport: { width: 320, height: 800 } }, async (page) => {
      await page.evaluate(() => { document.querySelector("h1").style.width = "480px"; });
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth));
    });
  });

  it("draws with the system's colours where they are forced", async () => {
    await open("/executive", { forcedColors: "active" }, async (page) => {
      for (const drawing of await page.locator(".panel:not([hidden]) .drawing").all()) {
        const svg = await drawing.innerHTML();
        assert.match(svg, /CanvasText/);
        assert.doesNotMatch(svg, /(?:fill|stroke)="#(?!000|fff)/i);
      }
    });
  });

  it("follows the theme that is chosen, and keeps it", async () => {
    await open("/executive", { colorScheme: "light" }, async (page) => {
      const ground = () => page.evaluate(() => getComputedStyle(document.querySelector(".card.kpi")).backgroundColor);
      const light = await ground();
      await page.locator("#theme").click();
      await page.locator("#theme").click();
      assert.match(await page.locator("#theme").getAttribute("aria-label"), /dark/);
      const dark = await ground();
      assert.notEqual(dark, light);
      assert.match(await page.locator(".drawing").first().innerHTML(), /#E2E8F0/i);
      await page.reload();
      await settled(page);
      assert.equal(await ground(), dark);
    });
  });
});

/** Words that do not fit into their place. */
function cut(page) {
  return page.$$eval(".panel:not([hidden]) :is(.sentence, .value, .word, .compare, .summary, figcaption, h3, .tools)", (all) => all
    .filter((one) => one.checkVisibility() && !one.classList.contains("vh"))
    .filter((one) => {
      const card = one.closest(".card").getBoundingClientRect();
      const box = one.getBoundingClientRect();
      return one.scrollWidth > one.clientWidth + 1 || box.bottom > card.bottom + 1 || box.right > card.right + 1;
    })
    .map((one) => `${one.closest(".card").id}: ${one.className || one.tagName} ${one.textContent.trim().slice(0, 40)}`));
}

it("moves nothing after the first paint", async () => {
  for (const path of DASHBOARDS) {
    await open(path, {}, async (page) => {
      const moved = await page.evaluate(() => new Promise((done) => {
        let sum = 0;
        new PerformanceObserver((list) => { for (const entry of list.getEntries()) sum += entry.value; }).observe({ type: "layout-shift", buffered: true });
        setTimeout(() => done(sum), 300);
      }));
      assert.ok(moved < 0.01, `${path}: ${moved}`);
    });
  }
});

it("offers newer data as a button, and never jumps", async () => {
  await open("/executive", {}, async (page) => {
    await page.route("**/health", (route) => route.fulfill({ json: { data_version: "newer", complete_through_words: "18 Oct 2026" } }));
    await page.evaluate(() => dispatchEvent(new Event("focus")));
    const offer = page.locator("#fresh button");
    await offer.waitFor();
    assert.match(await page.locator("#fresh").innerText(), /New data through 18 Oct 2026/);
    await offer.click();
    await settled(page);
    assert.equal(await page.locator("#fresh button").count(), 0);
  });
});

it("weighs less than 320 kB of script and style", async () => {
  await open("/executive", {}, async (page) => {
    const files = await page.evaluate(() => performance.getEntriesByType("resource").map((entry) => entry.name).filter((name) => /\.(js|css)$/.test(name)));
    const { gzipSync } = await import("node:zlib");
    let bytes = 0;
    for (const file of files) bytes += gzipSync(Buffer.from(await (await fetch(file)).arrayBuffer()), { level: 9 }).length;
    assert.ok(files.length > 8 && bytes < 320_000, `${files.length} files, ${bytes} bytes`);
  });
});
