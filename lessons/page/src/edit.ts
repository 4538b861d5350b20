// Inputs that can be edited: the engine in this page computes the trace.
import { byId, h } from "./dom";
import { Engine } from "./engine";
import type { Trace } from "./trace";

/** The fields of the form, and what they ask the engine for. */
class Fields {
  private readonly source = byId<HTMLTextAreaElement>("source");
  private readonly inputs = byId("inputs");
  private readonly rate = byId<HTMLInputElement>("rate");
  private readonly steps = byId<HTMLInputElement>("steps");
  private readonly learn = byId<HTMLInputElement>("learn");

  constructor(private readonly first: Trace) {
    byId("source-field").hidden = byId("descent-fields").hidden = !first.expression;
    byId("edit-title").textContent = first.expression ? "Expression and inputs" : "Inputs";
    this.reset();
  }

  reset(): void {
    const { expression, lesson } = this.first;
    const given = Object.entries(expression?.inputs ?? lesson?.inputs ?? {});
    this.inputs.replaceChildren(...given.map(([name, value]) => this.field(name, String(value))));
    this.source.value = expression?.source ?? "";
    this.rate.value = String(expression?.rate ?? "");
    this.steps.value = String(expression?.steps ?? "");
    this.learn.value = expression?.learn?.join(", ") ?? "";
  }

  /** Throws for a number that is none. */
  request(): string {
    const given = [...this.inputs.querySelectorAll("input")];
    if (this.first.lesson) {
      const inputs = Object.fromEntries(given.map((input) => [input.name, number(input.name, input.value)]));
      return JSON.stringify({ lesson: { ...this.first.lesson, inputs } });
    }
    const used = given.filter((input) => !input.closest(".unused") && input.value.trim() !== "");
    const expression: NonNullable<Trace["expression"]> = {
      source: this.source.value,
      inputs: Object.fromEntries(used.map((input) => [input.name, input.value.trim()])),
      check: this.first.expression!.check,
    };
    if (this.rate.value.trim() !== "") {
      expression.rate = number("learning rate", this.rate.value);
      expression.steps = number("steps", this.steps.value || "1");
      if (!Number.isInteger(expression.steps) || expression.steps < 1) throw new Error("steps is a whole number from 1");
      expression.learn = this.learn.value.split(/[\s,]+/).filter((name) => name !== "");
    }
    return JSON.stringify({ expression });
  }

  /** A name may be used again once the expression is another. */
  useAll(): void {
    for (const label of this.inputs.querySelectorAll(".unused")) label.classList.remove("unused");
  }
  setUnused(name: string): boolean {
    const label = this.find(name)?.closest("label");
    label?.classList.add("unused");
    return label != null;
  }
  /** A field for a name that has no value yet. */
  offer(name: string): void {
    let input = this.find(name);
    if (!input) {
      const label = this.field(name, "");
      this.inputs.append(label);
      input = label.querySelector("input")!;
    }
    input.focus();
  }

  private find(name: string): HTMLInputElement | null {
    return this.inputs.querySelector(`input[name="${CSS.escape(name)}"]`);
  }
  private field(name: string, value: string): HTMLLabelElement {
    return h("label", {}, `${name} `, h("input", {
      name, value, size: Math.max(6, Math.min(30, value.length + 2)),
      autocomplete: "off", autocapitalize: "off", spellcheck: "false" }));
  }
}

function number(name: string, text: string): number {
  const value = Number(text.trim().replace(/^([-+]?)\./, "$10."));
  if (text.trim() === "" || Number.isNaN(value)) throw new Error(`${name} is a number, given "${text}"`);
  return value;
}

/** What the page does with what the engine finds. */
interface Page {
  /** Shows another trace. */
  change(trace: Trace): void;
  /** Shows the numeric checks of these entries, which have come since. */
  renew(entries: number[]): void;
}

/** What will change; the form itself stays out, or what it says would not be read out. */
const results = ["step-panel", "graph-panel", "right"];

/** The form: it asks the engine whenever something in it has changed. */
class Editor {
  private readonly engine = new Engine();
  private readonly fields: Fields;
  private last: string;
  private clock: number | undefined;

  constructor(private readonly first: Trace, private readonly page: Page) {
    this.fields = new Fields(first);
    this.last = this.fields.request();
    const form = byId<HTMLFormElement>("edit");
    form.hidden = false;
    form.addEventListener("focusin", () => void this.engine.load().catch(() => {}), { once: true });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.compute();
    });
    form.addEventListener("change", (event) => {
      if (event.target === byId("source")) this.fields.useAll();
      this.compute();
    });
    byId("source").addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      this.fields.useAll();
      this.compute();
    });
    byId("reset").addEventListener("click", () => this.reset());
    byId("cancel").addEventListener("click", () => this.cancel());
  }

  private compute(): void {
    let request: string;
    try {
      request = this.fields.request();
    } catch (error) {
      this.last = "";
      return this.say("", error instanceof Error ? error.message : String(error));
    }
    if (request === this.last) return;
    this.last = request;
    const start = performance.now();
    this.wait();
    this.engine.run(request, {
      trace: (trace, pending) => {
        this.rest();
        this.page.change(trace);
        const computed = `computed in this page in ${duration(performance.now() - start)}`;
        this.say(pending ? `${computed}; checking the entries …` : computed);
      },
      checks: ({ checks, pending }) => {
        this.page.renew(checks.map(({ entry }) => entry));
        if (!pending) this.say(`computed and checked in this page in ${duration(performance.now() - start)}`);
      },
      error: (message) => {
        this.rest();
        const unused = /a value of (\S+) is given, but the expression does not use it/.exec(message)?.[1];
        if (unused && this.fields.setUnused(unused)) return this.compute();
        this.say("", message);
        const missing = /"([^"]+)" has no value/.exec(message)?.[1];
        if (missing) this.fields.offer(missing);
      },
    });
  }
  private reset(): void {
    this.engine.cancel();
    this.rest();
    this.fields.reset();
    this.last = this.fields.request();
    this.page.change(this.first);
    this.say("as it was written");
  }
  private cancel(): void {
    this.engine.cancel();
    this.rest();
    this.last = ""; // the same may be asked for again
    this.say("cancelled: the page shows the numbers it had before");
    byId("submit").focus();
  }

  /** While it computes; what takes no time is not made a fuss of. */
  private wait(): void {
    window.clearInterval(this.clock);
    this.say("computing …");
    document.documentElement.classList.add("computing");
    for (const id of results) byId(id).setAttribute("aria-busy", "true");
    const start = performance.now();
    this.clock = window.setInterval(() => {
      byId("cancel").hidden = false;
      byId("edit-clock").textContent = `${((performance.now() - start) / 1000).toFixed(1)} s`;
    }, 200);
  }
  private rest(): void {
    window.clearInterval(this.clock);
    if (document.activeElement === byId("cancel")) byId("submit").focus();
    byId("cancel").hidden = true;
    byId("edit-clock").textContent = "";
    document.documentElement.classList.remove("computing");
    for (const id of results) byId(id).removeAttribute("aria-busy");
  }
  private say(what: string, error = ""): void {
    byId("edit-state").textContent = what;
    const failure = byId("edit-error");
    failure.textContent = error;
    failure.hidden = error === "";
  }
}

function duration(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.max(1, Math.round(milliseconds))} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

/** Shows the form for a trace that can be computed again. */
export function setUpEditing(first: Trace, page: Page): void {
  const inputs = first.expression ?? Object.keys(first.lesson?.inputs ?? {}).length > 0;
  if (inputs && document.getElementById("engine")) new Editor(first, page);
}
