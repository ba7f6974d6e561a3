// The same charts without a browser: an SVG as text, for whoever runs this in an engine without a document.

import { init } from "./vendor/echarts.js";
import { option } from "./chart.js";

export function renderSvg(answer, { width = 896, height = 420, theme = "light" } = {}) {
  const chart = init(null, null, { renderer: "svg", ssr: true, width, height });
  chart.setOption(option(answer, { theme, width, height, motion: false }));
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
