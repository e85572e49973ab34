// Where everything stands: computed by ELK, and kept in the browser for the same schema and view.

import { groupId, tableId } from './model.js';
import { middleOf, sizeOf } from './measure.js';

/**
 * @typedef {import('./model.js').View} View
 * @typedef {import('./model.js').ShownTable} ShownTable
 * @typedef {import('./elk.js').Point} Point
 * @typedef {import('./elk.js').Node} Node
 * @typedef {import('./elk.js').Graph} Graph
 * @typedef {{x: number, y: number, width: number, height: number}} Box
 * @typedef {{boxes: Record<string, Box>, lines: Record<string, number[]>}} Layout
 */

const STORE = 'berceau.diagram';
/** It grows where a layout that was kept would no longer fit the drawing. */
const VERSION = 3;
const KEPT = 8;

const OPTIONS = {
  'elk.algorithm': 'layered',
  'elk.direction': 'RIGHT',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.json.edgeCoords': 'ROOT',
  'elk.json.shapeCoords': 'ROOT',
  'elk.spacing.nodeNode': '28',
  'elk.spacing.edgeNode': '18',
  'elk.spacing.edgeEdge': '10',
  'elk.layered.spacing.nodeNodeBetweenLayers': '56',
  'elk.layered.spacing.edgeNodeBetweenLayers': '26',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '10',
  'elk.padding': '[top=24,left=24,bottom=24,right=24]',
};
const INSIDE = { 'elk.padding': '[top=52,left=24,bottom=24,right=24]' };

/**
 * Return the layout of a view, by ELK or from before.
 * @param {View} view
 * @param {string} hash of the schema
 * @param {(graph: Graph) => Promise<Graph>} compute
 * @returns {Promise<Layout>}
 */
export async function layoutOf(view, hash, compute) {
  const key = digest(view.signature);
  const kept = read(hash);
  const known = kept.find((each) => each.key === key);
  if (known) return known.layout;
  const layout = toLayout(await compute(toGraph(view)));
  write(hash, [{ key, layout }, ...kept.filter((each) => each.key !== key)]);
  return layout;
}

/**
 * @param {View} view
 * @returns {Graph}
 */
export function toGraph(view) {
  /** @type {Map<string, Map<string, Node>>} */
  const ports = new Map();
  /** @type {Map<string, ShownTable>} */
  const tables = new Map();
  for (const group of view.groups) {
    for (const shown of group.tables) tables.set(tableId(shown.table.name), shown);
  }
  /**
   * @param {string} id
   * @param {string | null} row
   * @param {'EAST' | 'WEST'} side
   */
  const port = (id, row, side) => {
    const shown = tables.get(id);
    if (shown === undefined) return id;
    const size = sizeOf(shown);
    const name = `${id}\n${row ?? ''}\n${side}`;
    const own = ports.get(id) ?? new Map();
    ports.set(id, own);
    own.set(name, {
      id: name,
      x: side === 'EAST' ? size.width : 0,
      y: middleOf(shown, row),
      width: 0,
      height: 0,
      layoutOptions: { 'elk.port.side': side },
    });
    return name;
  };
  const edges = view.edges.map((each) => ({
    id: each.id,
    sources: [port(each.from, each.fromRow, 'EAST')],
    targets: [port(each.to, each.toRow, 'WEST')],
  }));
  /** @param {ShownTable} shown @returns {Node} */
  const node = (shown) => {
    const id = tableId(shown.table.name);
    return {
      id,
      ...sizeOf(shown),
      ports: [...(ports.get(id)?.values() ?? [])],
      layoutOptions: { 'elk.portConstraints': 'FIXED_POS' },
    };
  };
  const children = view.groups.map((group) => (group.folded
    ? { id: groupId(group.name), width: 200, height: 64 }
    : { id: groupId(group.name), children: group.tables.map(node), layoutOptions: INSIDE }));
  return { id: 'root', layoutOptions: OPTIONS, children, edges };
}

/**
 * @param {Graph} graph
 * @returns {Layout}
 */
function toLayout(graph) {
  /** @type {Layout} */
  const found = { boxes: {}, lines: {} };
  /** @param {Node} node */
  const take = (node) => {
    const { x = 0, y = 0, width = 0, height = 0 } = node;
    found.boxes[node.id] = { x: round(x), y: round(y), width: round(width), height: round(height) };
    node.children?.forEach(take);
  };
  take(graph);
  for (const edge of graph.edges) {
    const points = (edge.sections ?? []).flatMap((each) => [
      each.startPoint, ...(each.bendPoints ?? []), each.endPoint,
    ]);
    found.lines[edge.id] = points.flatMap((each) => [round(each.x), round(each.y)]);
  }
  return found;
}

/** @param {number} number */
function round(number) {
  return Math.round(number * 10) / 10;
}

/**
 * @param {string} hash
 * @returns {{key: string, layout: Layout}[]}
 */
function read(hash) {
  try {
    const kept = JSON.parse(localStorage.getItem(STORE) ?? 'null');
    return kept?.version === VERSION && kept.hash === hash ? kept.layouts : [];
  } catch {
    return []; // it is broken, or the browser keeps nothing
  }
}

/**
 * @param {string} hash
 * @param {{key: string, layout: Layout}[]} layouts
 */
function write(hash, layouts) {
  try {
    const text = JSON.stringify({ version: VERSION, hash, layouts: layouts.slice(0, KEPT) });
    localStorage.setItem(STORE, text);
  } catch {
    // Too large, or not allowed: it is computed again the next time.
  }
}

/**
 * A short name of a long text: FNV-1a, twice.
 * @param {string} text
 */
function digest(text) {
  let [one, two] = [0x811c9dc5, 0x01000193];
  for (let at = 0; at < text.length; at += 1) {
    one = Math.imul(one ^ text.charCodeAt(at), 0x01000193);
    two = Math.imul(two ^ text.charCodeAt(at), 0x85ebca6b);
  }
  return `${(one >>> 0).toString(36)}-${(two >>> 0).toString(36)}-${text.length}`;
}
