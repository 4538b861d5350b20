// The page in headless Chromium: steps by button, key and slider; numbers equal to the trace's; no
// errors and no requests. Run by script/test-page, which makes the pages first:
//   PAGE=page.html TRACE=trace.json LARGE=large.html CHROMIUM=/usr/bin/chromium
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { open, text } from "./browser.mjs";

const page_url = "file://" + process.env.PAGE, large_url = "file://" + process.env.LARGE;
const trace = JSON.parse(readFileSync(process.env.TRACE, "utf8"));
const position = (page) => page.locator("#position").textContent();

test("buttons, keys and the slider go through all steps and back", async () => {
  const page = await open(page_url);
  const steps = trace.steps.length;
  assert.equal(await position(page), `1 / ${steps}`);
  await page.click("#next");
  assert.equal(await position(page), `2 / ${steps}`);
  await page.click("#back");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  assert.equal(await position(page), `3 / ${steps}`);
  await page.keyboard.press("ArrowLeft");
  assert.equal(await position(page), `2 / ${steps}`);
  await page.keyboard.press("End");
  assert.equal(await position(page), `${steps} / ${steps}`);
  await page.keyboard.press("Home");
  await page.locator("#slider").fill("9");
  assert.equal(await position(page), `10 / ${steps}`);
  assert.notEqual((await text(page, "#announce")).trim(), "");
  assert.deepEqual(page.problems, []);
});

test("at the end the table holds every entry of the trace, with its numbers", async () => {
  const page = await open(page_url);
  await page.keyboard.press("End");
  const table = await text(page, "#entries");
  for (const entry of trace.entries) {
    if (entry.contributions.length === 0) continue;
    const number = entry.value.elements[0];
    assert.ok(table.includes(String(Number(number.toPrecision(6)))), `${entry.name.plain}: ${number}`);
  }
  assert.equal(await page.locator("#entries tr").count(), trace.entries.length);
  assert.equal((table.match(/right/g) ?? []).length, trace.entries.length - 1);
  assert.deepEqual(page.problems, []);
});

test("an entry with two children shows a sum of two", async () => {
  const page = await open(page_url);
  await page.keyboard.press("End");
  const sums = trace.entries.filter((entry) => entry.contributions.length === 2);
  assert.ok(sums.length > 0);
  const table = await text(page, "#entries");
  for (const entry of sums) {
    for (const term of entry.contributions) assert.ok(table.includes(String(term.value.elements[0])));
  }
});

test("it fits a phone, and a graph of thousands of nodes stays usable", async () => {
  const phone = await open(page_url, 360);
  const width = await phone.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= 360, `${width} pixels wide`);
  const start = Date.now();
  const large = await open(large_url);
  await large.keyboard.press("End");
  await large.keyboard.press("ArrowLeft");
  assert.ok(Date.now() - start < 60000);
  assert.deepEqual(large.problems, []);
});

test("O opens the group of the step and C closes it; who opens a group with Enter stays in the graph", async () => {
  const page = await open(large_url);
  const boxes = () => page.locator("#pane-g .box").count();
  const drawn = (more) => page.waitForFunction(([selector, n, grow]) => {
    const now = document.querySelectorAll(selector).length;
    return grow ? now > n : now === n;
  }, ["#pane-g .box", folded, more]);
  const folded = await boxes();
  await page.keyboard.press("o");
  await drawn(true);
  await page.keyboard.press("c");
  await drawn(false);
  await page.locator("#pane-g .box.group").first().focus();
  await page.keyboard.press("Enter");
  await drawn(true);
  assert.equal(await page.evaluate(() => document.activeElement.closest("#pane-g") !== null), true);
  await page.keyboard.press("ArrowDown");
  assert.equal(await page.evaluate(() => document.activeElement.matches("#pane-g .box")), true);
  assert.deepEqual(page.problems, []);
});

test("a sum of more terms than can be read shows the newest, and all when asked", async () => {
  const page = await open(large_url);
  await page.keyboard.press("End");
  const row = page.locator('#entries tr[data-entry="x"]');
  assert.match(await row.innerText(), /the sum of \d+ terms/);
  const some = await row.locator("li").count();
  assert.ok(some < 20, `${some} lines`);
  await row.getByRole("button", { name: /Show the \d+ terms before/ }).click();
  assert.ok(await row.locator("li").count() > 1000);
  assert.deepEqual(page.problems, []);
});
