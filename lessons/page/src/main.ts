import { byId, h } from "./dom";
import { showDescent } from "./descent";
import { setUpEditing } from "./edit";
import { GraphView } from "./graph";
import { showNode } from "./node";
import { showStep } from "./step";
import { TableView } from "./table";
import { Timeline } from "./timeline";
import { readTrace, type Trace } from "./trace";
import { showAllDigits } from "./value";

class Page {
  private timeline: Timeline;
  private readonly graph: GraphView;
  private table: TableView;
  private at = 0;
  private chosen: number | null = null;
  private playing: number | undefined;

  constructor(trace: Trace) {
    this.timeline = new Timeline(trace);
    this.graph = new GraphView(this.timeline, this.choose, (drawn) => this.redraw(drawn));
    this.table = new TableView(this.timeline, this.choose);
    this.describe();
    this.listen();
    const asked = /step=(\d+)/.exec(location.hash);
    this.go(asked ? Number(asked[1]) - 1 : 0);
    this.drawGraph();
    setUpEditing(trace, { change: (changed) => this.change(changed), renew: (entries) => this.renew(entries) });
  }

  /** Goes to a step and shows what is known after it. */
  go(at: number): void {
    this.at = Math.min(this.timeline.length - 1, Math.max(0, at));
    const slider = byId<HTMLInputElement>("slider");
    slider.max = String(this.timeline.length - 1);
    slider.value = String(this.at);
    slider.setAttribute("aria-valuetext", `step ${this.at + 1} of ${this.timeline.length}`);
    byId("position").textContent = `${this.at + 1} / ${this.timeline.length}`;
    for (const id of ["first", "back"]) byId<HTMLButtonElement>(id).disabled = this.at === 0;
    for (const id of ["next", "last"]) byId<HTMLButtonElement>(id).disabled = this.at === this.timeline.length - 1;
    this.showStep();
    this.graph.show(this.at);
    this.table.show(this.at);
    // Sizes are read when all is written: the browser lays the page out once.
    this.graph.reveal();
    this.table.reveal();
  }
  private showStep(): void {
    const folding = { isFolded: (id: number) => this.graph.isFolded(id), open: (id: number) => this.redraw(this.graph.open(id)) };
    byId("announce").textContent = showStep(this.timeline, this.at, folding);
  }

  private readonly choose = (id: number): void => {
    if (this.timeline.node(id).graph === "B") return;
    this.chosen = id;
    showNode(this.timeline, id, this.choose, (at) => this.go(at));
    this.graph.select(id);
  };

  private change(trace: Trace): void {
    const atEnd = this.at === this.timeline.length - 1;
    this.timeline = new Timeline(trace);
    const same = this.graph.update(this.timeline);
    if (!same) {
      this.chosen = null;
      byId("node").replaceChildren(h("p", { class: "quiet empty" }, "Choose a node of the graph."));
      byId("node-title").textContent = "Node";
    }
    this.table = new TableView(this.timeline, this.choose);
    this.describe();
    this.drawGraph();
    this.go(atEnd ? this.timeline.length - 1 : this.at);
    if (this.chosen !== null) this.choose(this.chosen);
  }
  /** Numeric checks that come after the trace. */
  private renew(indices: number[]): void {
    const { trace } = this.timeline;
    const entries = new Set(indices.map((index) => trace.entries[index]!));
    this.summarize();
    this.table.renew(entries);
    const step = this.timeline.step(this.at);
    if (step.kind === "sum" && entries.has(trace.entries[step.index]!)) this.showStep();
    const chosen = this.chosen === null ? undefined : this.timeline.entries.get(this.chosen);
    if (chosen && entries.has(chosen)) showNode(this.timeline, this.chosen!, this.choose, (at) => this.go(at));
  }

  private summarize(): void {
    const { trace } = this.timeline;
    const count = (verdict: string) => trace.entries.filter((entry) => entry.check.verdict === verdict).length;
    const [right, wrong, pending] = [count("right"), count("wrong"), count("pending")];
    const backward = trace.nodes.length - trace.forward_nodes;
    byId("summary").textContent = `${trace.forward_nodes} nodes in G, ${backward} in B, ${trace.entries.length} entries; ` +
      `numeric check: ${right} right${wrong > 0 ? `, ${wrong} wrong` : ""}${pending > 0 ? `, ${pending} to come` : ""}` +
      (trace.expression?.note ? `; ${trace.expression.note}` : "");
  }
  private describe(): void {
    const { trace } = this.timeline;
    document.title = `${trace.title}: tapewise`;
    byId("title").textContent = `${trace.title}, step by step`;
    this.summarize();
    byId("names").replaceChildren(...this.timeline.forward.filter((node) => node.labelled).slice(0, 500).map((node) => h("option", { value: node.name.plain })));
    showDescent(trace);
  }

