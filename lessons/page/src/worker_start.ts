/** A worker that runs scripts of this page: it needs no file and no network. */
export function startWorker(...scripts: string[]): Worker {
  return new Worker(URL.createObjectURL(new Blob(scripts.map((script) => `${script}\n`), { type: "text/javascript" })));
}
