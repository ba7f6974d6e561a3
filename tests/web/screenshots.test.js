// Pictures of the pages for the guides and for whoever judges the design, made by every run that names a folder for them.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { it } from "node:test";
import { DASHBOARDS, open, SCREENSHOTS, tabs, turnTo, withBrowser } from "./browser.js";

const SETTINGS = {
  "light": { colorScheme: "light" },
  "dark": { colorScheme: "dark" },
  "768": { viewport: { width: 768, height: 1024 } },
  "320": { viewport: { width: 320, height: 800 } },
  "forced": { forcedColors: "active" },
  "plain": { javaScriptEnabled: false },
};

withBrowser();

for (const [name, settings] of Object.entries(SETTINGS)) {
  it(`in ${name}`, { skip: SCREENSHOTS ? false : "AISPEND_SCREENSHOTS names no folder" }, async () => {
    await mkdir(SCREENSHOTS, { recursive: true });
    for (const path of DASHBOARDS) {
      await open(path, { reducedMotion: "reduce", ...settings }, async (page) => {
        for (const tab of name === "plain" ? [""] : await tabs(page)) {
          if (tab) await turnTo(page, tab);
          await page.screenshot({ path: join(SCREENSHOTS, `${path.slice(1)}${tab && `-${tab}`}-${name}.png`), fullPage: true });
        }
      });
    }
  });
}
