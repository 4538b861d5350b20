// Inputs that can be edited: the engine in this page, compiled to WebAssembly, computes the trace.
import { byId, h } from "./dom";
import { checked, type Trace } from "./trace";
import { runPacked, unpack } from "./unpack";

interface Engine {
  compute(request: string): string;
}
type Answer = Trace | { error: string };

let engine: Promise<Engine> | null = null;
let code: ArrayBuffer | null = null;
function load(): Promise<Engine> {
  engine ??= (async () => {
    if (!code) {
      // Its loader in one line, its WebAssembly in the other.
      const [loader = "", binary = ""] = byId("engine").textContent!.split("\n");
      await runPacked(loader);
      code = await unpack(binary).arrayBuffer();
    }
    const page = globalThis as unknown as { tapewiseEngine(settings: { wasmBinary: ArrayBuffer }): Promise<Engine> };
    return page.tapewiseEngine({ wasmBinary: code });
  })();
  return engine;
}

async function answer(request: string): Promise<Answer> {
  try {
    return JSON.parse((await load()).compute(request)) as Answer;
  } catch (error) {
    engine = null; // one that has stopped is not asked again
    return { error: `The engine in this page stopped: ${error instanceof Error ? error.message : String(error)}` };
  }
}

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

/** Lets the browser show what has been said before it computes. */
const shown = () => new Promise<void>((done) => requestAnimationFrame(() => setTimeout(done)));

/** Shows the form for a trace that can be computed again; `changed` gets each new trace. */
export function setUpEditing(first: Trace, changed: (trace: Trace) => void): void {
  if ((!first.expression && Object.keys(first.lesson?.inputs ?? {}).length === 0) || !document.getElementById("engine")) return;
  const form = byId<HTMLFormElement>("edit"), state = byId("edit-state"), failure = byId("edit-error");
  const fields = new Fields(first);
  form.hidden = false;

  let last = fields.request(), turn = 0;
  const say = (what: string, error = "") => {
    state.textContent = what;
    failure.textContent = error;
    failure.hidden = error === "";
  };
  const compute = async (): Promise<void> => {
    let request: string;
    try {
      request = fields.request();
    } catch (error) {
      last = "";
      return say("", error instanceof Error ? error.message : String(error));
    }
    if (request === last) return;
    last = request;
    const mine = ++turn;
    say("computing …");
    await shown();
    const start = performance.now();
    const made = await answer(request);
    if (mine !== turn) return;
    if (!("error" in made)) {
      changed(checked(made));
      return say(`computed in this page in ${Math.max(1, Math.round(performance.now() - start))} ms`);
    }
    const unused = /the expression does not use (\S+)$/.exec(made.error)?.[1];
    if (unused && fields.setUnused(unused)) return compute();
    say("", made.error);
    const missing = /"([^"]+)" has no value/.exec(made.error)?.[1];
    if (missing) fields.offer(missing);
  };

  form.addEventListener("focusin", () => void load(), { once: true });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void compute();
  });
  form.addEventListener("change", (event) => {
    if (event.target === byId("source")) fields.useAll();
    void compute();
  });
  byId("source").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    fields.useAll();
    void compute();
  });
  byId("reset").addEventListener("click", () => {
    ++turn;
    fields.reset();
    last = fields.request();
    changed(first);
    say("as it was written");
  });
}
