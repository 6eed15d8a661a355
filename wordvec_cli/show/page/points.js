// Points and arrows, drawn by WebGL.

import { numbersOf } from "./colours.js";
import { CanvasPoints } from "./points_canvas.js";

/** @typedef {import("./camera.js").Camera} Camera */
/** @typedef {import("./camera.js").Pane} Pane */

/**
 * @typedef {object} Drawing
 * @property {Camera} camera
 * @property {number} size  of points, CSS pixels
 * @property {number} most  points to draw: the most frequent words
 * @property {boolean} hasArrows
 * @property {string} back  the colour of the background, #rrggbb
 */

/**
 * What draws points.
 * @typedef {object} PointsDrawer
 * @property {(width: number, height: number, ratio: number) => void} resize  CSS pixels, and device pixels for each
 * @property {(places: Float32Array[]) => void} setPlaces  x and y of all words, for each side
 * @property {(colours: Uint8Array) => void} setColours    red, green, blue, opacity of each word
 * @property {(panes: Pane[], how: Drawing) => void} draw
 */

const VERTICES = `
attribute vec2 place;
attribute vec4 colour;
uniform vec2 middle;
uniform vec2 scale;
uniform float size;
varying vec4 shade;
void main() {
  gl_Position = vec4((place - middle) * scale, 0.0, 1.0);
  gl_PointSize = size;
  shade = vec4(colour.rgb * colour.a, colour.a);
}`;
const FRAGMENTS = `
precision mediump float;
uniform bool isRound;
varying vec4 shade;
void main() {
  float cover = 1.0;
  if (isRound) {
    vec2 from = gl_PointCoord * 2.0 - 1.0;
    cover = smoothstep(1.0, 0.6, dot(from, from));
  }
  gl_FragColor = shade * cover;
}`;
const MANY_ARROWS = 1600; // a quarter of it: from which on each is fainter, or they would hide the rest
const ROUND_FROM = 2.5; // device pixels: smaller points are squares

/**
 * The drawer for a canvas: WebGL where there is any, else a plain canvas, and then a note.
 * @param {HTMLCanvasElement} canvas
 * @param {boolean} mayUseWebgl
 * @returns {{drawer: PointsDrawer, hasWebgl: boolean}}
 */
export function makeDrawer(canvas, mayUseWebgl) {
  const gl = mayUseWebgl ? canvas.getContext("webgl", { alpha: false, antialias: false, depth: false }) : null;
  if (gl) return { drawer: new WebglPoints(canvas, gl), hasWebgl: true };
  return { drawer: new CanvasPoints(canvas), hasWebgl: false };
}

class WebglPoints {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {WebGLRenderingContext} gl
   */
  constructor(canvas, gl) {
    this.canvas = canvas;
    this.gl = gl;
    this.ratio = 1;
    this.n = 0;
    /** @type {Float32Array[]} */
    this.places = [];
    /** @type {Uint8Array} */
    this.colours = new Uint8Array(0);
    this.parts = prepared(gl);
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => this.restore());
  }

  restore() {
    this.parts = prepared(this.gl);
    this.setPlaces(this.places);
    this.setColours(this.colours);
  }

  /**
   * @param {number} width
   * @param {number} height
   * @param {number} ratio
   */
  resize(width, height, ratio) {
    this.ratio = ratio;
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
  }

  /** @param {Float32Array[]} places */
  setPlaces(places) {
    const { gl, parts } = this;
    this.places = places;
    this.n = places[0].length / 2;
    places.forEach((some, side) => filled(gl, parts.places[side], reversed(some, 2)));
    if (places.length === 2) filled(gl, parts.arrowPlaces, reversed(interleaved(places[0], places[1]), 4));
  }

  /** @param {Uint8Array} colours */
  setColours(colours) {
    this.colours = colours;
    filled(this.gl, this.parts.colours, reversed(colours, 4));
    if (this.places.length === 2) filled(this.gl, this.parts.arrowColours, reversed(fading(colours), 8));
  }

  /**
   * @param {Pane[]} panes
   * @param {Drawing} how
   */
  draw(panes, { camera, size, most, hasArrows, back }) {
    const { gl, parts, ratio } = this;
    const { uniforms } = parts;
    gl.disable(gl.SCISSOR_TEST);
    const [red, green, blue] = numbersOf(back);
    gl.clearColor(red / 255, green / 255, blue / 255, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.enable(gl.SCISSOR_TEST);
    for (const pane of panes) {
      const [left, width, height] = [pane.left, pane.width, pane.height].map((length) => Math.round(length * ratio));
      const bottom = this.canvas.height - Math.round((pane.top + pane.height) * ratio);
      gl.viewport(left, bottom, width, height);
      gl.scissor(left, bottom, width, height);
      gl.uniform2f(uniforms.middle, camera.x, camera.y);
      gl.uniform2f(uniforms.scale, (2 * camera.scale) / pane.width, (2 * camera.scale) / pane.height);
      gl.uniform1f(uniforms.size, size * ratio);
      const first = Math.max(0, this.n - most); // the rarest come first
      if (hasArrows) this.drawSome(parts.arrowPlaces, parts.arrowColours, gl.LINES, [2 * first, 2 * this.n], false);
      const isRound = size * ratio >= ROUND_FROM;
      this.drawSome(parts.places[pane.side], parts.colours, gl.POINTS, [first, this.n], isRound);
    }
  }

  /**
   * @param {WebGLBuffer} places
   * @param {WebGLBuffer} colours
   * @param {number} kind
   * @param {[number, number]} some  the first corner, and that after the last
   * @param {boolean} isRound
   */
  drawSome(places, colours, kind, [first, end], isRound) {
    const { gl, parts } = this;
    gl.uniform1i(parts.uniforms.isRound, isRound ? 1 : 0);
    bound(gl, parts.program, "place", places, 2, gl.FLOAT);
    bound(gl, parts.program, "colour", colours, 4, gl.UNSIGNED_BYTE);
    gl.drawArrays(kind, first, end - first);
  }
}

