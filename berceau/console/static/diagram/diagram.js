// The diagram of a page: it lays out and draws what the model shows, and knows what is selected.

import { draw, svg } from './draw.js';
import { layoutOf } from './layout.js';
import { tableId } from './model.js';
import { Viewport } from './viewport.js';

/**
 * @typedef {import('./model.js').Model} Model
 * @typedef {import('./layout.js').Layout} Layout
 * @typedef {import('./layout.js').Box} Box
 * @typedef {import('./elk.js').Elk} Elk
 */

export class Diagram extends EventTarget {
  /**
   * @param {HTMLElement} canvas
   * @param {Model} model
   * @param {Elk} elk
   */
  constructor(canvas, model, elk) {
    super();
    this.canvas = canvas;
    this.model = model;
    this.elk = elk;
    this.picture = /** @type {SVGSVGElement} */ (svg('svg', {
      class: 'picture', role: 'group', 'aria-label': 'Tables and the keys between them',
    }));
    this.viewport = new Viewport(this.picture);
    /** @type {Layout} */
    this.layout = { boxes: {}, lines: {} };
    /** @type {string | null} */
    this.selected = null;
    canvas.replaceChildren(this.picture);
    this.picture.addEventListener('click', (event) => this.#click(event));
    this.picture.addEventListener('dblclick', (event) => this.#open(tableAt(event)));
    // Not on the picture itself: Chromium gives the focus to an SVG that listens to it.
    canvas.addEventListener('keydown', (event) => this.#key(event));
    canvas.addEventListener('focusin', (event) => {
      const name = tableAt(event);
      if (name !== null && name !== this.selected) this.select(name);
    });
  }

  /** The box of everything that is drawn. @returns {Box} */
  get bounds() {
    return this.layout.boxes.root ?? { x: 0, y: 0, width: 1, height: 1 };
  }

  /**
   * Draw what the model shows now.
   * @param {{fit?: boolean}} [options]
   */
  async update({ fit = true } = {}) {
    const view = this.model.view();
    const slow = setTimeout(() => this.#say('Laying out the diagram…'), 150);
    const held = this.selected === null ? null : this.#place(this.selected);
    try {
      this.layout = await layoutOf(view, this.model.schema.hash, (graph) => this.elk.layout(graph));
    } catch (error) {
      if (error instanceof Error && error.message === 'another view was chosen') return;
      this.#say(`The layout failed: ${error instanceof Error ? error.message : error}`);
      return;
    } finally {
      clearTimeout(slow);
    }
    this.#say('');
    const focused = this.canvas.contains(document.activeElement);
    this.viewport.show(draw(view, this.layout));
    this.select(this.selected !== null && this.#element(this.selected) ? this.selected : null);
    if (focused) this.#focus();
    this.dispatchEvent(new Event('drawn')); // what it shows beside the picture takes room from it
    const now = this.selected === null ? null : this.#place(this.selected);
    if (fit || held === null || now === null) this.viewport.fit(this.bounds);
    else {
      const { zoom } = this.viewport;
      this.viewport.pan((held.x - now.x) * zoom, (held.y - now.y) * zoom);
    }
  }

  /**
   * Select a table, or none: what it has nothing to do with is dimmed.
   * @param {string | null} name
   */
  select(name) {
    this.selected = name;
    const near = name === null ? null : new Set([name, ...(this.model.neighbours.get(name) ?? [])]);
    this.picture.classList.toggle('selecting', near !== null);
    let first = true;
    for (const each of this.#tables()) {
      const own = each.dataset.table ?? '';
      each.classList.toggle('selected', own === name);
      each.classList.toggle('near', !!near?.has(own));
      const reachable = name === null ? first : own === name;
      each.setAttribute('tabindex', reachable ? '0' : '-1');
      first = false;
    }
    for (const each of this.picture.querySelectorAll('.edge')) {
      const ends = JSON.parse(each.getAttribute('data-ends') ?? '[]');
      each.classList.toggle('near', name !== null && ends.includes(name));
    }
    this.dispatchEvent(new Event('selected'));
  }

  /**
   * Select a table and bring it into view; show it first if it isn't.
   * @param {string} name
   */
  async find(name) {
    const table = this.model.tables.get(name);
    if (table === undefined) return;
    const group = this.model.groupOf(table);
    if (!this.model.isVisible(name) || this.model.foldedGroups.has(group)) {
      this.model.only = null;
      this.model.hidden.delete(name);
      this.model.hiddenGroups.delete(group);
      this.model.foldedGroups.delete(group);
      await this.update();
    }
    this.select(name);
    const box = this.layout.boxes[tableId(name)];
    if (box) this.viewport.centre(box);
  }

  /** Show only the selected table and its neighbours, or all again. */
  async neighbours() {
    this.model.only = this.model.only === this.selected ? null : this.selected;
    await this.update();
  }

  /** Collapse the columns of the selected table, or show them again. */
  async collapse() {
    if (this.selected === null) return;
    const folded = this.model.foldedTables;
    if (!folded.delete(this.selected)) folded.add(this.selected);
    await this.update({ fit: false });
  }

  /** Hide the selected table. */
  async hide() {
    if (this.selected === null) return;
    this.model.hidden.add(this.selected);
    this.selected = null;
    await this.update({ fit: false });
  }

  async showAll() {
    if (this.model.isPartial) {
      this.model.showAll();
      await this.update();
    }
  }

  /** @param {string} name */
  async fold(name) {
    if (!this.model.foldedGroups.delete(name)) this.model.foldedGroups.add(name);
    await this.update();
  }

  /**
   * Mark the tables whose name, or a column of which, holds a text.
   * @param {string} text
   * @returns {string[]} the names of these tables
   */
  mark(text) {
    const found = text === '' ? [] : this.model.schema.tables.filter((each) => matches(each, text));
    const names = new Set(found.map((each) => each.name));
    this.picture.classList.toggle('searching', text !== '');
    for (const each of this.#tables()) {
      each.classList.toggle('found', names.has(each.dataset.table ?? ''));
    }
    return [...names];
  }

  /** @param {MouseEvent} event */
  #click(event) {
    if (this.viewport.dragged) return;
    const grip = event.target instanceof Element ? event.target.closest('.grip, .fold') : null;
    const group = grip?.closest('.group')?.getAttribute('data-group');
    if (group !== undefined && group !== null) {
      void this.fold(group);
      return;
    }
    const name = tableAt(event);
    this.select(name);
    if (name !== null) this.#element(name)?.focus({ preventScroll: true });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const way = WAYS[event.key];
    const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (way) {
      if (event.shiftKey) this.viewport.pan(-way[0] * 80, -way[1] * 80);
      else this.#walk(way);
    } else if (act) act(this);
    else return;
    event.preventDefault();
  }

  /** @param {string | null} name */
  #open(name) {
    const href = name === null ? undefined : this.model.tables.get(name)?.href;
    if (href) location.assign(href);
  }

  openSelected() {
    this.#open(this.selected);
  }

  /**
   * Go to the nearest table in a direction.
   * @param {[number, number]} way
   */
  #walk(way) {
    const from = this.selected === null ? null : this.#place(this.selected);
    if (from === null) return;
    const here = middle(from);
    let best = null;
    for (const each of this.#tables()) {
      const name = each.dataset.table ?? '';
      const box = this.#place(name);
      if (name === this.selected || box === null) continue;
      const there = middle(box);
      const ahead = (there.x - here.x) * way[0] + (there.y - here.y) * way[1];
      const aside = Math.abs((there.x - here.x) * way[1]) + Math.abs((there.y - here.y) * way[0]);
      const cost = ahead + 2 * aside;
      if (ahead > 4 && (best === null || cost < best.cost)) best = { name, box, cost };
    }
    if (best === null) return;
    this.select(best.name);
    this.#element(best.name)?.focus({ preventScroll: true });
    this.viewport.reveal(best.box);
  }

  /** Give the focus to the selected table, or to the first: others were drawn in their place. */
  #focus() {
    const name = this.selected ?? this.#tables()[0]?.dataset.table;
    if (name !== undefined) this.#element(name)?.focus({ preventScroll: true });
  }

  /** @param {string} text */
  #say(text) {
    this.dispatchEvent(new CustomEvent('said', { detail: text }));
  }

