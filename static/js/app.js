/* The program's own script: themes, dialogs, menus, toasts, keys, countdowns, lists. No framework, no inline code. */
(() => {
  "use strict";
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector, within = document) => within.querySelector(selector);
  const cookie = (name, value) => {
    const secure = location.protocol === "https:" ? ";secure" : "";
    document.cookie = `${name}=${value};path=/;max-age=${value ? 31536000 : 0};samesite=lax${secure}`;
  };
  const csrf = () => JSON.parse(document.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"] || "";
  const words = (id) => one(`#${id}`)?.content.textContent.trim() || "";

  /* --- light and dark ------------------------------------------------------------------------ */
  const isDark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const drawTheme = () => all("[data-theme-toggle] use").forEach((use) => {
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, isDark() ? "#sun" : "#moon"));
  });
  const toggleTheme = () => {
    const next = isDark() ? "light" : "dark";
    root.dataset.theme = next;
    cookie("theme", next);
    drawTheme();
  };

  /* --- dialogs and menus ---------------------------------------------------------------------- */
  const openDialog = (dialog, opener) => {
    if (!dialog || dialog.open) return;
    if (dialog.id === "keys-help") listKeys(dialog);
    if (opener) dialog.addEventListener("close", () => opener.focus(), { once: true });
    dialog.showModal();
  };
  const closeMenus = (but) => all("details.dropdown[open]").forEach((menu) => { if (!menu.contains(but)) menu.open = false; });

  document.addEventListener("click", (event) => {
    const target = event.target;
    closeMenus(target);
    const opener = target.closest("[data-opens]");
    if (opener) { event.preventDefault(); openDialog(document.getElementById(opener.dataset.opens), opener); return; }
    if (target.closest("[data-closes]")) { target.closest("dialog")?.close(); return; }
    if (target.matches("dialog[open]") && target === event.target) {
      const box = target.getBoundingClientRect();
      const outside = event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
      if (outside && event.clientX + event.clientY > 0) target.close();
      return;
    }
    if (target.closest("[data-theme-toggle]")) toggleTheme();
    if (target.closest("[data-keys-toggle]")) { cookie("keys", root.dataset.keys === "off" ? "" : "off"); location.reload(); }
    const toast = target.closest("[data-toast]");
    if (toast && target.closest("[data-dismiss]")) toast.remove();
    if (toast && target.closest("[data-undo]")) undo(toast);
  });

  /* --- toasts ----------------------------------------------------------------------------------- */
  const ICONS = { good: "circle-check", bad: "circle-alert", warn: "triangle-alert", info: "info" };
  const showToast = ({ text, tone = "info", undo: url, seconds = 10 }) => {
    const template = one("#toast-template");
    if (!template || !text) return;
    const card = template.content.firstElementChild.cloneNode(true);
    card.dataset.tone = tone;
    one(".toast-text", card).textContent = text;
    const use = one("use", card);
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${ICONS[tone] || "info"}`));
    one("#toasts").append(card);
    arm(card, url, seconds);
  };
  const arm = (card, url, seconds) => {
    const bar = one(".toast-time", card), button = one("[data-undo]", card);
    if (url && button) {
      button.hidden = false; button.dataset.undo = url;
      button.dataset.key = "z"; button.dataset.keyLabel = button.firstChild.textContent.trim();
      if (bar) bar.hidden = false;
    }
    const life = (url ? seconds : card.dataset.tone === "bad" ? 12 : 6) * 1000, begun = performance.now();
    let held = false, spent = 0, last = begun;
    if (!url) { card.addEventListener("pointerenter", () => { held = true; }); card.addEventListener("pointerleave", () => { held = false; }); }
    const tick = (at) => {
      if (!card.isConnected) return;
      if (!held) spent += at - last;
      last = at;
      if (bar && url) bar.value = 100 - (100 * spent) / life;
      if (spent >= life) card.remove(); else setTimeout(() => requestAnimationFrame(tick), 100);
    };
    requestAnimationFrame(tick);
  };
  const undo = async (card) => {
    const url = one("[data-undo]", card).dataset.undo;
    card.remove();
    try {
      const answer = await fetch(url, { method: "POST", headers: { "X-CSRFToken": csrf(), "HX-Request": "true" } });
      if (answer.redirected) { location.reload(); return; }
      const told = JSON.parse(answer.headers.get("HX-Trigger") || "{}").toast;
      const plain = (answer.headers.get("Content-Type") || "").startsWith("text/plain");
      const said = answer.ok ? words("undone-text") : plain ? await answer.text() : words("error-text");
      showToast(told || { text: said, tone: answer.ok ? "good" : "warn" });
      document.body.dispatchEvent(new CustomEvent("undone", { bubbles: true, detail: { url, ok: answer.ok } }));
      if (answer.ok && !document.querySelector("[hx-trigger*='undone']")) location.reload();
    } catch { showToast({ text: words("fault-text"), tone: "bad" }); }
  };
  const armServerToasts = () => all("#toasts [data-toast]:not([data-armed])").forEach((card) => {
    card.dataset.armed = "";
    const url = /(?:^|\s)undo=(\/[^\s]+)/.exec(card.dataset.extra || "")?.[1];
    if (!url) { arm(card, null, 6); return; }
    const text = one(".toast-text", card).textContent, tone = card.dataset.tone;
    card.remove();
    showToast({ text, tone, undo: url });
  });
  document.addEventListener("toast", (event) => showToast(event.detail));
  document.addEventListener("htmx:sendError", () => showToast({ text: words("fault-text"), tone: "bad" }));
  document.addEventListener("htmx:responseError", (event) => {
    const request = event.detail.xhr;
    if (request.getResponseHeader("HX-Trigger")?.includes("toast")) return;
    const plain = (request.getResponseHeader("Content-Type") || "").startsWith("text/plain");
    showToast({ text: (plain && request.responseText.slice(0, 300)) || words("error-text"), tone: "bad" });
  });
  /* a session that ended meanwhile: sign in again and come back, instead of a sign-in page inside this one */
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    if (!new URL(event.detail.xhr.responseURL || location.href, location.href).pathname.startsWith("/account/login")) return;
    event.preventDefault();
    location.reload();
  });

  /* --- keys --------------------------------------------------------------------------------------- */
  const typing = (element) => element.matches("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true]");
  const shown = (element) => element.checkVisibility ? element.checkVisibility() : element.offsetParent !== null;
  const scope = () => all("dialog[open]").pop() || document;
  const keyed = () => all("[data-key]", scope()).filter((element) => shown(element) && !element.disabled && !element.closest("[inert]"));
  const press = (element) => { if (typing(element)) { element.focus(); element.select?.(); } else element.click(); };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const menu = all("details.dropdown[open]").pop();
      if (menu) { menu.open = false; one("summary", menu).focus(); event.preventDefault(); }
      return;
    }
    if (root.dataset.keys === "off" || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typing(event.target)) return;
    const key = event.key.toLowerCase();
    const found = keyed().find((element) => element.dataset.key.toLowerCase() === key);
    if (found) { event.preventDefault(); press(found); return; }
    if (scope() === document) rowKey(key, event);
  });
  const listKeys = (dialog) => {
    const list = one("[data-keys-list]", dialog), seen = new Set();
    list.replaceChildren();
    for (const element of all("[data-key]").filter((each) => shown(each) && !dialog.contains(each))) {
      if (seen.has(element.dataset.key)) continue;
      seen.add(element.dataset.key);
      const term = document.createElement("dt"), key = document.createElement("kbd"), what = document.createElement("dd");
      key.className = "kbd"; key.textContent = element.dataset.key;
      term.append(key); what.textContent = element.dataset.keyLabel || element.getAttribute("aria-label") || element.textContent.trim();
      list.append(term, what);
    }
  };

  /* --- Ctrl-K: go to any page of the navigation, or search ------------------------------------------------- */
  const commands = one("#commands"), commandList = one("[data-commands-list]");
  const showCommands = () => {
    const wanted = one("input", commands).value.trim().toLowerCase();
    const links = all("#nav-drawer .nav-link").map((link) => [link, one("span", link).textContent.trim()]);
    const fitting = links.filter(([, name]) => name.toLowerCase().includes(wanted));
    commandList.replaceChildren(...fitting.map(([link, name]) => {
      const item = document.createElement("li"), go = document.createElement("a"), text = document.createElement("span");
      go.className = "menu-item"; go.href = link.href; text.textContent = name;
      go.append(one("svg", link).cloneNode(true), text); item.append(go);
      return item;
    }));
    const none = one("[data-commands-none]", commands);
    if (none) none.hidden = fitting.length > 0;
  };
  const openCommands = () => { one("input", commands).value = ""; showCommands(); openDialog(commands); one("input", commands).focus(); };
  document.addEventListener("keydown", (event) => {
    if (!commands || root.dataset.keys === "off") return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { event.preventDefault(); openCommands(); return; }
    if (!commands.open || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
    const stops = [one("input", commands), ...all("a", commandList)], at = stops.indexOf(document.activeElement);
    event.preventDefault();
    stops[(at + (event.key === "ArrowDown" ? 1 : stops.length - 1)) % stops.length].focus();
  });
  document.addEventListener("input", (event) => { if (event.target.closest("[data-commands]")) showCommands(); });
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-commands]")) return;
    const first = one("a", commandList);
    if (first) { event.preventDefault(); first.click(); }
  });

  /* --- lists: rows by J and K, X selects, Enter opens ------------------------------------------------ */
  const rowKey = (key, event) => {
    const list = one("[data-list]"), rows = list ? all("[data-row]", list) : [];
    if (!rows.length || !["j", "k", "x", "enter"].includes(key) || (key === "enter" && event.target !== document.body)) return;
    const at = rows.findIndex((row) => row.classList.contains("is-current"));
    if (key === "j" || key === "k") {
      const next = rows[Math.min(Math.max(at + (key === "j" ? 1 : -1), 0), rows.length - 1)];
      rows.forEach((row) => row.classList.toggle("is-current", row === next));
      next.scrollIntoView({ block: "nearest" });
      one("a.row-link", next)?.focus({ preventScroll: true });
    } else if (at >= 0 && key === "x") one(".row-check", rows[at])?.click();
    else if (at >= 0) one("a", rows[at])?.click();
    event.preventDefault();
  };
  const countPicked = (form) => {
    const picks = all(".row-check", form), picked = picks.filter((box) => box.checked).length;
    const bar = one("[data-bulk-bar]", form), head = one("[data-check-all]", form), take = one("[data-take-all]", form);
    if (!bar) return;
    bar.hidden = !picked;
    if (take && picked < picks.length) take.checked = false;
    one("[data-bulk-count]", form).textContent = picked;
    if (head) { head.checked = picked > 0 && picked === picks.length; head.indeterminate = picked > 0 && picked < picks.length; }
  };
  document.addEventListener("change", (event) => {
    const box = event.target, form = box.closest("[data-bulk-form]");
    if (form) {
      if (box.matches("[data-check-all], [data-take-all]") && (box.checked || box.matches("[data-check-all]"))) all(".row-check", form).forEach((each) => { each.checked = box.checked; });
      countPicked(form);
    }
    if (box.matches("[data-column]")) {
      const menu = box.closest("[data-columns]");
      one("[name=cols]", menu).value = [menu.dataset.columns, ...all("[data-column]:checked", menu).map((each) => each.value)].join(",");
    }
    if (box.matches("[data-clears]")) all(`[name="${CSS.escape(box.dataset.clears)}"]`, box.form).forEach((radio) => { radio.checked = false; });
    else if (box.matches("[type=radio]")) all(`[data-clears="${CSS.escape(box.name)}"]`, box.form || document).forEach((date) => { date.value = ""; });
  }, true);
  document.addEventListener("click", (event) => {
    const form = event.target.closest("[data-uncheck]")?.closest("form");
    if (form) { all("[type=checkbox]", form).forEach((box) => { box.checked = false; }); countPicked(form); }
  });
  let typed = 0;
  document.addEventListener("input", (event) => {
    if (!event.target.matches("[data-list-search]")) return;
    clearTimeout(typed);
    typed = setTimeout(() => event.target.form?.dispatchEvent(new Event("search-typed")), 300);
  });
  /* a swap must not lose what was typed meanwhile, nor close an open filter */
  let kept = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    const list = event.detail.target?.closest?.("[data-list]");
    if (!list) return;
    const field = document.activeElement?.matches("[data-list-search]") ? document.activeElement : null;
    kept = { open: all("details.dropdown[open][id]", list).map((menu) => menu.id), id: field?.id, value: field?.value };
  });
  document.addEventListener("htmx:afterSettle", () => {
    settle();
    if (!kept) return;
    kept.open.forEach((id) => { const menu = document.getElementById(id); if (menu) menu.open = true; });
    const field = kept.id && document.getElementById(kept.id);
    if (field) {
      const changed = field.value !== kept.value;
      field.value = kept.value; field.focus(); field.setSelectionRange(field.value.length, field.value.length);
      if (changed) field.form.dispatchEvent(new Event("search-typed"));
    }
    kept = null;
  });
  document.addEventListener("htmx:configRequest", (event) => {
    const { parameters, verb } = event.detail;
    if (verb !== "get" && "looksOnly" in root.dataset) { event.preventDefault(); return; } /* the server refuses it, too */
    if (verb === "get") for (const name of [...new Set(Object.keys(parameters))]) if (parameters[name] === "") delete parameters[name];
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const { elt, successful } = event.detail;
    if (successful && elt.matches("[data-closes-after]")) elt.closest("dialog")?.close();
  });
  /* by the request itself: what asked may be gone from the page by the time the answer comes */
  let busy = 0;
  document.addEventListener("htmx:beforeSend", (event) => {
    busy += 1;
    root.classList.add("htmx-busy");
    event.detail.xhr.addEventListener("loadend", () => { busy -= 1; if (!busy) root.classList.remove("htmx-busy"); });
  });

  /* --- times: the tenant's clock, not this machine's ---------------------------------------------------- */
  const served = Date.parse(root.dataset.now || "") || Date.now(), loaded = performance.now();
  const now = () => served + performance.now() - loaded;
  const unit = (count, name) => new Intl.NumberFormat(root.lang, { style: "unit", unit: name, unitDisplay: "short" }).format(count);
  const span = (milliseconds) => {
    const minutes = Math.floor(Math.abs(milliseconds) / 60000);
    const parts = [[Math.floor(minutes / 1440), "day"], [Math.floor((minutes % 1440) / 60), "hour"], [minutes % 60, "minute"]];
    const first = parts.findIndex(([count]) => count > 0), from = first < 0 ? 2 : first;
    return parts.slice(from, from + 2).filter(([count], index) => count || !index).map(([count, name]) => unit(count, name)).join(" ");
  };
  const STEPS = [["day", 86400000], ["hour", 3600000], ["minute", 60000]];
  const drawTimes = () => {
    const relative = new Intl.RelativeTimeFormat(root.lang, { numeric: "auto" }), told = one("#sla-words");
    all("time[data-relative]").forEach((time) => {
      const distance = Date.parse(time.dateTime) - now();
      const [name, size] = STEPS.find(([, step]) => Math.abs(distance) >= step) || ["minute", 60000];
      time.textContent = relative.format(Math.round(distance / size), name);
    });
    all("time[data-sla]").forEach((time) => {
      const left = Date.parse(time.dateTime) - now(), late = left < 0, soon = left < Number(time.dataset.sla) * 3600000;
      time.classList.remove("tone-bad", "tone-warn", "tone-neutral");
      time.classList.add(late ? "tone-bad" : soon ? "tone-warn" : "tone-neutral");
      time.lastElementChild.textContent = (late ? told.dataset.late : told.dataset.left).replace("%(time)s", span(left));
    });
  };

  const settle = () => {
    all("dialog[data-autoshow]:not([open])").forEach((dialog) => { openDialog(dialog); dialog.addEventListener("close", () => dialog.remove()); });
    armServerToasts();
    const fresh = one("[data-focus]:not([data-focused])"); // once: a later swap must not take the focus away again
    if (fresh) { fresh.dataset.focused = ""; fresh.focus(); }
    all("[data-bulk-form]").forEach(countPicked);
  };
  drawTheme();
  const at = window.scrollY;
  one(".side [aria-current]")?.scrollIntoView({ block: "nearest" });
  if (window.scrollY !== at) window.scrollTo(0, at); // the side's own place, never the page's
  settle();
  setInterval(drawTimes, 30000);
})();
