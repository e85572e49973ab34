// The picture: groups, tables and keys as SVG.

import { groupId, tableId } from './model.js';
import { cut, EDGE, HEAD, ROW, SIGN, sizeOf, TITLE, typeOf, widthOf } from './measure.js';

/**
 * @typedef {import('./model.js').View} View
 * @typedef {import('./model.js').ShownTable} ShownTable
 * @typedef {import('./model.js').ShownGroup} ShownGroup
 * @typedef {import('./model.js').ShownEdge} ShownEdge
 * @typedef {import('./model.js').Column} Column
 * @typedef {import('./layout.js').Layout} Layout
 * @typedef {import('./layout.js').Box} Box
 * @typedef {Record<string, string | number | undefined>} Attributes
 */

const CORNER = 7;

/**
 * @param {string} name
 * @param {Attributes} [attributes]
 * @param {(SVGElement | string)[]} [children]
 */
export function svg(name, attributes = {}, children = []) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined) made.setAttribute(key, String(value));
  }
  made.append(...children);
  return /** @type {SVGElement} */ (made);
}

/**
 * @param {View} view
 * @param {Layout} layout
 * @returns {SVGElement} a group of all that is drawn
 */
export function draw(view, layout) {
  const groups = view.groups.map((each) => drawGroup(each, layout.boxes[groupId(each.name)]));
  const edges = view.edges.map((each) => drawEdge(each, layout.lines[each.id] ?? []));
  const tables = view.groups.flatMap((group) => group.tables).map(
    (each) => drawTable(each, layout.boxes[tableId(each.table.name)]),
  );
  return svg('g', { class: 'scene' }, [
    svg('g', { class: 'groups' }, groups),
    svg('g', { class: 'edges', 'aria-hidden': 'true' }, edges),
    svg('g', { class: 'tables' }, tables),
  ]);
}

/**
 * @param {ShownGroup} group
 * @param {Box} box
 */
function drawGroup(group, box) {
  const title = group.name || 'not in a component';
  const label = svg('text', { class: 'label', x: box.x + 18, y: box.y + 31 }, [title]);
  const sign = svg('path', {
    class: 'fold',
    d: group.folded ? 'M-3.5 -5 L3 0 L-3.5 5' : 'M-5 -3 L0 3.5 L5 -3',
    transform: `translate(${box.x + box.width - 24} ${box.y + 26})`,
  });
  const count = `${group.count} ${group.count === 1 ? 'table' : 'tables'}`;
  const said = svg('text', { class: 'count', x: box.x + 18, y: box.y + 50 }, [count]);
  return svg('g', { class: `group hue-${group.hue}${group.folded ? ' folded' : ''}`, 'data-group': group.name }, [
    svg('rect', { class: 'area', ...box, rx: 14 }),
    svg('rect', { class: 'grip', x: box.x, y: box.y, width: box.width, height: group.folded ? box.height : 44, rx: 14 }, [
      svg('title', {}, [`${group.folded ? 'Unfold' : 'Fold'} ${title} (${count})`]),
    ]),
    label,
    ...(group.folded ? [said] : []),
    sign,
  ]);
}

/**
 * @param {ShownTable} shown
 * @param {Box} box
 */
function drawTable(shown, box) {
  const { table, rows } = shown;
  const size = sizeOf(shown);
  const height = Math.max(size.height, HEAD);
  const room = (size.width - 12) * TITLE;
  const far = Math.max(20, Math.min(34, Math.floor(room / widthOf(table.name, 'title'))));
  const short = cut(table.name, 'title', room / far);
  const count = `${table.columns.length} ${table.columns.length === 1 ? 'column' : 'columns'}`;
  const parts = [
    svg('title', {}, [[table.name, table.entities.join(', '), count, table.text].filter(Boolean).join(' · ')]),
    svg('rect', { class: 'back', width: size.width, height, rx: 8 }),
    svg('path', { class: 'head', d: top(size.width, rows.length ? HEAD : height, rows.length > 0) }),
    svg('text', { class: 'name', x: EDGE, y: 22 }, [cut(table.name, 'title', size.width - 2 * EDGE)]),
    svg('g', { class: 'columns' }, rows.flatMap((each, at) => drawColumn(each, at, shown))),
    svg('text', { class: 'far-name', x: size.width / 2, y: height / 2 + far / 3, 'font-size': far }, [short]),
    svg('rect', { class: 'frame', width: size.width, height, rx: 8 }),
  ];
  return svg('g', {
    class: `table hue-${shown.hue}${table.link ? ' link' : ''}`,
    transform: `translate(${box.x} ${box.y})`,
    'data-table': table.name,
    role: 'link',
    tabindex: -1,
  }, parts);
}

/**
 * The head of a table: round above, and below where nothing follows.
 * @param {number} width
 * @param {number} height
 * @param {boolean} open
 */
function top(width, height, open) {
  const end = open ? `V${height} H0` : `V${height - 8} Q${width} ${height} ${width - 8} ${height} H8 Q0 ${height} 0 ${height - 8}`;
  return `M0 8 Q0 0 8 0 H${width - 8} Q${width} 0 ${width} 8 ${end} Z`;
}

