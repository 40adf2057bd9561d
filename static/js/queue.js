/* The queue: J and K (and a click on a row) choose at once; what the pane shows follows the latest choice. */
(() => {
  "use strict";
  const split = document.getElementById("split");
  const rows = () => [...split.querySelectorAll(".queue-row")];
  const pane = () => split.querySelector(".queue-pane");
  let shown = null, awaited = null; // the row whose task the pane shows, while another's is awaited

  const choose = (row) => rows().forEach((each) => {
    const box = each.querySelector(".row-check"), link = each.querySelector(".queue-link");
    each.classList.toggle("is-current", each === row);
    if (each === row) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
    if (box && each === row) box.dataset.key = "x"; else if (box) delete box.dataset.key;
  });
  /* nobody decides what they no longer mean: until the task is there, the pane takes nothing but further steps */
  const wait = (waiting) => {
    pane().setAttribute("aria-busy", String(waiting));
    for (const part of pane().children) part.inert = waiting && !part.matches(".queue-top");
  };
  const go = (row) => {
    const link = row.querySelector(".queue-link");
    if (!awaited) shown = rows().find((each) => each.classList.contains("is-current"));
    awaited = link;
    choose(row);
    row.scrollIntoView({ block: "nearest" });
    wait(true);
    link.addEventListener("htmx:beforeOnLoad", (event) => { if (awaited !== link) event.preventDefault(); }); // stale
    window.htmx.ajax("GET", link.getAttribute("href"), { source: link }).catch(() => {}); // told by the event below
  };
  const step = (by) => {
    const list = rows(), at = list.findIndex((row) => row.classList.contains("is-current"));
    const next = list[at < 0 ? 0 : Math.min(Math.max(at + by, 0), list.length - 1)];
    if (next && next !== list[at]) go(next);
  };
  /* a click that asks for a tab or a window of its own stays the browser's */
  document.addEventListener("click", (event) => {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const link = event.target.closest("#split .queue-link, #split [data-step]");
    if (!link) return;
    event.preventDefault();
    if (link.dataset.step) step(Number(link.dataset.step)); else go(link.closest(".queue-row"));
  });
  /* what is ticked stays ticked while other tasks are looked at: the answer brings its rows anew */
  let ticked = [];
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target === split) ticked = [...split.querySelectorAll(".row-check:checked")].map((box) => box.value);
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== split || !ticked.length) return;
    const boxes = [...split.querySelectorAll(".row-check")];
    for (const box of boxes) box.checked = ticked.includes(box.value);
    boxes[0]?.dispatchEvent(new Event("change", { bubbles: true })); // app.js counts them
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (!awaited || event.detail.elt !== awaited) return;
    const failed = !event.detail.successful && awaited.isConnected;
    awaited = null;
    if (failed) { choose(shown); wait(false); } // app.js says what went wrong
  });
})();
