// A scene on a canvas.

/** @typedef {import("./scene.js").Scene} Scene */

/** @typedef {{text: string, quiet: string, accent: string, back: string, line: string}} Look */

export const FONT = "12px system-ui, sans-serif";
export const STRONG_FONT = "bold 12.5px system-ui, sans-serif";

/** The colours of the page's theme. @returns {Look} */
export function currentLook() {
  const style = getComputedStyle(document.documentElement);
  /** @param {string} name */
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    text: colour("text"), quiet: colour("quiet"), accent: colour("accent"), back: colour("back"), line: colour("line"),
  };
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 * @param {Look} look
 */
export function drawScene(context, scene, look) {
  const { pane } = scene;
  context.save();
  context.beginPath();
  context.rect(pane.left, pane.top, pane.width, pane.height);
  context.clip();
  strokeLines(context, scene.lines, look.line);
  strokeLines(context, scene.arrows.flatMap(strokesOfArrow), look.quiet);
  strokeLines(context, scene.links, look.accent);
  context.fillStyle = look.accent;
  for (const dot of scene.dots) circle(context, dot, 3.5).fill();
  if (scene.ring) {
    context.lineWidth = 2.5;
    context.strokeStyle = look.accent;
    circle(context, scene.ring, 7).stroke();
  }
  drawTexts(context, scene, look);
  context.restore();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 * @param {Look} look
 */
function drawTexts(context, scene, look) {
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.lineWidth = 3;
  context.strokeStyle = look.back;
  context.textAlign = "center";
  context.fillStyle = look.text;
  for (const label of scene.labels) {
    context.font = label.isStrong ? STRONG_FONT : FONT;
    outlined(context, label.text, label.left + label.width / 2, label.top + label.height / 2);
  }
  context.font = STRONG_FONT;
  context.fillStyle = look.quiet;
  for (const caption of scene.captions) {
    context.textAlign = caption.align;
    outlined(context, caption.text, caption.left, caption.top);
  }
}

/** @param {CanvasRenderingContext2D} context @param {string} text @param {number} left @param {number} top */
function outlined(context, text, left, top) {
  context.strokeText(text, left, top);
  context.fillText(text, left, top);
}

/** @param {CanvasRenderingContext2D} context @param {[number, number]} middle @param {number} radius */
function circle(context, [left, top], radius) {
  context.beginPath();
  context.arc(left, top, radius, 0, 2 * Math.PI);
  return context;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {[number, number, number, number][]} lines
 * @param {string} colour
 */
function strokeLines(context, lines, colour) {
  context.strokeStyle = colour;
  context.lineWidth = 1.2;
  context.beginPath();
  for (const [left, top, right, bottom] of lines) {
    context.moveTo(left, top);
    context.lineTo(right, bottom);
  }
  context.stroke();
}

const HEAD = 7; // pixels
const SPREAD = 0.4; // radians from the shaft

/**
 * The lines of an arrow: its shaft, and two for its head.
 * @param {[number, number, number, number]} arrow
 * @returns {[number, number, number, number][]}
 */
export function strokesOfArrow([fromLeft, fromTop, left, top]) {
  const length = Math.hypot(left - fromLeft, top - fromTop);
  if (length < HEAD) return [];
  const angle = Math.atan2(top - fromTop, left - fromLeft);
  const ends = [angle - SPREAD, angle + SPREAD].map(
    (each) => /** @type {[number, number, number, number]} */ ([
      left, top, left - HEAD * Math.cos(each), top - HEAD * Math.sin(each),
    ]),
  );
  return [[fromLeft, fromTop, left, top], ...ends];
}

/**
 * The shape that is being drawn around words.
 * @param {CanvasRenderingContext2D} context
 * @param {[number, number][]} corners
 * @param {Look} look
 */
export function drawShape(context, corners, look) {
  if (corners.length < 2) return;
  context.beginPath();
  corners.forEach(([left, top]) => context.lineTo(left, top));
  context.closePath();
  context.globalAlpha = 0.15;
  context.fillStyle = look.accent;
  context.fill();
  context.globalAlpha = 1;
  context.strokeStyle = look.accent;
  context.lineWidth = 1.5;
  context.stroke();
}
