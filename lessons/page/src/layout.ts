// Places of boxes and edges, computed by graphviz.
import { byId } from "./dom";
import { runPacked } from "./unpack";

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

interface Graphviz {
  renderString(dot: string, options: { format: string }): string;
}
let graphviz: Promise<Graphviz> | null = null;
function load(): Promise<Graphviz> {
  graphviz ??= (async () => {
    await runPacked(byId("graphviz").textContent!);
    const loaded = (globalThis as unknown as { tapewiseGraphviz: { instance(): Promise<Graphviz> } }).tapewiseGraphviz;
    return loaded.instance();
  })();
  return graphviz;
}

interface Json {
  bb: string;
  objects?: { pos: string }[];
  edges?: { pos: string; lp?: string; tail: number; head: number; id?: string }[];
}

export async function layOut(boxes: BoxSize[], edges: EdgeSize[]): Promise<Layout> {
  const place = new Map(boxes.map((box, i) => [box.key, i]));
  const lines = ["digraph {", "graph [ranksep=.45 nodesep=.25 margin=0]", "node [shape=box fixedsize=true label=\"\"]",
    "edge [arrowhead=none]"];
  if (edges.length > 400) lines.push("graph [splines=line nslimit=2 mclimit=.5]");
  boxes.forEach((box, i) => lines.push(`${i} [width=${box.width / 72} height=${box.height / 72}]`));
  edges.forEach((edge, i) => {
    const label = edge.label > 0
      ? ` label=<<table border="0" cellborder="0" cellspacing="0" cellpadding="0" fixedsize="true" width="${edge.label}" height="14"><tr><td></td></tr></table>>`
      : "";
    lines.push(`${place.get(edge.from)} -> ${place.get(edge.to)} [id="${i}"${label}]`);
  });
  lines.push("}");
  const made = JSON.parse((await load()).renderString(lines.join("\n"), { format: "json0" })) as Json;
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
