// Numbers, formulas and arrays as elements of the page.
import { h } from "./dom";
import type { Num, Text, Value } from "./trace";

let allDigits = false;
export function showAllDigits(yes: boolean): void {
  allDigits = yes;
}

/** The shortest text of x with so many digits. */
export function digits(x: Num, count = 6): string {
  if (typeof x !== "number") return x === "Infinity" ? "∞" : x === "-Infinity" ? "-∞" : "NaN";
  return String(Number(x.toPrecision(count)));
}
export function exact(x: Num): string {
  return Object.is(x, -0) ? "-0" : String(x);
}
/** A number; its exact text is in `value` and shown on demand. */
export function number(x: Num): HTMLElement {
  return h("data", { value: exact(x), title: exact(x) }, allDigits ? exact(x) : digits(x));
}

const parsed = new Map<string, Element | null>();
/** Brackets as high as what they hold, which browsers make too high around one line. */
function tame(formula: Element): Element {
  for (const sign of formula.querySelectorAll("mo")) {
    if (/^[()[\]]$/.test(sign.textContent ?? "") && !sign.parentElement?.querySelector("mfrac, mtable, msqrt, munder, mover")) {
      sign.setAttribute("stretchy", "false");
    }
  }
  return formula;
}
/** A formula as MathML; as text, which can be broken into lines, if it has more than `longest` letters. */
export function math(text: Text | null, longest = Infinity): Element | string {
  if (!text) return "";
  if (text.plain.length > longest) return text.plain;
  let made = parsed.get(text.mathml);
  if (made === undefined) {
    const source = `<math xmlns="http://www.w3.org/1998/Math/MathML">${text.mathml}</math>`;
    const read = new DOMParser().parseFromString(source, "application/xml");
    made = read.querySelector("parsererror") ? null : tame(read.documentElement);
    if (parsed.size > 5000) parsed.clear();
    parsed.set(text.mathml, made);
  }
  return made ? (document.importNode(made, true) as Element) : text.plain;
}

export function shapeText(value: Value): string {
  return value.shape.length === 0 ? "scalar" : value.shape.join("×");
}
export function isScalar(value: Value): boolean {
  return value.shape.length === 0 && value.elements?.length === 1;
}

/** In a word or two: a number, or the shape of an array. */
export function brief(value: Value, count = 4): string {
  if (isScalar(value)) return digits(value.elements![0]!, count);
  const { shape } = value;
  return shape.length === 1 ? `${shape[0]}-vector` : `${shape.join("×")} ${shape.length === 2 ? "matrix" : "array"}`;
}
/** As a screen reader says it. */
export function spoken(value: Value): string {
  if (isScalar(value)) return digits(value.elements![0]!);
  const range = value.min === undefined ? "" : `, from ${digits(value.min)} to ${digits(value.max!)}`;
  return `array ${value.shape.join(" by ")}${range}`;
}

/** Orange for positive, blue for negative numbers; the more of it the further from 0. */
function colour(x: Num, largest: number): string {
  if (typeof x !== "number") return "rgba(190, 0, 190, .8)";
  const amount = largest > 0 ? Math.min(1, Math.abs(x) / largest) : 0;
  const share = (0.08 + 0.82 * amount).toFixed(3);
  return x === 0 ? "rgba(128, 128, 128, .12)" : x > 0 ? `rgba(230, 110, 20, ${share})` : `rgba(40, 120, 225, ${share})`;
}
interface Grid {
  rows: number;
  columns: number;
  cells: Num[];
  largest: number;
}
function gridOf(value: Value): Grid {
  const columns = value.shape.at(-1) ?? 1;
  const largest = Math.max(Math.abs(value.min ?? 0), Math.abs(value.max ?? 0));
  if (value.picture) return { ...value.picture, cells: value.picture.means, largest };
  return { rows: columns ? value.size / columns : 0, columns, cells: value.elements ?? [], largest };
}

const pictures = new WeakMap<Value, string>();
/** A heat map as an image address: one pixel for each cell. */
export function picture(value: Value): string | null {
  if (isScalar(value) || value.size === 0) return null;
  let made = pictures.get(value);
  if (!made) {
    const grid = gridOf(value);
    const canvas = h("canvas", { width: grid.columns, height: grid.rows });
    const pen = canvas.getContext("2d");
    if (!pen) return null;
    grid.cells.forEach((x, i) => {
      pen.fillStyle = colour(x, grid.largest);
      pen.fillRect(i % grid.columns, Math.floor(i / grid.columns), 1, 1);
    });
    made = canvas.toDataURL();
    pictures.set(value, made);
  }
  return made;
}
/** Rows and columns of the picture. */
export function pictureSize(value: Value): { rows: number; columns: number } {
  return gridOf(value);
}

/** A value in full: number, table of small arrays, heat map and extremes of large ones. */
export function show(value: Value): HTMLElement {
  if (isScalar(value)) return h("span", { class: "value" }, number(value.elements![0]!));
  const grid = gridOf(value);
  const what = `${value.dtype} ${shapeText(value)}`;
  if (value.elements) {
    const body = h("tbody");
    for (let row = 0; row < grid.rows; ++row) {
      const line = h("tr");
      for (let column = 0; column < grid.columns; ++column) {
        const x = grid.cells[row * grid.columns + column]!;
        line.append(h("td", { style: `background:${colour(x, grid.largest)}` }, number(x)));
      }
      body.append(line);
    }
    return h("div", { class: "array" }, h("table", { class: "heat", "aria-label": `array ${what}` }, body),
      h("small", {}, what));
  }
  const facts = h("small", {}, what);
  if (value.min !== undefined) {
    facts.append(", min ", number(value.min), ", mean ", number(value.mean!), ", max ", number(value.max!));
  }
  if (value.not_finite) facts.append(`, ${value.not_finite} not finite`);
  const image = h("img", { src: picture(value) ?? "data:,", class: "heat",
    alt: `Heat map of ${spoken(value)}: means of ${grid.rows} by ${grid.columns} blocks` });
  image.style.aspectRatio = `${Math.min(4, Math.max(0.25, grid.columns / grid.rows))}`;
  return h("div", { class: "array" }, image, facts);
}
