// The map on the screen: the panes, the part of the plane that is seen, and drawing when something has changed.

import { Camera } from "./camera.js";
import { currentLook, drawScene, drawShape, STRONG_FONT } from "./drawing.js";
import { makeDrawer } from "./points.js";
import { Pace } from "./pace.js";
import { makeScene } from "./scene.js";
import { boxCorners } from "./selection.js";

/** @typedef {import("./camera.js").Pane} Pane */
/** @typedef {[number, number]} Point */

/**
 * What the map shows.
 * @typedef {object} Shown
 * @property {string[]} texts
 * @property {string[]} titles   of the panes, by side
 * @property {Float32Array[]} places  of each side
 * @property {string} sides      first, second, both or arrows
 * @property {number} chosen     word, or -1
 * @property {number[][]} neighbours  of it, for each side
 * @property {(id: number) => boolean} isShown  whose labels may be seen
 * @property {{across: [string, string], up: [string, string]} | null} axes
 * @property {import("./camera.js").Box | null} extent  of everything, if places are only a part of it
 */

const NEAR_ENOUGH = 14; // pixels from the pointer to a point
const GAP = 2; // pixels between panes

export class Stage {
  /**
   * @param {HTMLCanvasElement} points
   * @param {HTMLCanvasElement} overlay
   * @param {Shown} shown
   * @param {boolean} mayUseWebgl
   */
  constructor(points, overlay, shown, mayUseWebgl) {
    this.overlay = overlay;
    this.context = /** @type {CanvasRenderingContext2D} */ (overlay.getContext("2d"));
    this.shown = shown;
    this.camera = new Camera();
    this.hovered = -1;
    /** @type {Point[]} */
    this.shape = [];
    /** @type {Pane[]} */
    this.panes = [];
    /** @type {Uint8Array} */
    this.colours = new Uint8Array(4 * shown.texts.length);
    this.width = 1;
    this.height = 1;
    this.frames = 0; // that were drawn since the page was opened
    this.pace = new Pace(shown.texts.length, () => this.redraw());
    this.isStale = { points: true, over: true };
    this.isAwaited = false;
    /** @type {Map<string, number>} */
    this.widths = new Map();
    /** @type {import("./scene.js").Scene[]} */
    this.scenes = [];
    this.look = currentLook();
    const { drawer, hasWebgl } = makeDrawer(points, mayUseWebgl);
    this.drawer = drawer;
    this.hasWebgl = hasWebgl;
    drawer.setPlaces(shown.places);
    this.resize();
    this.camera.fit();
    new ResizeObserver(() => this.resized()).observe(overlay);
    points.addEventListener("webglcontextrestored", () => this.redraw());
  }

  /** @param {Partial<Shown>} changes */
  show(changes) {
    Object.assign(this.shown, changes);
    if (changes.places) this.drawer.setPlaces(changes.places);
    if (changes.places || changes.sides) {
      this.resize();
      if (changes.places) this.camera.fit();
    }
    this.redraw(Boolean(changes.places || changes.sides));
  }

  /** Other words in the same plane. @param {string[]} texts @param {Float32Array[]} places */
  replaceWords(texts, places) {
    Object.assign(this.shown, { texts, places, chosen: -1, neighbours: places.map(() => []) });
    this.hovered = -1;
    this.pace.n = this.pace.most = texts.length;
    this.drawer.setPlaces(places);
  }

  /** @param {Uint8Array} colours */
  setColours(colours) {
    this.colours = colours;
    this.drawer.setColours(colours);
    this.redraw();
  }

  /** The theme has changed. */
  relook() {
    this.look = currentLook();
    this.redraw();
  }

  /** The page has given the map another size: drawn at once, as the old picture is gone. */
  resized() {
    const { overlay, width, height } = this;
    if (overlay.clientWidth === width && overlay.clientHeight === height) return;
    this.resize();
    this.draw();
  }

  resize() {
    const { overlay, drawer } = this;
    const ratio = window.devicePixelRatio || 1;
    this.width = Math.max(overlay.clientWidth, 1);
    this.height = Math.max(overlay.clientHeight, 1);
    drawer.resize(this.width, this.height, ratio);
    overlay.width = Math.round(this.width * ratio);
    overlay.height = Math.round(this.height * ratio);
    this.panes = this.arrangement();
    this.camera.measure(this.shown.places, this.panes[0], this.shown.extent);
    this.redraw();
  }

  /** @returns {Pane[]} */
  arrangement() {
    const { width, height } = this;
    const { sides, places } = this.shown;
    if (places.length === 1 || sides === "first") return [{ left: 0, top: 0, width, height, side: 0 }];
    if (sides !== "both") return [{ left: 0, top: 0, width, height, side: 1 }];
    const half = (width - GAP) / 2;
    return [0, 1].map((side) => ({ left: side * (half + GAP), top: 0, width: half, height, side }));
  }

