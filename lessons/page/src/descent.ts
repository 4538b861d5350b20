// Gradient descent, where the trace followed it: the output by step, and the numbers.
import { byId, h, s } from "./dom";
import type { Num, Trace } from "./trace";
import { digits, number } from "./value";

const width = 480, height = 180, left = 68, bottom = 24;

export function showDescent(trace: Trace): void {
  const { descent } = trace;
  byId("descent-panel").hidden = !descent;
  if (!descent) return;
  const outputs = descent.rows.map((line) => line.output).filter((x): x is number => typeof x === "number");
  const low = Math.min(...outputs), high = Math.max(...outputs);
  const x = (i: number) => left + ((width - left - 8) * i) / Math.max(1, descent.rows.length - 1);
  const y = (v: number) => 10 + (height - bottom - 14) * (high === low ? 0.5 : (high - v) / (high - low));
  const line = descent.rows.flatMap((r, i) => (typeof r.output === "number" ? [`${x(i).toFixed(1)} ${y(r.output).toFixed(1)}`] : []));
  const chart = s("svg", { viewBox: `0 0 ${width} ${height}`, class: "chart", role: "img",
    "aria-label": `${trace.title} falls from ${digits(descent.rows[0]!.output)} to ${digits(descent.rows.at(-1)!.output)} in ${descent.rows.length - 1} steps` },
    s("path", { class: "axis", d: `M${left} 6V${height - bottom}H${width - 6}` }),
    s("path", { class: "curve", d: `M${line.join("L")}` }),
    s("text", { x: left - 6, y: y(high) + 4, "text-anchor": "end" }, digits(high, 4)),
    s("text", { x: left - 6, y: y(low) + 4, "text-anchor": "end" }, high === low ? "" : digits(low, 4)),
    s("text", { x: left, y: height - 6 }, "0"), s("text", { x: width - 8, y: height - 6, "text-anchor": "end" }, `step ${descent.rows.length - 1}`));
  const few = descent.rows.filter((_, i) => i < 16 || (i & (i - 1)) === 0 || i === descent.rows.length - 1);
  const cell = (value: unknown) => (Array.isArray(value) ? `(${value.flat(9).map((v) => digits(v as Num, 4)).join(", ")})` : number(value as Num));
  byId("descent").replaceChildren(h("p", { class: "quiet" }, `rate ${descent.rate}, new values of ${descent.learned.join(", ")}`), chart,
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Steps of gradient descent" },
      h("table", {}, h("thead", {}, h("tr", {}, ...["step", trace.title, ...descent.learned].map((name) => h("th", { scope: "col" }, name)))),
        h("tbody", {}, ...few.map((r) => h("tr", {}, h("th", { scope: "row" }, String(r.step)), h("td", {}, number(r.output)),
          ...descent.learned.map((name) => h("td", {}, cell(r.values[name])))))))));
}
