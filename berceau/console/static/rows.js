// The filters of a list of rows: the comparisons and the value fit the attribute that is chosen.

import { combobox } from './combobox.js';

/** @typedef {[name: string, title: string, takesValue: boolean]} Operator */

for (const form of document.querySelectorAll('form[data-filter]')) {
  if (form instanceof HTMLFormElement) enhance(form);
}

for (const menu of document.querySelectorAll('details.menu')) {
  if (menu instanceof HTMLDetailsElement) closeByItself(menu);
}

/** @param {HTMLFormElement} form */
function enhance(form) {
  const attribute = /** @type {HTMLSelectElement} */ (form.querySelector('select[name=where]'));
  const comparison = /** @type {HTMLSelectElement} */ (form.querySelector('select[name=is]'));
  const value = /** @type {HTMLElement} */ (form.querySelector('.value'));
  const plain = /** @type {HTMLInputElement} */ (value.querySelector('input'));

  let fitted = false;

  function fit() {
    const chosen = attribute.selectedOptions[0];
    /** @type {Operator[]} */
    const known = JSON.parse(chosen.dataset.operators ?? '[]');
    const before = fitted ? comparison.value : '';
    fitted = true;
    comparison.replaceChildren(...known.map(([name, title]) => new Option(title, name)));
    if (known.some(([name]) => name === before)) comparison.value = before;
    value.replaceChildren(control(chosen, plain));
    for (const input of value.querySelectorAll('input[data-suggest]')) {
      if (input instanceof HTMLInputElement) combobox(input);
    }
    ask();
  }

  // A value that isn't asked for is sent all the same: each comparison has one.
  function ask() {
    /** @type {Operator[]} */
    const known = JSON.parse(attribute.selectedOptions[0].dataset.operators ?? '[]');
    value.hidden = !known.some(([name, , takes]) => name === comparison.value && takes);
  }

  attribute.addEventListener('change', fit);
  comparison.addEventListener('change', ask);
  fit();
}

/**
 * @param {HTMLOptionElement} chosen
 * @param {HTMLInputElement} plain
 */
function control(chosen, plain) {
  if (chosen.dataset.values) {
    const select = document.createElement('select');
    select.name = 'value';
    select.ariaLabel = 'Value';
    select.append(...chosen.dataset.values.split('\n').map((each) => new Option(each, each)));
    return select;
  }
  const input = /** @type {HTMLInputElement} */ (plain.cloneNode());
  input.name = 'value';
  if (chosen.dataset.suggest) {
    input.dataset.suggest = chosen.dataset.suggest;
    input.placeholder = 'Name or key';
  }
  return input;
}

/**
 * Close a menu by Escape, and by a click elsewhere.
 * @param {HTMLDetailsElement} menu
 */
function closeByItself(menu) {
  menu.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && menu.open) {
      menu.open = false;
      menu.querySelector('summary')?.focus();
    }
  });
  document.addEventListener('pointerdown', (event) => {
    if (event.target instanceof Node && !menu.contains(event.target)) menu.open = false;
  });
}
