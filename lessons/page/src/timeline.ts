// When what is known: the steps of a trace, indexed by what they compute.
import type { Entry, Node, Step, Trace, Update } from "./trace";

export class Timeline {
  readonly nodes = new Map<number, Node>();
  /** The nodes of G. */
  readonly forward: Node[];
  readonly entries = new Map<number, Entry>();
  readonly children = new Map<number, number[]>();
  /** Nodes of B by the node of G that they belong to. */
  readonly helpers = new Map<number, Node[]>();
  private readonly nodeStep = new Map<number, number>();
  private readonly entryStep = new Map<number, number>();
  private readonly termSteps = new Map<number, number[]>();
  private readonly updateStep = new Map<number, number>();

  constructor(readonly trace: Trace) {
    this.forward = trace.nodes.slice(0, trace.forward_nodes);
    for (const node of trace.nodes) {
      this.nodes.set(node.id, node);
      if (node.graph === "B" && node.belongs_to !== undefined) push(this.helpers, node.belongs_to, node);
    }
    for (const node of this.forward) {
      node.parents.forEach((parent, use) => {
        if (node.parents.indexOf(parent) === use) push(this.children, parent, node.id);
      });
    }
    for (const entry of trace.entries) this.entries.set(entry.node, entry);
    trace.steps.forEach((step, at) => {
      if (step.kind === "forward") this.nodeStep.set(trace.nodes[step.index]!.id, at);
      else if (step.kind === "update") this.updateStep.set(trace.updates[step.index]!.leaf, at);
      else if (step.kind === "contribution") push(this.termSteps, trace.entries[step.index]!.node, at);
      else this.entryStep.set(trace.entries[step.index]!.node, at);
    });
  }

  get length(): number {
    return this.trace.steps.length;
  }
  step(at: number): Step {
    return this.trace.steps[at]!;
  }
  node(id: number): Node {
    return this.nodes.get(id)!;
  }
  /** The step that computes a node; -1 for a constant, which is known from the start. */
  whenNode(id: number): number {
    return this.nodeStep.get(id) ?? -1;
  }
  /** The step that completes a node's entry; Infinity when it has none. */
  whenEntry(id: number): number {
    return this.entryStep.get(id) ?? Infinity;
  }
  whenTerm(id: number, contribution: number): number {
    return this.termSteps.get(id)?.[contribution] ?? Infinity;
  }
  whenUpdate(id: number): number {
    return this.updateStep.get(id) ?? Infinity;
  }
  update(id: number): Update | undefined {
    return this.trace.updates.find((update) => update.leaf === id);
  }
  /** The node of G that a step is about. */
  subject(at: number): number {
    const step = this.step(at);
    if (step.kind === "forward") return this.trace.nodes[step.index]!.id;
    if (step.kind === "update") return this.trace.updates[step.index]!.leaf;
    return this.trace.entries[step.index]!.node;
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
