// Inputs that can be edited: the engine in this page, compiled to WebAssembly, computes the trace.
import { byId, h } from "./dom";
import { parseTrace, type Trace } from "./trace";
import { runPacked } from "./unpack";

interface Engine {
  compute(request: string): string;
}
let engine: Promise<Engine> | null = null;
function load(): Promise<Engine> {
  engine ??= (async () => {
    await runPacked("engine");
    return (globalThis as unknown as { tapewiseEngine(): Promise<Engine> }).tapewiseEngine();
  })();
  return engine;
}

/** Shows the form for a trace of an expression; `changed` gets each new trace. */
export function setUpEditing(first: Trace, changed: (trace: Trace) => void): void {
  const asWritten = first.expression;
  if (!asWritten || !document.getElementById("engine")) return;
  const form = byId<HTMLFormElement>("edit"), source = byId<HTMLTextAreaElement>("source");
  const state = byId("edit-state"), failure = byId("edit-error"), inputs = byId("inputs");
  form.hidden = false;

  const field = (name: string, value: string) => h("label", {}, `${name} `,
    h("input", { name, value, size: Math.max(6, Math.min(30, value.length + 2)), autocomplete: "off", spellcheck: "false", inputmode: /^[-\d.e+]*$/.test(value) ? "decimal" : "text" }));
  const start = () => {
    source.value = asWritten.source;
    inputs.replaceChildren(...Object.entries(asWritten.inputs).map(([name, value]) => field(name, value)));
  };
  start();

  let turn = 0;
  const compute = async () => {
    const mine = ++turn;
    const values = Object.fromEntries([...inputs.querySelectorAll("input")].map((input) => [input.name, input.value.trim()]));
    state.textContent = "computing …";
    try {
      const request: Record<string, unknown> = { source: source.value, inputs: values };
      if (first.descent) Object.assign(request, { rate: first.descent.rate, steps: first.descent.rows.length - 1, learn: first.descent.learned });
      const answer = JSON.parse((await load()).compute(JSON.stringify(request))) as { trace?: string; error?: string };
      if (mine !== turn) return;
      failure.hidden = answer.error === undefined;
      failure.textContent = answer.error ?? "";
      state.textContent = answer.error === undefined ? "computed in this page" : "";
      if (answer.trace !== undefined) {
        changed(parseTrace(answer.trace));
        offerMissing();
      } else offerMissing(answer.error);
    } catch (error) {
      state.textContent = "";
      failure.hidden = false;
      failure.textContent = String(error instanceof Error ? error.message : error);
    }
  };
  /** A field for a name that the expression has and nobody has given a value yet. */
  const offerMissing = (error?: string) => {
    const name = error?.match(/no value for '?([A-Za-z_]\w*)'?/)?.[1];
    if (name && !inputs.querySelector(`input[name="${name}"]`)) inputs.append(field(name, ""));
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void compute();
  });
  inputs.addEventListener("change", () => void compute());
  source.addEventListener("change", () => void compute());
  byId("reset").addEventListener("click", () => {
    start();
    void compute();
  });
}
