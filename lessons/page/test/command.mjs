// The command `tapewise`, whose answers the page's are compared with.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";

export function tapewise(...words) {
  const made = spawnSync(process.env.COMMAND, words, { encoding: "utf8", maxBuffer: 1 << 30 });
  return { status: made.status, out: made.stdout, error: made.stderr.trim() };
}
/** The words that stand for {"w": "2"}: ["w=2"]. */
export const bindings = (inputs) => Object.entries(inputs).map(([name, value]) => `${name}=${value}`);

/** The trace of an expression as the command gives it, or {error}. */
export function traceOf({ source, inputs, rate, steps, learn = [], check = true }) {
  const words = ["step", "--json", source, ...bindings(inputs)];
  if (rate !== undefined) words.push("--lr", String(rate), "--steps", String(steps ?? 1));
  if (learn.length > 0) words.push("--learn", learn.join(","));
  if (!check) words.push("--no-check");
  const { out, error } = tapewise(...words);
  return out === "" ? { error } : JSON.parse(out);
}

const noise = new Set(["analytic", "numeric", "error", "allowed"]);
/**
 * Two traces are one, but for the last digits of numbers: the C library of a page is not that of this
 * machine. `near` is relative to the larger number, or to `scale` for what is left of a cancellation.
 * Of the numeric check the verdicts are compared, not the numbers: they are those of the element with
 * the most noise.
 * Returns the largest difference.
 */
export function compareTraces(found, wanted, near = 1e-13, scale = 1) {
  return compare(found, wanted, "trace", near, scale);
}
/**
 * The same of values, entries and verdicts of the nodes with a label. In which order C++ evaluates the
 * operands of one line is the compiler's choice, so ops and lessons written in several other ops
 * can have these in another order.
 */
export function compareNamed(found, wanted, near = 1e-13, scale = 1) {
  const named = (trace) => {
    const entries = new Map(trace.entries.map((entry) => [entry.node, entry]));
    return Object.fromEntries(trace.nodes.filter((node) => node.labelled && node.graph === "G").map((node) => {
      const entry = entries.get(node.id);
      return [node.name.plain, { value: node.value, entry: entry?.value, verdict: entry?.check.verdict }];
    }).sort(([a], [b]) => (a < b ? -1 : 1)));
  };
  return compare(named(found), named(wanted), wanted.title, near, scale);
}

/** "file:line" without the folder that the library was built in. */
const inProject = (where) => where.replace(/^.*?(?=(autograd|lessons|nn|ops)\/)/, "");

function compare(found, wanted, start, near, scale) {
  let largest = 0;
  const walk = (a, b, path) => {
    if (typeof b === "number" && typeof a === "number") {
      if (a === b) return;
      const off = Math.abs(a - b) / Math.max(scale, Math.abs(a), Math.abs(b));
      assert.ok(off <= near, `${path}: ${a} in the page, ${b} by the command`);
      largest = Math.max(largest, off);
    } else if (b !== null && typeof b === "object") {
      assert.ok(a !== null && typeof a === "object", `${path}: ${a}`);
      const keys = Object.keys(b).filter((key) => key !== "latex"); // which pages do without
      assert.deepEqual(Object.keys(a), keys, path);
      for (const key of keys) {
        if (!noise.has(key) || typeof b[key] === "object") walk(a[key], b[key], `${path}.${key}`);
      }
    } else if (path.endsWith(".where")) {
      assert.equal(inProject(a), inProject(b), path);
    } else assert.equal(a, b, path);
  };
  walk(found, wanted, start);
  return largest;
}