  private drawGraph(): void {
    this.redraw(this.graph.draw());
  }
  private redraw(drawn: Promise<void>): void {
    drawn.then(() => {
      document.documentElement.dataset["drawn"] = String(Number(document.documentElement.dataset["drawn"] ?? 0) + 1);
      this.go(this.at);
    }, (error: unknown) => {
      byId("graph-note").textContent = `The graph could not be drawn: ${String(error)}`;
    });
  }

  private play(): void {
    const button = byId("play");
    if (this.playing === undefined && this.at < this.timeline.length - 1) {
      this.playing = window.setInterval(() => {
        this.go(this.at + 1);
        if (this.at === this.timeline.length - 1) this.play();
      }, 900);
      button.textContent = "❚❚";
      button.setAttribute("aria-label", "Pause");
    } else {
      window.clearInterval(this.playing);
      this.playing = undefined;
      button.textContent = "▶▶";
      button.setAttribute("aria-label", "Play");
    }
  }

  private listen(): void {
    const steps: Record<string, () => number> = {
      first: () => 0, back: () => this.at - 1, next: () => this.at + 1, last: () => this.timeline.length - 1,
    };
    for (const [id, to] of Object.entries(steps)) byId(id).addEventListener("click", () => this.go(to()));
    byId("play").addEventListener("click", () => this.play());
    const slider = byId<HTMLInputElement>("slider");
    slider.addEventListener("input", () => this.go(Number(slider.value)));
    byId("zoom-in").addEventListener("click", () => this.graph.setZoom((now) => Math.min(3, now * 1.25)));
    byId("zoom-out").addEventListener("click", () => this.graph.setZoom((now) => Math.max(0.2, now / 1.25)));
    byId("zoom-fit").addEventListener("click", () => this.graph.setZoom(() => 0));
    byId("open-all").addEventListener("click", () => { this.graph.folding.openAll(); this.drawGraph(); });
    byId("close-all").addEventListener("click", () => { this.graph.folding.closeAll(); this.drawGraph(); });
    window.addEventListener("resize", () => this.graph.resize());
    window.addEventListener("beforeprint", () => this.go(this.timeline.length - 1));
    byId<HTMLInputElement>("all-digits").addEventListener("change", (event) => {
      showAllDigits((event.target as HTMLInputElement).checked);
      this.table.refresh();
      this.go(this.at);
      showDescent(this.timeline.trace);
      if (this.chosen !== null) this.choose(this.chosen);
    });
    byId("find").addEventListener("change", (event) => {
      const name = (event.target as HTMLInputElement).value.trim();
      const found = this.timeline.forward.find((node) => node.name.plain === name);
      if (found) this.choose(found.id);
    });
    byId("help-button").addEventListener("click", (event) => {
      const help = byId("help");
      help.hidden = !help.hidden;
      (event.currentTarget as HTMLElement).setAttribute("aria-expanded", String(!help.hidden));
    });
    setUpTheme();
    document.addEventListener("keydown", (event) => this.key(event));
  }

  private key(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) return;
    const subject = this.timeline.subject(this.at);
    const keys: Record<string, () => void> = {
      ArrowRight: () => this.go(this.at + 1), ArrowLeft: () => this.go(this.at - 1),
      Home: () => this.go(0), End: () => this.go(this.timeline.length - 1),
      p: () => this.play(), o: () => this.redraw(this.graph.open(subject)), c: () => this.redraw(this.graph.close(subject)),
    };
    const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }
}

function setUpTheme(): void {
  const root = document.documentElement, button = byId("theme");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset["theme"] ?? (dark.matches ? "dark" : "light")) === "dark";
  const name = () => { button.textContent = isDark() ? "Light" : "Dark"; };
  button.addEventListener("click", () => {
    root.dataset["theme"] = isDark() ? "light" : "dark";
    name();
  });
  dark.addEventListener("change", name);
  name();
}

readTrace().then((trace) => new Page(trace), (error: unknown) => {
  byId("summary").textContent = error instanceof Error ? error.message : String(error);
});
