// The engine works beside the page: while it computes the page can be used, and it can be stopped.
import assert from "node:assert/strict";
import { test } from "node:test";
import { text } from "./browser.mjs";
import { traceOf } from "./command.mjs";
import { change, computed, entries, field, pageOf, rows, same } from "./form.mjs";

const chain = (length) => ["s0 = x", ...Array.from({ length }, (_, i) => `s${i + 1} = sin(s${i})*1.1 + x`)].join(";");
const large = { source: chain(1700), inputs: { x: ".5" } };
const largePage = () => pageOf(large, "large", ["--no-check"]);
const position = async (page) => Number((await text(page, "#position")).split(" / ")[0]);
const isComputing = (page) => page.evaluate(() => document.documentElement.classList.contains("computing"));

/** Notes the longest time for which the page did nothing else, until it is asked. */
async function watch(page) {
  await page.evaluate(() => {
    const channel = new MessageChannel();
    let before = performance.now();
    window.longest = 0;
    channel.port1.onmessage = () => {
      const now = performance.now();
      window.longest = Math.max(window.longest, now - before);
      before = now;
      channel.port2.postMessage(0);
    };
    channel.port2.postMessage(0);
  });
  return () => page.evaluate(() => window.longest);
}
/** Milliseconds from a key until all it changes is drawn: the median of so many steps. */
function stepTime(page, count = 40) {
  return page.evaluate(async (steps) => {
    const times = [];
    for (let i = 0; i < steps; ++i) {
      const start = performance.now();
      document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
      document.body.getBoundingClientRect(); // lays out
      times.push(performance.now() - start);
      await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    }
    return times.sort((a, b) => a - b)[steps >> 1];
  }, count);
}

test("a graph of 5,000 nodes can be stepped through and computed again", async (t) => {
  let start = Date.now();
  const page = await largePage();
  const loaded = Date.now() - start;
  const nodes = Number(/^(\d+) nodes in G/.exec(await text(page, "#summary"))[1]);
  assert.ok(nodes > 5000, `${nodes} nodes`);
  const forward = await stepTime(page);
  await page.locator("#slider").fill("9000");
  const backward = await stepTime(page);
  const times = [];
  for (const x of [".4", ".3", ".35"]) {
    start = Date.now();
    await change(page, field(page, "x"), x);
    await computed(page);
    times.push(Date.now() - start);
    const wanted = traceOf({ ...large, inputs: { x }, check: false });
    const last = Math.floor((wanted.entries.length - 1) / 50) * 50;
    same(await entries(page), wanted, last);
    await page.click("#table-back");
    same(await rows(page), wanted, last - 50);
  }
  t.diagnostic(`${nodes} nodes: shown after ${loaded} ms, ${forward.toFixed(1)} ms a step forward and ${backward.toFixed(1)} back, computed again after ${times} ms`);
  assert.ok(loaded < 60000 && forward < 200 && backward < 200 && Math.max(...times) < 60000);
  assert.deepEqual(page.problems, []);
});

test("keys are answered while the engine computes, and the page says that it does", async (t) => {
  const page = await largePage();
  const longest = await watch(page);
  await field(page, "x").fill(".4");
  await field(page, "x").press("Enter");
  assert.match(await text(page, "#edit-state"), /^computing/);
  assert.equal(await page.locator("#edit-state").getAttribute("role"), "status");
  await page.locator("#graph-panel[aria-busy=true]").waitFor();
  await page.evaluate(() => document.activeElement.blur());
  const before = await position(page);
  let keys = 0;
  while (await isComputing(page)) {
    await page.keyboard.press("ArrowRight");
    assert.equal(await position(page), before + ++keys);
  }
  await computed(page);
  assert.equal(await page.locator("[aria-busy]").count(), 0);
  const gap = await longest();
  t.diagnostic(`${keys} keys while it computed; the page was busy for ${gap.toFixed(0)} ms at the longest`);
  assert.ok(keys >= 3, `${keys} keys`);
  assert.ok(gap < 1500, `${gap} ms`);
  same(await entries(page), traceOf({ ...large, inputs: { x: ".4" }, check: false }), 5100);
  assert.deepEqual(page.problems, []);
});