/**
 * @param {Column} column
 * @param {number} at
 * @param {ShownTable} shown
 */
function drawColumn(column, at, shown) {
  const { width } = sizeOf(shown);
  const y = HEAD + at * ROW + ROW / 2;
  const type = cut(typeOf(column, shown), 'type', width * 0.55);
  const room = width - 2 * EDGE - SIGN - widthOf(type, 'type') - 8;
  const kind = [column.key && 'is-key', column.refers && 'refers', column.enum && 'is-enum', !column.required && 'may-be-empty'];
  return [
    svg('path', { class: `sign ${kind.filter(Boolean).join(' ')}`, d: signOf(column), transform: `translate(${EDGE + 5} ${y})` }),
    svg('text', { class: column.key ? 'column is-key' : 'column', x: EDGE + SIGN, y: y + 4.2 }, [cut(column.name, 'name', room)]),
    svg('text', { class: column.enum ? 'type is-enum' : 'type', x: width - EDGE, y: y + 3.8 }, [type]),
  ];
}

/** @param {Column} column */
function signOf(column) {
  if (column.key) return 'M-1.2 0 a2.6 2.6 0 1 0 -5.2 0 a2.6 2.6 0 1 0 5.2 0 M-1.2 0 H5 V2.6 M2.4 0 V2';
  if (column.refers) return 'M-5 -2.5 V0.5 Q-5 2 -3.5 2 H4 M1.2 -0.8 L4.2 2 L1.2 4.8';
  return 'M-2.6 0 a2.3 2.3 0 1 0 4.6 0 a2.3 2.3 0 1 0 -4.6 0';
}

/**
 * @param {ShownEdge} edge
 * @param {number[]} line
 */
function drawEdge(edge, line) {
  const [key] = edge.keys;
  const points = [];
  for (let at = 0; at + 1 < line.length; at += 2) points.push({ x: line[at], y: line[at + 1] });
  const path = rounded(points);
  const parts = [
    svg('path', { class: 'reach', d: path }),
    svg('path', { class: 'line', d: path }),
  ];
  const first = points[0];
  const last = points[points.length - 1];
  if (first && last && edge.keys.length === 1) {
    parts.push(svg('path', { class: 'end', d: one(first.x, first.y, 1, key.required) }));
    parts.push(svg('path', { class: 'end', d: key.unique ? one(last.x, last.y, -1, true) : many(last.x, last.y) }));
  }
  const names = edge.keys.map((each) => `${each.table}.${each.columns.join(', ')} → ${each.target}`);
  parts.push(svg('title', {}, [names.slice(0, 12).join('\n')]));
  const tables = edge.keys.flatMap((each) => [each.table, each.target]);
  return svg('g', {
    class: `edge${key.required ? '' : ' optional'}`,
    'data-ends': JSON.stringify([...new Set(tables)]),
    'data-to': edge.to,
    'data-from': edge.from,
  }, parts);
}

/**
 * The end of a line that stands for one row: a bar, or a ring where there may be none.
 * @param {number} x
 * @param {number} y
 * @param {1 | -1} way
 * @param {boolean} required
 */
function one(x, y, way, required) {
  const bar = `M${x + way * 7} ${y - 5} v10`;
  return required ? bar : `M${x + way * 4} ${y} a3.4 3.4 0 1 0 ${way * 6.8} 0 a3.4 3.4 0 1 0 ${way * -6.8} 0`;
}

/**
 * The end of a line that stands for many rows.
 * @param {number} x
 * @param {number} y
 */
function many(x, y) {
  return `M${x - 11} ${y} L${x} ${y - 5.5} M${x - 11} ${y} L${x} ${y + 5.5}`;
}

/**
 * A line with round corners.
 * @param {{x: number, y: number}[]} points
 */
function rounded(points) {
  if (points.length === 0) return '';
  let path = `M${points[0].x} ${points[0].y}`;
  for (let at = 1; at < points.length - 1; at += 1) {
    const [before, here, after] = [points[at - 1], points[at], points[at + 1]];
    const radius = Math.min(CORNER, distance(before, here) / 2, distance(here, after) / 2);
    const start = towards(here, before, radius);
    const end = towards(here, after, radius);
    path += ` L${start.x} ${start.y} Q${here.x} ${here.y} ${end.x} ${end.y}`;
  }
  const last = points[points.length - 1];
  return `${path} L${last.x} ${last.y}`;
}

/**
 * @param {{x: number, y: number}} a
 * @param {{x: number, y: number}} b
 */
function distance(a, b) {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/**
 * @param {{x: number, y: number}} from
 * @param {{x: number, y: number}} to
 * @param {number} length
 */
function towards(from, to, length) {
  const whole = distance(from, to) || 1;
  return {
    x: Math.round((from.x + ((to.x - from.x) * length) / whole) * 10) / 10,
    y: Math.round((from.y + ((to.y - from.y) * length) / whole) * 10) / 10,
  };
}
