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
  let largest = 0;
  const walk = (a, b, path) => {
    if (typeof b === "number" && typeof a === "number") {
      if (Object.is(a, b) || a === b) return;
      const off = Math.abs(a - b) / Math.max(scale, Math.abs(a), Math.abs(b));
      assert.ok(off <= near, `${path}: ${a} in the page, ${b} by the command`);
      largest = Math.max(largest, off);
    } else if (b !== null && typeof b === "object") {
      assert.ok(a !== null && typeof a === "object", `${path}: ${a}`);
      assert.deepEqual(Object.keys(a), Object.keys(b), path);
      for (const key of Object.keys(b)) {
        if (!noise.has(key) || typeof b[key] === "object") walk(a[key], b[key], `${path}.${key}`);
      }
    } else assert.equal(a, b, path);
  };
  walk(found, wanted, "trace");
  return largest;
}
