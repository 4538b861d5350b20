// Everything about one node: where it comes from, what it is, its entry, and its part of B.
import { byId, h } from "./dom";
import { checkMark, equation, longest, place, row, sumOf, termList } from "./parts";
import type { Timeline } from "./timeline";
import { isScalar, math, number, show } from "./value";

export function showNode(timeline: Timeline, id: number, choose: (id: number) => void, jump: (at: number) => void): void {
  const node = timeline.node(id);
  const entry = timeline.entries.get(id);
  const links = (ids: number[]) => {
    const shown = ids.slice(0, 40).map((other) => h("button", { type: "button", class: "link", click: () => choose(other) }, math(timeline.node(other).name)));
    return h("span", { class: "links" }, ...shown, ids.length > shown.length ? `and ${ids.length - shown.length} more` : null);
  };
  const scalar = isScalar(node.value) ? number(node.value.elements![0]!) : null;
  const facts = h("dl", { class: "facts" },
    row("is", `${node.role === "op" ? `${node.op} (${node.family})` : node.role}${node.attribute ? `, ${node.attribute}` : ""}`));
  if (node.role === "op" && node.rule) facts.append(row("rule", node.rule));
  if (node.parents.length > 0) facts.append(row("computed from", links(node.parents)));
  const children = timeline.children.get(id) ?? [];
  if (children.length > 0) facts.append(row("used by", links(children)));
  if (node.where) facts.append(row("recorded at", place(node.where)));
  const steps = h("p", { class: "row" });
  const jumpTo = (label: string, at: number) => {
    if (at >= 0 && Number.isFinite(at)) steps.append(h("button", { type: "button", click: () => jump(at) }, label));
  };
  jumpTo("Go to its forward step", timeline.whenNode(id));
  jumpTo("Go to its entry", timeline.whenEntry(id));
  const parts: (Node | null)[] = [equation(math(node.name), math(node.formula, longest), math(node.numbers, longest), scalar),
    scalar ? null : show(node.value), facts];
  if (entry) {
    parts.push(h("h3", {}, math(entry.name)),
      entry.contributions.length > 0 ? termList(timeline, entry.contributions, choose) : null,
      entry.contributions.length > 1 ? equation(entry.contributions.length < 10 ? math(entry.sum, longest) : "", sumOf(entry), isScalar(entry.value) ? number(entry.value.elements![0]!) : null) : null,
      isScalar(entry.value) ? null : show(entry.value),
      h("div", { class: "row" }, "Numeric check: ", checkMark(entry.check)));
  }
  const helpers = timeline.helpers.get(id) ?? [];
  if (helpers.length > 0) {
    parts.push(h("details", { class: "helpers" }, h("summary", {}, `${helpers.length} ${helpers.length === 1 ? "node" : "nodes"} of B on the tape`),
      h("ul", {}, ...helpers.slice(0, 60).map((b) => h("li", {}, equation(math(b.name), math(b.formula, longest), math(b.numbers, longest),
        isScalar(b.value) ? number(b.value.elements![0]!) : show(b.value)))))));
  }
  parts.push(steps);
  byId("node-title").replaceChildren("Node ", math(node.name));
  byId("node").replaceChildren(...parts.filter((part) => part !== null));
}
