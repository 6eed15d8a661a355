// The view as a picture to print: SVG, or PNG with twice the screen's pixels.

import { drawScene, FONT, strokesOfArrow, STRONG_FONT } from "./drawing.js";
import { drawPoints, visiblePoints } from "./points_canvas.js";

/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./drawing.js").Look} Look */

/**
 * What is shown.
 * @typedef {object} Picture
 * @property {number} width
 * @property {number} height
 * @property {Float32Array[]} places
 * @property {Uint8Array} colours
 * @property {import("./camera.js").Camera} camera
 * @property {number} size  of points
 * @property {boolean} hasArrows
 * @property {Scene[]} scenes
 * @property {Look} look
 */

const PNG_SCALE = 2;

/** @param {Picture} picture @returns {Promise<Blob>} */
export function pngOf(picture) {
  const canvas = document.createElement("canvas");
  canvas.width = picture.width * PNG_SCALE;
  canvas.height = picture.height * PNG_SCALE;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.scale(PNG_SCALE, PNG_SCALE);
  context.fillStyle = picture.look.back;
  context.fillRect(0, 0, picture.width, picture.height);
  drawPoints(context, { ...picture, panes: picture.scenes.map((scene) => scene.pane) });
  for (const scene of picture.scenes) drawScene(context, scene, picture.look);
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the picture is too large"))), "image/png"),
  );
}

/** @param {Picture} picture @returns {string} */
export function svgOf(picture) {
  const { width, height, look } = picture;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<rect width="${width}" height="${height}" fill="${look.back}"/>`,
  ];
  picture.scenes.forEach((scene, number) => {
    const { left, top, width: wide, height: high } = scene.pane;
    parts.push(
      `<clipPath id="pane-${number}"><rect x="${left}" y="${top}" width="${wide}" height="${high}"/></clipPath>`,
      `<g clip-path="url(#pane-${number})">`, ...pointsOf(picture, scene), ...overPoints(scene, look), "</g>",
    );
  });
  return [...parts, "</svg>", ""].join("\n");
}

/** @param {Picture} picture @param {Scene} scene */
function* pointsOf({ places, colours, camera, size, hasArrows }, { pane }) {
  const origins = hasArrows ? places[0] : null;
  for (const { left, top, colour, from } of visiblePoints(places[pane.side], colours, camera, pane, origins)) {
    const [red, green, blue, opacity] = colour.slice(5, -1).split(",");
    const paint = `rgb(${red},${green},${blue})`;
    if (from) yield lineOf([from[0], from[1], left, top], paint, Number(opacity) * 0.4);
    yield `<circle cx="${left.toFixed(1)}" cy="${top.toFixed(1)}" r="${size / 2}" fill="${paint}" fill-opacity="${opacity}"/>`;
  }
}

/** @param {Scene} scene @param {Look} look */
function* overPoints(scene, look) {
  for (const line of scene.lines) yield lineOf(line, look.line, 1);
  for (const line of scene.arrows.flatMap(strokesOfArrow)) yield lineOf(line, look.quiet, 1);
  for (const line of scene.links) yield lineOf(line, look.accent, 1);
  for (const [left, top] of scene.dots) yield `<circle cx="${left}" cy="${top}" r="3.5" fill="${look.accent}"/>`;
  if (scene.ring) {
    const [left, top] = scene.ring;
    yield `<circle cx="${left}" cy="${top}" r="7" fill="none" stroke="${look.accent}" stroke-width="2.5"/>`;
  }
  for (const label of scene.labels) {
    const font = label.isStrong ? STRONG_FONT : FONT;
    yield textOf(label.text, label.left + label.width / 2, label.top + label.height / 2, "middle", look.text, font, look);
  }
  const anchors = { left: "start", center: "middle", right: "end" };
  for (const { text, left, top, align } of scene.captions) {
    yield textOf(text, left, top, anchors[align], look.quiet, STRONG_FONT, look);
  }
}

/** @param {[number, number, number, number]} line @param {string} colour @param {number} opacity */
function lineOf([left, top, right, bottom], colour, opacity) {
  const ends = `x1="${left.toFixed(1)}" y1="${top.toFixed(1)}" x2="${right.toFixed(1)}" y2="${bottom.toFixed(1)}"`;
  return `<line ${ends} stroke="${colour}" stroke-opacity="${opacity.toFixed(2)}"/>`;
}

/**
 * @param {string} text
 * @param {number} left
 * @param {number} top
 * @param {string} anchor
 * @param {string} colour
 * @param {string} font
 * @param {Look} look
 */
function textOf(text, left, top, anchor, colour, font, look) {
  const style = `font="${font}"`.replace(/^font="(bold )?([\d.]+)px .*"$/, (_, bold, size) =>
    `font-family="system-ui, sans-serif" font-size="${size}"${bold ? ' font-weight="bold"' : ""}`,
  );
  const outline = `stroke="${look.back}" stroke-width="3" stroke-linejoin="round" paint-order="stroke"`;
  const place = `x="${left.toFixed(1)}" y="${top.toFixed(1)}" text-anchor="${anchor}" dominant-baseline="central"`;
  return `<text ${place} ${style} fill="${colour}" ${outline}>${escaped(text)}</text>`;
}

/** Text as XML can hold it. @param {string} text */
function escaped(text) {
  const allowed = text.toWellFormed ? text.toWellFormed() : text;
  // eslint-disable-next-line no-control-regex -- XML has no way to write these
  return allowed.replace(/[\u0000-\u0008\u000b-\u001f\ufffe\uffff]/g, "\ufffd").replace(/[&<>"]/g, (mark) => `&#${mark.charCodeAt(0)};`);
}
