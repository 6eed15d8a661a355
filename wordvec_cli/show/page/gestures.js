// What hands do on the map: dragging, wheel, pinching, drawing around words, keys.

/** @typedef {[number, number]} Point  CSS pixels from the map's corner */

/**
 * What they ask for.
 * @typedef {object} Actions
 * @property {() => string} tool  move, box or lasso
 * @property {(right: number, down: number) => void} move
 * @property {(factor: number, at: Point) => void} zoom
 * @property {(corners: Point[], isBox: boolean) => void} drawing  a shape that grows
 * @property {(corners: Point[], isBox: boolean, adds: boolean) => void} drawn
 * @property {(at: Point) => void} click
 * @property {(at: Point | null) => void} hover
 * @property {(key: string) => boolean} key  whether the key means something
 */

const STILL = 4; // pixels that a click may move
const ZOOM_OF_PIXEL = 1.0015;

/** @param {HTMLElement} surface @param {Actions} actions */
export function connectGestures(surface, actions) {
  /** @type {Map<number, Point>} */
  const fingers = new Map();
  /** @type {{start: Point, last: Point, shape: Point[] | null, isBox: boolean, adds: boolean, moved: boolean} | null} */
  let drag = null;

  /** @param {MouseEvent} event @returns {Point} */
  const at = (event) => {
    const box = surface.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  surface.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    surface.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, at(event));
    const tool = event.shiftKey ? "box" : actions.tool();
    const start = at(event);
    const draws = tool !== "move" && fingers.size === 1;
    drag = { start, last: start, shape: draws ? [start] : null, isBox: tool === "box", adds: event.shiftKey, moved: false };
    surface.classList.toggle("moving", !draws);
  });

  surface.addEventListener("pointermove", (event) => {
    const point = at(event);
    if (!drag || !fingers.has(event.pointerId)) {
      actions.hover(point);
      return;
    }
    if (fingers.size === 2) pinch(event.pointerId, point);
    else if (distance(drag.start, point) > STILL || drag.moved) dragTo(point);
    fingers.set(event.pointerId, point);
  });

  /** @param {Point} point */
  function dragTo(point) {
    if (!drag) return;
    drag.moved = true;
    if (!drag.shape) {
      actions.move(point[0] - drag.last[0], point[1] - drag.last[1]);
    } else {
      drag.shape = drag.isBox ? [drag.start, point] : [...drag.shape, point];
      actions.drawing(drag.shape, drag.isBox);
    }
    drag.last = point;
  }

  /** @param {number} finger @param {Point} point */
  function pinch(finger, point) {
    const [other] = [...fingers].filter(([id]) => id !== finger).map(([, place]) => place);
    const before = /** @type {Point} */ (fingers.get(finger));
    const middle = /** @type {Point} */ ([(point[0] + other[0]) / 2, (point[1] + other[1]) / 2]);
    actions.zoom(distance(point, other) / Math.max(1, distance(before, other)), middle);
    actions.move((point[0] - before[0]) / 2, (point[1] - before[1]) / 2);
    if (drag) drag.moved = true;
  }

  /** @param {PointerEvent} event */
  function end(event) {
    fingers.delete(event.pointerId);
    const done = drag;
    if (!done || fingers.size) return;
    drag = null;
    surface.classList.remove("moving");
    if (event.type === "pointercancel") actions.drawing([], false);
    else if (!done.moved) actions.click(at(event));
    else if (done.shape) actions.drawn(done.shape, done.isBox, done.adds);
  }
  surface.addEventListener("pointerup", end);
  surface.addEventListener("pointercancel", end);
  surface.addEventListener("pointerleave", () => actions.hover(null));

  surface.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const pixels = event.deltaY * (event.deltaMode === 1 ? 30 : 1);
      actions.zoom(ZOOM_OF_PIXEL ** -pixels, at(event));
    },
    { passive: false },
  );
  surface.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.altKey && actions.key(event.key)) event.preventDefault();
  });
}

/** @param {Point} one @param {Point} other */
function distance(one, other) {
  return Math.hypot(one[0] - other[0], one[1] - other[1]);
}
