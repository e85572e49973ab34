// How large tables are drawn: their texts decide.

/** @typedef {import('./model.js').ShownTable} ShownTable */

export const HEAD = 34;
export const ROW = 22;
export const FOOT = 6;
export const EDGE = 12;
/** What stands left of a column's name: the sign of what it is. */
export const SIGN = 18;
const GAP = 22;
const LEAST = 120;
const MOST = 340;

const context = document.createElement('canvas').getContext('2d');
/** @type {Map<string, number>} */
const known = new Map();

/** The size of the font of a table's name. */
export const TITLE = 13.5;

export const FONTS = {
  title: `600 ${TITLE}px ui-sans-serif, system-ui, sans-serif`,
  name: '12.5px ui-sans-serif, system-ui, sans-serif',
  type: '11px ui-monospace, Menlo, Consolas, monospace',
};

/**
 * @param {string} text
 * @param {keyof FONTS} kind
 */
export function widthOf(text, kind) {
  const key = `${kind} ${text}`;
  let width = known.get(key);
  if (width === undefined) {
    if (context === null) return text.length * 7.5;
    context.font = FONTS[kind];
    width = context.measureText(text).width;
    known.set(key, width);
  }
  return width;
}

/**
 * @param {ShownTable} shown
 * @returns {{width: number, height: number}}
 */
export function sizeOf(shown) {
  const rows = shown.rows.map(
    (each) => SIGN + widthOf(each.name, 'name') + GAP + widthOf(typeOf(each, shown), 'type'),
  );
  const widest = Math.max(widthOf(shown.table.name, 'title') + 16, ...rows, 0);
  return {
    width: Math.round(Math.min(Math.max(widest + 2 * EDGE, LEAST), MOST)),
    height: HEAD + (shown.rows.length ? shown.rows.length * ROW + FOOT : 0),
  };
}

/**
 * What stands at the right of a column: its type, or the table that it refers to and that isn't
 * drawn.
 * @param {import('./model.js').Column} column
 * @param {ShownTable} shown
 */
export function typeOf(column, shown) {
  const target = shown.away.get(column.name);
  if (target !== undefined) return `→ ${target}`;
  return column.required ? column.type : `${column.type}?`;
}

/**
 * The middle of a row, or of the head where there is none, from the top of the table.
 * @param {ShownTable} shown
 * @param {string | null} row
 */
export function middleOf(shown, row) {
  const at = row === null ? -1 : shown.rows.findIndex((each) => each.name === row);
  return at < 0 ? HEAD / 2 : HEAD + at * ROW + ROW / 2;
}

/**
 * As much of a text as fits into so many pixels.
 * @param {string} text
 * @param {keyof FONTS} kind
 * @param {number} room
 */
export function cut(text, kind, room) {
  if (widthOf(text, kind) <= room) return text;
  let end = text.length;
  while (end > 1 && widthOf(`${text.slice(0, end)}…`, kind) > room) end -= 1;
  return `${text.slice(0, end)}…`;
}
