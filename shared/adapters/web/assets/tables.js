// Tables: sorting by the heads of their columns, and changing places with their chart.

const EMPTY = "";

/** Makes a button of every column's head. */
export function sortable(root) {
  for (const head of root.querySelectorAll(".scroll thead th:not([data-sortable])")) {
    head.dataset.sortable = "true";
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent.trim();
    head.replaceChildren(button);
    button.addEventListener("click", () => sort(head));
  }
}

function sort(head) {
  const table = head.closest("table");
  const at = head.cellIndex;
  const numbers = head.classList.contains("right");
  const now = head.getAttribute("aria-sort");
  const direction = now ? (now === "descending" ? "ascending" : "descending") : numbers ? "descending" : "ascending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", direction);
  const body = table.tBodies[0];
  const sign = direction === "ascending" ? 1 : -1;
  const value = (row) => row.cells[at].dataset.raw ?? EMPTY;
  // What has no owner and what has no value stays at the end, whichever way the rest is sorted.
  const owned = (row) => (/^Unattributed$/.test(row.cells[0].textContent.trim()) ? 1 : 0);
  const compare = (a, b) => {
    const [left, right] = [value(a), value(b)];
    if (owned(a) !== owned(b)) return owned(a) - owned(b);
    if (left === EMPTY || right === EMPTY) return (left === EMPTY) - (right === EMPTY);
    return sign * (numbers ? Number(left) - Number(right) : left.localeCompare(right, "en", { numeric: true }));
  };
  body.append(...[...body.rows].sort(compare));
  const status = document.getElementById("status");
  status.textContent = `Sorted by ${head.textContent.trim()}, ${direction}.`;
}

/** Shows the table in the chart's place, or the chart again. */
export function swap(card) {
  const button = card.querySelector("[data-table]");
  const twin = card.querySelector(".twin");
  const chart = card.querySelector(".chart");
  if (!button || !twin || !chart) return;
  const open = button.getAttribute("aria-expanded") !== "true";
  const inside = chart.contains(document.activeElement) || twin.contains(document.activeElement);
  button.setAttribute("aria-expanded", String(open));
  button.textContent = open ? "View as chart" : "View as table";
  twin.classList.toggle("shown", open);
  chart.hidden = open;
  if (inside) (open ? twin.querySelector(".scroll") : chart).focus();
}
