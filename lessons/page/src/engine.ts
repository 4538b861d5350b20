// The engine in this page: the library compiled to WebAssembly, in a worker.
import { apply, type Change } from "./changes";
import { byId } from "./dom";
import type { Answer, Asked, Checks } from "./protocol";
import { checked, type Trace } from "./trace";
import { unpack } from "./unpack";
import { startWorker } from "./worker_start";

/** What becomes of a request: a trace and perhaps checks, or an error. */
export interface Listener {
  trace(trace: Trace, pending: boolean): void;
  checks(some: Checks): void;
  error(message: string): void;
}

export class Engine {
  private worker: Promise<Worker> | null = null;
  private computing = false;
  private turn = 0;
  private base: Trace | null = null;
  private making: { trace: Trace; onto: Trace | null } | null = null;
  private listener: Listener | null = null;

  /** Starts the worker, if there is none, so that the first request need not wait for it. */
  load(): Promise<Worker> {
    return (this.worker ??= this.start());
  }
  /** One that is computing is given up for the new request. */
  run(request: string, listener: Listener): void {
    if (this.computing) this.stop();
    const turn = ++this.turn;
    this.listener = listener;
    this.computing = true;
    this.load().then((worker) => {
      if (turn === this.turn) worker.postMessage({ turn, request } satisfies Asked);
    }, (error: unknown) => {
      if (turn === this.turn) this.fail(error);
    });
  }
  /** Whoever asked last hears nothing more. */
  cancel(): void {
    ++this.turn;
    this.stop();
    void this.load().catch(() => {}); // for the next request
  }

  private stop(): void {
    void this.worker?.then((worker) => {
      worker.onmessage = null;
      worker.terminate();
    }, () => {});
    this.worker = this.base = this.making = null;
    this.computing = false;
  }
  private async start(): Promise<Worker> {
    // The engine's loader in one line, its WebAssembly in the other.
    const [loader = "", binary = ""] = byId("engine").textContent!.split("\n");
    const [code, wasm] = await Promise.all([unpack(loader).text(), unpack(binary).arrayBuffer()]);
    const worker = startWorker(code, byId("worker").textContent!);
    worker.onmessage = (event: MessageEvent<Answer>) => this.hear(event.data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.fail(event.message);
    };
    worker.postMessage({ wasm } satisfies Asked, [wasm]);
    return worker;
  }
  private fail(error: unknown): void {
    this.stop();
    this.listener?.error(`The engine in this page stopped: ${error instanceof Error ? error.message : String(error)}`);
  }

  private hear(answer: Answer): void {
    const asked = answer.turn === this.turn; // else something else was asked for since
    if ("error" in answer) {
      if (answer.stopped) return this.fail(answer.error);
      this.computing &&= !asked;
      if (asked) this.listener!.error(answer.error);
    } else if ("head" in answer) {
      this.making = { trace: { ...answer.head, nodes: [], entries: [], updates: [], steps: [] }, onto: answer.onto ? this.base : null };
    } else if ("list" in answer) {
      const { trace, onto } = this.making!;
      const before = onto?.[answer.list];
      const items = before ? answer.items.map((change, i) => apply(before[answer.from + i], change as Change)) : answer.items;
      (trace[answer.list] as unknown[]).push(...items);
    } else if ("complete" in answer) {
      this.computing &&= !asked;
      this.base = checked(this.making!.trace);
      if (asked) this.listener!.trace(this.base, answer.pending);
    } else {
      // Entries with a pending check are of this trace alone: nothing else sees them change.
      for (const { entry, check } of answer.checks) this.base!.entries[entry]!.check = check;
      if (asked) this.listener!.checks(answer);
    }
  }
}
