// The graph G and its subgraph B, drawn twice from one layout: B's arrows run the other way.
import { byId, h, s } from "./dom";
import { Folding, isGroup, keyOf, whole, type Part } from "./fold";
import { layOut, type Layout, type Point } from "./layout";
import type { Timeline } from "./timeline";
import type { Contribution, Node } from "./trace";
import { brief, digits, isScalar, picture, pictureSize, spoken } from "./value";

interface Box {
  part: Part;
  key: string;
  title: string;
  width: number;
  height: number;
  /** The steps after which one more of its values, or entries, is known; ascending. */
  known: Record<Side, number[]>;
}
interface Edge {
  from: string;
  to: string;
  /** Contributions that flow back along it: node of the entry, which of its terms, and its step. */
  terms: { entry: number; index: number; contribution: Contribution; when: number }[];
  /** Nodes of `to` that read `from`. */
  readers: Set<number>;
  /** The step at which the first of them reads it. */
  firstRead: number;
}
/** `state` is what was drawn last: what has not changed is left alone. */
interface DrawnBox {
  group: SVGElement;
  value: SVGElement;
  picture: SVGElement | null;
  state: string;
}
interface DrawnEdge {
  group: SVGElement;
  label: SVGElement | null;
  state: string;
}
interface Drawn {
  svg: SVGElement;
  boxes: Map<string, DrawnBox>;
  edges: DrawnEdge[];
}
type Side = "g" | "b";
const sides = ["g", "b"] as const;

const lineHeight = 17, padding = 7, pictureHeight = 30;

export class GraphView {
  folding: Folding;
  private boxes: Box[] = [];
  private edges: Edge[] = [];
  private layout: Layout | null = null;
  private drawn: Record<Side, Drawn> | null = null;
  /** The box that each node is in. */
  private owner = new Map<number, string>();
  /** The graph that `layout` is of, and the room it has given. */
  private room = { graph: "", boxes: [] as number[], labels: [] as number[] };
  private zoom = 0;
  private scale = 1;
  private at = 0;
  private focused = "";
  private selected = "";
  private drawing = 0;

  /** `redraw` is told when the reader opens a group. */
  constructor(private timeline: Timeline, private readonly choose: (id: number) => void,
              private readonly redraw: (drawn: Promise<void>) => void) {
    this.folding = new Folding(timeline.forward);
    const g = byId("pane-g"), b = byId("pane-b");
    this.follow(g, b);
    this.follow(b, g);
  }

  /** New numbers for the same graph, or another graph, to be drawn then. Returns false when it is another. */
  update(timeline: Timeline): boolean {
    const same = sameGraph(timeline.forward, this.timeline.forward);
    this.timeline = timeline;
    this.folding = same ? this.folding.renewed(timeline.forward) : new Folding(timeline.forward);
    if (same) return true;
    this.drawn = null;
    this.selected = this.focused = "";
    return false;
  }

  /** Lays the graph out and draws it; needed when another part of it is open, or numbers are new. */
  async draw(): Promise<void> {
    const turn = ++this.drawing;
    const boxes = this.folding.boxes().map((part) => this.box(part));
    const [edges, owner] = this.connect(boxes);
    const labelled = boxes.length <= whole * 1.5;
    const labels = edges.map((edge) => (labelled && edge.terms.length > 0 ? this.labelOf(edge).length * 6.6 + 6 : 0));
    const graph = `${boxes.map((box) => `${box.key} ${box.height}`)};${edges.map((edge) => `${edge.from} ${edge.to}`)}`;
    const fits = graph === this.room.graph && boxes.every((box, i) => box.width <= this.room.boxes[i]!) &&
      labels.every((width, i) => width <= this.room.labels[i]!);
    if (fits) {
      boxes.forEach((box, i) => { box.width = this.room.boxes[i]!; });
    } else {
      const slow = window.setTimeout(() => byId("graph-note").replaceChildren("Laying the graph out …"), 300);
      const layout = await layOut(boxes, edges.map(({ from, to }, i) => ({ from, to, label: labels[i]! }))).finally(() => window.clearTimeout(slow));
      if (layout === null || turn !== this.drawing) return;
      this.layout = layout;
      this.room = { graph, boxes: boxes.map((box) => box.width), labels };
    }
    [this.boxes, this.edges, this.owner] = [boxes, edges, owner];
    this.drawn = null; // the focus moves to a new box before all of them are there
    this.drawn = { g: this.drawSide("g"), b: this.drawSide("b") };
    byId("graphs").classList.toggle("wide", this.layout!.width > 560);
    this.note();
    this.resize();
    this.show(this.at);
    this.reveal();
  }

