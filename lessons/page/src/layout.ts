// Places of boxes and edges, computed by graphviz in a worker.
import { byId } from "./dom";
import { unpack } from "./unpack";
import { startWorker } from "./worker_start";

export interface BoxSize {
  key: string;
  width: number;
  height: number;
}
export interface EdgeSize {
  from: string;
  to: string;
  /** Room for a label, in pixels; 0 for none. */
  label: number;
}
export type Point = [number, number];
export interface Layout {
  width: number;
  height: number;
  /** Centres, in the order of the boxes. */
  boxes: Point[];
  /** Points of a spline from `from` to `to`: its start, then three for each piece. */
  edges: { points: Point[]; label: Point | null }[];
}

let code: Promise<string> | null = null;
let worker: Worker | null = null;
let giveUp: (() => void) | null = null;

/** What graphviz makes of `dot`; null when another graph is to be laid out before it is done. */
async function render(dot: string): Promise<string | null> {
  code ??= unpack(byId("graphviz").textContent!).text();
  const script = await code;
  if (giveUp) {
    giveUp();
    worker!.terminate();
    worker = null;
  }
  const running = (worker ??= startWorker(script));
  return new Promise((done, failed) => {
    giveUp = () => done(null);
    running.onmessage = ({ data }: MessageEvent<{ json: string } | { error: string }>) => {
      giveUp = null;
      if ("json" in data) done(data.json);
      else failed(new Error(data.error));
    };
    running.onerror = (event) => {
      worker = giveUp = null;
      failed(new Error(event.message));
    };
    running.postMessage(dot);
  });
}

interface Json {
  bb: string;
  objects?: { pos: string }[];
  edges?: { pos: string; lp?: string; tail: number; head: number; id?: string }[];
}

/** Null when another graph is to be laid out before this one is done. */
export async function layOut(boxes: BoxSize[], edges: EdgeSize[]): Promise<Layout | null> {
  const place = new Map(boxes.map((box, i) => [box.key, i]));
  const lines = ["digraph {", "graph [ranksep=.45 nodesep=.25 margin=0]", "node [shape=box fixedsize=true label=\"\"]",
    "edge [arrowhead=none]"];
  // Edges that pass many boxes cost graphviz most: minutes, unless it is told to be content sooner.
  const passed = edges.reduce((sum, edge) => sum + Math.abs(place.get(edge.to)! - place.get(edge.from)!), 0);
  if (passed > 3000) lines.push("graph [splines=line nslimit=1 nslimit1=1 mclimit=.1 searchsize=10]");
  boxes.forEach((box, i) => lines.push(`${i} [width=${box.width / 72} height=${box.height / 72}]`));
  edges.forEach((edge, i) => {
    const label = edge.label > 0
      ? ` label=<<table border="0" cellborder="0" cellspacing="0" cellpadding="0" fixedsize="true" width="${edge.label}" height="14"><tr><td></td></tr></table>>`
      : "";
    lines.push(`${place.get(edge.from)} -> ${place.get(edge.to)} [id="${i}"${label}]`);
  });
  lines.push("}");
  const text = await render(lines.join("\n"));
  if (text === null) return null;
  const made = JSON.parse(text) as Json;
  const [, , width = 0, height = 0] = made.bb.split(",").map(Number);
  const point = (text: string): Point => {
    const [x = 0, y = 0] = text.split(",").map(Number);
    return [x, height - y];
  };
  const layout: Layout = { width, height, boxes: [], edges: [] };
  layout.boxes = (made.objects ?? []).map((object) => point(object.pos));
  for (const edge of made.edges ?? []) {
    layout.edges[Number(edge.id)] = {
      points: edge.pos.split(" ").filter((text) => !/^[es],/.test(text)).map(point),
      label: edge.lp ? point(edge.lp) : null,
    };
  }
  return layout;
}
