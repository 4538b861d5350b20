// The form of a page whose inputs can be edited, for the tests.
import assert from "node:assert/strict";
import { open } from "./browser.mjs";
import { bindings, tapewise } from "./command.mjs";

export const folder = process.env.WORK;
export const unit = { source: "u = sigmoid(w1*x1^3 + w2*x2); L = 0.5*(y - u)^2", inputs: { y: "0", w1: ".02", w2: ".01", x1: "3", x2: "5" } };

/** The page of an expression, in its own file. */
export async function pageOf({ source, inputs }, name, words = [], width = 1440, settings = {}) {
  const file = `${folder}/${name}.html`;
  const made = tapewise("step", source, ...bindings(inputs), ...words, "--html", file);
  assert.equal(made.status, 0, made.error);
  return open(`file://${file}`, width, settings);
}
export const field = (page, name) => page.locator(`#inputs input[name="${name}"]`);
export const computed = (page) => page.waitForFunction(() => document.getElementById("edit-state").textContent.startsWith("computed"));
export async function change(page, what, value) {
  await page.evaluate(() => { document.getElementById("edit-state").textContent = ""; });
  await what.fill(value);
  await what.press("Tab");
}
/** The exact numbers of the gradient table after the last step, by entry: of the rows that it shows then. */
export async function entries(page) {
  if (await page.locator("#last").isEnabled()) await page.click("#last");
  return rows(page);
}
export function rows(page) {
  return page.evaluate(() => [...document.querySelectorAll("#entries tr")].map((row) =>
    ({ name: row.dataset.entry, sum: [...row.querySelectorAll(".sum data")].map((d) => d.value).at(-1) })));
}
/** The rows are those of the trace, from its entry `first` on. */
export function same(found, trace, first = 0) {
  const all = trace.entries.slice(first, first + 50);
  assert.equal(found.length, all.length);
  for (const [i, entry] of all.entries()) {
    const wanted = entry.value.elements[0], off = Math.abs(Number(found[i].sum) - wanted);
    assert.ok(off <= 1e-14 * Math.max(1, Math.abs(wanted)), `${found[i].name}: ${found[i].sum}, wanted ${wanted}`);
  }
}
