// Which boxes a graph is drawn as: nodes, or groups of nodes that can be opened.
import type { Node } from "./trace";

export interface Group {
  key: string;
  title: string;
  nodes: Node[];
  parts: Part[];
}
export type Part = Node | Group;
export const isGroup = (part: Part): part is Group => "parts" in part;
export const keyOf = (part: Part): string => (isGroup(part) ? part.key : `n${part.id}`);

/** Graphs up to so many nodes are drawn whole. */
export const whole = 80;
/** A group has at most so many parts: longer ones are cut into runs. */
const fanOut = 40;
/** So many boxes are drawn at most; what was opened first is closed again. */
const mostBoxes = 220;

export class Folding {
  private readonly root: Group;
  private readonly parent = new Map<string, Group>();
  /** In the order in which they were opened. */
  private open = new Set<string>();

  constructor(nodes: Node[]) {
    this.root = { key: "", title: "all", nodes, parts: byPrefix(nodes, []) };
    if (nodes.length > whole) cut(this.root);
    this.link(this.root);
    if (nodes.length <= whole) this.openAll();
  }

  /** The same of new nodes of the same graph: what is open stays open. */
  renewed(nodes: Node[]): Folding {
    const made = new Folding(nodes);
    made.open = new Set(this.open);
    return made;
  }

  get canFold(): boolean {
    return this.root.parts.some(isGroup);
  }
  get isLarge(): boolean {
    return this.root.nodes.length > mostBoxes;
  }
  boxes(): Part[] {
    const list: Part[] = [];
    const walk = (group: Group) => {
      for (const part of group.parts) {
        if (isGroup(part) && this.open.has(part.key)) walk(part);
        else list.push(part);
      }
    };
    walk(this.root);
    return list;
  }
  toggle(key: string): void {
    if (!this.open.delete(key)) this.open.add(key);
    this.limit(key);
  }
  openAll(): void {
    for (const group of this.parent.values()) this.open.add(group.key);
    const all = (group: Group): void => {
      for (const part of group.parts) if (isGroup(part)) { this.open.add(part.key); all(part); }
    };
    all(this.root);
    this.open.delete("");
  }
  closeAll(): void {
    this.open.clear();
  }
  /** Opens what hides a node. */
  reveal(node: Node): void {
    for (const group of this.above(`n${node.id}`)) {
      this.open.delete(group.key);
      this.open.add(group.key);
    }
    this.limit(`n${node.id}`);
  }
  /** Closes the innermost group that a node is in. */
  hide(node: Node): void {
    const inner = this.above(`n${node.id}`).find((group) => this.open.has(group.key));
    if (inner) this.open.delete(inner.key);
  }
  /** The groups that hold a part, the innermost first. */
  private above(key: string): Group[] {
    const list: Group[] = [];
    for (let at = this.parent.get(key); at && at !== this.root; at = this.parent.get(at.key)) list.push(at);
    return list;
  }
  private limit(kept: string): void {
    const keep = new Set([kept, ...this.above(kept).map((group) => group.key)]);
    for (const key of [...this.open]) {
      if (this.boxes().length <= mostBoxes) return;
      if (!keep.has(key)) this.open.delete(key);
    }
  }
  private link(group: Group): void {
    for (const part of group.parts) {
      this.parent.set(keyOf(part), group);
      if (isGroup(part)) this.link(part);
    }
  }
}

/** Groups by the next word of `group`, each where its first node stands. */
function byPrefix(nodes: Node[], path: string[]): Part[] {
  const parts: Part[] = [];
  const groups = new Map<string, Node[]>();
  for (const node of nodes) {
    const word = node.group === "" ? undefined : node.group.split(".")[path.length];
    if (word === undefined) {
      parts.push(node);
      continue;
    }
    const key = [...path, word].join(".");
    const known = groups.get(key);
    if (known) known.push(node);
    else {
      const members = [node];
      groups.set(key, members);
      parts.push({ key, title: key, nodes: members, parts: [] });
    }
  }
  for (const part of parts) if (isGroup(part)) part.parts = byPrefix(part.nodes, [...path, part.key.split(".").at(-1)!]);
  return parts;
}

function cut(group: Group): void {
  for (const part of group.parts) if (isGroup(part)) cut(part);
  while (group.parts.length > fanOut) {
    const size = Math.max(8, Math.ceil(group.parts.length / fanOut));
    const runs: Part[] = [];
    for (let at = 0; at < group.parts.length; at += size) runs.push(run(group, group.parts.slice(at, at + size)));
    group.parts = runs;
  }
}
function run(group: Group, parts: Part[]): Group {
  const nodes = parts.flatMap((part) => (isGroup(part) ? part.nodes : [part]));
  const first = nodes[0]!, last = nodes.at(-1)!;
  return { key: `${group.key}/${first.id}-${last.id}`, title: `${first.name.plain} … ${last.name.plain}`, nodes, parts };
}
