// The pictures of README and guides: the first screen of each, so that they stay small.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { it } from "node:test";
import { open, SCREENSHOTS, withBrowser } from "./browser.js";

const DESK = { viewport: { width: 1280, height: 900 }, colorScheme: "light", reducedMotion: "reduce" };
const PHONE = { ...DESK, viewport: { width: 320, height: 640 } };

/** Name, address, settings, and what is done before the picture. */
const PICTURES = [
  ["executive", "/executive", { ...DESK, viewport: { width: 1280, height: 970 } }],
  ["cost-allocation", "/allocation", DESK],
  ["productivity", "/productivity", DESK],
  ["platform-roi", "/roi", DESK],
  ["about-this-figure", "/executive", DESK, async (page) => {
    await page.click("#exec-what-changed [data-about]");
    await page.waitForSelector("dialog#about[open]");
  }],
  ["explain", "/explain/exec/total-spend?range=lastmonth", DESK],
  ["executive-320", "/executive", PHONE],
];

withBrowser();

for (const [name, path, settings, prepare] of PICTURES) {
  it(`${name}.png`, { skip: SCREENSHOTS ? false : "AISPEND_SCREENSHOTS names no folder" }, async () => {
    await mkdir(SCREENSHOTS, { recursive: true });
    await open(path, settings, async (page) => {
      await prepare?.(page);
      await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
    });
  });
}
