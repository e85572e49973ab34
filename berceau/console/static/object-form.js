// The form of an object: moments can be set to now, and what was typed isn't lost by a wrong click.

for (const input of document.querySelectorAll('input[data-moment]')) {
  if (input instanceof HTMLInputElement) addNow(input);
}

for (const form of document.querySelectorAll('form[data-object-form]')) {
  if (form instanceof HTMLFormElement) keep(form);
}

/** @param {HTMLInputElement} input */
function addNow(input) {
  const zone = input.nextElementSibling;
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'now';
  button.textContent = 'Now';
  button.ariaLabel = `Set ${input.labels?.[0]?.querySelector('bdi')?.textContent ?? 'it'} to now`;
  button.addEventListener('click', () => {
    input.value = new Date().toISOString().replace('T', ' ').replace('Z', '');
    if (zone instanceof HTMLInputElement) zone.value = 'UTC';
    input.focus();
  });
  input.parentElement?.append(button);
}

/** @param {HTMLFormElement} form */
function keep(form) {
  let changed = false;
  form.addEventListener('input', () => { changed = true; });
  form.addEventListener('change', () => { changed = true; });
  form.addEventListener('submit', () => { changed = false; });
  window.addEventListener('beforeunload', (event) => {
    if (changed) event.preventDefault();
  });
}
