// ELK's worker, which computes layouts: it takes graphs one after the other.

/**
 * @typedef {{x: number, y: number}} Point
 * @typedef {{startPoint: Point, endPoint: Point, bendPoints?: Point[]}} Section
 * @typedef {{id: string, x?: number, y?: number, width?: number, height?: number, children?: Node[], ports?: Node[], layoutOptions?: Record<string, string>}} Node
 * @typedef {{id: string, sources: string[], targets: string[], sections?: Section[]}} Edge
 * @typedef {Node & {edges: Edge[]}} Graph
 * @typedef {{postMessage: (message: unknown) => void, terminate?: () => void, onmessage: ((event: MessageEvent) => unknown) | null, onerror?: unknown}} Thread
 */

export class Elk {
  /** @param {() => Thread} make makes the worker, or what answers like it */
  constructor(make) {
    this.make = make;
    this.last = 0;
    /** @type {Map<number, {resolve: (graph: Graph) => void, reject: (error: Error) => void}>} */
    this.waiting = new Map();
    /** @type {Thread | null} */
    this.worker = null;
  }

  /**
   * Return the graph with the places of all its parts; one that is computed already is given up.
   * @param {Graph} graph
   * @returns {Promise<Graph>}
   */
  layout(graph) {
    if (this.waiting.size > 0) this.#stop('another view was chosen');
    if (this.worker === null) this.#start();
    return new Promise((resolve, reject) => {
      this.last += 1;
      this.waiting.set(this.last, { resolve, reject });
      this.worker?.postMessage({ id: this.last, cmd: 'layout', graph, layoutOptions: {}, options: {} });
    });
  }

  #start() {
    this.worker = this.make();
    this.worker.onmessage = (event) => this.#take(event.data);
    this.worker.onerror = () => this.#stop('its script failed');
    this.worker.postMessage({ id: 0, cmd: 'register', algorithms: ['layered'] });
  }

  /** @param {{id: number, data?: Graph, error?: {message?: string}}} answer */
  #take(answer) {
    const waiting = this.waiting.get(answer.id);
    if (waiting === undefined) return;
    this.waiting.delete(answer.id);
    if (answer.data && !answer.error) waiting.resolve(answer.data);
    else waiting.reject(new Error(answer.error?.message ?? 'ELK gave no layout'));
  }

  /** @param {string} reason */
  #stop(reason) {
    this.worker?.terminate?.();
    this.worker = null;
    for (const each of this.waiting.values()) each.reject(new Error(reason));
    this.waiting.clear();
  }
}
