(() => {
  "use strict";

  const start = (root) => {
    root.dataset.ready = "";
    const body = root.querySelector("tbody");
    const heads = [...root.querySelectorAll("thead th")];
    const status = root.querySelector("[data-status]");
    const direction = { ascending: "upwards", descending: "downwards" };

    const keyOf = (row, column) => {
      const cell = row.children[column];
      return cell.dataset.key ?? cell.textContent.trim();
    };

    const sort = (column) => {
      const head = heads[column];
      const wanted = head.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
      const sign = wanted === "ascending" ? 1 : -1;
      const numbers = head.dataset.kind === "number";
      const rows = [...body.rows].map((row) => [keyOf(row, column), row]);
      // Array.sort is stable: rows that are equal here keep the order of the sort before.
      rows.sort(([a], [b]) => sign * (numbers ? Number(a) - Number(b) : a.localeCompare(b, "en")));
      body.append(...rows.map(([, row]) => row));
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", wanted);
      status.textContent = `Sorted ${direction[wanted]} by ${head.textContent.trim()}.`;
    };

    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      button.addEventListener("click", () => sort(column));
      head.append(button);
    });
    root.querySelector("[data-hint]").hidden = false;
  };

  document.querySelectorAll("[data-sortable]:not([data-ready])").forEach(start);
})();
