// Makes a chart readable by keyboard: one stop for Tab, arrows from point to point, each said once in words.

const WAIT_MS = 150;
let timer = 0;

function say(words) {
  clearTimeout(timer);
  timer = setTimeout(() => { document.getElementById("live").textContent = words; }, WAIT_MS);
}

/** The point in words: series, category, value, place. */
export function sentence(model, at) {
  const series = model.series[at.series];
  const point = series.points[at.index];
  const place = `${at.index + 1} of ${series.points.length}`;
  if (model.display === "scatter") return `${point.name ?? ""}, ${series.label}, ${point.text}, ${place}`;
  const name = model.series.length > 1 ? `${series.label}, ` : "";
  return `${name}${model.categories[at.index].label}, ${point ? point.text : "no value"}, ${place}`;
}

/** Where a key leads from here; null where the key means nothing. */
export function step(model, at, key) {
  const points = model.series[at.series]?.points.length ?? 0;
  const count = model.series.length;
  if (!points) return null;
  const next = { ...at };
  if (key === "ArrowRight") next.index = Math.min(points - 1, at.index + 1);
  else if (key === "ArrowLeft") next.index = Math.max(0, at.index - 1);
  else if (key === "Home") next.index = 0;
  else if (key === "End") next.index = points - 1;
  else if (key === "ArrowDown") next.series = (at.series + 1) % count;
  else if (key === "ArrowUp") next.series = (at.series + count - 1) % count;
  else return null;
  next.index = Math.max(0, Math.min(next.index, model.series[next.series].points.length - 1));
  return next;
}

export function reachable(one) {
  const chart = one.card.querySelector(".chart");
  const { model } = one;
  let at = null;

  // The last period of a running month is drawn by a series of its own.
  const target = () => ({ seriesId: `s${at.series}${at.index === model.running && model.display === "line" ? "r" : ""}`, dataIndex: at.index });
  const show = () => {
    if (!one.instance) return;
    // The tooltip marks the series that is read.
    model.current = at.series;
    // Shown anew each time: for another series of the same period the library would keep what it said.
    one.instance.dispatchAction({ type: "hideTip" });
    one.instance.dispatchAction({ type: "downplay" });
    one.instance.dispatchAction({ type: "highlight", ...target() });
    const index = one.instance.getOption().series.findIndex((series) => series.id === target().seriesId);
    one.instance.dispatchAction({ type: "showTip", seriesIndex: index, dataIndex: at.index });
    chart.dataset.point = sentence(model, at);
    say(chart.dataset.point);
  };
  const leave = () => {
    one.instance?.dispatchAction({ type: "downplay" });
    one.instance?.dispatchAction({ type: "hideTip" });
    at = null;
    delete model.current;
    delete chart.dataset.point;
  };

  chart.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      if (at) event.stopPropagation();
      leave();
      return;
    }
    if (event.key === "Enter" && at) {
      const link = model.series[at.series].points[at.index]?.href;
      if (link) location.assign(link);
      else say("Nothing lies behind this point.");
      return;
    }
    const last = model.series[0]?.points.length - 1;
    const first = { series: 0, index: event.key === "ArrowLeft" || event.key === "End" ? last : 0 };
    const next = at ? step(model, at, event.key) : step(model, first, event.key) && first;
    if (!next) return;
    event.preventDefault();
    at = next;
    show();
  });
  chart.addEventListener("blur", leave);

  // The mouse opens the same links. Only a press that hits a point counts.
  chart.addEventListener("pointerdown", () => {
    if (!one.instance || one.listening) return;
    one.listening = true;
    one.instance.on("click", (hit) => {
      const series = /^s(\d+)r?$/.exec(hit.seriesId ?? "");
      const link = series && model.series[Number(series[1])]?.points[hit.dataIndex]?.href;
      if (link) location.assign(link);
    });
  });
}
