// What lies over the points: labels, the chosen word and its links, axes; on the screen and in pictures.

import { placeLabels } from "./labels.js";

/** @typedef {import("./camera.js").Camera} Camera */
/** @typedef {import("./camera.js").Pane} Pane */
/** @typedef {import("./labels.js").Label} Label */

/**
 * A text that belongs to an axis, at a place of a pane.
 * @typedef {{text: string, left: number, top: number, align: "left" | "center" | "right"}} Caption
 */

/**
 * @typedef {object} Scene
 * @property {Pane} pane
 * @property {Label[]} labels
 * @property {[number, number, number, number][]} links  from the chosen word to its neighbours
 * @property {[number, number][]} dots                   of the neighbours
 * @property {[number, number] | null} ring              around the chosen word
 * @property {[number, number, number, number][]} arrows  of the words with labels, from old to new
 * @property {[number, number, number, number][]} lines  of axes
 * @property {Caption[]} captions
 */

/**
 * @param {object} what
 * @param {Float32Array[]} what.places  of each side, as they are shown
 * @param {string[]} what.texts
 * @param {Camera} what.camera
 * @param {Pane} what.pane
 * @param {number} what.chosen       word, or -1
 * @param {number[]} what.neighbours  of it, in the file of the pane
 * @param {number} what.hovered      word, or -1
 * @param {(id: number) => boolean} what.isShown
 * @param {(text: string) => number} what.widthOf
 * @param {{across: [string, string], up: [string, string]} | null} what.axes  the names of their ends
 * @param {string} what.title        of the pane
 * @param {boolean} what.hasArrows   from the first file's places
 * @returns {Scene}
 */
export function makeScene(what) {
  const { camera, pane, chosen, neighbours, hovered } = what;
  const places = what.places[pane.side];
  /** @param {number} id */
  const at = (id) => camera.toScreen(places[2 * id], places[2 * id + 1], pane);
  const strong = [hovered, chosen, ...neighbours].filter((id, place, all) => id >= 0 && all.indexOf(id) === place);
  const ring = chosen >= 0 ? at(chosen) : null;
  const dots = chosen >= 0 ? neighbours.map(at) : [];
  const labels = placeLabels({ ...what, places, strong });
  const from = what.hasArrows ? what.places[0] : null;
  return {
    pane,
    labels,
    arrows: from ? labels.map(({ id }) => [...camera.toScreen(from[2 * id], from[2 * id + 1], pane), ...at(id)]) : [],
    links: ring ? dots.map(([left, top]) => [...ring, left, top]) : [],
    dots,
    ring,
    lines: what.axes ? axisLines(camera, pane) : [],
    captions: [...(what.axes ? axisCaptions(what.axes, pane) : []), ...paneTitle(what.title, pane)],
  };
}

/** @param {Camera} camera @param {Pane} pane @returns {[number, number, number, number][]} */
function axisLines(camera, pane) {
  const [left, top] = camera.toScreen(0, 0, pane);
  const [right, bottom] = [pane.left + pane.width, pane.top + pane.height];
  return [
    [pane.left, top, right, top],
    [left, pane.top, left, bottom],
  ];
}

/**
 * @param {{across: [string, string], up: [string, string]}} axes
 * @param {Pane} pane
 * @returns {Caption[]}
 */
function axisCaptions({ across, up }, pane) {
  const [right, bottom, middle] = [pane.left + pane.width - 8, pane.top + pane.height, pane.left + pane.width / 2];
  /** @type {Caption[]} */
  const captions = [
    { text: `← ${across[0]}`, left: pane.left + 8, top: bottom - 28, align: "left" },
    { text: `${across[1]} →`, left: right, top: bottom - 28, align: "right" },
    { text: `↓ ${up[0]}`, left: middle, top: bottom - 10, align: "center" },
    { text: `↑ ${up[1]}`, left: middle, top: pane.top + 64, align: "center" },
  ];
  return captions;
}

/** @param {string} title @param {Pane} pane @returns {Caption[]} */
function paneTitle(title, pane) {
  return title ? [{ text: title, left: pane.left + 12, top: pane.top + 24, align: "left" }] : [];
}
