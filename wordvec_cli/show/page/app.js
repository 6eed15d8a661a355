// What is chosen and how it is shown, and what follows for the map and the panel when either changes.

import { writeSettings } from "./address.js";
import { parseAxis, project } from "./axes.js";
import { colouringOf, groupColour, pointColours, rampColours, typedDirection } from "./colours.js";
import { showSelection, wordsInside } from "./selection.js";
import { element, showLegend, showTrail, showWord } from "./words_panel.js";

/** @typedef {import("./address.js").Settings} Settings */
/** @typedef {import("./data.js").Words} Words */
/** @typedef {import("./data.js").About} About */
/** @typedef {import("./stage.js").Stage} Stage */
/** @typedef {import("./words_panel.js").Neighbour} Neighbour */
/** @typedef {[number, number]} Point */

const LONGEST_TRAIL = 8;
const CLOSE_UP = 6; // the zoom that shows a word and those around it

export class App {
  /**
   * @param {Words} words
   * @param {About} about
   * @param {import("./source.js").PageSource} source
   * @param {Stage} stage
   * @param {Settings} settings
   */
  constructor(words, about, source, stage, settings) {
    this.words = words;
    this.about = about;
    this.source = source;
    this.stage = stage;
    this.settings = settings;
    this.ids = new Map(words.texts.map((text, id) => /** @type {[string, number]} */ ([text, id])).reverse());
    /** @type {number[]} */
    this.selected = [];
    this.picked = -1; // a group of the legend
    /** @type {{text: string, id: number}[]} */
    this.trail = [];
    this.saving = 0;
  }

  /**
   * Tell the reader something: who hears the page; for all eyes too, if it is not seen anyway.
   * @param {string} text
   * @param {boolean} isForEyes
   */
  say(text, isForEyes = false) {
    const message = element("message");
    message.textContent = text;
    message.classList.toggle("unseen", !isForEyes);
  }

  // ---------------------------------------------------------------- words

  /** @param {number} id  -1: none */
  async choose(id) {
    const { words, stage } = this;
    if (id < 0) {
      this.settings.word = "";
      stage.show({ chosen: -1, neighbours: words.sides.map(() => []) });
      showWord(null, () => {});
      this.save();
      return;
    }
    this.settings.word = words.texts[id];
    const lists = await Promise.all(words.sides.map((_, side) => this.source.neighbours(id, side)));
    stage.show({ chosen: id, neighbours: lists.map((list) => list.map((each) => each.id)) });
    stage.bringIntoView(id);
    const titles = words.sides.length === 2 ? this.about.titles : ["nearest by cosine"];
    showWord(
      { text: words.texts[id], facts: this.factsOf(id), lists: titles.map((title, i) => ({ title, neighbours: lists[i] })) },
      (neighbour) => this.choose(neighbour.id),
    );
    this.visit(id);
    this.say(`${words.texts[id]}: ${lists[0].length} neighbours, nearest ${lists[0][0]?.text ?? "none"}`);
    this.save();
  }

  /** @param {number} id */
  factsOf(id) {
    const { counts, clusters } = this.words;
    const count = counts ? `${counts[id].toLocaleString("en")} times · ` : "";
    return `${count}rank ${(id + 1).toLocaleString("en")} · cluster ${this.about.clusters[clusters[id]] ?? ""}`;
  }

  /** @param {number} id */
  visit(id) {
    const text = this.words.texts[id];
    const others = this.trail.filter((each) => each.id !== id);
    this.trail = [...others, { text, id }].slice(-LONGEST_TRAIL);
    showTrail(this.trail.slice(0, -1), (each) => this.choose(each.id));
  }

  /** Choose a word and go near enough to see it. @param {number} id */
  async goTo(id) {
    const { stage } = this;
    await this.choose(id);
    const { places } = stage.shown;
    const side = stage.panes[stage.panes.length - 1].side;
    stage.camera.zoom = Math.max(stage.camera.zoom, this.words.n > 500 ? CLOSE_UP : 1);
    [stage.camera.x, stage.camera.y] = [places[side][2 * id], places[side][2 * id + 1]];
    stage.redraw();
    this.save();
  }

  /** @param {number[]} ids */
  select(ids) {
    this.selected = ids;
    showSelection(ids, this.words.texts, (id) => this.choose(id));
    this.recolour();
  }

  /** @param {Point[]} corners @param {boolean} isBox @param {boolean} adds */
  selectInside(corners, isBox, adds) {
    const { stage } = this;
    const pane = stage.paneAt(corners[0]);
    const shape = stage.drawShape(corners, isBox);
    const inside = wordsInside(shape, stage.shown.places[pane.side], stage.camera, pane);
    stage.drawShape([], false);
    this.picked = -1;
    this.select(adds ? [...new Set([...this.selected, ...inside])].sort((one, other) => one - other) : inside);
    this.say(inside.length ? `${this.selected.length} words selected` : "no words there", !inside.length);
  }

