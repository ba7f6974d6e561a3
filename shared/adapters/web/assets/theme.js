// Runs before the first paint, so that a chosen theme never flashes in the other one. A classic script for that reason.
(() => {
  const root = document.documentElement;
  try {
    const theme = localStorage.getItem("aispend.theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  } catch {
    // A browser may refuse storage. The system's theme is a good answer then.
  }
})();
