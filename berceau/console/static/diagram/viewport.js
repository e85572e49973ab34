// The part of the picture that is seen: moved by dragging, zoomed by wheel, pinch and buttons.

/** @typedef {import('./layout.js').Box} Box */

const LEAST = 0.03;
const MOST = 3;
/** Below this zoom, texts of columns can't be read. */
const FAR = 0.42;
const STEP = 1.3;
const DRAG = 4;

export class Viewport {
  /**
   * @param {SVGSVGElement} picture
   */
  constructor(picture) {
    this.picture = picture;
    /** @type {SVGElement | null} */
    this.scene = null;
    /** How much of the lower edge something else covers. */
    this.covered = 0;
    this.zoom = 1;
    this.x = 0;
    this.y = 0;
    /** Whether the last press was a drag, which selects nothing. */
    this.dragged = false;
    /** @type {Map<number, {x: number, y: number}>} */
    this.pointers = new Map();
    this.pinch = 0;
    picture.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    picture.addEventListener('pointerdown', (event) => this.#press(event));
    picture.addEventListener('pointermove', (event) => this.#drag(event));
    for (const name of /** @type {const} */ (['pointerup', 'pointercancel'])) {
      picture.addEventListener(name, (event) => this.#release(event));
    }
  }

  /** @param {SVGElement} scene */
  show(scene) {
    this.scene?.remove();
    this.scene = scene;
    this.picture.append(scene);
    this.#apply();
  }

  /**
   * Show a box as large as fits, but no larger than it is.
   * @param {Box} box
   * @param {number} [largest]
   */
  fit(box, largest = 1) {
    const { width, height } = this.#size();
    const zoom = Math.min((width - 24) / box.width, (height - 24) / box.height, largest);
    this.zoom = Math.max(LEAST, zoom);
    this.x = (width - box.width * this.zoom) / 2 - box.x * this.zoom;
    this.y = (height - box.height * this.zoom) / 2 - box.y * this.zoom;
    this.#apply();
  }

  /**
   * Move a box into the middle; zoom so that it can be read.
   * @param {Box} box
   */
  centre(box) {
    const { width, height } = this.#size();
    this.zoom = Math.min(Math.max(this.zoom, 0.75), 1.2);
    this.x = width / 2 - (box.x + box.width / 2) * this.zoom;
    this.y = height / 2 - (box.y + box.height / 2) * this.zoom;
    this.#apply();
  }

  /**
   * Move a box into view if it isn't.
   * @param {Box} box
   */
  reveal(box) {
    const { width, height } = this.#size();
    const [left, upper] = [box.x * this.zoom + this.x, box.y * this.zoom + this.y];
    const [right, lower] = [left + box.width * this.zoom, upper + box.height * this.zoom];
    if (left < 8 || upper < 8 || right > width - 8 || lower > height - 8) this.centre(box);
  }

  /** @param {number} steps */
  step(steps) {
    const { width, height } = this.#size();
    this.#zoomAt(width / 2, height / 2, STEP ** steps);
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  pan(x, y) {
    this.x += x;
    this.y += y;
    this.#apply();
  }

  #size() {
    const { width, height } = this.picture.getBoundingClientRect();
    return { width: width || 800, height: Math.max((height || 600) - this.covered, 120) };
  }

  #apply() {
    this.scene?.setAttribute('transform', `translate(${this.x} ${this.y}) scale(${this.zoom})`);
    this.picture.classList.toggle('far', this.zoom < FAR);
    this.picture.style.setProperty('--zoom', String(Math.max(this.zoom, 0.12)));
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {number} factor
   */
  #zoomAt(x, y, factor) {
    const zoom = Math.min(Math.max(this.zoom * factor, LEAST), MOST);
    this.x = x - ((x - this.x) * zoom) / this.zoom;
    this.y = y - ((y - this.y) * zoom) / this.zoom;
    this.zoom = zoom;
    this.#apply();
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    // Without a key, the wheel moves the page, unless the diagram has the focus.
    const focused = this.picture.contains(document.activeElement) || document.fullscreenElement;
    if (!(event.ctrlKey || event.metaKey || focused)) return;
    event.preventDefault();
    const box = this.picture.getBoundingClientRect();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    if (event.shiftKey) this.pan(-(event.deltaX + event.deltaY) * unit, 0);
    else {
      const factor = Math.exp(-event.deltaY * unit * 0.0016);
      this.#zoomAt(event.clientX - box.left, event.clientY - box.top, factor);
    }
  }

  /** @param {PointerEvent} event */
  #press(event) {
    if (event.pointerType === 'mouse' && event.button > 1) return;
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    this.dragged = false;
    this.pinch = this.#spread();
  }

  /** @param {PointerEvent} event */
  #drag(event) {
    const before = this.pointers.get(event.pointerId);
    if (before === undefined) return;
    const [x, y] = [event.clientX - before.x, event.clientY - before.y];
    if (!this.dragged && Math.hypot(x, y) < DRAG) return;
    if (!this.dragged) {
      this.dragged = true;
      this.picture.setPointerCapture(event.pointerId);
      this.picture.classList.add('dragging');
    }
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const spread = this.#spread();
    if (this.pointers.size === 2 && this.pinch > 0) {
      const box = this.picture.getBoundingClientRect();
      const [one, two] = [...this.pointers.values()];
      const middle = { x: (one.x + two.x) / 2 - box.left, y: (one.y + two.y) / 2 - box.top };
      this.#zoomAt(middle.x, middle.y, spread / this.pinch);
    }
    this.pinch = spread;
    this.pan(x / this.pointers.size, y / this.pointers.size);
  }

  /** @param {PointerEvent} event */
  #release(event) {
    this.pointers.delete(event.pointerId);
    if (this.pointers.size === 0) this.picture.classList.remove('dragging');
  }

  /** How far two fingers are apart. */
  #spread() {
    const [one, two] = [...this.pointers.values()];
    return one && two ? Math.hypot(one.x - two.x, one.y - two.y) : 0;
  }
}
