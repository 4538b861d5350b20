// A bundle of its own, packed into the page, that runs in a worker: a layout can take seconds.
import { instance } from "@viz-js/viz";

const graphviz = instance();
onmessage = async (event: MessageEvent<string>) => {
  try {
    postMessage({ json: (await graphviz).renderString(event.data, { format: "json0" }) });
  } catch (error) {
    postMessage({ error: String(error) });
  }
};
