// Which part of the plane is seen, and where it lies on the screen.

/**
 * A part of the map's screen that shows the places of one file, in CSS pixels.
 * @typedef {{left: number, top: number, width: number, height: number, side: number}} Pane
 */

/** @typedef {{left: number, right: number, bottom: number, top: number}} Box */

const CLOSEST = 1000; // times nearer than the view of everything
const MARGIN = 0.06; // of a pane, left free around everything

export class Camera {
  constructor() {
    this.x = 0; // of the middle
    this.y = 0;
    this.zoom = 1; // 1: all is seen
    this.fitted = 1; // pixels for one unit of the plane at zoom 1
    /** @type {Box} */
    this.all = { left: -1, right: 1, bottom: -1, top: 1 };
  }

  get scale() {
    return this.fitted * this.zoom;
  }

  /**
   * Take in where the words are and how large the panes are; at zoom 1 all words are seen.
   * @param {Float32Array[]} places
   * @param {Pane} pane
   * @param {Box | null} extent  of everything, where the places are only a part of it
   */
  measure(places, pane, extent) {
    const box = extent ?? boxOf(places);
    this.all = box;
    const width = Math.max(box.right - box.left, 1e-6);
    const height = Math.max(box.top - box.bottom, 1e-6);
    const free = 1 - 2 * MARGIN;
    this.fitted = Math.max(1e-6, Math.min((pane.width * free) / width, (pane.height * free) / height));
  }

  fit() {
    this.x = (this.all.left + this.all.right) / 2;
    this.y = (this.all.bottom + this.all.top) / 2;
    this.zoom = 1;
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {Pane} pane
   * @returns {[number, number]}  pixels
   */
  toScreen(x, y, pane) {
    return [
      pane.left + pane.width / 2 + (x - this.x) * this.scale,
      pane.top + pane.height / 2 - (y - this.y) * this.scale,
    ];
  }

  /**
   * @param {number} left
   * @param {number} top
   * @param {Pane} pane
   * @returns {[number, number]}
   */
  toPlane(left, top, pane) {
    return [
      this.x + (left - pane.left - pane.width / 2) / this.scale,
      this.y - (top - pane.top - pane.height / 2) / this.scale,
    ];
  }

  /**
   * The part of the plane that a pane shows, and some pixels around it.
   * @param {Pane} pane
   * @param {number} around
   * @returns {Box}
   */
  seen(pane, around = 0) {
    const width = (pane.width / 2 + around) / this.scale;
    const height = (pane.height / 2 + around) / this.scale;
    return { left: this.x - width, right: this.x + width, bottom: this.y - height, top: this.y + height };
  }

  /**
   * Zoom, with the point under (left, top) staying where it is.
   * @param {number} factor
   * @param {number} left
   * @param {number} top
   * @param {Pane} pane
   */
  zoomAt(factor, left, top, pane) {
    const [x, y] = this.toPlane(left, top, pane);
    this.zoom = Math.min(CLOSEST, Math.max(0.5, this.zoom * factor));
    const [newX, newY] = this.toPlane(left, top, pane);
    this.x += x - newX;
    this.y += y - newY;
  }

  /**
   * @param {number} right  pixels
   * @param {number} down
   */
  move(right, down) {
    this.x -= right / this.scale;
    this.y += down / this.scale;
  }
}

/**
 * @param {Float32Array[]} places
 * @returns {Box}
 */
function boxOf(places) {
  const box = { left: Infinity, right: -Infinity, bottom: Infinity, top: -Infinity };
  for (const some of places) {
    for (let i = 0; i < some.length; i += 2) {
      if (some[i] < box.left) box.left = some[i];
      if (some[i] > box.right) box.right = some[i];
      if (some[i + 1] < box.bottom) box.bottom = some[i + 1];
      if (some[i + 1] > box.top) box.top = some[i + 1];
    }
  }
  return box.left <= box.right ? box : { left: -1, right: 1, bottom: -1, top: 1 };
}