  // ---------------------------------------------------------------- colours

  /** @param {string} way */
  setColour(way) {
    this.settings.colour = way;
    this.pick(-1);
    this.save();
  }

  /** @param {string} text  words */
  setNear(text) {
    this.settings.near = text;
    this.recolour();
    this.save();
  }

  /** Pick out a group of the legend, or let it go. @param {number} group */
  pick(group) {
    const { words } = this;
    this.picked = group === this.picked ? -1 : group;
    const { groupOf } = this.colouring();
    const all = Array.from({ length: words.n }, (_, id) => id);
    this.select(this.picked < 0 || !groupOf ? [] : all.filter((id) => groupOf[id] === this.picked));
  }

  colouring() {
    const { words, about, settings } = this;
    const { direction } = typedDirection(settings.near, this.ids, words, about);
    return colouringOf(settings.colour, words, about, direction);
  }

  recolour() {
    const { words, about, settings, selected, theme } = this;
    const colouring = this.colouring();
    const strong = new Set(selected);
    const isStrong = selected.length ? (/** @type {number} */ id) => strong.has(id) : null;
    this.stage.setColours(pointColours(colouring, words.n, theme, isStrong));
    this.stage.show({ isShown: isStrong ?? (() => true) });
    showLegend(colouring, {
      ramp: rampColours(theme), colourOf: groupColour, picked: this.picked, pick: (group) => this.pick(group),
    });
    if (settings.colour !== "near" || !settings.near) return;
    const { missing } = typedDirection(settings.near, this.ids, words, about);
    const told = missing.length ? `not on the map: ${missing.join(", ")}` : `coloured by nearness to ${settings.near}`;
    this.say(told, missing.length > 0);
  }

  /** @returns {"light" | "dark"} */
  get theme() {
    if (this.settings.theme === "light" || this.settings.theme === "dark") return this.settings.theme;
    return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }

  applyTheme() {
    document.documentElement.dataset.theme = this.theme;
    element("theme").textContent = this.theme === "dark" ? "Light" : "Dark";
    this.stage.relook();
    this.recolour();
  }

  // ---------------------------------------------------------------- places

  /**
   * Show words by axes, or on the map if both are empty.
   * @param {string} across
   * @param {string} up
   */
  setAxes(across, up) {
    const { words, about, ids, stage, settings } = this;
    const [first, second] = [parseAxis(across, ids), parseAxis(up, ids)];
    const problem = first.problem || second.problem;
    if (problem) {
      this.say(problem, true);
      return;
    }
    [settings.across, settings.up] = [across, up];
    if (!first.axis && !second.axis) {
      stage.show({ places: words.sides.map((side) => side.places), axes: null });
    } else {
      const places = words.sides.map((side) => {
        const vectors = /** @type {Int8Array} */ (side.vectors);
        const [x, y] = [first.axis, second.axis].map((axis) => axis && project(vectors, about.dim, axis));
        return together(x ?? byRank(words.n, y), y ?? byRank(words.n, x));
      });
      stage.show({ places, axes: { across: ends(first.axis), up: ends(second.axis) } });
      this.say("words by their cosines with the axes");
    }
    this.save();
  }

  /** @param {string} sides */
  setSides(sides) {
    this.settings.sides = sides;
    this.stage.show({ sides });
    this.save();
  }

  // ---------------------------------------------------------------- address

  /** Write the settings into the address, soon: not at each step of a movement. */
  save() {
    clearTimeout(this.saving);
    this.saving = setTimeout(() => {
      const { x, y, zoom, all } = this.stage.camera;
      const isFitted = zoom === 1 && x === (all.left + all.right) / 2 && y === (all.bottom + all.top) / 2;
      Object.assign(this.settings, isFitted ? { x: 0, y: 0, zoom: 1 } : { x, y, zoom });
      writeSettings(this.settings);
    }, 200);
  }
}

/** @param {import("./axes.js").Axis | null} axis @returns {[string, string]} */
function ends(axis) {
  return axis ? [axis.low, axis.high] : ["rare", "frequent"];
}

/**
 * Frequent words high, as the other axis is wide: for the axis that is not given.
 * @param {number} n
 * @param {Float32Array | null} other
 */
function byRank(n, other) {
  const width = other ? other.reduce((most, value) => Math.max(most, Math.abs(value)), 0) : 1;
  return Float32Array.from({ length: n }, (_, id) => width * (1 - (2 * Math.log(id + 1)) / Math.log(n + 1)));
}

/** @param {Float32Array} x @param {Float32Array} y */
function together(x, y) {
  return Float32Array.from({ length: 2 * x.length }, (_, i) => (i % 2 ? y : x)[i >> 1]);
}
