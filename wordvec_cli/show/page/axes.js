// Axes between opposites, and where words lie on them, computed here from the bytes of their vectors.

/** @typedef {import("./data.js").Words} Words */

/** @typedef {{low: string, high: string, pairs: [number, number][]}} Axis */

/** @param {string} text */
function partsOf(text) {
  return text.split(/[,;]|\s+(?=\S+:)/).map((part) => part.trim()).filter(Boolean);
}

/** The words that axes name. @param {string} text */
export function axisWords(text) {
  return partsOf(text).flatMap((part) => part.split(":").map((word) => word.trim()).filter(Boolean));
}

/**
 * The pairs of an axis as they are typed: `poor:rich, cheap:expensive`.
 * @param {string} text
 * @param {Map<string, number>} ids
 * @returns {{axis: Axis | null, problem: string}}
 */
export function parseAxis(text, ids) {
  const parts = partsOf(text);
  const pairs = parts.map((part) => part.split(":").map((word) => word.trim()));
  const wrong = pairs.findIndex((pair) => pair.length !== 2 || !pair[0] || !pair[1]);
  if (wrong >= 0) return { axis: null, problem: `“${parts[wrong]}” is not a pair; write two words with a colon between` };
  const missing = pairs.flat().filter((word) => !ids.has(word));
  if (missing.length) return { axis: null, problem: `not on the map: ${missing.join(", ")}` };
  if (!pairs.length) return { axis: null, problem: "" };
  const found = pairs.map(([low, high]) => /** @type {[number, number]} */ ([ids.get(low), ids.get(high)]));
  if (found.some(([low, high]) => low === high)) return { axis: null, problem: "a pair needs two different words" };
  return { axis: { low: pairs[0][0], high: pairs[0][1], pairs: found }, problem: "" };
}

/**
 * Where all words lie on an axis: their cosines with the mean of its pairs' differences, each of length 1.
 * @param {Int8Array} vectors
 * @param {number} dim
 * @param {Axis} axis
 */
export function project(vectors, dim, axis) {
  const direction = new Float32Array(dim);
  for (const [low, high] of axis.pairs) {
    const [from, to] = [unitRow(vectors, dim, low), unitRow(vectors, dim, high)];
    const difference = unit(to.map((number, i) => number - from[i]));
    for (let i = 0; i < dim; i++) direction[i] += difference[i];
  }
  return cosinesTo(vectors, dim, unit(direction));
}

/**
 * The mean direction of some words.
 * @param {Int8Array} vectors
 * @param {number} dim
 * @param {number[]} ids
 */
export function directionOf(vectors, dim, ids) {
  const sum = new Float32Array(dim);
  for (const id of ids) {
    const row = unitRow(vectors, dim, id);
    for (let i = 0; i < dim; i++) sum[i] += row[i];
  }
  return unit(sum);
}

/**
 * The cosine of each row with a direction of length 1.
 * @param {Int8Array} vectors
 * @param {number} dim
 * @param {Float32Array} direction
 */
export function cosinesTo(vectors, dim, direction) {
  const n = vectors.length / dim;
  const cosines = new Float32Array(n);
  for (let id = 0, place = 0; id < n; id++) {
    let [product, square] = [0, 0];
    for (let i = 0; i < dim; i++, place++) {
      product += vectors[place] * direction[i];
      square += vectors[place] * vectors[place];
    }
    cosines[id] = product / Math.sqrt(square || 1);
  }
  return cosines;
}

/**
 * @param {Int8Array} vectors
 * @param {number} dim
 * @param {number} id
 */
function unitRow(vectors, dim, id) {
  return unit(Float32Array.from(vectors.subarray(id * dim, (id + 1) * dim)));
}

/** @param {Float32Array} row */
function unit(row) {
  let square = 0;
  for (const number of row) square += number * number;
  const length = Math.sqrt(square || 1);
  return row.map((number) => number / length);
}
