// The page of the schema: it fetches the tables, and connects the tools to the diagram.

import { showCard } from './card.js';
import { Diagram } from './diagram.js';
import { Elk } from './elk.js';
import { save, toFile } from './export.js';
import { Model } from './model.js';

const root = document.getElementById('diagram');
if (root) void begin(root);

/** @param {HTMLElement} root */
async function begin(root) {
  const status = part(root, 'status');
  try {
    const answer = await fetch(root.dataset.source ?? '');
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    await connect(root, new Model(await answer.json()));
  } catch (error) {
    status.textContent = `The diagram can't be drawn: ${error instanceof Error ? error.message : error}.`;
  }
}

/**
 * @param {HTMLElement} root
 * @param {Model} model
 */
async function connect(root, model) {
  const elk = new Elk(() => new Worker(root.dataset.worker ?? ''));
  const diagram = new Diagram(part(root, 'canvas'), model, elk);
  const wanted = readAddress(model);
  diagram.addEventListener('said', (event) => {
    part(root, 'status').textContent = event instanceof CustomEvent ? event.detail : '';
  });
  const card = part(root, 'card');
  diagram.addEventListener('selected', () => {
    showCard(card, diagram);
    diagram.viewport.covered = card.hidden ? 0 : card.offsetHeight + 12;
    writeAddress(diagram);
  });
  diagram.addEventListener('drawn', () => {
    root.querySelector('[data-do=restore]')?.toggleAttribute('hidden', !model.isPartial);
    for (const each of root.querySelectorAll('[data-part=groups] input')) {
      if (each instanceof HTMLInputElement) each.checked = !model.hiddenGroups.has(each.value);
    }
    writeAddress(diagram);
  });
  connectTools(root, diagram);
  connectDetail(root, diagram);
  connectGroups(part(root, 'groups'), diagram);
  connectSearch(root, diagram);
  diagram.selected = wanted;
  await diagram.update();
  if (wanted !== null && model.only === null) await diagram.find(wanted);
  root.dataset.ready = 'yes';
}

/**
 * @param {HTMLElement} root
 * @param {Diagram} diagram
 */
function connectTools(root, diagram) {
  /** @type {Record<string, () => unknown>} */
  const acts = {
    in: () => diagram.viewport.step(1),
    out: () => diagram.viewport.step(-1),
    fit: () => diagram.viewport.fit(diagram.bounds),
    restore: () => diagram.showAll(),
    export: () => save('schema.svg', toFile(diagram.picture, diagram.bounds, 'The schema')),
    full: () => (document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen()),
  };
  for (const each of root.querySelectorAll('[data-do]')) {
    const act = acts[each.getAttribute('data-do') ?? ''];
    each.addEventListener('click', () => void act?.());
  }
  document.addEventListener('fullscreenchange', () => {
    const full = document.fullscreenElement === root;
    root.querySelector('[data-do=full]')?.setAttribute('aria-pressed', String(full));
    diagram.viewport.fit(diagram.bounds);
  });
  for (const menu of root.querySelectorAll('details.menu')) {
    menu.addEventListener('keydown', (event) => {
      if (event instanceof KeyboardEvent && event.key === 'Escape') menu.removeAttribute('open');
    });
  }
}

/**
 * @param {HTMLElement} root
 * @param {Diagram} diagram
 */
function connectDetail(root, diagram) {
  for (const each of root.querySelectorAll('input[name=detail]')) {
    if (!(each instanceof HTMLInputElement)) continue;
    each.checked = each.value === diagram.model.detail;
    each.addEventListener('change', () => {
      diagram.model.detail = /** @type {import('./model.js').Detail} */ (each.value);
      diagram.model.foldedTables.clear();
      void diagram.update();
    });
  }
}

/**
 * @param {HTMLElement} place
 * @param {Diagram} diagram
 */
function connectGroups(place, diagram) {
  const { model } = diagram;
  for (const name of model.groups) {
    const box = document.createElement('input');
    box.type = 'checkbox';
    box.checked = !model.hiddenGroups.has(name);
    box.value = name;
    box.addEventListener('change', () => {
      if (box.checked) model.hiddenGroups.delete(name);
      else model.hiddenGroups.add(name);
      model.only = null;
      void diagram.update();
    });
    const fold = document.createElement('button');
    fold.type = 'button';
    fold.className = 'tool';
    fold.textContent = 'Fold';
    fold.setAttribute('aria-label', `Fold or unfold ${name || 'what is not in a component'}`);
    fold.addEventListener('click', () => void diagram.fold(name));
    const label = document.createElement('label');
    label.append(box, name || 'Not in a component');
    const row = document.createElement('div');
    row.append(label, fold);
    place.append(row);
  }
}

/**
 * @param {HTMLElement} root
 * @param {Diagram} diagram
 */
function connectSearch(root, diagram) {
  const field = /** @type {HTMLInputElement} */ (root.querySelector('input[name=find]'));
  const list = /** @type {HTMLElement} */ (root.querySelector('datalist'));
  list.append(...diagram.model.schema.tables.map((each) => {
    const option = document.createElement('option');
    option.value = each.name;
    return option;
  }));
  let next = 0;
  field.addEventListener('input', () => {
    next = 0;
    diagram.mark(field.value.trim());
    if (diagram.model.tables.has(field.value)) void diagram.find(field.value);
  });
  field.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') field.value = '';
    const found = diagram.mark(field.value.trim());
    if (event.key !== 'Enter' || found.length === 0) return;
    event.preventDefault();
    const exact = found.find((each) => each === field.value.trim());
    void diagram.find(exact ?? found[next % found.length]);
    next += 1;
  });
  diagram.addEventListener('drawn', () => diagram.mark(field.value.trim()));
}

/**
 * Take from the page's address what is to be shown.
 * @param {Model} model
 */
function readAddress(model) {
  const given = new URLSearchParams(location.hash.slice(1));
  const table = given.get('table');
  const detail = given.get('detail');
  if (detail === 'all' || detail === 'keys' || detail === 'names') model.detail = detail;
  for (const name of given.getAll('without')) model.hiddenGroups.add(name);
  for (const name of given.getAll('hide')) model.hidden.add(name);
  if (table === null || !model.tables.has(table)) return null;
  if (given.has('neighbours')) model.only = table;
  return table;
}

/**
 * Put into the page's address what is shown, so that it can be kept and sent.
 * @param {Diagram} diagram
 */
function writeAddress({ model, selected }) {
  const said = new URLSearchParams();
  const table = model.only ?? selected;
  if (table !== null) said.set('table', table);
  if (model.only !== null) said.set('neighbours', '1');
  if (model.detail !== (model.schema.tables.length > 80 ? 'keys' : 'all')) said.set('detail', model.detail);
  for (const name of model.hiddenGroups) said.append('without', name);
  for (const name of model.hidden) said.append('hide', name);
  const text = said.toString();
  history.replaceState(null, '', text ? `#${text}` : location.pathname + location.search);
}

/**
 * @param {HTMLElement} root
 * @param {string} name
 */
function part(root, name) {
  return /** @type {HTMLElement} */ (root.querySelector(`[data-part=${name}]`));
}