test("Cancel leaves the page as it was, and the engine can be asked again", async () => {
  const page = await largePage();
  const before = await entries(page);
  await field(page, "x").fill(".4");
  await field(page, "x").press("Enter");
  await page.locator("#cancel").waitFor();
  await page.focus("#cancel");
  await page.keyboard.press("Enter");
  assert.match(await text(page, "#edit-state"), /^cancelled/);
  assert.equal(await page.locator("#cancel").isHidden(), true);
  assert.equal(await page.evaluate(() => document.activeElement.id), "submit");
  assert.equal(await isComputing(page), false);
  assert.deepEqual(await entries(page), before);
  await page.click("#submit");
  await computed(page);
  same(await entries(page), traceOf({ ...large, inputs: { x: ".4" }, check: false }), 5100);
  await page.click("#reset");
  assert.deepEqual(await entries(page), before);
  assert.deepEqual(page.problems, []);
});

test("the numbers of the last edit are shown, however quickly one follows another", async () => {
  const page = await largePage();
  for (const x of [".4", ".3", ".2"]) {
    await field(page, "x").fill(x);
    await field(page, "x").press("Enter");
  }
  await computed(page);
  same(await entries(page), traceOf({ ...large, inputs: { x: ".2" }, check: false }), 5100);
  await field(page, "x").fill(".4");
  await field(page, "x").press("Enter");
  await page.click("#reset");
  assert.equal(await text(page, "#edit-state"), "as it was written");
  await page.waitForTimeout(500);
  assert.equal(await text(page, "#edit-state"), "as it was written");
  same(await entries(page), traceOf({ ...large, check: false }), 5100);
  assert.deepEqual(page.problems, []);
});

test("numeric checks follow the numbers, entry by entry", async () => {
  const source = chain(66);
  const page = await pageOf({ source, inputs: { x: ".5" } }, "checks");
  await change(page, field(page, "x"), ".4");
  await page.waitForFunction(() => / to come/.test(document.getElementById("summary").textContent));
  await page.waitForFunction(() => document.getElementById("edit-state").textContent.startsWith("computed and checked"));
  const wanted = traceOf({ source, inputs: { x: ".4" } });
  const right = wanted.entries.filter(({ check }) => check.verdict === "right").length;
  assert.match(await text(page, "#summary"), new RegExp(`numeric check: ${right} right$`));
  await page.click("#last");
  assert.equal(await page.locator("#entries .check.pending").count(), 0);
  await page.click("#table-back");
  assert.equal(await page.locator("#entries .check.right").count(), 50);
  // Again while it still checks: the numbers are sent as changes of those before.
  await change(page, field(page, "x"), ".3");
  await page.waitForFunction(() => / to come/.test(document.getElementById("summary").textContent));
  await change(page, field(page, "x"), ".2");
  await page.waitForFunction(() => document.getElementById("edit-state").textContent.startsWith("computed and checked"));
  assert.match(await text(page, "#summary"), /numeric check: \d+ right$/);
  const last = traceOf({ source, inputs: { x: ".2" } });
  same(await entries(page), last, Math.floor((last.entries.length - 1) / 50) * 50);
  assert.equal(await page.locator(".check.pending").count(), 0);
  assert.deepEqual(page.problems, []);
});

test("nodes of the graph show the new numbers, and what was open stays open", async () => {
  const page = await pageOf({ source: "u = a*b; v = u + a; L = v^2", inputs: { a: "2", b: "3" } }, "nodes");
  await change(page, field(page, "b"), "-12345.678");
  await computed(page);
  await page.click("#last");
  const labels = await page.locator("#pane-g .box").evaluateAll((all) => all.map((box) => box.getAttribute("aria-label")));
  assert.ok(labels.includes("b is -12345.7"), labels.join());
  assert.ok(labels.includes("u is -24691.4"), labels.join());
  assert.deepEqual(page.problems, []);
});

test("an engine that cannot start says so, and is started again for the next request", async () => {
  const page = await pageOf({ source: "L = a*a", inputs: { a: "2" } }, "stopped");
  await page.evaluate(() => {
    const engine = document.getElementById("engine"), [loader, wasm] = engine.textContent.split("\n");
    engine.dataset.whole = engine.textContent;
    engine.textContent = `${loader}\n${loader}`; // no WebAssembly
    return wasm.length;
  });
  await change(page, field(page, "a"), "3");
  await page.waitForSelector("#edit-error:not([hidden])");
  assert.match(await text(page, "#edit-error"), /^The engine in this page stopped: /);
  await page.evaluate(() => {
    const engine = document.getElementById("engine");
    engine.textContent = engine.dataset.whole;
  });
  await change(page, field(page, "a"), "4");
  await computed(page);
  same(await entries(page), traceOf({ source: "L = a*a", inputs: { a: "4" } }));
});
