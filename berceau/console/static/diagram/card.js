// The card of the selected table: what it is, and what can be done with it in the diagram.

/**
 * @typedef {import('./diagram.js').Diagram} Diagram
 */

/**
 * @param {HTMLElement} card
 * @param {Diagram} diagram
 */
export function showCard(card, diagram) {
  const table = diagram.selected === null ? undefined : diagram.model.tables.get(diagram.selected);
  card.hidden = table === undefined;
  if (table === undefined) {
    card.replaceChildren();
    return;
  }
  const { model } = diagram;
  const out = new Set((model.keysOf.get(table.name) ?? []).map((each) => each.target));
  const into = new Set(model.schema.keys.filter((each) => each.target === table.name).map((each) => each.table));
  const title = element('p', 'title', table.href ? link(table.href, table.name) : table.name);
  const facts = [
    `${table.columns.length} columns`,
    out.size ? `refers to ${out.size}` : '',
    into.size ? `referred to by ${into.size}` : '',
  ];
  const only = model.only === table.name;
  const folded = model.foldedTables.has(table.name);
  card.replaceChildren(
    title,
    ...(table.text ? [element('p', 'quiet', table.text)] : []),
    element('p', 'quiet', facts.filter(Boolean).join(' · ')),
    element(
      'div',
      'acts',
      button(only ? 'Show all' : 'Only neighbours', () => diagram.neighbours()),
      button(folded ? 'Expand' : 'Collapse', () => diagram.collapse()),
      button('Hide', () => diagram.hide()),
    ),
  );
}

/**
 * @param {string} name
 * @param {string} classes
 * @param {(string | Node)[]} children
 */
function element(name, classes, ...children) {
  const made = document.createElement(name);
  made.className = classes;
  made.dir = 'auto';
  made.append(...children);
  return made;
}

/**
 * @param {string} href
 * @param {string} text
 */
function link(href, text) {
  const made = document.createElement('a');
  made.href = href;
  made.textContent = text;
  return made;
}

/**
 * @param {string} text
 * @param {() => unknown} act
 */
function button(text, act) {
  const made = document.createElement('button');
  made.type = 'button';
  made.className = 'tool';
  made.textContent = text;
  made.addEventListener('click', () => void act());
  return made;
}
