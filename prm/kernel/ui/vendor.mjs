// Copies the few front-end files that are shipped, each with its licence, and draws the icon sprite.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";

const root = new URL("../../../", import.meta.url).pathname;
const from = (path) => `${root}node_modules/${path}`;
const copy = (source, target) => { mkdirSync(target.replace(/\/[^/]+$/, ""), { recursive: true }); copyFileSync(from(source), target); };

copy("@fontsource-variable/inter/files/inter-latin-wght-normal.woff2", `${root}static/fonts/inter-latin-wght.woff2`);
copy("@fontsource-variable/inter/LICENSE", `${root}static/fonts/LICENSE-inter.txt`);
copy("@alpinejs/csp/dist/cdn.min.js", `${root}static/vendor/alpine-csp.min.js`);
copy("lucide-static/LICENSE", `${root}static/vendor/LICENSE-lucide.txt`);
copy("sequential-workflow-designer/dist/index.umd.js", `${root}static/vendor/sequential-workflow-designer.js`);
copy("sequential-workflow-designer/css/designer.css", `${root}static/vendor/sequential-workflow-designer.css`);
copy("sequential-workflow-designer/LICENSE", `${root}static/vendor/LICENSE-sequential-workflow-designer.txt`);
copy("axe-core/axe.min.js", `${root}tests/browser/axe.min.js`);
copy("axe-core/LICENSE", `${root}tests/browser/LICENSE-axe-core.txt`);

const names = readFileSync(`${root}prm/kernel/ui/icons.txt`, "utf8").split(/\s+/).filter(Boolean).sort();
const symbols = names.map((name) => {
  const svg = readFileSync(from(`lucide-static/icons/${name}.svg`), "utf8");
  const shapes = svg.replace(/<!--.*?-->/s, "").replace(/<svg[^>]*>/s, "").replace("</svg>", "").replace(/\s+/g, " ").replaceAll("> <", "><").trim();
  return `<symbol id="${name}" viewBox="0 0 24 24">${shapes}</symbol>`;
});
writeFileSync(`${root}static/icons.svg`, `<svg xmlns="http://www.w3.org/2000/svg"><!-- Lucide, ISC licence: vendor/LICENSE-lucide.txt -->\n${symbols.join("\n")}\n</svg>\n`);
console.log(`${names.length} icons`);
