// What the page and the worker with its engine say to each other.
import type { Change } from "./changes";
import type { Check, Trace } from "./trace";

/** To the worker: the engine's code, once; then what is to be computed. */
export type Asked = { wasm: ArrayBuffer } | { turn: number; request: string };

export const listsOf = ["nodes", "entries", "updates", "steps"] as const;
export type ListName = (typeof listsOf)[number];
/** Items of a list that come in one message. */
export const sliceLength = 400;

export interface Checks {
  checks: { entry: number; check: Check }[];
  /** Whether more are to come. */
  pending: boolean;
}
/**
 * From the worker, for the request of that turn: an error (`stopped`: the engine can do no more), or
 * a trace in parts, of which `complete` is the last, and then its numeric checks. With `onto` the
 * items of lists are changes of the trace before.
 */
export type Answer = { turn: number } & (
  | { error: string; stopped?: boolean }
  | { head: Omit<Trace, ListName>; onto: boolean }
  | { list: ListName; from: number; items: unknown[] | Change[] }
  | { complete: true; pending: boolean }
  | Checks
);