  /** The state of the graph after a step. */
  show(at: number): void {
    this.at = at;
    if (!this.drawn) return;
    const { timeline } = this;
    const step = timeline.step(at);
    const subject = timeline.subject(at), active = this.boxOf(subject);
    const reads = new Set<string>();
    let term: Contribution | null = null;
    if (step.kind === "forward") timeline.node(subject).parents.forEach((id) => reads.add(this.boxOf(id)));
    if (step.kind === "contribution") {
      term = timeline.trace.entries[step.index]!.contributions[step.contribution!]!;
      reads.add(this.boxOf(term.child));
    }
    const now: Side = step.kind !== "forward" && step.kind !== "update" ? "b" : "g";
    for (const side of sides) {
      for (const box of this.boxes) {
        const role = side !== now ? "" : box.key === active ? "active" : reads.has(box.key) ? "read" : "";
        this.showBox(this.drawn[side].boxes.get(box.key)!, box, side, role);
      }
    }
    this.edges.forEach((edge, i) => {
      this.showEdge(this.drawn!.g.edges[i], edge.firstRead <= at, step.kind === "forward" && edge.readers.has(subject));
      const known = edge.terms.filter((t) => t.when <= at).length;
      const on = edge.terms.some((t) => t.entry === subject && (t.contribution === term || step.kind === "sum"));
      this.showEdge(this.drawn!.b.edges[i], known > 0, on, known === edge.terms.length ? this.labelOf(edge) : "");
    });
  }
  /** Scrolls to what the step is about. */
  reveal(): void {
    const { kind } = this.timeline.step(this.at);
    if (this.drawn) this.scrollTo(this.boxOf(this.timeline.subject(this.at)), kind === "forward" || kind === "update" ? "g" : "b");
  }
  private showBox(drawn: DrawnBox, box: Box, side: Side, role: string): void {
    const known = box.known[side];
    const done = countUpTo(known, this.at), all = known.length;
    const text = isGroup(box.part) ? `${done} of ${all}` : this.valueText(box.part, side);
    const state = `${done} ${role} ${box.key === this.selected} ${text}`;
    if (state === drawn.state) return;
    drawn.state = state;
    const { group, value, picture: image } = drawn;
    group.classList.toggle("known", all > 0 && done === all);
    group.classList.toggle("none", all === 0);
    group.classList.toggle("active", role === "active");
    group.classList.toggle("read", role === "read");
    group.classList.toggle("chosen", box.key === this.selected);
    value.textContent = text;
    if (image) image.style.visibility = done === all && all > 0 ? "visible" : "hidden";
    group.setAttribute("aria-label", this.label(box, side, done, all));
  }
  private showEdge(drawn: DrawnEdge | undefined, known: boolean, active: boolean, label = ""): void {
    const state = `${known} ${active} ${label}`;
    if (!drawn || state === drawn.state) return;
    drawn.state = state;
    drawn.group.classList.toggle("known", known);
    drawn.group.classList.toggle("active", active);
    if (drawn.label) drawn.label.textContent = label;
  }

  /** Marks a node as the one that is shown in full. */
  select(id: number): void {
    this.selected = this.boxOf(id);
    this.show(this.at);
    this.reveal();
  }
  async open(id: number): Promise<void> {
    this.folding.reveal(this.timeline.node(id));
    await this.draw();
  }
  async close(id: number): Promise<void> {
    this.folding.hide(this.timeline.node(id));
    await this.draw();
  }
  isFolded(id: number): boolean {
    return !this.boxOf(id).startsWith("n");
  }
  /** 1 is natural size, 0 fits the width of the page. */
  setZoom(change: (now: number) => number): void {
    this.zoom = change(this.zoom || this.fit());
    this.resize();
  }

