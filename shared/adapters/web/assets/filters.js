// Filters: a change is applied at once, without leaving the page, and the address always says what is shown.

/** The address that the form stands for. What is not chosen is left out. */
export function address(form) {
  const data = new FormData(form);
  const query = new URLSearchParams();
  for (const [name, value] of data) {
    if (name === "from" || name === "to" || value === "") continue;
    if (name === "range" && value === "custom") query.append("range", `${data.get("from")}~${data.get("to")}`);
    else query.append(name, value);
  }
  // A tilde belongs to the range's own notation and needs no escape.
  const text = query.toString().replaceAll("%7E", "~");
  return form.getAttribute("action") + (text ? `?${text}` : "") + location.hash;
}

export function filters(form, go) {
  const changed = (event) => {
    // Own days count once both are known, which the button says.
    if (["from", "to"].includes(event.target.name) || event.target.value === "custom") {
      form.querySelector("#f-range-custom").checked = true;
      return;
    }
    if (event.target.type === "search") return;
    go(address(form));
  };
  form.addEventListener("change", changed);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    go(address(form));
  });
  for (const group of form.querySelectorAll(".options")) if (group.children.length > 8) searchable(group);
  const all = form.querySelectorAll("details.filter");
  for (const one of all) {
    one.addEventListener("toggle", () => {
      if (one.open) for (const other of all) if (other !== one) other.open = false;
    });
  }
}

/** Long lists get a field that narrows them. */
function searchable(group) {
  const field = document.createElement("input");
  field.type = "search";
  field.className = "find";
  field.placeholder = "Search";
  field.setAttribute("aria-label", `Search ${group.closest("fieldset").querySelector("legend").textContent}`);
  field.addEventListener("input", () => {
    const wanted = field.value.trim().toLowerCase();
    for (const option of group.children) option.hidden = !option.textContent.toLowerCase().includes(wanted);
  });
  // Enter would send the form with what happens to be chosen.
  field.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  group.before(field);
}
