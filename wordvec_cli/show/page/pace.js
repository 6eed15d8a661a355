// How many points are drawn while the map moves: all, or on a slow machine fewer, until it rests.

const REST = 150; // milliseconds without movement, after which all points are drawn
const SLOW = 45; // milliseconds from one picture to the next
const QUICK = 24;
const FEWEST = 20000; // points

export class Pace {
  /**
   * @param {number} n  points that there are
   * @param {() => void} rested
   */
  constructor(n, rested) {
    this.n = n;
    this.most = n; // to be drawn while the map moves
    this.isMoving = false;
    this.rested = rested;
    this.last = 0;
    this.timer = 0;
  }

  /** The map has moved a little. */
  moved() {
    const now = performance.now();
    if (this.isMoving) this.adapt(now - this.last);
    this.last = now;
    this.isMoving = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.rest(), REST);
  }

  /** @param {number} milliseconds */
  adapt(milliseconds) {
    if (milliseconds > SLOW) this.most = Math.max(Math.min(FEWEST, this.n), Math.round(this.most * 0.8));
    else if (milliseconds < QUICK) this.most = Math.min(this.n, Math.round(this.most * 1.05));
  }

  rest() {
    this.isMoving = false;
    if (this.most < this.n) this.rested();
  }
}
