// The picture as a file: an SVG that looks the same without the page.

/** @typedef {import('./layout.js').Box} Box */

const EDGE = 16;
const SHEET = 'diagram.css';

/**
 * Return what is drawn, in the colours that the page has now, as the text of an SVG file.
 * @param {SVGSVGElement} picture
 * @param {Box} bounds
 * @param {string} title
 */
export function toFile(picture, bounds, title) {
  const copy = /** @type {SVGSVGElement} */ (picture.cloneNode(true));
  copy.removeAttribute('style');
  copy.setAttribute('class', 'picture');
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.setAttribute('role', 'img');
  copy.setAttribute('aria-label', title);
  const [x, y] = [bounds.x - EDGE, bounds.y - EDGE];
  const [width, height] = [bounds.width + 2 * EDGE, bounds.height + 2 * EDGE];
  copy.setAttribute('viewBox', `${x} ${y} ${width} ${height}`);
  copy.setAttribute('width', String(Math.round(width)));
  copy.setAttribute('height', String(Math.round(height)));
  copy.querySelector('.scene')?.removeAttribute('transform');
  for (const each of copy.querySelectorAll('.far-name, .reach, .grip, .fold')) each.remove();
  for (const each of copy.querySelectorAll('g')) {
    for (const name of ['tabindex', 'role', 'data-ends', 'data-to', 'data-from']) each.removeAttribute(name);
    each.classList.remove('near', 'selected', 'found');
  }
  const style = document.createElementNS('http://www.w3.org/2000/svg', 'style');
  style.textContent = rules(getComputedStyle(picture));
  const paper = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  for (const [name, value] of Object.entries({ x, y, width, height, class: 'paper' })) {
    paper.setAttribute(name, String(value));
  }
  copy.prepend(style, paper);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(copy)}\n`;
}

/**
 * The rules of the diagram's own sheet that hold now, with values in the place of variables.
 * @param {CSSStyleDeclaration} computed
 */
function rules(computed) {
  const found = [...holding(rulesOfPicture())].join('\n');
  const scaled = found.replaceAll('var(--zoom)', '1');
  return scaled.replace(/var\((--[\w-]+)\)/g, (_, name) => computed.getPropertyValue(name).trim());
}

/** Those of the diagram's sheet, which a page without a server has in a style element. */
function rulesOfPicture() {
  const sheet = [...document.styleSheets].find(
    (each) => each.href?.includes(SHEET) || (each.ownerNode instanceof Element && each.ownerNode.id === SHEET),
  );
  return sheet?.cssRules ?? [];
}

/**
 * @param {CSSRuleList | never[]} list
 * @returns {Generator<string>}
 */
function* holding(list) {
  for (const rule of list) {
    if (rule instanceof CSSMediaRule) {
      if (matchMedia(rule.conditionText).matches) yield* holding(rule.cssRules);
    } else yield rule.cssText;
  }
}

/**
 * Let the browser save a text as a file.
 * @param {string} name
 * @param {string} text
 */
export function save(name, text) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'image/svg+xml' }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
