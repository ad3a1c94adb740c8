// Light or dark: as the system says, until the reader chooses.
(() => {
  "use strict";
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const remembered = () => { try { return localStorage.getItem("report-theme"); } catch { return null; } };
  const current = () => root.dataset.theme || (dark.matches ? "dark" : "light");
  const show = () => { button.textContent = current() === "dark" ? "Light theme" : "Dark theme"; };
  const wished = remembered();
  if (wished === "dark" || wished === "light") root.dataset.theme = wished;
  button.addEventListener("click", () => {
    root.dataset.theme = current() === "dark" ? "light" : "dark";
    try { localStorage.setItem("report-theme", root.dataset.theme); } catch { /* a page of its own */ }
    show();
  });
  dark.addEventListener("change", show);
  button.hidden = false;
  show();
})();
