// The gradient table: it fills as the steps go, entry by entry and term by term.
import { byId, h } from "./dom";
import { checkMark, equation, sumOf, sumValue, termList } from "./parts";
import type { Timeline } from "./timeline";
import type { Contribution, Entry } from "./trace";
import { math } from "./value";

const pageLength = 50;
/** A row; `state` is what was written last, and `marked` whether a term of it is the step's. */
interface Line {
  entry: Entry;
  row: HTMLTableRowElement;
  state: string;
  marked: boolean;
}

export class TableView {
  private page = 0;
  private shown: Line[] = [];

  constructor(private timeline: Timeline, private readonly choose: (id: number) => void) {
    byId("table-pages").hidden = this.entries.length <= pageLength;
    byId("table-back").onclick = () => this.turn(this.page - 1);
    byId("table-next").onclick = () => this.turn(this.page + 1);
    this.turn(0);
  }
  private get entries(): Entry[] {
    return this.timeline.trace.entries;
  }
  private at = 0;
  private active: HTMLTableRowElement | undefined;

  show(at: number): void {
    this.at = at;
    const step = this.timeline.step(at);
    const current = step.kind === "forward" || step.kind === "update" ? -1 : step.index;
    const page = Math.floor(current / pageLength);
    if (current >= 0 && page !== this.page) this.turn(page);
    else for (const line of this.shown) this.fill(line, this.entries[current] === line.entry);
    this.active = this.shown.find((line) => this.entries[current] === line.entry)?.row;
  }
  /** Scrolls to the row of the step. */
  reveal(): void {
    if (this.active) keepVisible(this.active);
  }
  /** Writes the rows of these entries again: their numeric checks are there. */
  renew(entries: Set<Entry>): void {
    for (const line of this.shown) {
      if (!entries.has(line.entry)) continue;
      line.state = "";
      this.fill(line, line.row === this.active);
    }
  }
  /** Writes all rows again: numbers are shown in another way. */
  refresh(): void {
    this.turn(this.page);
  }

  private turn(page: number): void {
    const pages = Math.max(1, Math.ceil(this.entries.length / pageLength));
    this.page = Math.min(pages - 1, Math.max(0, page));
    const first = this.page * pageLength;
    const entries = this.entries.slice(first, first + pageLength);
    byId("table-range").textContent = `${first + 1} to ${first + entries.length} of ${this.entries.length}`;
    this.shown = entries.map((entry) => ({ entry, row: h("tr", {}), state: "", marked: false }));
    byId("entries").replaceChildren(...this.shown.map((line) => line.row));
    const step = this.timeline.step(this.at);
    const current = step.kind === "forward" || step.kind === "update" ? null : this.entries[step.index];
    for (const line of this.shown) this.fill(line, current === line.entry);
  }
  private fill(line: Line, active: boolean): void {
    const { entry, row } = line;
    const terms = entry.contributions.filter((_, i) => this.timeline.whenTerm(entry.node, i) <= this.at);
    const done = this.timeline.whenEntry(entry.node) <= this.at;
    const step = this.timeline.step(this.at);
    const state = `${terms.length} ${done}`;
    row.classList.toggle("active", active);
    row.classList.toggle("waiting", !done && terms.length === 0);
    if (state !== line.state) {
      line.state = state;
      this.write(line, terms, done);
    }
    // A contribution is the newest of the terms that are shown.
    const marked = active && step.kind === "contribution";
    if (marked || line.marked) {
      const items = row.querySelectorAll("li");
      items.forEach((item, i) => item.classList.toggle("active", marked && i === items.length - 1));
      line.marked = marked;
    }
  }
  private write({ entry, row }: Line, terms: Contribution[], done: boolean): void {
    const node = this.timeline.node(entry.node);
    const several = entry.contributions.length > 1;
    const sum = done ? h("div", { class: "sum" }, several ? equation(sumOf(entry), sumValue(entry)) : sumValue(entry)) : null;
    row.replaceChildren(
      h("th", { scope: "row" }, h("button", { type: "button", class: "link", title: `Show ${node.name.plain}`, click: () => this.choose(node.id) }, math(entry.name))),
      h("td", {}, terms.length > 0 ? termList(this.timeline, terms, this.choose)
        : entry.contributions.length === 0 && done ? h("span", { class: "quiet" }, "the output: back-propagation starts with 1")
          : h("span", { class: "quiet" }, done ? "none" : "·")),
      h("td", { "data-label": "sum" }, sum),
      h("td", { "data-label": "check" }, done ? checkMark(entry.check) : null));
    row.dataset["entry"] = node.name.plain;
  }
}

function keepVisible(row: HTMLElement): void {
  const frame = row.closest<HTMLElement>(".scroll");
  if (!frame) return;
  const head = 34;
  const [top, bottom] = [row.offsetTop - head, row.offsetTop + row.offsetHeight];
  if (top < frame.scrollTop) frame.scrollTop = top;
  else if (bottom > frame.scrollTop + frame.clientHeight) frame.scrollTop = Math.min(top, bottom - frame.clientHeight);
}
