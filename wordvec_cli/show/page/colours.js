// The colours of points, by what they say of words.

import { cosinesTo, directionOf } from "./axes.js";

/** @typedef {import("./data.js").Words} Words */
/** @typedef {import("./data.js").About} About */

/**
 * What colours say: a number from 0 to 1 for each word, or a group (-1: none), with what the legend shows.
 * @typedef {object} Colouring
 * @property {string} title
 * @property {Float32Array} [amounts]  NaN: not known
 * @property {[string, string]} [ends]  of the amounts, as the legend names them
 * @property {ArrayLike<number>} [groupOf]
 * @property {string[]} [groups]
 */

// Told apart with any kind of colour vision, on white and on black (Paul Tol's bright and muted schemes, mixed).
const GROUPS = [
  "#4477aa", "#ee6677", "#228833", "#b8a62c", "#3bb0d6", "#aa3377", "#ee7733", "#009988", "#9c6ade", "#8c8c2e",
  "#cc6677", "#7f7f7f",
];
const RAMPS = {
  light: ["#b9c9dc", "#7fa3cf", "#3d77b8", "#3a3f98", "#3b0f70"],
  dark: ["#39465e", "#3e6d96", "#3f9c9c", "#8ccf6f", "#f7e76a"],
};
const UNKNOWN = { light: "#c8ccd0", dark: "#4a5058" };

/** @param {string} colour  #rrggbb */
export function numbersOf(colour) {
  return [1, 3, 5].map((start) => parseInt(colour.slice(start, start + 2), 16));
}

/**
 * @param {"light" | "dark"} theme
 * @param {number} amount  0 to 1
 * @returns {number[]}
 */
function onRamp(theme, amount) {
  const ramp = RAMPS[theme].map(numbersOf);
  const place = Math.min(1, Math.max(0, amount)) * (ramp.length - 1);
  const first = Math.min(ramp.length - 2, Math.floor(place));
  return ramp[first].map((from, i) => Math.round(from + (ramp[first + 1][i] - from) * (place - first)));
}

/** @param {number} group */
export function groupColour(group) {
  return GROUPS[group % GROUPS.length];
}

/** @param {"light" | "dark"} theme */
export function rampColours(theme) {
  return RAMPS[theme];
}

/**
 * Red, green, blue and opacity of each word, 0 to 255.
 * @param {Colouring} colouring
 * @param {number} n
 * @param {"light" | "dark"} theme
 * @param {((id: number) => boolean) | null} isStrong  the words that are not to fade; null: all
 * @returns {Uint8Array}
 */
export function pointColours(colouring, n, theme, isStrong) {
  const colours = new Uint8Array(4 * n);
  const steps = Array.from({ length: 256 }, (_, step) => onRamp(theme, step / 255));
  const groups = GROUPS.map(numbersOf);
  const unknown = numbersOf(UNKNOWN[theme]);
  for (let id = 0; id < n; id++) {
    let colour = unknown;
    if (colouring.amounts && !Number.isNaN(colouring.amounts[id])) {
      colour = steps[Math.round(255 * Math.min(1, Math.max(0, colouring.amounts[id])))];
    } else if (colouring.groupOf && colouring.groupOf[id] >= 0) {
      colour = groups[colouring.groupOf[id] % groups.length];
    }
    colours.set(colour, 4 * id);
    colours[4 * id + 3] = !isStrong || isStrong(id) ? 225 : 40;
  }
  return colours;
}

// ---------------------------------------------------------------- what can be coloured by

/**
 * The ways to colour, by their names in the address.
 * @param {Words} words
 * @param {About} about
 * @returns {Map<string, string>}
 */
export function waysToColour(words, about) {
  const ways = new Map([["frequency", "frequency"]]);
  if (about.clusters.length > 1) ways.set("cluster", "cluster");
  about.columns.forEach((column, number) => ways.set(`group-${number}`, column.name));
  if (words.sides[0].vectors) ways.set("near", "nearness to words");
  if (words.sides.length === 2) ways.set("change", "how much they changed");
  return ways;
}

/**
 * @param {string} way
 * @param {Words} words
 * @param {About} about
 * @param {Float32Array | null} direction  that of the words typed in, for nearness
 * @returns {Colouring}
 */
export function colouringOf(way, words, about, direction) {
  const title = waysToColour(words, about).get(way) ?? "frequency";
  const column = about.columns[Number(way.replace("group-", ""))];
  if (way === "cluster") return { title, groupOf: words.clusters, groups: about.clusters };
  if (way.startsWith("group-") && column) return ofColumn(column);
  if (way === "near") return ofNearness(words, about, direction);
  if (way === "change") return ofChange(words, about);
  return ofFrequency(words);
}

