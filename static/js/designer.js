/* The designer's own script: the diagram's gestures, undo and redo, saving. The tree itself is changed by the server:
   every gesture sends what a button of the outline would send, and draws what comes back. */
(() => {
  "use strict";
  const form = document.getElementById("design");
  if (!form) return;
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const swd = window.sequentialWorkflowDesigner;
  const readonly = form.classList.contains("is-readonly");
  const phone = matchMedia("(max-width: 63.99rem)");
  const data = () => document.getElementById("design-data");
  const field = (name) => one(`[name="${name}"]`, data());
  const SVG = "http://www.w3.org/2000/svg";

  /* --- asking the server ------------------------------------------------------------------------------ */
  let last = "";
  const post = (url, values) => htmx.ajax("POST", url, { source: form, target: "#panel", swap: "outerHTML", values });
  const send = (action) => { last = action; return post(form.action, { do: action }); };
  /* the answer sends what looks otherwise than what is here when the question leaves, which may wait for another */
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.elt !== form) return;
    const held = Object.fromEntries(all("[data-mark]", form).map((part) => [part.id, part.dataset.mark]));
    Object.assign(event.detail.parameters, { held: JSON.stringify(held), face: form.dataset.face });
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=do]");
    if (!button || readonly) return;
    event.preventDefault();
    all("details.dropdown[open]").forEach((menu) => { menu.open = false; });
    send(button.value);
  });
  form.addEventListener("toggle", ({ target: menu }) => { // a block's menu, asked for when it is opened
    if (!menu.open || !menu.dataset.menu) return;
    const target = one(".dropdown-panel", menu), values = { do: `menu:${menu.dataset.menu}` };
    target.replaceChildren();
    htmx.ajax("POST", form.action, { source: form, target, swap: "innerHTML", values });
  }, true);
  const panel = () => document.getElementById("panel");
  form.addEventListener("change", (event) => {
    if (readonly || !event.target.closest("#panel") || event.target.closest("dialog:not(#sheet)")) return;
    if (panel().dataset.op === "try") { send("try"); return; }
    const shapes = event.target.closest("[data-reshapes]") || one(".field-error", panel());
    send(shapes ? "reshape" : "set");
  });
  let builder = 0;
  document.addEventListener("htmx:afterRequest", (event) => {
    const path = event.detail.pathInfo?.requestPath || "";
    if (path.includes("/conditions/") && path.includes("/edit") && panel()?.contains(event.target)) {
      clearTimeout(builder);
      builder = setTimeout(() => send("set"), 250);
    }
    if (event.detail.xhr?.status === 409) {
      document.getElementById("design-conflict-text").textContent = event.detail.xhr.responseText.slice(0, 300);
      const alert = document.getElementById("design-conflict");
      alert.hidden = false;
      alert.scrollIntoView({ block: "nearest" });
    }
  });

  /* --- undo and redo: a hundred steps, here ------------------------------------------------------------ */
  const steps = [];
  let at = -1;
  const remember = () => {
    const tree = field("tree").value, selected = field("selected").value;
    if (at >= 0 && steps[at].tree === tree) { steps[at].selected = selected; return; }
    steps.splice(at + 1);
    steps.push({ tree, selected });
    if (steps.length > 100) steps.shift();
    at = steps.length - 1;
  };
  const travel = (by) => {
    if (!steps[at + by]) return;
    at += by;
    field("tree").value = steps[at].tree;
    field("selected").value = steps[at].selected;
    send("show");
  };

  /* --- the diagram --------------------------------------------------------------------------------------- */
  const svg = (name, attributes = {}, parent = null) => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    parent?.append(element);
    return element;
  };
  /* measured on paper of its own: to ask the page how long a text is makes it lay everything out, each time */
  const pen = document.createElement("canvas").getContext("2d"), fonts = {};
  const font = ({ fontWeight, fontSize, fontFamily }) => `${fontWeight} ${fontSize} ${fontFamily}`;
  const cut = (text, words, width) => {
    pen.font = fonts[text.getAttribute("class")] ||= font(getComputedStyle(text));
    let short = words;
    for (let length = words.length; length > 4 && pen.measureText(short).width > width; length -= 1) {
      short = `${words.slice(0, length - 1).trimEnd()}…`;
    }
    text.textContent = short;
  };
  const classes = (g, { wrong, lit, dim, tone }) => {
    g.classList.add(`tone-${tone}`);
    g.classList.toggle("is-wrong", Boolean(wrong));
    g.classList.toggle("is-lit", Boolean(lit));
    g.classList.toggle("is-dim", Boolean(dim));
  };
  const WIDTH = 236, HEIGHT = 54;
  const drawCard = (g, step, rect = svg("rect", { class: "d-card", x: 0.5, y: 0.5, width: WIDTH, height: HEIGHT, rx: 10 })) => {
    const { icon, kind, wrong } = step.properties, selected = g.classList.contains("is-selected") ? "is-selected" : "";
    g.setAttribute("class", `sqd-step-task sqd-type-${step.type} d-step ${selected}`);
    classes(g, step.properties);
    g.replaceChildren(rect);
    svg("rect", { class: "d-tile", x: 10.5, y: 11.5, width: 32, height: 32, rx: 8 }, g);
    svg("use", { class: "d-icon", href: `${form.dataset.icons}#${icon}`, x: 18.5, y: 19.5, width: 16, height: 16 }, g);
    cut(svg("text", { class: "d-kind", x: 53, y: 22 }, g), kind, WIDTH - 90);
    cut(svg("text", { class: "d-name", x: 53, y: 40 }, g), step.name, WIDTH - 64);
    svg("title", {}, g).textContent = step.name;
    if (wrong) {
      svg("circle", { class: "d-wrong", cx: WIDTH - 16, cy: 17, r: 8 }, g);
      svg("text", { class: "d-bang", x: WIDTH - 16, y: 21 }, g).textContent = "!";
    }
    return rect;
  };
  const drawTask = (parent, context) => {
    const { step } = context, g = svg("g", { "data-step-id": step.id }, parent), rect = drawCard(g, step);
    return {
      g, width: WIDTH, height: HEIGHT, joinX: WIDTH / 2, sequenceComponents: null, placeholders: null,
      hasOutput: step.type !== "end",
      getClientPosition: () => swd.getAbsolutePosition(rect),
      resolveClick: (click) => (g.contains(click.element) ? true : null),
      setIsDragging: () => {},
      setIsDisabled: (is) => g.classList.toggle("sqd-disabled", is),
      setIsSelected: (is) => g.classList.toggle("is-selected", is),
    };
  };
  /* what hangs at the pointer while dragging; small to the eye of the gaps, so that the pointer says which */
  const drawDragged = (parent, step) => {
    const chip = document.createElement("div"), told = document.createElement("span");
    chip.className = "d-drag";
    const picture = svg("svg", { class: "icon", viewBox: "0 0 24 24" });
    svg("use", { href: `${form.dataset.icons}#${step.properties.icon}` }, picture);
    told.textContent = step.name;
    chip.append(picture, told);
    parent.append(chip);
    return { width: 24, height: 24, destroy: () => chip.remove() };
  };
  const label = { height: 26, paddingX: 12, minWidth: 60, radius: 13 };
  const drawSwitch = swd && ((draw) => (parent, context, view) => {
    const drawn = draw(parent, context, view);
    classes(drawn.g, context.step.properties);
    return { ...drawn, setIsSelected: (is) => { drawn.g.classList.toggle("is-selected", is); drawn.setIsSelected(is); } };
  })(swd.createSwitchStepComponentViewFactory({
    minContainerWidth: 60, paddingX: 16, paddingTop: 8, connectionHeight: 18, inputSize: 0, inputIconSize: 0,
    branchNameLabel: label, nameLabel: { ...label, height: 30, radius: 8 },
  }));
  const place = (sequence, definition) => {
    const search = (steps_, path) => {
      if (steps_ === sequence) return path;
      for (const step of steps_) {
        const branches = Object.values(step.branches || {});
        for (const [number, branch] of branches.entries()) {
          const found = search(branch, step.properties.ways[number]);
          if (found) return found;
        }
      }
      return "";
    };
    return search(definition.sequence, "blocks");
  };
  let designer = null, api = null, drawn = "", stale = false;
  const drawing = () => document.getElementById("design-drawing").dataset.steps;
  const definition = () => ({ properties: {}, sequence: JSON.parse(drawing()) });
  const touched = (action) => { stale = true; send(action); return true; };
  const create = () => {
    drawn = drawing();
    designer = swd.Designer.create(document.getElementById("canvas"), definition(), {
      theme: "prm", isReadonly: readonly, undoStackSize: 1, toolbox: false, editors: false, controlBar: false,
      contextMenu: false, keyboard: false,
      steps: {
        isAutoSelectDisabled: true,
        canInsertStep: (step, target, index) => touched(`add:${step.type}:${place(target, designer.getDefinition())}:${index}`),
        canMoveStep: (source, step, target, index) => touched(`move:${step.id}:${place(target, designer.getDefinition())}:${index}`),
      },
      i18n: (key, words) => (key.endsWith(".branchName") ? words.replace(/^\d+:/, "") : words),
      extensions: [{
        steps: [{ componentType: "task", createComponentView: drawTask }, { componentType: "switch", createComponentView: drawSwitch }],
        uiComponents: [{ create: (_root, found) => { api = found; return { destroy() {} }; } }],
        badges: [{
          id: "validationError", createStartValue: () => true,
          createForStep: () => ({ update: (result) => result, resolveClick: () => null }),
          createForRoot: () => ({ update: (result) => result, resolveClick: () => null }),
        }],
        draggedComponent: { create: drawDragged },
        wheelController: { create: (workspace) => ({ onWheel: (event) => wheel(event, workspace) }) },
        viewportController: {
          create: (workspace) => ({
            setDefault: () => workspace.setViewport(fitting(workspace, 0.85)),
            zoom: (larger) => zoom(workspace, larger ? 1.2 : 1 / 1.2),
            focusOnComponent: (position, size) => focus(workspace, position, size),
          }),
        },
      }],
    });
    designer.onSelectedStepIdChanged.subscribe((id) => {
      if (readonly || one("body > .sqd-drag") || (id || "") === field("selected").value) return;
      send(`select:${id || ""}`);
    });
    designer.onReady.subscribe(() => { if (field("selected").value) mark(); });
  };
  const fitting = (workspace, least) => {
    const size = workspace.getRootComponentSize(), canvas = workspace.getCanvasSize();
    const scale = Math.max(least, Math.min(1, (canvas.x - 48) / size.x, (canvas.y - 48) / size.y));
    const start = one(".sqd-root-start-stop > g:nth-last-of-type(3)", form);
    const moved = /translate\(([-\d.]+)/.exec(start?.getAttribute("transform") || "");
    const middle = size.x * scale <= canvas.x - 48 || !moved ? size.x / 2 : Number(moved[1]) + 15;
    const top = size.y * scale <= canvas.y - 48 ? (canvas.y - size.y * scale) / 2 : 24;
    return { position: new swd.Vector(canvas.x / 2 - middle * scale, Math.min(top, 48)), scale };
  };
  const zoom = (workspace, by, centre = null) => {
    const { position, scale } = workspace.getViewport(), canvas = workspace.getCanvasSize();
    const around = centre || new swd.Vector(canvas.x / 2, canvas.y / 2);
    const next = Math.min(2, Math.max(0.15, scale * by)), ratio = next / scale;
    workspace.setViewport({ position: around.subtract(around.subtract(position).multiplyByScalar(ratio)), scale: next });
  };
  const wheel = (event, workspace) => {
    if (event.ctrlKey || event.metaKey) {
      const corner = workspace.getCanvasPosition();
      zoom(workspace, event.deltaY < 0 ? 1.1 : 1 / 1.1, new swd.Vector(event.pageX, event.pageY).subtract(corner));
      return;
    }
    const { position, scale } = workspace.getViewport();
    const across = event.shiftKey ? event.deltaY : event.deltaX, down = event.shiftKey ? 0 : event.deltaY;
    workspace.setViewport({ position: position.subtract(new swd.Vector(across, down)), scale });
  };
  const focus = (workspace, position, size) => {
    const { position: now, scale } = workspace.getViewport(), canvas = workspace.getCanvasSize();
    const inside = position.x > 8 && position.y > 8 && position.x + size.x * scale < canvas.x - 8 && position.y + 40 < canvas.y;
    if (inside) return;
    const wanted = new swd.Vector(canvas.x / 2 - (size.x * scale) / 2, Math.min(canvas.y / 3, 160));
    workspace.setViewport({ position: now.add(wanted.subtract(position)), scale });
  };
  const mark = () => {
    const selected = field("selected").value;
    if (!selected) { designer.clearSelectedStep(); return; }
    designer.selectStepById(selected);
    if (one(`[data-step-id="${CSS.escape(selected)}"]`, form)) designer.moveViewportToStep(selected);
  };
  /* what gives the diagram its form: the rest is written into the blocks where they stand */
  const bones = (sequence) => sequence.map(({ id, type, name, branches }) => (
    branches ? [id, type, name, Object.entries(branches).map(([way, inner]) => [way, bones(inner)])] : [id, type === "end"]));
  const retouch = (sequence, fresh) => sequence.forEach((step, number) => {
    const { type, name, properties, branches } = fresh[number], g = one(`[data-step-id="${CSS.escape(step.id)}"]`, form);
    if (branches) {
      classes(g, properties);
      for (const [way, inner] of Object.entries(branches)) retouch(step.branches[way], inner);
    } else if (JSON.stringify([step.type, step.name, step.properties]) !== JSON.stringify([type, name, properties])) {
      drawCard(g, fresh[number], one(".d-card", g));
    }
    Object.assign(step, { type, name, properties });
  });
  const redraw = async () => {
    if (!swd || form.dataset.face !== "diagram") return;
    if (!designer) { create(); return; }
    if (stale || drawn !== drawing()) {
      drawn = drawing();
      const here = designer.getDefinition().sequence, fresh = definition();
      const stays = !stale && JSON.stringify(bones(here)) === JSON.stringify(bones(fresh.sequence));
      stale = false;
      if (stays) retouch(here, fresh.sequence); else await designer.replaceDefinition(fresh);
    }
    mark();
  };

  /* --- dragging from the palette --------------------------------------------------------------------------- */
  form.addEventListener("mousedown", (event) => {
    const item = event.target.closest("[data-drag]");
    if (!item || event.button !== 0 || form.dataset.face !== "diagram" || !api) return;
    event.preventDefault();
    const from = [event.pageX, event.pageY];
    const step = {
      type: item.dataset.drag, componentType: item.dataset.switch, name: item.textContent.trim(),
      properties: { kind: item.title, icon: item.dataset.icon, tone: item.dataset.tone, ways: [] },
    };
    if (item.dataset.switch === "switch") step.branches = { [`0:${form.dataset.way} 1`]: [], [`1:${form.dataset.way} 2`]: [] };
    const move = (moved) => {
      if (Math.hypot(moved.pageX - from[0], moved.pageY - from[1]) < 5) return;
      stop();
      api.toolbox.tryDrag(new swd.Vector(moved.pageX, moved.pageY), step);
    };
    const stop = () => { window.removeEventListener("mousemove", move); window.removeEventListener("mouseup", stop); };
    window.addEventListener("mousemove", move);
    window.addEventListener("mouseup", stop);
  });

  /* --- faces, state, the phone's sheet ---------------------------------------------------------------------- */
  const show = (face) => {
    form.dataset.face = face;
    all("[data-face].face", form).forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.face === face)));
    if (readonly) redraw();
  };
  /* the outline is drawn anew, but stays where it was scrolled to */
  const stage = one(".stage", form);
  let scrolled = 0;
  const inSight = (row) => {
    if (!row || phone.matches) return;
    const box = row.getBoundingClientRect(), frame = stage.getBoundingClientRect();
    if (box.top < frame.top || box.bottom > frame.bottom) stage.scrollTop += box.top - frame.top - frame.height / 3;
  };
  stage.addEventListener("scroll", () => { if (!document.documentElement.classList.contains("htmx-busy")) scrolled = stage.scrollTop; });
  const sheet = document.getElementById("sheet");
  const behind = one(".design-grid", form);
  const openSheet = () => {
    if (!phone.matches || !sheet || sheet.open) return;
    sheet.append(panel());
    sheet.showModal();
    behind.inert = true; // as the dialog makes it anyway; said aloud for tools that read the page
  };
  sheet?.addEventListener("close", () => {
    behind.inert = false;
    one(".design-side", form).append(panel());
    document.getElementById(`block-${field("selected").value || "head"}`)?.focus();
  });
  const dirty = () => document.getElementById("design-now").dataset.checksum !== field("base").value;
  const refresh = () => {
    if (readonly) return;
    stage.scrollTop = scrolled;
    inSight(document.getElementById(`block-${field("selected").value}`));
    remember();
    const able = { undo: at > 0, redo: at < steps.length - 1 };
    for (const [name, is] of Object.entries(able)) one(`[data-design=${name}]`, form).setAttribute("aria-disabled", String(!is));
    const told = document.getElementById("design-dirty"), is = dirty();
    const words = is ? told.dataset.dirty : told.dataset.clean;
    if (told.textContent !== words) told.textContent = words;
    told.classList.toggle("is-dirty", is);
    const json = document.getElementById("design-json-text");
    if (json) json.textContent = JSON.stringify(JSON.parse(field("tree").value), null, 2);
    redraw();
  };
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id !== "panel") return;
    if (/^(select|add|copy|try|add-way)/.test(last)) openSheet();
    if (/^delete/.test(last) && sheet?.open) sheet.close();
    last = "";
  });
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { target, fragment } = event.detail;
    if (!target.closest("#outline")) return;
    event.detail.shouldSwap = false; // nothing in the outline is htmx's own: it need not be looked through, old and new
    target.replaceWith(fragment);
  });
  let due = 0; // once for each answer, when all of its parts are in
  document.addEventListener("htmx:oobAfterSwap", (event) => {
    if (event.detail.target?.id === "design-now") { clearTimeout(due); due = setTimeout(refresh); }
  });
  addEventListener("beforeunload", (event) => { if (!readonly && dirty() && !leaving) event.preventDefault(); });
  let leaving = false;

  const DO = {
    undo: () => travel(-1),
    redo: () => travel(1),
    "zoom-in": () => api?.viewport.zoom(true),
    "zoom-out": () => api?.viewport.zoom(false),
    fit: () => api && api.workspace.setViewport(fitting(api.workspace, 0.15)),
    save: () => { last = "save"; post(form.dataset.save, {}); },
    close: () => sheet?.close(),
    reload: () => { leaving = true; },
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-design]");
    if (button && button.getAttribute("aria-disabled") !== "true") DO[button.dataset.design]?.();
    const face = event.target.closest(".face");
    if (face && face.dataset.face !== form.dataset.face) {
      show(face.dataset.face);
      if (!readonly) send(panel().dataset.op); // what the other face has not been told meanwhile
      try { localStorage.setItem("designer-face", face.dataset.face); } catch { /* private window */ }
    }
    const adds = event.target.closest("[data-place]");
    if (adds) all("[data-kind]", document.getElementById("picker")).forEach((item) => { item.value = `add:${item.dataset.kind}:${adds.dataset.place}`; });
  }, true);

  /* --- keys ---------------------------------------------------------------------------------------------------- */
  const typing = (element) => element.matches("input:not([type=checkbox]):not([type=radio]), textarea, select");
  document.addEventListener("keydown", (event) => {
    if (readonly) return;
    const key = event.key.toLowerCase(), command = event.ctrlKey || event.metaKey;
    if (command && key === "s") { event.preventDefault(); document.activeElement?.blur?.(); DO.save(); return; }
    if (typing(event.target) || (document.querySelector("dialog[open]") && !sheet?.open)) return;
    if (command && (key === "y" || (key === "z" && event.shiftKey))) { event.preventDefault(); travel(1); return; }
    if (command && key === "z") { event.preventDefault(); travel(-1); return; }
    const block = event.target.closest?.(".flow-block"), path = block?.dataset.path;
    if (path && event.altKey && (key === "arrowup" || key === "arrowdown")) {
      event.preventDefault();
      send(`${key === "arrowup" ? "up" : "down"}:${path}`);
    } else if (block && (key === "arrowup" || key === "arrowdown")) {
      const blocks = all("button.flow-block", form), next = blocks[blocks.indexOf(block) + (key === "arrowup" ? -1 : 1)];
      if (next) { event.preventDefault(); next.focus(); }
    } else if (key === "delete" && (path || (form.dataset.face === "diagram" && field("selected").value))) {
      event.preventDefault();
      send(`delete:${path || field("selected").value}`);
    }
  });

  let face = phone.matches || !swd ? "outline" : "diagram";
  try { face = localStorage.getItem("designer-face") || face; } catch { /* private window */ }
  show(phone.matches ? "outline" : face);
  refresh();
})();
