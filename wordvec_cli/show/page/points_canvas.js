// Points and arrows on a plain canvas, for browsers without WebGL: the same picture, more slowly.

/** @typedef {import("./camera.js").Camera} Camera */
/** @typedef {import("./camera.js").Pane} Pane */

export class CanvasPoints {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    this.ratio = 1;
    /** @type {Float32Array[]} */
    this.places = [];
    /** @type {Uint8Array} */
    this.colours = new Uint8Array(0);
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
    this.places = places;
  }

  /** @param {Uint8Array} colours */
  setColours(colours) {
    this.colours = colours;
  }

  /**
   * @param {Pane[]} panes
   * @param {import("./points.js").Drawing} how
   */
  draw(panes, { camera, size, most, hasArrows }) {
    const { context, ratio } = this;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const places = this.places.map((some) => some.subarray(0, 2 * most));
    drawPoints(context, { places, colours: this.colours, panes, camera, size, hasArrows });
  }
}

/**
 * Draw points on a canvas; also what a picture of the map is made with.
 * @param {CanvasRenderingContext2D} context
 * @param {{places: Float32Array[], colours: Uint8Array, panes: Pane[], camera: Camera, size: number,
 *   hasArrows: boolean}} what
 */
export function drawPoints(context, { places, colours, panes, camera, size, hasArrows }) {
  for (const pane of panes) {
    context.save();
    context.beginPath();
    context.rect(pane.left, pane.top, pane.width, pane.height);
    context.clip();
    for (const point of visiblePoints(places[pane.side], colours, camera, pane, hasArrows ? places[0] : null)) {
      if (point.from) drawArrow(context, point.from, point);
      context.fillStyle = point.colour;
      if (size < 3) {
        context.fillRect(point.left - size / 2, point.top - size / 2, size, size);
      } else {
        context.beginPath();
        context.arc(point.left, point.top, size / 2, 0, 2 * Math.PI);
        context.fill();
      }
    }
    context.restore();
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {[number, number]} from
 * @param {{left: number, top: number, colour: string}} to
 */
function drawArrow(context, from, to) {
  const shade = context.createLinearGradient(from[0], from[1], to.left, to.top);
  shade.addColorStop(0, "#0000");
  shade.addColorStop(1, to.colour);
  context.strokeStyle = shade;
  context.beginPath();
  context.moveTo(from[0], from[1]);
  context.lineTo(to.left, to.top);
  context.stroke();
}

/**
 * The points that a pane shows, rare words first, so that frequent ones lie above them.
 * @param {Float32Array} places
 * @param {Uint8Array} colours
 * @param {Camera} camera
 * @param {Pane} pane
 * @param {Float32Array | null} origins  where arrows start
 * @returns {Generator<{left: number, top: number, colour: string, from: [number, number] | null}>}
 */
export function* visiblePoints(places, colours, camera, pane, origins) {
  const seen = camera.seen(pane, 10);
  for (let id = places.length / 2 - 1; id >= 0; id--) {
    const [x, y] = [places[2 * id], places[2 * id + 1]];
    if (x < seen.left || x > seen.right || y < seen.bottom || y > seen.top) continue;
    const [left, top] = camera.toScreen(x, y, pane);
    const [red, green, blue, opacity] = colours.subarray(4 * id, 4 * id + 4);
    const from = origins ? camera.toScreen(origins[2 * id], origins[2 * id + 1], pane) : null;
    yield { left, top, colour: `rgba(${red},${green},${blue},${(opacity / 255).toFixed(2)})`, from };
  }
}
