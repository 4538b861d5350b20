// A bundle of its own, packed into the page and unpacked when the first graph is drawn.
export { instance } from "@viz-js/viz";