  /** @returns {SVGGElement[]} */
  #tables() {
    return [...this.picture.querySelectorAll('g.table')].map((each) => /** @type {SVGGElement} */ (each));
  }

  /** @param {string} name */
  #element(name) {
    return this.#tables().find((each) => each.dataset.table === name) ?? null;
  }

  /** @param {string} name @returns {Box | null} */
  #place(name) {
    return this.layout.boxes[tableId(name)] ?? null;
  }
}

/** @type {Record<string, [number, number]>} */
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** @type {Record<string, (diagram: Diagram) => unknown>} */
const KEYS = {
  Enter: (diagram) => diagram.openSelected(),
  Escape: (diagram) => (diagram.model.isPartial ? diagram.showAll() : diagram.select(null)),
  n: (diagram) => diagram.neighbours(),
  c: (diagram) => diagram.collapse(),
  h: (diagram) => diagram.hide(),
  '+': (diagram) => diagram.viewport.step(1),
  '=': (diagram) => diagram.viewport.step(1),
  '-': (diagram) => diagram.viewport.step(-1),
  0: (diagram) => diagram.viewport.fit(diagram.bounds),
};

/** @param {Event} event */
function tableAt(event) {
  const found = event.target instanceof Element ? event.target.closest('g.table') : null;
  return found?.getAttribute('data-table') ?? null;
}

/** @param {Box} box */
function middle(box) {
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/**
 * @param {import('./model.js').Table} table
 * @param {string} text
 */
function matches(table, text) {
  const wanted = text.toLowerCase();
  const names = [table.name, ...table.entities, ...table.columns.map((each) => each.name)];
  return names.some((each) => each.toLowerCase().includes(wanted))
    || table.columns.some((each) => `${table.name}.${each.name}`.toLowerCase() === wanted);
}
