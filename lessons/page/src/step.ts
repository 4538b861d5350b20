// The current step: its formula, with names and with numbers put in.
import { byId, h } from "./dom";
import { checkMark, equation, place, row, sumOf } from "./parts";
import type { Timeline } from "./timeline";
import type { Contribution, Node as TraceNode } from "./trace";
import { isScalar, math, number, show, spoken } from "./value";
import type { Value } from "./trace";

const last = (value: Value): HTMLElement | null => (isScalar(value) ? number(value.elements![0]!) : null);
const below = (value: Value): HTMLElement | null => (isScalar(value) ? null : show(value));

/** Shows a step; returns what a screen reader says of it. */
export function showStep(timeline: Timeline, at: number, fold: { isFolded(id: number): boolean; open(id: number): void }): string {
  const step = timeline.step(at);
  const panel = byId("step");
  const subject = timeline.node(timeline.subject(at));
  const parts: (Node | null)[] = [];
  const longest = window.innerWidth / 14; // letters that have room, as large as they are here
  let title = "", said = "";
  switch (step.kind) {
    case "forward": {
      const { name, formula, numbers, value } = subject;
      title = subject.role === "op" ? `Forward: ${subject.op}` : `Forward: ${subject.role}`;
      parts.push(equation(math(name), math(formula, longest), math(numbers, longest), last(value)), below(value), origin(subject));
      said = `${name.plain} = ${subject.role === "op" ? `${formula?.plain ?? ""} = ` : ""}${spoken(value)}`;
      break;
    }
    case "seed": {
      const entry = timeline.trace.entries[step.index]!;
      title = "Backward: the output";
      parts.push(equation(math(entry.name), last(entry.value)), h("p", { class: "quiet" }, "Back-propagation starts with 1 at the output and goes down the tape."));
      said = `${entry.name.plain} = ${spoken(entry.value)}`;
      break;
    }
    case "contribution": {
      const entry = timeline.trace.entries[step.index]!;
      const c = entry.contributions[step.contribution!]!;
      const child = timeline.node(c.child);
      const count = entry.contributions.length;
      title = `Backward: contribution ${step.contribution! + 1} of ${count} to ${entry.name.plain}`;
      parts.push(equation(math(c.product, longest) || "0", math(c.product_numbers, longest), last(c.value)), below(c.value), factors(timeline, c, child, subject));
      said = `${entry.name.plain}, contribution ${step.contribution! + 1} of ${count}, via ${child.name.plain}: ${c.product?.plain ?? "zero"} = ${spoken(c.value)}`;
      break;
    }
    case "sum": {
      const entry = timeline.trace.entries[step.index]!;
      const count = entry.contributions.length;
      title = count > 1 ? `Backward: the sum of ${count} contributions` : "Backward: the entry";
      const few = count < 10;
      parts.push(equation(math(entry.name), few ? math(entry.sum, longest) : null, count > 1 ? (few ? math(entry.sum_numbers, longest) : sumOf(entry)) : null, last(entry.value)), below(entry.value),
        h("p", { class: "row" }, "Numeric check: ", checkMark(entry.check)));
      said = `${entry.name.plain} = ${count >= 10 ? `the sum of ${count} terms = ` : count > 1 ? `${entry.sum_numbers?.plain ?? entry.sum?.plain ?? ""} = ` : ""}${spoken(entry.value)}. Numeric check: ${entry.check.verdict}`;
      break;
    }
    case "update": {
      const update = timeline.trace.updates[step.index]!;
      title = `Update of ${subject.name.plain}`;
      parts.push(equation(math(subject.name), math(update.formula, longest), math(update.numbers, longest), last(update.after)), below(update.after),
        h("dl", { class: "facts" }, row("before", show(update.before)), row("after", show(update.after))));
      said = `${subject.name.plain} becomes ${spoken(update.after)}, was ${spoken(update.before)}`;
    }
  }
  if (fold.isFolded(subject.id)) {
    parts.push(h("p", {}, h("button", { type: "button", click: () => fold.open(subject.id) }, `Open the group of ${subject.name.plain}`)));
  }
  byId("step-title").textContent = title;
  panel.replaceChildren(...parts.filter((part) => part !== null));
  return `Step ${at + 1} of ${timeline.length}. ${said}`;
}

function origin(node: TraceNode): HTMLElement {
  const words = [node.rule && node.role === "op" ? `rule: ${node.rule}` : "", node.attribute, node.where && `recorded at ${place(node.where)}`];
  return h("p", { class: "quiet" }, words.filter(Boolean).join(" · "));
}

function factors(timeline: Timeline, c: Contribution, child: TraceNode, subject: TraceNode): HTMLElement {
  const facts = h("dl", { class: "facts" });
  const incoming = timeline.entries.get(c.child);
  if (incoming) facts.append(row("incoming gradient", math(incoming.name), " = ", show(incoming.value)));
  if (c.derivative) {
    const name = h("span", {}, "∂", math(child.name), "/∂", math(subject.name));
    facts.append(row("local derivative", equation(name, math(c.derivative), math(c.derivative_numbers), c.derivative_value ? last(c.derivative_value) : null),
      ...(c.derivative_value && !isScalar(c.derivative_value) ? [show(c.derivative_value)] : [])));
  }
  if (c.kind === "vjp") facts.append(row("how", `vector-Jacobian product of ${child.op}${c.rule ? `: ${c.rule}` : ""}`));
  if (c.kind === "zero") facts.append(row("how", "structurally zero"));
  if (c.summed) facts.append(row("then", "summed over the axes that were broadcast"));
  return facts;
}
