// The trace as docs/trace.md describes it, and where it stands in the page.
import { unpack } from "./unpack";

/** Without its LaTeX, which a page has no use for. */
export interface Text {
  plain: string;
  mathml: string;
}
/** JSON has no infinities; the trace writes them as text. */
export type Num = number | "NaN" | "Infinity" | "-Infinity";

export interface Value {
  dtype: string;
  shape: number[];
  size: number;
  elements?: Num[];
  min?: number;
  max?: number;
  mean?: number;
  not_finite?: number;
  picture?: { rows: number; columns: number; means: Num[] };
}
export interface Node {
  id: number;
  number: number;
  name: Text;
  labelled: boolean;
  graph: "G" | "B";
  role: "input" | "parameter" | "constant" | "op";
  op: string;
  family: string;
  attribute: string;
  rule: string;
  parents: number[];
  formula: Text | null;
  numbers: Text | null;
  value: Value;
  group: string;
  where: string;
  belongs_to?: number;
}
export interface Contribution {
  child: number;
  use: number;
  term: number | null;
  kind: "product" | "vjp" | "zero";
  summed: boolean;
  derivative: Text | null;
  derivative_numbers: Text | null;
  derivative_value: Value | null;
  rule: string;
  product: Text | null;
  product_numbers: Text | null;
  value: Value;
}
export interface Check {
  verdict: "right" | "wrong" | "undecidable" | "none" | "pending";
  why: string;
  method?: string;
  checked?: number;
  analytic?: Num;
  numeric?: Num;
  error?: Num;
  allowed?: Num;
}
export interface Entry {
  node: number;
  gradient: number;
  name: Text;
  value: Value;
  contributions: Contribution[];
  sum: Text | null;
  sum_numbers: Text | null;
  check: Check;
}
export interface Update {
  leaf: number;
  assign: number;
  formula: Text;
  numbers: Text | null;
  before: Value;
  after: Value;
}
export interface Step {
  kind: "forward" | "seed" | "contribution" | "sum" | "update";
  index: number;
  contribution?: number;
}
export interface Descent {
  rate: number;
  learned: string[];
  rows: { step: number; output: Num; values: Record<string, Num | Num[]> }[];
}
export interface Trace {
  schema: string;
  title: string;
  output: number;
  forward_nodes: number;
  nodes: Node[];
  entries: Entry[];
  updates: Update[];
  steps: Step[];
  expression?: {
    source: string;
    inputs: Record<string, string>;
    check: boolean;
    rate?: number;
    steps?: number;
    learn?: string[];
    note?: string;
  };
  lesson?: { name: string; inputs: Record<string, number> };
  descent?: Descent;
}

/** The trace that was written into this page. Throws when there is none. */
export async function readTrace(): Promise<Trace> {
  const element = document.getElementById("trace");
  if (!element) throw new Error("This page holds no trace.");
  const text = element.textContent ?? "";
  return checked(JSON.parse(element.hasAttribute("data-gzip") ? await unpack(text).text() : text) as Trace);
}

/** The trace, if it is one that this page can read. */
export function checked(trace: Trace): Trace {
  if (!/^tapewise-trace\/1$/.test(trace.schema)) {
    throw new Error(`This page reads tapewise-trace/1, not ${trace.schema}.`);
  }
  return trace;
}
