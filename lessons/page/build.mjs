// Builds dist/page.html: markup, style, program and graphviz in one file. The library puts a trace
// where <!--trace--> stands, and dist/engine.txt, if inputs can be edited, at <!--engine-->. That is
// packed from the folder where emscripten has built the engine, when it is given:
//   npm run build -- ../../build/engine
import { build, transform } from "esbuild";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const folder = new URL(".", import.meta.url).pathname;

async function bundle(entry) {
  const made = await build({
    entryPoints: [entry],
    absWorkingDir: folder,
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target: "es2022",
    legalComments: "none",
    define: { "import.meta.url": '"about:blank"' },
  });
  return made.outputFiles[0].text;
}

/** Text that can stand inside a <script> or <style> element. */
const inside = (text) => text.replaceAll("</", "<\\/").replaceAll("<!--", "<\\!--");
const packed = (contents) => {
  const bytes = gzipSync(contents, { level: 9 });
  bytes[9] = 255; // the operating system that packed it: the same everywhere
  return bytes.toString("base64");
};

const parts = {
  style: readFileSync(folder + "src/style.css", "utf8"),
  graphviz: packed(await bundle("src/graphviz.ts")),
  worker: inside(await bundle("src/worker.ts")),
  program: inside(await bundle("src/main.ts")),
};
let page = readFileSync(folder + "src/page.html", "utf8");
for (const [name, text] of Object.entries(parts)) {
  page = page.replace(`/*${name}*/`, () => text);
}
mkdirSync(folder + "dist", { recursive: true });
writeFileSync(folder + "dist/page.html", page);
console.log(`dist/page.html: ${Math.round(page.length / 1000)} kB`);

const engine = process.argv[2];
if (engine) {
  // The loader in one line, its WebAssembly in the other: together they would not pack as well.
  const loader = await transform(readFileSync(`${engine}/engine.js`, "utf8"), { minify: true });
  const lines = [packed(loader.code), packed(readFileSync(`${engine}/engine.wasm`))];
  writeFileSync(folder + "dist/engine.txt", lines.join("\n"));
  console.log(`dist/engine.txt: ${Math.round(lines.join().length / 1000)} kB`);
}
