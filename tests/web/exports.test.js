// Every export says what the screen says: same rows, same order, same amounts to the last digit.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { strFromU8, unzipSync } from "fflate";
import { BASE, DASHBOARDS, open, settled, withBrowser } from "./browser.js";
import { csv, png, xlsx } from "./sheets.js";

const FIGURES = ["usd", "usd_unit", "percent", "integer", "number"];
const DAYS = ["day", "week", "month"];
const FILTER = "platform=cursor";

withBrowser();

async function get(address) {
  const answer = await fetch(new URL(address, BASE));
  assert.equal(answer.status, 200, address);
  return { bytes: new Uint8Array(await answer.arrayBuffer()), type: answer.headers.get("content-type"), name: answer.headers.get("content-disposition") ?? "" };
}

const json = async (address) => JSON.parse(strFromU8((await get(address)).bytes));

/** `/export/exec/top-users.csv?…` → `/api/v1/cards/exec/top-users?…` */
function cardAddress(address) {
  const url = new URL(address, BASE);
  return url.pathname.replace(/^\/export\//, "/api/v1/cards/").replace(/\.\w+$/, "") + url.search;
}

/** A decimal without the zeros that say nothing. */
const plain = (text) => (/^-?\d+\.\d+$/.test(text) ? text.replace(/\.?0+$/, "") : text);

/** What a cell of a CSV has to hold for a value of the card. */
function written(value, type) {
  if (value === null || value === undefined) return "";
  const text = String(value);
  return !FIGURES.includes(type) && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

/** Where each column of the card stands in a file, by its name or its label. */
function places(head, columns, what) {
  return columns.map((column) => {
    const at = head.findIndex((title) => title === column.name || title === column.label);
    assert.ok(at >= 0 || column.hidden, `${what}: no column ${column.name}`);
    return at;
  });
}

export function compareCsv(text, card) {
  const [head, ...rows] = csv(text);
  const at = places(head, card.columns, card.id);
  if (rows.length === card.rows.length + 1) assert.match(rows.pop().join(), /Total/, `${card.id}: a row too many`);
  assert.equal(rows.length, card.rows.length, `${card.id}: rows`);
  card.rows.forEach((row, number) => card.columns.forEach((column, index) => {
    if (at[index] < 0) return;
    assert.equal(plain(rows[number][at[index]]), plain(written(row[index], column.type)), `${card.id}: row ${number + 1}, ${column.name}`);
  }));
}

function serial(iso) {
  return (Date.parse(`${iso}T00:00:00Z`) - Date.UTC(1899, 11, 30)) / 864e5;
}

export function compareSheet(sheet, card) {
  // Words about the card may stand above its head.
  const start = sheet.rows.findIndex((row) => row.some((cell) => [card.columns[0].name, card.columns[0].label].includes(cell?.value)));
  assert.ok(start >= 0, `${card.id}: no head in the sheet`);
  const at = places(sheet.rows[start].map((cell) => cell?.value), card.columns, card.id);
  const rows = sheet.rows.slice(start + 1).filter((row) => row.some(Boolean));
  // A file has no cells for a row without a value.
  const wanted = card.rows.filter((row) => row.some((value, index) => at[index] >= 0 && value !== null));
  assert.ok(rows.length === wanted.length || (rows.length === wanted.length + 1 && rows[rows.length - 1].some((cell) => cell?.value === "Total")), `${card.id}: ${rows.length} rows for ${wanted.length}`);
  assert.ok(sheet.frozen, `${card.id}: the head is not frozen`);
  wanted.forEach((row, number) => card.columns.forEach((column, index) => {
    if (at[index] < 0) return;
    const cell = rows[number][at[index]];
    const where = `${card.id}: row ${number + 1}, ${column.name}`;
    if (row[index] === null) assert.ok(!cell || cell.value === "", `${where}: ${cell?.value} for nothing`);
    else if (FIGURES.includes(column.type)) {
      assert.equal(cell?.type, "number", `${where} is no number`);
      assert.ok(Math.abs(cell.value - Number(row[index])) <= 1e-9 * Math.max(1, Math.abs(Number(row[index]))), `${where}: ${cell.value} for ${row[index]}`);
    } else if (DAYS.includes(column.type)) assert.ok(cell.value === row[index] || cell.value === serial(row[index]), `${where}: ${cell.value} for ${row[index]}`);
    else assert.ok([String(row[index]), `'${row[index]}`].includes(String(cell?.value ?? "")) || column.type === "platform", `${where}: ${cell?.value} for ${row[index]}`);
  }));
}

/** A picture that the server drew: two pixels for one, ink where the chart is, and the card's words. */
export function comparePicture(bytes, card) {
  const picture = png(bytes);
  assert.equal(picture.width, 1920, card.id);
  assert.ok(picture.height >= 1192 && picture.height < 1600, `${card.id}: ${picture.height} rows`);
  assert.ok(picture.drawn > (card.rows.length ? 5_000 : 1_000) && picture.footer > 100, `${card.id}: ${JSON.stringify(picture)}`);
  for (const words of [card.title, card.summary, "Data through", "Simulated data"]) assert.ok(picture.words.includes(words), `${card.id}: ${picture.words} without ${words}`);
}

const PLATFORMS = { claude_code: "Claude Code", claude_ai: "Claude.ai", claude_api: "Claude API", cursor: "Cursor", unattributed: "Unattributed", total: "Total" };

/** What the page shows of each table: heads, and each cell's words and exact value. */
function tables(page) {
  return page.$$eval(".card[data-card] .twin table", (all) => all.map((table) => ({
    id: table.closest(".card").dataset.card,
    heads: [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim()),
    rows: [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => ({ text: cell.textContent.replace(/\?$/, "").trim(), raw: cell.dataset.raw ?? "" }))),
  })));
}

/** The words of an amount say its value, as far as they go. */
function compareWords({ text, raw }, type, where) {
  if (raw === "" || !["usd", "usd_unit"].includes(type)) return;
  const said = Number(text.replace(/[$,]/g, ""));
  const half = type === "usd_unit" ? 0.0005 : Math.abs(Number(raw)) >= 99.995 ? 0.5 : 0.005;
  assert.ok(Math.abs(said - Number(raw)) <= half + 1e-9, `${where}: the screen says ${text} for ${raw}`);
}

/** Compares a rendered table with the rows of a file. `cells` are rows as objects by column, all texts. Says how many cells. */
export function compareScreen(table, card, cells, same) {
  const seen = card.columns.filter((column) => !column.hidden);
  let compared = 0;
  const check = (shown, value, column, where) => {
    assert.ok(same(shown.raw, value), `${where}: the screen has ${shown.raw}, the file ${value}`);
    compareWords(shown, column.type, where);
    compared += 1;
  };
  if (table.heads.length === seen.length && table.heads.every((head, at) => head === seen[at].label)) {
    assert.ok(table.rows.length === Math.min(300, cells.length), `${card.id}: ${table.rows.length} rows on the screen, ${cells.length} in the file`);
    table.rows.forEach((row, number) => row.forEach((shown, at) => check(shown, cells[number][seen[at].name], seen[at], `${card.id}: row ${number + 1}, ${seen[at].name}`)));
    return compared;
  }
  const { x, y: [y], series } = card.chart;
  const column = card.columns.find((one) => one.name === y);
  const labels = new Map();
  for (const cell of cells) labels.set(PLATFORMS[cell[series]] ?? cell[series], cell[series]);
  for (const row of table.rows) {
    row.slice(1).forEach((shown, at) => {
      const head = table.heads[at + 1];
      const of = cells.filter((cell) => cell[x] === row[0].raw && cell[series] === labels.get(head));
      const where = `${card.id}: ${row[0].raw}, ${head}`;
      if (labels.has(head)) check(shown, of[0]?.[y] ?? "", column, where);
      else {
        assert.equal(head, "Total", where);
        const sum = cells.filter((cell) => cell[x] === row[0].raw).reduce((sum, cell) => sum + Number(cell[y]), 0);
        assert.ok(Math.abs(sum - Number(shown.raw)) < 1e-6, `${where}: ${shown.raw} for ${sum}`);
      }
    });
  }
  // No row of the file is left out of the screen.
  assert.ok(compared >= cells.length, `${card.id}: ${compared} of ${cells.length} cells on the screen`);
  return compared;
}

/** Rows of a card as objects of texts, whatever kind of file they come from. */
const READ = {
  CSV(bytes) {
    const [head, ...rows] = csv(strFromU8(bytes));
    assert.equal(head[head.length - 1], "simulated_data");
    for (const row of rows) assert.equal(row[row.length - 1], "yes");
    return rows.map((row) => Object.fromEntries(head.map((name, at) => [name, row[at].replace(/^'(?=[=+\-@\t\r])/, "")])));
  },
  JSON(bytes) {
    const card = JSON.parse(strFromU8(bytes));
    assert.equal(card.simulated, true);
    return card.rows.map((row) => Object.fromEntries(card.columns.map((column, at) => [column.name, row[at] === null ? "" : String(row[at])])));
  },
  XLSX(bytes, card) {
    const [about, sheet] = xlsx(bytes);
    assert.ok(about.rows.some((row) => row.some((cell) => /^Simulated data/.test(cell?.value ?? ""))), `${card.id}: no label`);
    const text = (cell, column) => {
      if (!cell || cell.value === "") return "";
      if (!DAYS.includes(column.type) || cell.type !== "number") return String(cell.value).replace(/^'(?=[=+\-@\t\r])/, "");
      return new Date(Date.UTC(1899, 11, 30) + cell.value * 864e5).toISOString().slice(0, 10);
    };
    const rows = sheet.rows.slice(1, 1 + card.rows.length);
    return rows.map((row) => Object.fromEntries(card.columns.map((column, at) => [column.name, text(row[at], column)])));
  },
};

/** Floats of a spreadsheet are as near as floats come; platforms have their label there. */
const SAME = {
  CSV: (shown, file) => plain(shown) === plain(file),
  JSON: (shown, file) => plain(shown) === plain(file),
  XLSX: (shown, file) => plain(shown) === plain(file) || (PLATFORMS[shown] ?? shown) === file || (shown !== "" && file !== "" && Math.abs(Number(shown) - Number(file)) <= 1e-9 * Math.max(1, Math.abs(Number(shown)))),
};

async function links(path) {
  return open(path, { javaScriptEnabled: false }, (page) => page.$$eval("a[data-format]", (all) => all.map((link) => [link.dataset.format, link.getAttribute("href")])));
}

for (const path of DASHBOARDS) {
  describe(path, () => {
    for (const query of ["", `?${FILTER}`]) {
      it(`every card's CSV, XLSX, JSON and PNG are the card${query && ", filtered"}`, async () => {
        const all = await links(path + query);
        assert.ok(all.length > 6, `${all.length} links`);
        const pictures = new Map();
        for (const [format, address] of all) {
          if (query) assert.ok(address.includes(FILTER), `${address} forgets the filter`);
          const card = await json(cardAddress(address));
          const file = await get(address);
          assert.match(file.name, /filename="?ai-usage_simulated_[\w.-]+_\d{4}-\d\d-\d\d_\d{4}-\d\d-\d\d\.\w+"?/, address);
          if (format === "CSV") compareCsv(strFromU8(file.bytes), card);
          else if (format === "JSON") assert.deepEqual(JSON.parse(strFromU8(file.bytes)).rows, card.rows, address);
          else if (format === "PNG") {
            assert.equal(file.type, "image/png", address);
            comparePicture(file.bytes, card);
            const same = pictures.get(Buffer.from(file.bytes).toString("base64"));
            assert.equal(same, undefined, `${card.id} has the picture of ${same}`);
            pictures.set(Buffer.from(file.bytes).toString("base64"), card.id);
          } else if (format === "XLSX") {
            const sheets = xlsx(file.bytes);
            assert.equal(sheets[0].name, "About", address);
            compareSheet(sheets[1], card);
          }
        }
        assert.ok(pictures.size > 2, `${pictures.size} pictures`);
      });
    }

    for (const query of ["", `?${FILTER}`]) {
      it(`every table on the screen is what its files hold${query && ", filtered"}`, async () => {
        await open(path + query, { javaScriptEnabled: false }, async (page) => {
          const all = await tables(page);
          assert.ok(all.length > 4, `${all.length} tables`);
          const files = await page.$$eval("a[data-format]", (links) => links.map((link) => [link.closest(".card")?.dataset.card, link.dataset.format, link.getAttribute("href")]));
          let compared = 0;
          for (const table of all) {
            for (const format of ["CSV", "XLSX", "JSON"]) {
              const file = files.find(([id, kind]) => id === table.id && kind === format);
              assert.ok(file, `${table.id} has no ${format}`);
              const card = await json(cardAddress(file[2]));
              const cells = READ[format]((await get(file[2])).bytes, card);
              assert.equal(cells.length, card.rows.length, `${table.id} as ${format}`);
              compared += compareScreen(table, card, cells, SAME[format]);
            }
          }
          assert.ok(compared > 100, `${compared} cells`);
        });
      });
    }

    it("the whole dashboard's files open and hold its cards", async () => {
      const group = await open(path, { javaScriptEnabled: false }, (page) => page.$$eval(".page-menu a[download]", (all) => all.map((link) => link.getAttribute("href"))));
      const ids = [...new Set((await links(path)).map(([, address]) => new URL(address, BASE).pathname.replace(/^\/export\/|\.\w+$/g, "")))];
      const of = (ending) => group.find((address) => new URL(address, BASE).pathname.endsWith(ending));
      const parts = unzipSync((await get(of(".zip"))).bytes);
      for (const id of ids) {
        const name = Object.keys(parts).find((name) => name.includes(`ai-usage_simulated_${id.replace("/", "_")}_`));
        if (!name) { assert.equal((await json(`/api/v1/cards/${id}`)).rows.length, 0, `${id} is not in the zip`); continue; }
        compareCsv(strFromU8(parts[name]), await json(`/api/v1/cards/${id}`));
      }
      assert.match(strFromU8(parts["about.txt"]), /^Simulated data/);
      const sheets = xlsx((await get(of(".xlsx"))).bytes);
      assert.equal(sheets[0].name, "About");
      assert.equal(sheets[0].rows[0][0].value, "Simulated data");
      const whole = await json(of(".json"));
      assert.equal(whole.simulated, true);
      assert.ok(whole.cards.length > 4 && sheets.length === whole.cards.length + 1, `${sheets.length} sheets, ${whole.cards.length} cards`);
      whole.cards.forEach((card, at) => { if (card.rows.length) compareSheet(sheets[at + 1], card); });
    });

    it("the browser's pictures are drawn, with a footer and words", async () => {
      await open(path, {}, async (page, faults) => {
        for (const tab of await page.$$eval(".panel", (panels) => panels.map((panel) => panel.id))) {
          const link = page.locator(`.tabs a[data-tab="${tab}"]`);
          if (await link.count()) await link.click();
          await settled(page);
          const card = page.locator(`#${tab} .chart-card`).first();
          if (!await card.count() || !await card.locator(".chart").count()) continue;
          await card.locator("details.export summary").click();
          const [download] = await Promise.all([page.waitForEvent("download"), card.locator('[data-format="PNG"]').click()]);
          assert.match(download.suggestedFilename(), /^ai-usage_simulated_[\w-]+_\d{4}-\d\d-\d\d_\d{4}-\d\d-\d\d\.png$/);
          const picture = png(await readFile(await download.path()));
          assert.equal(picture.width, 1920);
          assert.ok(picture.drawn > 5_000 && picture.footer > 100, JSON.stringify(picture));
          assert.ok(picture.words.includes((await card.locator("h3").textContent()).trim()));
          assert.match(picture.words, /Data through/);
        }
        assert.deepEqual(faults, []);
        assert.deepEqual(await page.evaluate(() => window.violations), []);
      });
    });
  });
}

describe("the comparison", () => {
  const card = { id: "x/y", columns: [{ name: "who", label: "Who", type: "text" }, { name: "usd", label: "USD", type: "usd" }], rows: [["=1+1", "10.50"], ["Ana", null]] };
  it("takes what is right", () => compareCsv("who,usd\r\n'=1+1,10.5\r\n\"Ana\",\r\n", card));
  it("would notice a formula let through", () => assert.throws(() => compareCsv("who,usd\r\n=1+1,10.50\r\nAna,\r\n", card)));
  it("would notice a cent", () => assert.throws(() => compareCsv("who,usd\r\n'=1+1,10.51\r\nAna,\r\n", card)));
  it("would notice a row too few and a zero for nothing", () => {
    assert.throws(() => compareCsv("who,usd\r\n'=1+1,10.50\r\n", card));
    assert.throws(() => compareCsv("who,usd\r\n'=1+1,10.50\r\nAna,0\r\n", card));
  });
  it("would notice a cell, a row or a word that the screen has otherwise", () => {
    const shown = (raw, text = raw) => ({ raw, text });
    const table = (usd, text) => ({ id: "x/y", heads: ["Who", "USD"], rows: [[shown("=1+1"), shown(usd, text)], [shown("Ana"), shown("", "n/a")]] });
    const cells = [{ who: "=1+1", usd: "10.5" }, { who: "Ana", usd: "" }];
    assert.equal(compareScreen(table("10.50", "$10.50"), card, cells, SAME.CSV), 4);
    assert.throws(() => compareScreen(table("10.51", "$10.51"), card, cells, SAME.CSV));
    assert.throws(() => compareScreen(table("10.50", "$10.51"), card, cells, SAME.CSV));
    assert.throws(() => compareScreen(table("10.50", "$10.50"), card, cells.slice(1), SAME.CSV));
    const chart = { id: "x/z", chart: { x: "month", y: ["usd"], series: "who" }, columns: [{ name: "month", label: "Month" }, { name: "who", label: "Who" }, { name: "usd", label: "USD", type: "usd" }] };
    const wide = { heads: ["Month", "Cursor"], rows: [[shown("2026-10-01"), shown("3", "$3.00")]] };
    const long = [{ month: "2026-10-01", who: "cursor", usd: "3" }];
    assert.equal(compareScreen(wide, chart, long, SAME.CSV), 1);
    assert.throws(() => compareScreen(wide, chart, [...long, { month: "2026-09-01", who: "cursor", usd: "4" }], SAME.CSV));
  });
  it("would notice text where a number should be", () => {
    const cell = (type, value) => ({ type, value });
    const head = [cell("text", "who"), cell("text", "usd")];
    compareSheet({ frozen: true, rows: [head, [cell("text", "'=1+1"), cell("number", 10.5)], [cell("text", "Ana")]] }, card);
    assert.throws(() => compareSheet({ frozen: true, rows: [head, [cell("text", "=1+1"), cell("text", "10.50")], [cell("text", "Ana")]] }, card));
  });
});
