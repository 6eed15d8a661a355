// What is chosen and how it is shown, and what follows for the map and the panel when either changes.

import { writeSettings } from "./address.js";
import { axisWords, parseAxis, project } from "./axes.js";
import { colouringOf, groupColour, pointColours, rampColours, typedDirection, typedWords } from "./colours.js";
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
const MANY = 500; // words that are too many to be told apart from afar
const SAVE_AFTER = 200; // milliseconds without a change
const LOAD_AFTER = 250; // milliseconds without movement
const AROUND = 0.5; // of what is seen is loaded too, on each side

export class App {
  /**
   * @param {Words} words
   * @param {About} about
   * @param {import("./source.js").Source} source
   * @param {Stage} stage
   * @param {Settings} settings
   */
  constructor(words, about, source, stage, settings) {
    this.words = words;
    this.about = about;
    this.source = source;
    this.stage = stage;
    this.settings = settings;
    this.ids = idsOf(words);
    /** @type {number[]} */
    this.selected = [];
    this.picked = -1; // a group of the legend
    /** @type {import("./source.js").Found[]} */
    this.trail = [];
    this.saving = 0;
    this.loading = 0;
    /** @type {{word: number[], near: number[], axes: number[]}} */
    this.pinned = { word: [], near: [], axes: [] }; // words that are loaded wherever the view is
    /** @type {import("./camera.js").Box} */
    this.box = EVERYTHING; // that was loaded last
    this.isWhole = false; // whether all its words were
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

  /** By what the source knows a word. @param {number} id */
  known(id) {
    return this.words.ids ? this.words.ids[id] : id;
  }

  /** The word that the source knows by this, or -1. @param {number} known */
  local(known) {
    return this.words.ids ? this.words.ids.indexOf(known) : known;
  }

  /** @param {number} id  -1: none */
  async choose(id) {
    if (id >= 0) {
      await this.chooseKnown(this.known(id));
      return;
    }
    this.settings.word = "";
    this.pinned.word = [];
    this.stage.show({ chosen: -1, neighbours: this.words.sides.map(() => []) });
    showWord(null, () => {});
    this.save();
  }

  /** @param {number} known */
  async chooseKnown(known) {
    const { stage, source } = this;
    const lists = await Promise.all(this.words.sides.map((_, side) => source.neighbours(known, side)));
    this.pinned.word = [known, ...lists.flat().map((each) => each.id)];
    if (source.isServed && this.pinned.word.some((each) => this.local(each) < 0)) await this.load();
    const id = this.local(known);
    if (id < 0) return;
    const text = this.words.texts[id];
    this.settings.word = text;
    this.showChosen(id, lists);
    stage.bringIntoView(id);
    const titles = lists.length === 2 ? this.about.titles : ["nearest by cosine"];
    showWord(
      { text, facts: this.factsOf(id), lists: titles.map((title, side) => ({ title, neighbours: lists[side] })) },
      (neighbour) => void this.chooseKnown(neighbour.id),
    );
    this.visit({ text, id: known });
    this.say(`${text}: ${lists[0].length} neighbours, nearest ${lists[0][0]?.text ?? "none"}`);
    this.save();
  }

  /** @param {number} id @param {Neighbour[][]} lists */
  showChosen(id, lists) {
    const neighbours = lists.map((list) => list.map((each) => this.local(each.id)).filter((each) => each >= 0));
    this.stage.show({ chosen: id, neighbours });
  }

  /** @param {number} id */
  factsOf(id) {
    const { counts, clusters, ranks } = this.words;
    const count = counts ? `${counts[id].toLocaleString("en")} times · ` : "";
    const rank = (ranks ? ranks[id] : id) + 1;
    return `${count}rank ${rank.toLocaleString("en")} · cluster ${this.about.clusters[clusters[id]] ?? ""}`;
  }

  /** @param {import("./source.js").Found} word */
  visit(word) {
    const others = this.trail.filter((each) => each.id !== word.id);
    this.trail = [...others, word].slice(-LONGEST_TRAIL);
    showTrail(this.trail.slice(0, -1), (each) => void this.chooseKnown(each.id));
  }

  /** Choose a word and go near enough to see it. @param {number} known */
  async goTo(known) {
    const { stage } = this;
    await this.chooseKnown(known);
    const id = this.local(known);
    if (id < 0) return;
    const places = stage.shown.places[stage.panes[stage.panes.length - 1].side];
    stage.camera.zoom = Math.max(stage.camera.zoom, this.about.nWords > MANY ? CLOSE_UP : 1);
    [stage.camera.x, stage.camera.y] = [places[2 * id], places[2 * id + 1]];
    stage.redraw();
    this.save();
  }

  // ---------------------------------------------------------------- words from a server

  /** Load what the view shows, soon, if not all of it is here. */
  loadSoon() {
    if (!this.source.isServed || this.stage.shown.axes) return;
    clearTimeout(this.loading);
    this.loading = setTimeout(() => {
      const { left, right, bottom, top } = this.stage.camera.seen(this.stage.panes[0]);
      const all = this.box;
      const isHere = this.isWhole && left >= all.left && right <= all.right && bottom >= all.bottom && top <= all.top;
      if (!isHere) this.load().catch((error) => this.say(`the server does not answer: ${error.message}`, true));
    }, LOAD_AFTER);
  }

  async load() {
    const { stage, source, pinned, settings } = this;
    const pane = stage.panes[0];
    if (!stage.shown.axes) this.box = stage.camera.seen(pane, AROUND * Math.max(pane.width, pane.height));
    const { words, nInside } = await source.around(this.box, Object.values(pinned).flat());
    const chosen = stage.shown.chosen < 0 ? -1 : this.known(stage.shown.chosen);
    const neighbours = stage.shown.neighbours.map((some) => some.map((id) => this.known(id)));
    const selected = this.selected.map((id) => this.known(id));
    [this.words, this.ids] = [words, idsOf(words)];
    this.isWhole = nInside <= words.n;
    stage.replaceWords(words.texts, words.sides.map((side) => side.places));
    const here = (/** @type {number[]} */ some) => some.map((known) => this.local(known)).filter((id) => id >= 0);
    stage.show({ chosen: this.local(chosen), neighbours: neighbours.map(here) });
    if (stage.shown.axes) this.placeByAxes(settings.across, settings.up);
    this.select(here(selected));
  }

  /** Have these words here, if there are such words. @param {"near" | "axes"} use @param {string[]} texts */
  async need(use, texts) {
    if (!this.source.isServed) return;
    this.pinned[use] = (await this.source.find(texts)).map((each) => each.id);
    if (this.pinned[use].some((id) => this.local(id) < 0)) await this.load();
  }

  // ---------------------------------------------------------------- selection

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
  async setNear(text) {
    await this.need("near", typedWords(text));
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
  async setAxes(across, up) {
    await this.need("axes", axisWords(`${across},${up}`));
    this.placeByAxes(across, up);
    this.save();
  }

  /** @param {string} across @param {string} up */
  placeByAxes(across, up) {
    const { words, about, ids, stage, settings } = this;
    const [first, second] = [parseAxis(across, ids), parseAxis(up, ids)];
    const problem = first.problem || second.problem;
    if (problem) {
      this.say(problem, true);
      return;
    }
    [settings.across, settings.up] = [across, up];
    if (!first.axis && !second.axis) {
      const extent = this.source.isServed ? EVERYTHING : null;
      stage.show({ places: words.sides.map((side) => side.places), axes: null, extent });
    } else {
      const places = words.sides.map((side) => {
        const vectors = /** @type {Int8Array} */ (side.vectors);
        const [x, y] = [first.axis, second.axis].map((axis) => axis && project(vectors, about.dim, axis));
        return together(x ?? byRank(words.n, y), y ?? byRank(words.n, x));
      });
      stage.show({ places, axes: { across: ends(first.axis), up: ends(second.axis) }, extent: null });
      this.say("words by their cosines with the axes");
    }
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
    this.loadSoon();
    clearTimeout(this.saving);
    this.saving = setTimeout(() => {
      const { x, y, zoom, all } = this.stage.camera;
      const isFitted = zoom === 1 && x === (all.left + all.right) / 2 && y === (all.bottom + all.top) / 2;
      Object.assign(this.settings, isFitted ? { x: 0, y: 0, zoom: 1 } : { x, y, zoom });
      writeSettings(this.settings);
    }, SAVE_AFTER);
  }
}

/** The plane that a server lays words out in. */
export const EVERYTHING = { left: -1, right: 1, bottom: -1, top: 1 };

/** Words by their texts, the first of those that look alike. @param {Words} words */
function idsOf(words) {
  return new Map(words.texts.map((text, id) => /** @type {[string, number]} */ ([text, id])).reverse());
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
