// Takes out of the built stylesheet what makes browsers slow. daisyUI's button brings one rule about `[class~=not-prose] *`:
// with it each change of any class asks for the style of every element below anew, some ten milliseconds at each press.
import { readFileSync, writeFileSync } from "node:fs";

const sheet = new URL("../../../static/css/prm.css", import.meta.url);
const rule = /\.prose :where\(a\.btn:not\(\.btn-link\)\):not\(:where\([^{}]*\)\)\{[^{}]*\}/g;
const built = readFileSync(sheet, "utf8");
if (built.match(rule)?.length !== 1) throw new Error("daisyUI's rule about not-prose is not there any more: lean.mjs can go");
writeFileSync(sheet, built.replace(rule, ""));
