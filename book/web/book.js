// Boxes that scroll sideways must be reachable by keyboard (WCAG 2.1.1).
document.addEventListener("DOMContentLoaded", () => {
  const reach = () => {
    for (const box of document.querySelectorAll(".bd-article pre, .bd-article table, div.math, mjx-container[display='true']")) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    }
  };
  // The bibliography says role="list"; its entries must say that they are its items.
  for (const entry of document.querySelectorAll(".citation-list[role='list'] > .citation")) {
    entry.setAttribute("role", "listitem");
  }
  reach();
  window.addEventListener("resize", reach);
  if (window.MathJax?.startup?.promise) window.MathJax.startup.promise.then(reach);
});