  // ---------------------------------------------------------------- drawing

  redraw(hasNewPoints = true) {
    this.isStale.over = true;
    this.isStale.points ||= hasNewPoints;
    if (this.isAwaited) return;
    this.isAwaited = true;
    requestAnimationFrame(() => {
      this.isAwaited = false;
      this.draw();
    });
  }

  draw() {
    if (this.isStale.points) {
      const { camera, hasArrows, pointSize: size, look: { back } } = this;
      const most = this.pace.isMoving ? this.pace.most : this.shown.texts.length;
      this.drawer.draw(this.panes, { camera, size, most, hasArrows, back });
    }
    this.isStale = { points: false, over: false };
    const { context, look } = this;
    const ratio = window.devicePixelRatio || 1;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    this.scenes = this.panes.map((pane) => this.sceneOf(pane));
    for (const scene of this.scenes) drawScene(context, scene, look);
    if (this.panes.length === 2) {
      context.fillStyle = look.line;
      context.fillRect(this.panes[0].width, 0, GAP, this.height);
    }
    drawShape(context, this.shape, look);
    this.frames++;
  }

  get hasArrows() {
    return this.shown.places.length === 2 && this.shown.sides === "arrows";
  }

  get pointSize() {
    const room = Math.sqrt((this.panes[0].width * this.panes[0].height) / Math.max(1, this.shown.texts.length));
    return Math.min(10, Math.min(7, Math.max(1.6, 0.42 * room)) * this.camera.zoom ** 0.3);
  }

  /** @param {Pane} pane */
  sceneOf(pane) {
    const { shown, camera, hovered, hasArrows } = this;
    return makeScene({
      ...shown, camera, pane, hovered, hasArrows,
      neighbours: shown.neighbours[pane.side],
      title: this.panes.length === 2 ? shown.titles[pane.side] : "",
      widthOf: (text) => this.widthOf(text),
    });
  }

  /** @param {string} text */
  widthOf(text) {
    let width = this.widths.get(text);
    if (width === undefined) {
      this.context.font = STRONG_FONT; // the wider of the two
      width = Math.max(this.context.measureText(text).width, 4);
      this.widths.set(text, width);
    }
    return width;
  }

  /** What is seen, for a picture. @returns {import("./picture.js").Picture} */
  picture() {
    const { width, height, colours, camera, hasArrows, look, pointSize: size } = this;
    const scenes = this.panes.map((pane) => this.sceneOf(pane));
    return { width, height, places: this.shown.places, colours, camera, size, hasArrows, scenes, look };
  }

  // ---------------------------------------------------------------- places

  /** The pane at a point of the screen. @param {Point} point */
  paneAt([left]) {
    return this.panes.findLast((pane) => left >= pane.left) ?? this.panes[0];
  }

  /**
   * The word whose point is nearest to a point of the screen, or -1.
   * @param {Point} point
   * @param {number} within  pixels
   */
  wordAt(point, within = NEAR_ENOUGH) {
    const pane = this.paneAt(point);
    const places = this.shown.places[pane.side];
    const [x, y] = this.camera.toPlane(...point, pane);
    let nearest = -1;
    let least = (within / this.camera.scale) ** 2;
    for (let id = 0; id < places.length / 2; id++) {
      const distance = (places[2 * id] - x) ** 2 + (places[2 * id + 1] - y) ** 2;
      if (distance < least) [nearest, least] = [id, distance];
    }
    return nearest;
  }

  /** @param {Point} point */
  hover(point) {
    const hovered = point[0] < 0 ? -1 : this.wordAt(point, NEAR_ENOUGH / 2);
    if (hovered === this.hovered) return;
    this.hovered = hovered;
    this.redraw(false);
  }

  /** @param {number} factor @param {Point} at */
  zoom(factor, at) {
    this.camera.zoomAt(factor, ...at, this.paneAt(at));
    this.pace.moved();
    this.redraw();
  }

  /** @param {number} right @param {number} down */
  move(right, down) {
    this.camera.move(right, down);
    this.pace.moved();
    this.redraw();
  }

  fit() {
    this.camera.fit();
    this.redraw();
  }

  /** Bring a word into the middle if it is not seen. @param {number} id */
  bringIntoView(id) {
    const pane = this.panes[this.panes.length - 1];
    const places = this.shown.places[pane.side];
    const [x, y] = [places[2 * id], places[2 * id + 1]];
    const seen = this.camera.seen(pane, -40);
    if (x >= seen.left && x <= seen.right && y >= seen.bottom && y <= seen.top) return;
    [this.camera.x, this.camera.y] = [x, y];
    this.redraw();
  }

  /** @param {Point[]} corners @param {boolean} isBox */
  drawShape(corners, isBox) {
    this.shape = isBox && corners.length === 2 ? boxCorners(corners[0], corners[1]) : corners;
    this.redraw(false);
    return this.shape;
  }
}
