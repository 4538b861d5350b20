// Runs the engine in a thread of its own, so that the page can be used while it computes. A bundle of
// its own, started by engine.ts after the engine's loader.
import { changed } from "./changes";
import { listsOf, sliceLength, type Answer, type Asked } from "./protocol";
import type { Check, Trace } from "./trace";

interface Engine {
  compute(request: string): string;
  check(milliseconds: number): string;
}
type Checked = { checks: { entry: number; check: Check }[]; done: boolean; error?: string };
declare const tapewiseEngine: (settings: { wasmBinary: ArrayBuffer }) => Promise<{ Engine: new () => Engine }>;

const say = (answer: Answer) => postMessage(answer);
let engine: Promise<Engine> | null = null;
/** What the page has of the last trace. */
let last: Trace | null = null;
let latest = 0;

onmessage = async (event: MessageEvent<Asked>) => {
  const asked = event.data;
  if ("wasm" in asked) {
    engine = tapewiseEngine({ wasmBinary: asked.wasm }).then((module) => new module.Engine());
    engine.catch(() => {}); // who asks for a trace is told
    return;
  }
  latest = asked.turn;
  try {
    answer(await engine!, asked.turn, asked.request);
  } catch (error) {
    say({ turn: asked.turn, error: error instanceof Error ? error.message : String(error), stopped: true });
  }
};

function answer(running: Engine, turn: number, request: string): void {
  const made = JSON.parse(running.compute(request)) as Trace | { error: string };
  if ("error" in made) return say({ turn, error: made.error });
  const first = check(running, 40); // few are done at once
  for (const { entry, check: its } of first.checks) made.entries[entry]!.check = its;
  send(turn, made);
  last = made;
  say({ turn, complete: true, pending: !first.done });
  if (!first.done) setTimeout(checkOn, 0, running, turn, made);
}

/** Checks entry after entry; a request that has come meanwhile goes first. */
function checkOn(running: Engine, turn: number, trace: Trace): void {
  if (turn !== latest) return;
  try {
    const { checks, done } = check(running, 80);
    for (const { entry, check: its } of checks) trace.entries[entry]!.check = its;
    say({ turn, checks, pending: !done });
    if (!done) setTimeout(checkOn, 0, running, turn, trace);
  } catch (error) {
    say({ turn, error: error instanceof Error ? error.message : String(error), stopped: true });
  }
}
function check(running: Engine, milliseconds: number): Checked {
  const made = JSON.parse(running.check(milliseconds)) as Checked;
  if (made.error !== undefined) throw new Error(made.error);
  return made;
}

/** In slices, so that the page never reads for long. */
function send(turn: number, trace: Trace): void {
  const { nodes, entries, updates, steps, ...head } = trace;
  const lists = { nodes, entries, updates, steps };
  const base = last !== null && listsOf.every((name) => last![name].length === lists[name].length) ? last : null;
  say({ turn, head, onto: base !== null });
  for (const name of listsOf) {
    for (let from = 0; from < lists[name].length; from += sliceLength) {
      const items: unknown[] = lists[name].slice(from, from + sliceLength);
      // A node's members are one level deep, those of an entry's contributions three.
      say({ turn, list: name, from, items: base ? items.map((item, i) => changed(base[name][from + i], item, name === "entries" ? 3 : 1)) : items });
    }
  }
}
