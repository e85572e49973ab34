// What the diagram shows: all tables and keys, and which of them are hidden, collapsed or left out.

/**
 * @typedef {{name: string, type: string, key: boolean, refers: boolean, required: boolean, enum: boolean}} Column
 * @typedef {{name: string, group: string | null, entities: string[], text: string, link: boolean, columns: Column[], href?: string}} Table
 * @typedef {{name: string, table: string, columns: string[], target: string, target_columns: string[], required: boolean, unique: boolean, on_delete: string}} Key
 * @typedef {{name: string, text: string}} Group
 * @typedef {{hash: string, groups: Group[], tables: Table[], keys: Key[]}} Schema
 * @typedef {'all' | 'keys' | 'names'} Detail
 * @typedef {{table: Table, rows: Column[], hue: number, away: Map<string, string>}} ShownTable
 * @typedef {{name: string, hue: number, folded: boolean, count: number, tables: ShownTable[]}} ShownGroup
 * @typedef {{id: string, from: string, fromRow: string | null, to: string, toRow: string | null, keys: Key[]}} ShownEdge
 * @typedef {{groups: ShownGroup[], edges: ShownEdge[], signature: string}} View
 */

export const HUES = 8;

/** The name under which tables are grouped that no component declares. */
const NO_GROUP = '';

export class Model {
  /** @param {Schema} schema */
  constructor(schema) {
    this.schema = schema;
    /** @type {Detail} */
    this.detail = schema.tables.length > 80 ? 'keys' : 'all';
    /** @type {Set<string>} */
    this.hidden = new Set();
    /** @type {Set<string>} */
    this.hiddenGroups = new Set();
    /** @type {Set<string>} */
    this.foldedGroups = new Set();
    /** @type {Set<string>} */
    this.foldedTables = new Set();
    /** @type {string | null} */
    this.only = null;
    this.tables = new Map(schema.tables.map((each) => [each.name, each]));
    /** @type {Map<string, Set<string>>} */
    this.neighbours = new Map(schema.tables.map((each) => [each.name, new Set()]));
    /** @type {Map<string, Key[]>} */
    this.keysOf = new Map(schema.tables.map((each) => [each.name, []]));
    for (const key of schema.keys) {
      this.keysOf.get(key.table)?.push(key);
      this.neighbours.get(key.table)?.add(key.target);
      this.neighbours.get(key.target)?.add(key.table);
    }
  }

  /** The names of all groups, in the order of the components. */
  get groups() {
    const named = this.schema.groups.map((each) => each.name);
    const others = this.schema.tables.some((each) => !named.includes(each.group ?? NO_GROUP));
    return others ? [...named, NO_GROUP] : named;
  }

  /** Whether anything is hidden or left out. */
  get isPartial() {
    return this.only !== null || this.hidden.size > 0 || this.hiddenGroups.size > 0;
  }

  showAll() {
    this.only = null;
    this.hidden.clear();
    this.hiddenGroups.clear();
  }

  /** @param {Table} table */
  groupOf(table) {
    const name = table.group ?? NO_GROUP;
    return this.schema.groups.some((each) => each.name === name) ? name : NO_GROUP;
  }

  /** @param {string} name */
  isVisible(name) {
    const table = this.tables.get(name);
    if (table === undefined || this.hidden.has(name)) return false;
    if (this.only !== null) return name === this.only || !!this.neighbours.get(this.only)?.has(name);
    return !this.hiddenGroups.has(this.groupOf(table));
  }

  /**
   * The columns that a table shows.
   * @param {Table} table
   */
  rowsOf(table) {
    if (this.foldedTables.has(table.name) || this.detail === 'names') return [];
    const all = this.detail === 'all' || table.name === this.only;
    return all ? table.columns : table.columns.filter((each) => each.key || each.refers);
  }

  /**
   * What is to be drawn now.
   * @returns {View}
   */
  view() {
    const groups = this.groups.map((name, at) => this.#shownGroup(name, at % HUES));
    const shown = groups.filter((each) => each.count > 0);
    const edges = this.#edges(shown);
    const signature = JSON.stringify([
      shown.map((each) => [each.name, each.folded, each.tables.map((of) => [of.table.name, of.rows.length, [...of.away]])]),
    ]);
    return { groups: shown, edges, signature };
  }

  /**
   * @param {string} name
   * @param {number} hue
   * @returns {ShownGroup}
   */
  #shownGroup(name, hue) {
    const tables = this.schema.tables.filter(
      (each) => this.groupOf(each) === name && this.isVisible(each.name),
    );
    const folded = this.foldedGroups.has(name) && this.only === null;
    return {
      name,
      hue,
      folded,
      count: tables.length,
      tables: folded ? [] : tables.map((table) => this.#shownTable(table, hue)),
    };
  }

  /**
   * A table, and the tables that its columns refer to and that aren't drawn: these it names.
   * @param {Table} table
   * @param {number} hue
   * @returns {ShownTable}
   */
  #shownTable(table, hue) {
    const keys = (this.keysOf.get(table.name) ?? []).filter((each) => !this.isVisible(each.target));
    const away = new Map(keys.flatMap((key) => key.columns.map((each) => [each, key.target])));
    return { table, rows: this.rowsOf(table), hue, away };
  }

  /**
   * The keys between what is shown; those of a folded group are drawn as one.
   * @param {ShownGroup[]} groups
   * @returns {ShownEdge[]}
   */
  #edges(groups) {
    /** @type {Map<string, ShownTable | string>} */
    const places = new Map();
    for (const group of groups) {
      for (const shown of group.tables) places.set(shown.table.name, shown);
    }
    const folded = new Set(groups.filter((each) => each.folded).map((each) => each.name));
    for (const table of this.schema.tables) {
      if (folded.has(this.groupOf(table)) && this.isVisible(table.name)) {
        places.set(table.name, groupId(this.groupOf(table)));
      }
    }
    /** @type {Map<string, ShownEdge>} */
    const found = new Map();
    for (const key of this.schema.keys) {
      const from = places.get(key.target);
      const to = places.get(key.table);
      if (from === undefined || to === undefined || (typeof from === 'string' && from === to)) continue;
      const fromRow = rowIn(from, key.target_columns);
      const toRow = rowIn(to, key.columns);
      const fromId = typeof from === 'string' ? from : tableId(from.table.name);
      const toId = typeof to === 'string' ? to : tableId(to.table.name);
      const single = typeof from !== 'string' && typeof to !== 'string';
      const id = single ? `key:${key.table}.${key.name}` : `keys:${fromId}>${toId}`;
      const known = found.get(id);
      if (known) known.keys.push(key);
      else found.set(id, { id, from: fromId, fromRow, to: toId, toRow, keys: [key] });
    }
    return [...found.values()];
  }
}

/** @param {string} name */
export function tableId(name) {
  return `table:${name}`;
}

/** @param {string} name */
export function groupId(name) {
  return `group:${name}`;
}

/**
 * The row that a key is drawn at: the first of its columns, if it is shown.
 * @param {ShownTable | string} place
 * @param {string[]} columns
 */
function rowIn(place, columns) {
  if (typeof place === 'string') return null;
  return place.rows.some((each) => each.name === columns[0]) ? columns[0] : null;
}
