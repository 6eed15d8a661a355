// Words that were drawn around: which they are, and taking them elsewhere.

import { element, made, wordElement } from "./words_panel.js";

/** @typedef {import("./camera.js").Camera} Camera */
/** @typedef {import("./camera.js").Pane} Pane */

const MOST_LISTED = 200;

/**
 * The words whose points lie inside a shape on the screen.
 * @param {[number, number][]} corners
 * @param {Float32Array} places
 * @param {Camera} camera
 * @param {Pane} pane
 * @returns {number[]}
 */
export function wordsInside(corners, places, camera, pane) {
  const shape = corners.map(([left, top]) => camera.toPlane(left, top, pane));
  /** @type {number[]} */
  const inside = [];
  for (let id = 0; id < places.length / 2; id++) {
    if (surrounds(places[2 * id], places[2 * id + 1], shape)) inside.push(id);
  }
  return inside;
}

/**
 * Whether a ray from the point crosses the shape's border an odd number of times.
 * @param {number} x
 * @param {number} y
 * @param {[number, number][]} shape
 */
function surrounds(x, y, shape) {
  let inside = false;
  for (let i = 0, j = shape.length - 1; i < shape.length; j = i++) {
    const [[x1, y1], [x2, y2]] = [shape[i], shape[j]];
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside;
  }
  return inside;
}

/** @param {[number, number]} from @param {[number, number]} to @returns {[number, number][]} */
export function boxCorners([left, top], [right, bottom]) {
  return [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ];
}

/**
 * @param {number[]} ids
 * @param {string[]} texts
 * @param {(id: number) => void} choose
 */
export function showSelection(ids, texts, choose) {
  element("selection").hidden = !ids.length;
  const some = ids.length > MOST_LISTED ? `, the first ${MOST_LISTED} of them here` : "";
  element("selection-title").textContent = `${ids.length} ${ids.length === 1 ? "word" : "words"} selected${some}`;
  const items = ids.slice(0, MOST_LISTED).map((id) => {
    const button = made("button", { type: "button" }, wordElement(texts[id]));
    button.addEventListener("click", () => choose(id));
    return made("li", {}, button);
  });
  element("selected").replaceChildren(...items);
}

/**
 * Words as a table: the word, its count if that is known, and its place as it is shown.
 * @param {number[]} ids
 * @param {import("./data.js").Words} words
 * @param {Float32Array} places
 */
export function tableOf(ids, words, places) {
  const head = ["word", ...(words.counts ? ["count"] : []), "cluster", "x", "y"];
  const lines = ids.map((id) => [
    words.texts[id].replace(/[\t\n\r]/g, " "), ...(words.counts ? [words.counts[id]] : []), words.clusters[id],
    places[2 * id].toFixed(5), places[2 * id + 1].toFixed(5),
  ]);
  return [head, ...lines].map((cells) => cells.join("\t")).join("\n") + "\n";
}

/** Copy a text, also where a page of a disk may not use the clipboard. @param {string} text */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const isCopied = document.execCommand("copy");
    area.remove();
    if (!isCopied) throw new Error("the browser does not let a page copy; use Download TSV");
  }
}

/** @param {Blob} blob @param {string} name */
export function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
