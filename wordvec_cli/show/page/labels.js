// Which words get a label: the most frequent that have room, so that labels thin out by zoom and never overlap.

import { shortened } from "./data.js";

/** @typedef {import("./camera.js").Camera} Camera */
/** @typedef {import("./camera.js").Pane} Pane */

/**
 * A label on the screen: the box that its text fills, centred, in CSS pixels.
 * @typedef {{id: number, text: string, left: number, top: number, width: number, height: number, isStrong: boolean}} Label
 */

const HEIGHT = 15;
const APART = 6; // pixels between labels, so that each is read for itself
const ABOVE = 5; // pixels between a point and its label
const AREA_OF_ONE = 9000; // square pixels of the screen for each label
const MOST_TRIED = 4000;

/**
 * @param {object} what
 * @param {Float32Array} what.places
 * @param {string[]} what.texts
 * @param {Camera} what.camera
 * @param {Pane} what.pane
 * @param {number[]} what.strong  words that get theirs before all others
 * @param {(id: number) => boolean} what.isShown  of the others
 * @param {(text: string) => number} what.widthOf
 * @returns {Label[]}
 */
export function placeLabels({ places, texts, camera, pane, strong, isShown, widthOf }) {
  const room = new Room();
  /** @type {Label[]} */
  const labels = [];
  const seen = camera.seen(pane);
  /** @param {number} id @param {boolean} isStrong */
  const tryOne = (id, isStrong) => {
    const [x, y] = [places[2 * id], places[2 * id + 1]];
    if (x < seen.left || x > seen.right || y < seen.bottom || y > seen.top) return false;
    const label = labelAt(id, shortened(texts[id]), camera.toScreen(x, y, pane), widthOf, isStrong);
    if (isInside(label, pane) && room.takes(label)) labels.push(label);
    return true;
  };
  for (const id of strong) tryOne(id, true);
  const chosen = new Set(strong);
  const most = labels.length + (pane.width * pane.height) / AREA_OF_ONE;
  for (let id = 0, tried = 0; id < texts.length && labels.length < most && tried < MOST_TRIED; id++) {
    if (!chosen.has(id) && isShown(id) && tryOne(id, false)) tried++;
  }
  return labels;
}

/**
 * @param {number} id
 * @param {string} text
 * @param {[number, number]} point
 * @param {(text: string) => number} widthOf
 * @param {boolean} isStrong
 * @returns {Label}
 */
function labelAt(id, text, [left, top], widthOf, isStrong) {
  const width = widthOf(text);
  return { id, text, left: left - width / 2, top: top - ABOVE - HEIGHT, width, height: HEIGHT, isStrong };
}

/** @param {Label} label @param {Pane} pane */
function isInside(label, pane) {
  return (
    label.left >= pane.left && label.left + label.width <= pane.left + pane.width && label.top >= pane.top &&
    label.top + label.height <= pane.top + pane.height
  );
}

/** Boxes of one height that do not overlap, in rows of that height. */
class Room {
  constructor() {
    /** @type {Map<number, Label[]>} */
    this.rows = new Map();
  }

  /** Whether there was room for a label, which it now has. @param {Label} label */
  takes(label) {
    const row = Math.floor(label.top / (HEIGHT + APART));
    for (let other = row - 1; other <= row + 1; other++) {
      if (this.rows.get(other)?.some((each) => areClose(each, label))) return false;
    }
    const here = this.rows.get(row);
    if (here) here.push(label);
    else this.rows.set(row, [label]);
    return true;
  }
}

/** @param {Label} one @param {Label} other */
function areClose(one, other) {
  return (
    one.left < other.left + other.width + APART && other.left < one.left + one.width + APART &&
    Math.abs(one.top - other.top) < HEIGHT + APART / 3
  );
}
