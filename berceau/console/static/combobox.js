// A text box that suggests objects by their names: the ARIA pattern "combobox with a list".
// Without this script, it takes a key. With it, a hidden field has the key, the box the name.

const PAUSE = 150; // milliseconds after the last key that one pressed
let count = 0;

/**
 * Let `input` suggest the objects that the address in its `data-suggest` finds; the name of the one
 * that it holds is in `data-label`.
 * @param {HTMLInputElement} input
 */
export function combobox(input) {
  const address = input.dataset.suggest ?? '';
  const key = document.createElement('input');
  key.type = 'hidden';
  key.name = input.name;
  key.value = input.value;
  input.removeAttribute('name');
  if (input.dataset.label) input.value = input.dataset.label;

  const wrapper = document.createElement('span');
  wrapper.className = 'combobox';
  const list = document.createElement('ul');
  list.id = `suggestions-${++count}`;
  list.role = 'listbox';
  list.ariaLabel = input.ariaLabel ?? input.labels?.[0]?.textContent?.trim() ?? 'Suggestions';
  list.hidden = true;
  input.replaceWith(wrapper);
  wrapper.append(input, key, list);
  const told = document.createElement('span');
  told.className = 'told';
  told.role = 'status';
  wrapper.append(told);

  input.role = 'combobox';
  input.autocomplete = 'off';
  input.ariaAutoComplete = 'list';
  input.ariaExpanded = 'false';
  input.setAttribute('aria-controls', list.id);

  let timer = 0;
  let latest = 0;

  /** @returns {HTMLElement[]} */
  const options = () => [...list.querySelectorAll('li')];
  const active = () => options().find((each) => each.ariaSelected === 'true');

  function close() {
    list.hidden = true;
    input.ariaExpanded = 'false';
    input.removeAttribute('aria-activedescendant');
  }

  /** @param {HTMLElement} option */
  function choose(option) {
    key.value = option.dataset.key ?? '';
    input.value = option.querySelector('span')?.textContent ?? '';
    close();
    told.textContent = `${input.value} is chosen`;
    key.dispatchEvent(new Event('change', { bubbles: true }));
  }

  /**
   * Choose what was typed in full; or `alone`, what is the only suggestion.
   * @param {boolean} alone
   */
  function settle(alone) {
    const typed = input.value.trim();
    if (list.hidden || !typed || key.value !== typed) return false;
    const all = options();
    const same = all.filter((each) => {
      const name = each.querySelector('span')?.textContent ?? '';
      return each.dataset.key === typed || name.toLowerCase() === typed.toLowerCase();
    });
    const found = same.length || !alone ? same : all;
    if (found.length !== 1) return false;
    choose(found[0]);
    return true;
  }

  /** @param {number} step */
  function move(step) {
    const all = options();
    if (!all.length) return;
    const now = all.findIndex((each) => each.ariaSelected === 'true');
    const next = now < 0 && step < 0 ? all.length - 1 : (now + step + all.length) % all.length;
    all.forEach((each, place) => { each.ariaSelected = String(place === next); });
    input.setAttribute('aria-activedescendant', all[next].id);
    all[next].scrollIntoView({ block: 'nearest' });
  }

  /** @param {{key: string, label: string}[]} found */
  function show(found) {
    list.replaceChildren(...found.map((each, place) => {
      const option = document.createElement('li');
      option.id = `${list.id}-${place}`;
      option.role = 'option';
      option.ariaSelected = 'false';
      option.dataset.key = each.key;
      const name = document.createElement('span');
      name.dir = 'auto';
      name.textContent = each.label;
      option.append(name);
      if (each.label !== each.key) {
        const small = document.createElement('small');
        small.textContent = each.key;
        option.append(small);
      }
      option.addEventListener('pointerdown', (event) => event.preventDefault());
      option.addEventListener('click', () => choose(option));
      return option;
    }));
    list.hidden = !found.length;
    input.ariaExpanded = String(Boolean(found.length));
    input.removeAttribute('aria-activedescendant');
    told.textContent = found.length ? `${found.length} suggestions` : 'Nothing has such a name';
  }

  async function look() {
    const mine = ++latest;
    const response = await fetch(`${address}?q=${encodeURIComponent(input.value)}`);
    if (mine !== latest || document.activeElement !== input) return;
    show(response.ok ? await response.json() : []);
  }

  input.addEventListener('input', () => {
    key.value = input.value.trim();
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE);
  });
  input.addEventListener('click', () => { if (list.hidden) look(); });
  input.addEventListener('blur', () => { latest++; settle(false); close(); });
  input.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (list.hidden) look();
      else move(event.key === 'ArrowDown' ? 1 : -1);
    } else if (event.key === 'Enter' && !list.hidden && active()) {
      event.preventDefault();
      choose(/** @type {HTMLElement} */ (active()));
    } else if (event.key === 'Enter' && settle(true)) {
      event.preventDefault();
    } else if (event.key === 'Escape' && !list.hidden) {
      event.preventDefault();
      close();
    }
  });
}

for (const input of document.querySelectorAll('input[data-suggest]')) {
  if (input instanceof HTMLInputElement) combobox(input);
}
