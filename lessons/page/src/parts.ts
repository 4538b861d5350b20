// Pieces of text that several panels show.
import { h } from "./dom";
import type { Timeline } from "./timeline";
import type { Check, Contribution, Entry } from "./trace";
import { brief, isScalar, math, number, show } from "./value";

const marks = { right: "✓ right", wrong: "✗ wrong", undecidable: "? undecidable", none: "not checked", pending: "checking …" };

/** The numeric check of an entry, with its numbers on demand. */
export function checkMark(check: Check): HTMLElement {
  const mark = h("span", { class: `check ${check.verdict}` }, marks[check.verdict]);
  if (check.method === undefined) return h("span", {}, mark, check.why ? h("small", {}, `: ${check.why}`) : null);
  return h("details", { class: "check-details" }, h("summary", {}, mark),
    h("dl", {},
      row("analytic", number(check.analytic!)), row("numeric", number(check.numeric!)),
      row("difference", number(check.error!)), row("allowed", number(check.allowed!)),
      row("by", `${check.method}, ${check.checked} ${check.checked === 1 ? "number" : "numbers"}${check.why ? `; ${check.why}` : ""}`)));
}
export function row(name: string, ...content: (Node | string)[]): HTMLElement {
  return h("div", {}, h("dt", {}, name), h("dd", {}, ...content));
}

/** `a = b = c` of formulas and a value; equal neighbours are written once. */
export function equation(left: Node | string, ...right: (Node | string | null)[]): HTMLElement {
  const line = h("p", { class: "equation" }, h("span", {}, left));
  let before = typeof left === "string" ? left : (left.textContent ?? "");
  for (const part of right) {
    const text = part === null ? "" : typeof part === "string" ? part : (part.textContent ?? "");
    if (!part || text === "" || text === before) continue;
    line.append(h("span", {}, h("span", { class: "equals" }, " = "), part));
    before = text;
  }
  return line;
}

/** Letters of a formula that have room in a row of a table. */
export const longest = 42;

/** One term: via which child, the product, its numbers, its value. */
function term(timeline: Timeline, c: Contribution, choose: (id: number) => void): HTMLElement {
  const child = timeline.node(c.child);
  const via = h("button", { type: "button", class: "link", title: `Show ${child.name.plain}`, click: () => choose(c.child) }, math(child.name));
  const value = isScalar(c.value) ? number(c.value.elements![0]!) : h("span", { class: "quiet" }, brief(c.value));
  return h("li", {}, h("span", { class: "via" }, "via ", via), equation(math(c.product, longest) || "0", math(c.product_numbers, longest), value));
}
/** Terms that are shown at once. */
const most = 24;
/** A list of terms; of many the newest, and the others on demand. */
export function termList(timeline: Timeline, terms: Contribution[], choose: (id: number) => void): HTMLElement {
  const list = h("ul", {});
  const fill = (from: number): void => {
    list.replaceChildren(...terms.slice(from).map((c) => term(timeline, c, choose)));
    if (from > 0) list.prepend(h("li", {}, h("button", { type: "button", class: "link", click: () => fill(0) }, `Show the ${from} terms before`)));
  };
  fill(terms.length > most ? terms.length - most / 2 : 0);
  return list;
}
/** The numbers of the terms added up, unless they are too many to be read. */
export function sumOf(entry: Entry): Node | string {
  const count = entry.contributions.length;
  return count > most ? `the sum of ${count} terms` : math(entry.sum_numbers ?? entry.sum, longest);
}
/** Where a node was recorded, in words. */
export function place(where: string): string {
  const column = /^expression:(\d+)$/.exec(where)?.[1];
  if (column === undefined) return where;
  return column === "0" ? "an input of the expression" : `the expression, column ${column}`;
}
export function sumValue(entry: Entry): HTMLElement {
  return isScalar(entry.value) ? number(entry.value.elements![0]!) : show(entry.value);
}