  private box(part: Part): Box {
    const title = isGroup(part) ? part.title : part.name.plain;
    const below = isGroup(part) ? `${part.nodes.length} of ${part.nodes.length}` : this.widestValue(part);
    const image = !isGroup(part) && picture(part.value) !== null;
    const members = isGroup(part) ? part.nodes : [part];
    const entries = members.filter((node) => this.timeline.entries.has(node.id));
    const ascending = (steps: number[]) => steps.sort((a, b) => a - b);
    return { part, key: keyOf(part), title,
      known: { g: ascending(members.map((node) => this.timeline.whenNode(node.id))), b: ascending(entries.map((node) => this.timeline.whenEntry(node.id))) },
      width: Math.max(58, 2 * padding + 7.6 * Math.max(title.length + 3, below.length)),
      height: 2 * padding + 2 * lineHeight + (image ? pictureHeight + 4 : 0) };
  }
  private widestValue(node: Node): string {
    const entry = this.timeline.entries.get(node.id);
    const update = this.timeline.update(node.id);
    const values = [brief(node.value), entry ? brief(entry.value) : "", update ? brief(update.after) : ""];
    return values.reduce((a, b) => (a.length > b.length ? a : b));
  }
  private connect(boxes: Box[]): [Edge[], Map<number, string>] {
    const owner = new Map<number, string>();
    for (const box of boxes) {
      for (const node of isGroup(box.part) ? box.part.nodes : [box.part]) owner.set(node.id, box.key);
    }
    const edges = new Map<string, Edge>();
    for (const node of this.timeline.forward) {
      node.parents.forEach((parent, use) => {
        const from = owner.get(parent), to = owner.get(node.id);
        if (from === undefined || to === undefined || from === to) return;
        // Between two nodes each use has an arrow of its own; a group's are drawn as one.
        const single = from.startsWith("n") && to.startsWith("n");
        const key = single ? `${from} ${to} ${use}` : `${from} ${to}`;
        let edge = edges.get(key);
        if (!edge) edges.set(key, (edge = { from, to, terms: [], readers: new Set(), firstRead: Infinity }));
        edge.readers.add(node.id);
        edge.firstRead = Math.min(edge.firstRead, this.timeline.whenNode(node.id));
        for (const [index, contribution] of (this.timeline.entries.get(parent)?.contributions ?? []).entries()) {
          if (contribution.child !== node.id || contribution.use !== use) continue;
          edge.terms.push({ entry: parent, index, contribution, when: this.timeline.whenTerm(parent, index) });
        }
      });
    }
    return [[...edges.values()], owner];
  }
  private labelOf(edge: Edge): string {
    const [first] = edge.terms;
    if (edge.terms.length !== 1 || !first) return edge.terms.length > 1 ? `${edge.terms.length} products` : "";
    const { value } = first.contribution;
    return isScalar(value) ? digits(value.elements![0]!, 4) : brief(value);
  }

  private valueText(node: Node, side: Side): string {
    const { timeline, at } = this;
    if (side === "g") {
      if (timeline.whenUpdate(node.id) <= at) {
        return brief(timeline.update(node.id)!.after);
      }
      return timeline.whenNode(node.id) <= at ? brief(node.value) : "";
    }
    const entry = timeline.entries.get(node.id);
    if (!entry) return "constant";
    if (timeline.whenEntry(node.id) <= at) return brief(entry.value);
    return entry.contributions.some((_, i) => timeline.whenTerm(node.id, i) <= at) ? "…" : "";
  }
  private label(box: Box, side: Side, done: number, all: number): string {
    if (isGroup(box.part)) return `group ${box.title}, ${all} nodes, ${done} known, closed`;
    const node = box.part;
    const entry = this.timeline.entries.get(node.id);
    if (side === "g") return `${node.name.plain}${done ? ` is ${spoken(node.value)}` : ", not computed yet"}`;
    if (!entry) return `${node.name.plain} has no gradient`;
    return `gradient of ${node.name.plain}${done ? ` is ${spoken(entry.value)}` : ", not computed yet"}`;
  }

