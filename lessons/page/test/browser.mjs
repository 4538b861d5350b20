// A page in headless Chromium, for the tests.
import { after, before } from "node:test";
import { chromium } from "playwright-core";

let browser;
before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
});
after(() => browser.close());

/** A page that notes in `problems` when it logs an error or asks for anything but itself. */
export async function open(url, width = 1440, settings = {}) {
  const page = await browser.newPage({ viewport: { width, height: 900 }, ...settings });
  page.setDefaultTimeout(120000);
  page.problems = [];
  page.on("console", (message) => message.type() === "error" && page.problems.push(message.text()));
  page.on("pageerror", (error) => page.problems.push(String(error)));
  page.on("request", (request) => {
    const own = request.url().split("#")[0] === url || /^(data|blob|about):/.test(request.url());
    if (!own) page.problems.push("request: " + request.url());
  });
  await page.goto(url);
  await page.waitForSelector("#pane-g svg");
  return page;
}
export const text = (page, id) => page.locator(id).innerText();
