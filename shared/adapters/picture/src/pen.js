// All that the charts ask of a document when there is none: how wide a text is, and a timer that nothing waits for.
const pen = {
  font: "12px sans-serif",
  measureText: (text) => ({
    width: textWidth(String(text), Number(/([\d.]+)px/.exec(pen.font)?.[1] ?? 12), /\b(bold|[6-9]00)\b/.test(pen.font)),
  }),
};
globalThis.document = { createElement: () => ({ getContext: () => pen }) };
globalThis.setTimeout = () => 0;
globalThis.clearTimeout = () => {};
