// Inputs that are edited in the page: the numbers it shows then are the command's.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { test } from "node:test";
import { open, text } from "./browser.mjs";
import { traceOf, tapewise } from "./command.mjs";
import { change, computed, entries, field, folder, pageOf, same, unit } from "./form.mjs";

test("an input that is edited computes the command's numbers, and Reset the first ones", async () => {
  const page = await pageOf(unit, "unit");
  const first = await entries(page);
  same(first, traceOf(unit));
  await change(page, field(page, "w1"), "-.06");
  await computed(page);
  same(await entries(page), traceOf({ ...unit, inputs: { ...unit.inputs, w1: "-.06" } }));
  assert.match(await text(page, "#summary"), /numeric check: \d+ right/);
  assert.ok(!/wrong/.test(await text(page, "#summary")));
  await page.click("#reset");
  assert.equal(await field(page, "w1").inputValue(), ".02");
  assert.deepEqual(await entries(page), first);
  assert.deepEqual(page.problems, []);
});

test("another expression draws another graph; a name that is new gets a field, one that is gone is struck out", async () => {
  const page = await pageOf(unit, "unit");
  const source = page.locator("#source");
  await change(page, source, "u = tanh(w1*x1 + b); L = (y - u)^2");
  await page.waitForSelector("#edit-error:not([hidden])");
  assert.match(await text(page, "#edit-error"), /"b" has no value/);
  assert.equal(await page.evaluate(() => document.activeElement.name), "b");
  await change(page, field(page, "b"), "0.25");
  await computed(page);
  assert.equal(await page.locator("#edit-error").isHidden(), true);
  same(await entries(page), traceOf({ source: "u = tanh(w1*x1 + b); L = (y - u)^2", inputs: { y: "0", w1: ".02", x1: "3", b: ".25" } }));
  assert.deepEqual(await page.locator("#inputs .unused input").evaluateAll((all) => all.map((input) => input.name)), ["w2", "x2"]);
  await change(page, source, "L = (y - w2*x2 - b)^2");
  await computed(page);
  assert.deepEqual(await page.locator("#inputs .unused input").evaluateAll((all) => all.map((input) => input.name)), ["w1", "x1"]);
  assert.deepEqual(page.problems, []);
});

test("a wrong expression shows where it is wrong and leaves the page as it was", async () => {
  const page = await pageOf(unit, "unit");
  const before = await entries(page);
  await change(page, page.locator("#source"), "L = (w1 + x1");
  await page.waitForSelector("#edit-error:not([hidden])");
  const error = await text(page, "#edit-error");
  assert.equal(error.trimEnd(), traceOf({ ...unit, source: "L = (w1 + x1" }).error);
  assert.match(error, /\n *\^/);
  assert.match(error, /column 13/);
  assert.deepEqual(await entries(page), before);
  await change(page, page.locator("#source"), unit.source);
  await computed(page);
  assert.equal(await page.locator("#edit-error").isHidden(), true);
  await change(page, field(page, "x2"), "[1, 2");
  await page.waitForSelector("#edit-error:not([hidden])");
  assert.deepEqual(page.problems, []);
});

test("gradient descent is computed again with another rate", async () => {
  const page = await pageOf(unit, "descent", ["--lr", ".01", "--steps", "20"]);
  assert.equal(await page.locator("#rate").inputValue(), "0.01");
  await change(page, page.locator("#rate"), ".1");
  await computed(page);
  await change(page, page.locator("#steps"), "8");
  await computed(page);
  const wanted = traceOf({ ...unit, rate: 0.1, steps: 8 }).descent.rows;
  const rows = await page.locator("#descent tbody tr").evaluateAll((all) => all.map((row) => [...row.querySelectorAll("data")].map((d) => Number(d.value))));
  assert.equal(rows.length, wanted.length);
  for (const [i, row] of rows.entries()) {
    const numbers = [wanted[i].output, ...Object.values(wanted[i].values)];
    numbers.forEach((x, k) => assert.ok(Math.abs(row[k] - x) <= 1e-14 * Math.max(1, Math.abs(x)), `step ${i}: ${row[k]}, wanted ${x}`));
  }
  await change(page, page.locator("#steps"), "two");
  assert.match(await text(page, "#edit-error"), /steps is a number/);
  await change(page, page.locator("#rate"), "");
  await computed(page);
  assert.equal(await page.locator("#descent-panel").isHidden(), true);
  assert.deepEqual(page.problems, []);
});

test("the inputs of a lesson can be edited, and a program's page has no form", async () => {
  const file = `${folder}/lesson.html`;
  assert.equal(tapewise("lesson", "unit", "--html", file).status, 0);
  const page = await open(`file://${file}`);
  assert.equal(await page.locator("#source").isHidden(), true);
  await change(page, field(page, "w1"), "-.06");
  await computed(page);
  assert.ok((await entries(page)).length > 5);
  await change(page, field(page, "w1"), "much");
  assert.match(await text(page, "#edit-error"), /w1 is a number/);
  assert.deepEqual(page.problems, []);
});

test("the form fits a phone and works with keys alone, dark and light", async () => {
  if (process.env.SHOTS) mkdirSync(process.env.SHOTS, { recursive: true });
  for (const width of [360, 1440]) {
    for (const colorScheme of ["light", "dark"]) {
      const page = await pageOf(unit, "unit", ["--lr", ".01", "--steps", "20"], width, { colorScheme });
      await page.locator("#source").focus();
      await page.keyboard.press("Tab");
      await page.keyboard.press("Tab");
      assert.equal(await page.evaluate(() => document.activeElement.name), "w1");
      await page.keyboard.press("Control+A");
      await page.keyboard.type("-.06");
      await page.keyboard.press("Enter");
      await computed(page);
      await page.waitForTimeout(300);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= width, `${wide} pixels wide`);
      if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/form-${width}-${colorScheme}.png`, fullPage: true });
      if (process.env.SHOTS && colorScheme === "dark") {
        await change(page, page.locator("#source"), "L = (w1 + x1");
        await page.waitForSelector("#edit-error:not([hidden])");
        await page.screenshot({ path: `${process.env.SHOTS}/error-${width}.png` });
      }
      assert.deepEqual(page.problems, []);
    }
  }
});