/** What the graphics memory holds: lost and made anew with the context. @param {WebGLRenderingContext} gl */
function prepared(gl) {
  const program = linked(gl);
  /** @param {string} name */
  const uniform = (name) => gl.getUniformLocation(program, name);
  gl.useProgram(program);
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  return {
    program,
    uniforms: {
      middle: uniform("middle"), scale: uniform("scale"), size: uniform("size"), isRound: uniform("isRound"),
    },
    places: [gl.createBuffer(), gl.createBuffer()],
    colours: gl.createBuffer(),
    arrowPlaces: gl.createBuffer(),
    arrowColours: gl.createBuffer(),
  };
}

/** @param {WebGLRenderingContext} gl */
function linked(gl) {
  const program = gl.createProgram();
  for (const [kind, source] of /** @type {[number, string][]} */ ([
    [gl.VERTEX_SHADER, VERTICES],
    [gl.FRAGMENT_SHADER, FRAGMENTS],
  ])) {
    const shader = /** @type {WebGLShader} */ (gl.createShader(kind));
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
    throw new Error(gl.getProgramInfoLog(program) ?? "WebGL");
  }
  return program;
}

/**
 * @param {WebGLRenderingContext} gl
 * @param {WebGLBuffer} buffer
 * @param {Float32Array | Uint8Array} numbers
 */
function filled(gl, buffer, numbers) {
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  gl.bufferData(gl.ARRAY_BUFFER, numbers, gl.STATIC_DRAW);
  return buffer;
}

/**
 * @param {WebGLRenderingContext} gl
 * @param {WebGLProgram} program
 * @param {string} name
 * @param {WebGLBuffer} buffer
 * @param {number} size
 * @param {number} kind
 */
function bound(gl, program, name, buffer, size, kind) {
  const place = gl.getAttribLocation(program, name);
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  gl.enableVertexAttribArray(place);
  gl.vertexAttribPointer(place, size, kind, kind === gl.UNSIGNED_BYTE, 0, 0);
}

/**
 * The last row first, so that the most frequent words are drawn last, above the others.
 * @template {Float32Array | Uint8Array} Numbers
 * @param {Numbers} numbers
 * @param {number} width
 * @returns {Numbers}
 */
function reversed(numbers, width) {
  const turned = /** @type {Numbers} */ (numbers.slice());
  const n = numbers.length / width;
  for (let row = 0; row < n; row++) {
    for (let i = 0; i < width; i++) turned[(n - 1 - row) * width + i] = numbers[row * width + i];
  }
  return turned;
}

/**
 * The two ends of each word's arrow, one after the other.
 * @param {Float32Array} from
 * @param {Float32Array} to
 */
function interleaved(from, to) {
  const ends = new Float32Array(2 * from.length);
  for (let i = 0; i < from.length; i += 2) ends.set([from[i], from[i + 1], to[i], to[i + 1]], 2 * i);
  return ends;
}

/**
 * The colours of arrows, which come out of nothing and are strongest at their points.
 * @param {Uint8Array} colours
 */
function fading(colours) {
  const strength = Math.max(0.08, Math.min(0.4, MANY_ARROWS / colours.length));
  const ends = new Uint8Array(2 * colours.length);
  for (let i = 0; i < colours.length; i += 4) {
    const [red, green, blue, opacity] = colours.subarray(i, i + 4);
    ends.set([red, green, blue, 0, red, green, blue, opacity * strength], 2 * i);
  }
  return ends;
}
