// Small readers of what is exported: CSV by RFC 4180, XLSX by its parts, PNG by its header.

import { inflateSync } from "node:zlib";
import { strFromU8, unzipSync } from "fflate";

export function csv(text) {
  const rows = [[]];
  let field = "";
  let quoted = false;
  const end = () => { rows[rows.length - 1].push(field); field = ""; };
  const body = text.replace(/^\uFEFF/, "");
  for (let at = 0; at < body.length; at += 1) {
    const letter = body[at];
    if (quoted && letter === '"' && body[at + 1] === '"') { field += '"'; at += 1; }
    else if (letter === '"') quoted = !quoted;
    else if (!quoted && letter === ",") end();
    else if (!quoted && letter === "\n") { end(); rows.push([]); }
    else if (quoted || letter !== "\r") field += letter;
  }
  if (quoted) throw new Error("a quote is never closed");
  if (field || rows[rows.length - 1].length) end();
  else rows.pop();
  return rows;
}

const unescaped = (text) => text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&quot;/g, '"').replace(/&apos;/g, "'").replace(/&#(x?)([0-9a-f]+);/gi, (_, hex, code) => String.fromCodePoint(parseInt(code, hex ? 16 : 10))).replace(/&amp;/g, "&");
const texts = (xml) => unescaped([...xml.matchAll(/<t(?: [^>]*)?>([^]*?)<\/t>/g)].map((match) => match[1]).join(""));

function column(reference) {
  return [...reference.replace(/\d/g, "")].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
}

/** Every sheet of a workbook: its name, whether its head is frozen, and its cells as {type, value}. */
export function xlsx(bytes) {
  const parts = unzipSync(bytes);
  const read = (name) => (parts[name] ? strFromU8(parts[name]) : "");
  const shared = [...read("xl/sharedStrings.xml").matchAll(/<si>([^]*?)<\/si>/g)].map((match) => texts(match[1]));
  const targets = new Map([...read("xl/_rels/workbook.xml.rels").matchAll(/<Relationship [^>]*>/g)].map(([tag]) => [/ Id="([^"]+)"/.exec(tag)[1], / Target="([^"]+)"/.exec(tag)[1]]));
  return [...read("xl/workbook.xml").matchAll(/<sheet [^>]*>/g)].map(([tag]) => {
    const target = targets.get(/r:id="([^"]+)"/.exec(tag)[1]);
    const xml = read(target.startsWith("/") ? target.slice(1) : `xl/${target}`);
    const rows = [...xml.matchAll(/<row[^>]*?(?:\/>|>([^]*?)<\/row>)/g)].map((row) => {
      const cells = [];
      for (const [, attributes, inner = ""] of (row[1] ?? "").matchAll(/<c ([^>]*?)(?:\/>|>([^]*?)<\/c>)/g)) {
        const at = column(/r="([A-Z]+\d+)"/.exec(attributes)[1]);
        const type = /t="(\w+)"/.exec(attributes)?.[1] ?? "n";
        const value = /<v>([^]*?)<\/v>/.exec(inner)?.[1];
        if (type === "s") cells[at] = { type: "text", value: shared[Number(value)] };
        else if (type === "inlineStr") cells[at] = { type: "text", value: texts(inner) };
        else if (type === "str") cells[at] = { type: "text", value: unescaped(value ?? "") };
        else if (value !== undefined) cells[at] = { type: type === "b" ? "flag" : "number", value: Number(value) };
      }
      return cells;
    });
    return { name: unescaped(/ name="([^"]+)"/.exec(tag)[1]), frozen: /<pane [^>]*state="frozen"/.test(xml), rows };
  });
}

/** Size and words of a PNG, and how many of its pixels are not white: all, and in the footer's last 80 rows. */
export function png(bytes) {
  const view = Buffer.from(bytes);
  if (view.subarray(0, 8).toString("latin1") !== "\x89PNG\r\n\x1a\n") throw new Error("not a PNG");
  let words = "";
  const data = [];
  let header;
  for (let at = 8; at < view.length;) {
    const length = view.readUInt32BE(at);
    const name = view.toString("latin1", at + 4, at + 8);
    const body = view.subarray(at + 8, at + 8 + length);
    if (name === "IHDR") header = { width: body.readUInt32BE(0), height: body.readUInt32BE(4), depth: body[8], kind: body[9], interlaced: body[12] };
    if (name === "iTXt" || name === "tEXt") words += body.toString("utf8");
    if (name === "IDAT") data.push(body);
    at += length + 12;
  }
  const { width, height, kind } = header;
  if (header.depth !== 8 || header.interlaced || ![2, 6].includes(kind)) throw new Error(`a PNG of kind ${JSON.stringify(header)}`);
  const size = kind === 6 ? 4 : 3;
  const stride = width * size;
  const raw = inflateSync(Buffer.concat(data));
  const before = Buffer.alloc(stride);
  let drawn = 0;
  let footer = 0;
  for (let row = 0; row < height; row += 1) {
    const filter = raw[row * (stride + 1)];
    const line = raw.subarray(row * (stride + 1) + 1, (row + 1) * (stride + 1));
    for (let at = 0; at < stride; at += 1) {
      const left = at >= size ? line[at - size] : 0;
      const up = before[at];
      const corner = at >= size ? before[at - size] : 0;
      line[at] = (line[at] + [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter]) & 255;
    }
    // The corner of the line above is needed until its own place is reached, so it is kept whole.
    line.copy(before);
    for (let at = 0; at < stride; at += size) {
      if (line[at] > 250 && line[at + 1] > 250 && line[at + 2] > 250) continue;
      drawn += 1;
      if (row >= height - 80) footer += 1;
    }
  }
  return { width, height, drawn, footer, words };
}

function paeth(left, up, corner) {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}