  private drawSide(side: Side): Drawn {
    const layout = this.layout!;
    const svg = s("svg", { viewBox: `-2 -2 ${layout.width + 4} ${layout.height + 4}`, role: "group", class: `graph side-${side}`,
      "aria-label": side === "g" ? "Graph G" : "Subgraph B" },
      s("defs", {}, ...["plain", "active"].map((name) => s("marker", { id: `${side}-${name}`, class: name, viewBox: "0 0 8 8", refX: 7.5, refY: 4,
        markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse", markerUnits: "userSpaceOnUse" }, s("path", { d: "M0 .8 8 4 0 7.2z" })))));
    const drawn: Drawn = { svg, boxes: new Map(), edges: [] };
    this.edges.forEach((edge, i) => {
      const place = layout.edges[i];
      if (!place) return;
      const points = side === "g" ? place.points : [...place.points].reverse();
      const label = side === "b" && place.label
        ? s("text", { x: place.label[0], y: place.label[1] + 4, class: "product", "text-anchor": "middle" }) : null;
      const group = s("g", { class: side === "b" && edge.terms.length === 0 ? "edge none" : "edge" }, s("path", { d: spline(points) }), label);
      if (side === "b") group.prepend(s("title", {}, this.edgeTitle(edge)));
      drawn.edges[i] = { group, label, state: "" };
      svg.append(group);
    });
    this.boxes.forEach((box, i) => {
      const [x, y] = layout.boxes[i]!;
      const left = x - box.width / 2, top = y - box.height / 2;
      const value = s("text", { x, y: top + padding + 1.75 * lineHeight, class: "number", "text-anchor": "middle" });
      const title = side === "b" && !isGroup(box.part) ? `∇[${box.title}]` : box.title;
      const kind = isGroup(box.part) ? "group" : box.part.role;
      const group = s("g", { class: `box ${kind}`, role: "button", tabindex: -1, "data-key": box.key,
        click: () => this.press(box), keydown: (event) => this.key(event as KeyboardEvent, box, side),
        focus: () => this.focusOn(box.key, side) },
        s("rect", { x: left, y: top, width: box.width, height: box.height, rx: isGroup(box.part) ? 3 : 9 }),
        s("text", { x, y: top + padding + 0.75 * lineHeight, class: "name", "text-anchor": "middle" }, title), value);
      const image = isGroup(box.part) ? null : this.thumbnail(box.part, side, x, top + padding + 2 * lineHeight + 3, box.width - 2 * padding);
      if (image) group.append(image);
      drawn.boxes.set(box.key, { group, value, picture: image, state: "" });
      svg.append(group);
    });
    const first = drawn.boxes.get(this.focused) ?? drawn.boxes.get(this.boxes[0]?.key ?? "");
    first?.group.setAttribute("tabindex", "0");
    const pane = byId(`pane-${side}`), focused = pane.contains(document.activeElement);
    pane.replaceChildren(svg);
    if (focused) (first?.group as SVGGElement | undefined)?.focus({ preventScroll: true });
    return drawn;
  }
  private thumbnail(node: Node, side: Side, x: number, y: number, room: number): SVGElement | null {
    const value = side === "g" ? node.value : this.timeline.entries.get(node.id)?.value;
    const address = value && picture(value);
    if (!value || !address) return null;
    const { rows, columns } = pictureSize(value);
    const width = Math.min(room, Math.max(8, (pictureHeight * columns) / rows));
    return s("image", { href: address, x: x - width / 2, y, width, height: pictureHeight, preserveAspectRatio: "none", class: "heat" });
  }
  private edgeTitle(edge: Edge): string {
    return edge.terms.map(({ contribution: c, entry }) => {
      const value = brief(c.value, 6);
      return `${this.timeline.entries.get(entry)!.name.plain}, via ${this.timeline.node(c.child).name.plain}: ` +
        `${c.product?.plain ?? "0"}${c.product_numbers ? ` = ${c.product_numbers.plain}` : ""} = ${value}`;
    }).slice(0, 12).join("\n");
  }

  private press(box: Box): void {
    if (isGroup(box.part)) {
      this.folding.toggle(box.key);
      this.focused = keyOf(box.part.parts[0]!);
      this.redraw(this.draw());
    } else {
      this.choose(box.part.id);
    }
  }
  private key(event: KeyboardEvent, box: Box, side: Side): void {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      event.stopPropagation();
      return this.press(box);
    }
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    event.preventDefault();
    const at = this.boxes.indexOf(box) + (event.key === "ArrowUp" ? -1 : 1);
    const next = this.boxes[(at + this.boxes.length) % this.boxes.length]!;
    (this.drawn![side].boxes.get(next.key)!.group as SVGGElement).focus();
  }
  private focusOn(key: string, side: Side): void {
    this.focused = key;
    if (!this.drawn) return;
    for (const { group } of this.drawn[side].boxes.values()) group.setAttribute("tabindex", "-1");
    this.drawn[side].boxes.get(key)!.group.setAttribute("tabindex", "0");
  }
  private boxOf(id: number): string {
    return this.owner.get(id) ?? "";
  }

  private fit(): number {
    const room = byId("pane-g").clientWidth;
    return Math.min(1.2, Math.max(0.75, room / ((this.layout?.width ?? 1) + 4)));
  }
  resize(): void {
    if (!this.drawn || !this.layout) return;
    const zoom = (this.scale = this.zoom || this.fit());
    for (const { svg } of Object.values(this.drawn)) {
      svg.setAttribute("width", String((this.layout.width + 4) * zoom));
      svg.setAttribute("height", String((this.layout.height + 4) * zoom));
    }
  }
  private scrollTo(key: string, side: Side): void {
    const i = this.boxes.findIndex((box) => box.key === key);
    const place = this.layout!.boxes[i];
    const pane = byId(`pane-${side}`);
    if (!place) return;
    const zoom = this.scale;
    const visible = (at: number, from: number, size: number) => at > from + 30 && at < from + size - 30;
    const [x, y] = [place[0] * zoom, place[1] * zoom];
    if (!visible(x, pane.scrollLeft, pane.clientWidth)) pane.scrollLeft = x - pane.clientWidth / 2;
    if (!visible(y, pane.scrollTop, pane.clientHeight)) pane.scrollTop = y - pane.clientHeight / 2;
  }
  /** The panes scroll together: a node of B stays opposite its node of G. */
  private follow(pane: HTMLElement, other: HTMLElement): void {
    pane.onscroll = () => {
      other.scrollLeft = pane.scrollLeft;
      other.scrollTop = pane.scrollTop;
    };
  }
  private note(): void {
    const all = this.timeline.forward.length;
    const groups = this.boxes.filter((box) => isGroup(box.part)).length;
    byId("open-all").hidden = !this.folding.canFold || this.folding.isLarge || groups === 0;
    byId("close-all").hidden = !this.folding.canFold || groups === this.boxes.length;
    byId("graph-note").replaceChildren(groups > 0
      ? h("span", {}, `${all} nodes, drawn as ${this.boxes.length} boxes. A box with a thick border is a group: press it to open it.`)
      : "Press a node to see where its numbers come from.");
  }
}

function sameGraph(a: Node[], b: Node[]): boolean {
  return a.length === b.length && a.every((node, i) => {
    const other = b[i]!;
    return node.id === other.id && node.name.plain === other.name.plain && node.parents.length === other.parents.length &&
      node.parents.every((parent, use) => parent === other.parents[use]);
  });
}

/** How many of the ascending numbers are at most `limit`. */
function countUpTo(numbers: number[], limit: number): number {
  let low = 0, high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle]! <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

function spline(points: Point[]): string {
  const [start, ...rest] = points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`);
  return `M${start}C${rest.join(" ")}`;
}
