// The diagram of a page that `invoke docs` wrote: without a server, so without a worker.

import { Diagram } from './diagram.js';
import { Elk } from './elk.js';
import { save, toFile } from './export.js';
import { Model } from './model.js';

/** @typedef {{Worker?: new () => import('./elk.js').Thread}} Exports */

const MANY = 80;

const root = document.getElementById('diagram');
const data = document.getElementById('diagram-data')?.textContent;
if (root && data) begin(root, new Model(JSON.parse(data)));

/**
 * @param {HTMLElement} root
 * @param {Model} model
 */
function begin(root, model) {
  const status = /** @type {HTMLElement} */ (root.querySelector('[data-part=status]'));
  const canvas = /** @type {HTMLElement} */ (root.querySelector('[data-part=canvas]'));
  const own = root.dataset.component;
  for (const table of model.schema.tables) {
    if (own !== undefined && table.group !== own) model.foldedTables.add(table.name);
  }
  if (own === undefined) model.detail = 'names';
  if (own === undefined && model.schema.tables.length > MANY) {
    for (const name of model.groups) model.foldedGroups.add(name);
  }
  // The file of ELK gives a worker to programs that have none, as an export of a module.
  const holder = /** @type {{module?: {exports: Exports}, exports?: Exports}} */ (window);
  holder.module = { exports: {} };
  holder.exports = holder.module.exports;
  const script = document.createElement('script');
  script.src = root.dataset.elk ?? '';
  script.addEventListener('error', () => { status.textContent = "ELK's file is missing."; });
  script.addEventListener('load', () => {
    const Thread = holder.module?.exports.Worker;
    if (Thread === undefined) return;
    const diagram = new Diagram(canvas, model, new Elk(() => new Thread()));
    diagram.addEventListener('said', (event) => {
      status.textContent = event instanceof CustomEvent ? event.detail : '';
    });
    /** @type {Record<string, () => void>} */
    const acts = {
      in: () => diagram.viewport.step(1),
      out: () => diagram.viewport.step(-1),
      fit: () => diagram.viewport.fit(diagram.bounds),
      export: () => save('schema.svg', toFile(diagram.picture, diagram.bounds, document.title)),
    };
    for (const each of root.querySelectorAll('[data-do]')) {
      each.addEventListener('click', acts[each.getAttribute('data-do') ?? ''] ?? (() => {}));
    }
    void diagram.update().then(() => { root.dataset.ready = 'yes'; });
  });
  document.head.append(script);
}