/** @param {Words} words @returns {Colouring} */
function ofFrequency(words) {
  const { n, counts } = words;
  const value = (/** @type {number} */ id) => (counts ? Math.log(counts[id] + 1) : -Math.log(id + 1));
  const amounts = scaled(Float32Array.from({ length: n }, (_, id) => value(id)));
  const number = (/** @type {number} */ id) => (counts ? counts[id].toLocaleString("en") : `rank ${id + 1}`);
  return { title: "frequency", amounts, ends: n ? [number(n - 1), number(0)] : ["", ""] };
}

/** @param {import("./data.js").Column} column @returns {Colouring} */
function ofColumn(column) {
  if (column.groups) return { title: column.name, groupOf: column.of, groups: column.groups };
  const numbers = Float32Array.from(column.numbers ?? [], (number) => number ?? NaN);
  const known = (column.numbers ?? []).filter((number) => number !== null);
  const least = known.reduce((one, other) => Math.min(one, other), Infinity);
  const most = known.reduce((one, other) => Math.max(one, other), -Infinity);
  return { title: column.name, amounts: scaled(numbers), ends: [String(least), String(most)] };
}

/**
 * @param {Words} words
 * @param {About} about
 * @param {Float32Array | null} direction
 * @returns {Colouring}
 */
function ofNearness(words, about, direction) {
  const vectors = words.sides[0].vectors;
  if (!vectors || !direction) return { title: "nearness", amounts: new Float32Array(words.n).fill(NaN), ends: ["", ""] };
  const cosines = cosinesTo(vectors, about.dim, direction);
  return ofCosines("nearness", cosines);
}

/** @param {Words} words @param {About} about @returns {Colouring} */
function ofChange(words, about) {
  const [first, second] = words.sides.map((side) => side.vectors);
  if (!first || !second) return byPlaces(words);
  const changes = new Float32Array(words.n);
  for (let id = 0; id < words.n; id++) {
    changes[id] = 1 - cosineOfRows(first, second, id * about.dim, about.dim);
  }
  return ofCosines("change", changes);
}

/**
 * @param {Int8Array} first
 * @param {Int8Array} second
 * @param {number} start
 * @param {number} dim
 */
function cosineOfRows(first, second, start, dim) {
  let [product, one, other] = [0, 0, 0];
  for (let i = start; i < start + dim; i++) {
    product += first[i] * second[i];
    one += first[i] * first[i];
    other += second[i] * second[i];
  }
  return product / Math.sqrt(one * other || 1);
}

/**
 * How far words have moved in the plane, where there are no vectors.
 * @param {Words} words
 * @returns {Colouring}
 */
function byPlaces(words) {
  const [first, second] = words.sides.map((side) => side.places);
  const amounts = Float32Array.from({ length: words.n }, (_, id) =>
    Math.hypot(first[2 * id] - second[2 * id], first[2 * id + 1] - second[2 * id + 1]),
  );
  return { title: "change in the plane", amounts: scaled(amounts), ends: ["least", "most"] };
}

/** @param {string} title @param {Float32Array} values @returns {Colouring} */
function ofCosines(title, values) {
  const [least, most] = range(values);
  return { title, amounts: scaled(values), ends: [least.toFixed(2), most.toFixed(2)] };
}

/** @param {Float32Array} values  NaN: not known @returns {[number, number]} */
function range(values) {
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return [least, most];
}

/** @param {Float32Array} values */
function scaled(values) {
  const [least, most] = range(values);
  return values.map((value) => (most > least ? (value - least) / (most - least) : value * 0 + 0.5));
}

/** @param {string} text */
export function typedWords(text) {
  return text.split(/[\s,]+/).filter(Boolean);
}

/**
 * The direction that words typed in have together.
 * @param {string} text
 * @param {Map<string, number>} ids
 * @param {Words} words
 * @param {About} about
 * @returns {{direction: Float32Array | null, missing: string[]}}
 */
export function typedDirection(text, ids, words, about) {
  const typed = typedWords(text);
  const missing = typed.filter((word) => !ids.has(word));
  const known = typed.flatMap((word) => ids.get(word) ?? []);
  const vectors = words.sides[0].vectors;
  if (!known.length || !vectors) return { direction: null, missing };
  return { direction: directionOf(vectors, about.dim, known), missing };
}
