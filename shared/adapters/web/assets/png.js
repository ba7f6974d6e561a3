// A chart as a picture to paste: twice the size, on white, with its title, filters, summary and the day of its data.

import { init } from "./vendor/echarts.js";
import { draw as option } from "./chart.js";

const WIDTH = 960;
const CHART = 420;
const RATIO = 2;
const EDGE = 32;
const FONT = 'Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif';

function wrap(pen, text, width) {
  const lines = [""];
  for (const word of text.split(/\s+/)) {
    const longer = `${lines[lines.length - 1]} ${word}`.trim();
    if (pen.measureText(longer).width <= width || !lines[lines.length - 1]) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** The check sum that every part of a PNG carries. */
function crc(bytes) {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? (sum >>> 1) ^ 0xEDB88320 : sum >>> 1;
  }
  return ~sum >>> 0;
}

/** Writes the words of a picture into it, behind the header, for whoever cannot see it. */
async function described(blob, words) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const body = new TextEncoder().encode(`iTXtDescription\0\0\0\0\0${words}`);
  const part = new DataView(new ArrayBuffer(body.length + 8));
  part.setUint32(0, body.length - 4);
  new Uint8Array(part.buffer).set(body, 4);
  part.setUint32(body.length + 4, crc(body));
  const header = 8 + 25;
  return new Blob([bytes.subarray(0, header), part.buffer, bytes.subarray(header)], { type: "image/png" });
}

/** Draws the picture of one card and gives it as a blob. */
export async function picture(model, { title, filters, summary, footer }) {
  const box = document.createElement("div");
  const width = WIDTH - 2 * EDGE;
  const chart = init(box, null, { renderer: "canvas", width, height: CHART, devicePixelRatio: RATIO });
  chart.setOption({ ...option(model, { theme: "light", width, height: CHART, motion: false }), backgroundColor: "#FFFFFF" });
  const drawing = chart.renderToCanvas({ pixelRatio: RATIO, backgroundColor: "#FFFFFF" });

  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d");
  pen.font = `14px ${FONT}`;
  const lines = wrap(pen, summary, width);
  const below = 112 + lines.length * 20;
  const height = below + CHART + 64;
  canvas.width = WIDTH * RATIO;
  canvas.height = height * RATIO;
  pen.scale(RATIO, RATIO);
  pen.fillStyle = "#FFFFFF";
  pen.fillRect(0, 0, WIDTH, height);
  pen.textBaseline = "alphabetic";
  const write = (text, y, size, color, weight = 400) => {
    pen.font = `${weight} ${size}px ${FONT}`;
    pen.fillStyle = color;
    pen.fillText(text, EDGE, y);
  };
  write(title, 52, 20, "#0F172A", 600);
  write(filters, 76, 14, "#64748B");
  lines.forEach((line, index) => write(line, 108 + index * 20, 14, "#0F172A"));
  pen.drawImage(drawing, EDGE, below, width, CHART);
  write(footer, height - 24, 13, "#64748B");
  chart.dispose();
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
  return described(blob, [title, filters, summary, footer].join("\n"));
}
