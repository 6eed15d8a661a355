// Where answers come from: here, from what lies in the page.

import { completions } from "./search.js";

/** @typedef {import("./data.js").Words} Words */
/** @typedef {import("./data.js").About} About */
/** @typedef {import("./search.js").Found} Found */
/** @typedef {import("./words_panel.js").Neighbour} Neighbour */

export class PageSource {
  /** @param {Words} words @param {About} about */
  constructor(words, about) {
    this.words = words;
    this.about = about;
    /** @type {string[] | null} */
    this.folded = null;
  }

  /** @param {string} typed @returns {Promise<Found[]>} */
  async complete(typed) {
    this.folded ??= this.words.texts.map((text) => text.toLowerCase());
    return completions(this.words.texts, this.folded, typed);
  }

  /**
   * The true neighbours of a word in one of the files, nearest first.
   * @param {number} id
   * @param {number} side
   * @returns {Promise<Neighbour[]>}
   */
  async neighbours(id, side) {
    const { k } = this.about;
    const { neighbours, cosines } = this.words.sides[side];
    return Array.from({ length: k }, (_, place) => id * k + place).map((place) => ({
      id: neighbours[place], text: this.words.texts[neighbours[place]], cosine: cosines[place] / 10000,
    }));
  }
}
