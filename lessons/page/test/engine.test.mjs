// The packed engine under node: every number of a trace is the command's, and so is every error.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { before, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { compareNamed, compareTraces, tapewise, traceOf } from "./command.mjs";

let engine;
before(async () => {
  const packed = readFileSync(new URL("../dist/engine.txt", import.meta.url), "utf8").split("\n");
  const [loader, wasmBinary] = packed.map((line) => gunzipSync(Buffer.from(line, "base64")));
  const make = new Function("__dirname", "require", `${loader}; return tapewiseEngine;`)(".", createRequire(import.meta.url));
  const { Engine } = await make({ wasmBinary });
  engine = new Engine();
});
/** The trace with the numeric checks that come after it, as many as there are in `milliseconds` at a time. */
function compute(request, milliseconds = 20) {
  const trace = JSON.parse(engine.compute(JSON.stringify(request)));
  for (let done = trace.error !== undefined; !done;) {
    const made = JSON.parse(engine.check(milliseconds));
    assert.equal(made.error, undefined);
    for (const { entry, check } of made.checks) {
      assert.deepEqual(trace.entries[entry].check, { verdict: "pending", why: "" });
      trace.entries[entry].check = check;
    }
    done = made.done;
  }
  return trace;
}

const cases = {
  "the lecture's unit": { source: "u = sigmoid(w1*x1^3 + w2*x2); L = 0.5*(y - u)^2",
    inputs: { y: "0", w1: ".02", w2: ".01", x1: "3", x2: "5" } },
  "descent": { source: "u = sigmoid(w1*x1^3 + w2*x2); L = 0.5*(y - u)^2", rate: 0.01, steps: 50, learn: ["w1", "w2"],
    inputs: { y: "0", w1: ".02", w2: ".01", x1: "3", x2: "5" } },
  "the diamond": { source: "c = a + b; d = b + 1; e = c*d", inputs: { a: "2", b: "1" } },
  "a net on arrays, whose sum is differentiated": { source: "h = relu(X@W + c); y = h@w",
    inputs: { X: "[[0,0],[0,1],[1,0],[1,1]]", W: "[[1,1],[1,1]]", c: "[0,-1]", w: "[1,-2]" } },
  "softmax and a loss": { source: "z = X@W; L = cross_entropy(z, t)",
    inputs: { X: "[[1,2,.5],[-.3,.8,2],[.1,.2,.3]]", W: "[[.3,-.2],[.5,.1],[-.7,.9]]", t: "[0,1,1]" } },
  "special functions": { source: "lgamma(x) + digamma(x) + erf(x)*erfc(x) + polygamma(2, x)", inputs: { x: "1.3" } },
  "numbers that are not finite": { source: "log(x) + 1/x", inputs: { x: "0" } },
  "large and small numbers": { source: "x*1e300 + y/120000 + 0.0001*x*y", inputs: { x: "123456789012345680000", y: "1.5e-7" } },
  "no check": { source: "sin(x)*x", inputs: { x: "2" }, check: false },
};
for (const [what, expression] of Object.entries(cases)) {
  test(`a trace is the command's: ${what}`, () => {
    const wanted = traceOf(expression);
    assert.equal(wanted.error, undefined);
    compareTraces(compute({ expression }), wanted);
  });
}

const operandSets = [
  ["[.3,.6]", "[.7,.2]", "[.4,.9]", "[.1,.8]"],
  ["[[2,.5],[.5,1]]", "[[1,.3],[.2,2]]", "[[1,2],[3,4]]", "[[1,0],[0,1]]"],
];
test("every op of the catalogue that an expression can call gives the command's numbers or error", (t) => {
  const unavailable = new Set();
  let compared = 0, largest = 0, at = "";
  for (const op of JSON.parse(tapewise("ops", "--json").out)) {
    if (op.call === "") continue;
    const operands = /\(([^)]*)\)/.exec(op.call)[1].split(",").filter((word) => !word.includes("=")).length;
    const names = ["x", "y", "z", "w"].slice(0, operands);
    for (const values of operandSets) {
      const expression = { source: `${op.name}(${names})*2.5`, inputs: Object.fromEntries(names.map((name, i) => [name, values[i]])) };
      const wanted = traceOf(expression), found = compute({ expression });
      if (/needs LAPACK/.test(found.error ?? "")) {
        assert.match(found.error, /\[\w+\] .*needs LAPACK, which is not in the page/);
        unavailable.add(op.name);
      } else if (wanted.error !== undefined) assert.equal(found.error, wanted.error, op.name);
      else {
        assert.equal(found.error, undefined, op.name);
        const off = compareNamed(found, wanted);
        if (off > largest) [largest, at] = [off, op.name];
        ++compared;
      }
    }
  }
  assert.ok(compared > 200, `${compared} traces`);
  t.diagnostic(`${compared} traces of ops, largest difference ${largest} (${at}); not in the page: ${[...unavailable]}`);
});

test("numeric checks come one by one, or not at all when something else is asked for", () => {
  const { expression, wanted } = { expression: cases["the lecture's unit"], wanted: traceOf(cases["the lecture's unit"]) };
  compareTraces(compute({ expression }, 0), wanted);
  const trace = JSON.parse(engine.compute(JSON.stringify({ expression })));
  assert.ok(trace.entries.every(({ check }) => check.verdict === "pending"));
  assert.equal(JSON.parse(engine.check(0)).checks.length, 1);
  const other = cases["the diamond"];
  compareTraces(compute({ expression: other }), traceOf(other));
  assert.deepEqual(JSON.parse(engine.check(0)), { checks: [], done: true });
});

test("a wrong expression gives the command's error with its column", () => {
  for (const [source, column] of [["L = (a + b", 11], ["sigmiod(a)", 1], ["a + b", 5], ["a < 1", 0], ["a +* 2", 4]]) {
    const expression = { source, inputs: { a: "1" } };
    const { error } = compute({ expression });
    assert.equal(error, traceOf(expression).error);
    if (column > 0) assert.match(error, new RegExp(`column ${column}:`));
  }
  assert.match(compute({ expression: { source: "a", inputs: { a: "1,2" } } }).error, /column/);
  assert.match(compute("nonsense").error, /./);
});

test("lessons run in the page with other inputs", () => {
  const html = (...changes) => {
    const made = tapewise("lesson", "unit", ...changes, "--html", "-");
    const json = /<script id="trace"[^>]*>(.*?)<\/script>/s.exec(made.out)[1];
    return JSON.parse(json);
  };
  const first = html();
  compareNamed(compute({ lesson: first.lesson }), first);
  const inputs = { ...first.lesson.inputs, w1: -0.06 };
  compareNamed(compute({ lesson: { name: "unit", inputs } }), html("w1=-.06"));
  assert.match(compute({ lesson: { name: "no such", inputs } }).error, /no lesson/);
});
