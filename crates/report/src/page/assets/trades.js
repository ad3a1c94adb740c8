// The list of trades: sort by any column, filter by text and kind, jump to a trade in the charts.
(() => {
  "use strict";
  const table = document.getElementById("trade-list");
  if (!table) return;
  const body = table.tBodies[0], rows = [...body.rows];
  const text = document.getElementById("trade-text"), kind = document.getElementById("trade-kind");
  const shown = document.getElementById("trades-shown");
  const number = (cell) => cell.dataset.v === undefined ? null : Number(cell.dataset.v);

  const filter = () => {
    const words = text.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const name = row.dataset.name.toLowerCase(), kinds = row.dataset.kinds.split(" ");
      const fits = words.every((word) => name.includes(word)) && (kind.value === "all" || kinds.includes(kind.value));
      row.classList.toggle("hidden", !fits);
      count += fits ? 1 : 0;
    }
    shown.textContent = `${count.toLocaleString("en-US")} of ${rows.length.toLocaleString("en-US")} listed`;
  };

  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    heading.querySelector("button").addEventListener("click", () => {
      const down = heading.getAttribute("aria-sort") === "ascending";
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      const order = (a, b) => {
        const x = number(a.cells[column]), y = number(b.cells[column]);
        if (x !== null && y !== null) return x - y;
        return a.cells[column].textContent.localeCompare(b.cells[column].textContent);
      };
      const sorted = [...rows].sort((a, b) => (down ? order(b, a) : order(a, b)) || Number(a.dataset.place) - Number(b.dataset.place));
      body.append(...sorted);
    });
  });
  text.addEventListener("input", filter);
  kind.addEventListener("change", filter);
  body.addEventListener("click", (event) => {
    const button = event.target.closest("button.time");
    if (!button) return;
    const { from, to } = button.closest("tr").dataset;
    document.dispatchEvent(new CustomEvent("show-times", { detail: { from: Number(from), to: Number(to) } }));
  });
  filter();
})();
