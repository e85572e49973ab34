// What every page of the console can do: reach the search by "/", show where one is, copy commands.

const search = document.querySelector('.search input');

document.addEventListener('keydown', (event) => {
  const target = event.target;
  const types = target instanceof HTMLElement
    && (target.isContentEditable || target.matches('input, select, textarea'));
  if (event.key !== '/' || types || event.ctrlKey || event.metaKey || event.altKey) return;
  if (search instanceof HTMLInputElement) {
    event.preventDefault();
    search.focus();
    search.select();
  }
});

// On a narrow screen the sections scroll: the present one is shown.
const here = document.querySelector('.sections [aria-current]');
const sections = here?.closest('.sections');
if (here instanceof HTMLElement && sections) {
  sections.scrollLeft = here.offsetLeft - (sections.clientWidth - here.offsetWidth) / 2;
}

for (const command of document.querySelectorAll('.command')) {
  const text = command.querySelector('code')?.textContent ?? '';
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Copy';
  button.setAttribute('aria-label', `Copy the command ${text}`);
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(text);
    button.textContent = 'Copied';
    setTimeout(() => { button.textContent = 'Copy'; }, 1500);
  });
  command.append(button);
}
