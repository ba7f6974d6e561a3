// Asks on focus whether there is newer data, and offers it. Never changes the page by itself.

const QUIET_MS = 5_000;

export function refresh(show) {
  let asked = 0;
  const place = document.getElementById("fresh");
  const ask = async () => {
    if (document.visibilityState !== "visible" || Date.now() - asked < QUIET_MS || !document.body.dataset.version) return;
    asked = Date.now();
    try {
      const health = await (await fetch("/health", { headers: { accept: "application/json" } })).json();
      if (health.data_version && health.data_version !== document.body.dataset.version) offer(health);
    } catch {
      // The server may be gone for a moment. What is on the page stays true for its day.
    }
  };
  const offer = (health) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Show";
    button.addEventListener("click", () => {
      place.replaceChildren();
      document.getElementById("main").focus();
      show(location.href);
    });
    place.replaceChildren(`New data through ${health.complete_through_words ?? "today"}.`, button);
  };
  addEventListener("focus", ask);
  document.addEventListener("visibilitychange", ask);
}
