// Where answers come from: from what lies in the page, or from a server on this machine.

import { readWords } from "./data.js";
import { completions } from "./search.js";

/** @typedef {import("./data.js").Words} Words */
/** @typedef {import("./data.js").About} About */
/** @typedef {import("./camera.js").Box} Box */

/** @typedef {{id: number, text: string}} Found  id: in the file, or on the map where all words lie in the page */
/** @typedef {Found & {cosine: number}} Neighbour */

/**
 * @typedef {object} Source
 * @property {boolean} isServed  whether there are words that the page does not have
 * @property {(typed: string) => Promise<Found[]>} complete
 * @property {(id: number, side: number) => Promise<Neighbour[]>} neighbours  nearest first
 * @property {(texts: string[]) => Promise<Found[]>} find  of these words those that there are
 * @property {(box: Box, others: number[]) => Promise<{words: Words, nInside: number}>} around
 */

/** @implements {Source} */
export class PageSource {
  /** @param {Words} words @param {About} about */
  constructor(words, about) {
    this.isServed = false;
    this.words = words;
    this.about = about;
    /** @type {string[] | null} */
    this.folded = null;
  }

  /** @param {string} typed */
  async complete(typed) {
    this.folded ??= this.words.texts.map((text) => text.toLowerCase());
    return completions(this.words.texts, this.folded, typed);
  }

  /** @param {number} id @param {number} side */
  async neighbours(id, side) {
    const { k } = this.about;
    const { neighbours, cosines } = this.words.sides[side];
    return Array.from({ length: k }, (_, place) => id * k + place).map((place) => ({
      id: neighbours[place], text: this.words.texts[neighbours[place]], cosine: cosines[place] / 10000,
    }));
  }

  /** @param {string[]} texts */
  async find(texts) {
    return texts.map((text) => ({ text, id: this.words.texts.indexOf(text) })).filter(({ id }) => id >= 0);
  }

  async around() {
    return { words: this.words, nInside: this.words.n };
  }
}

/** @implements {Source} */
export class ServerSource {
  /** @param {About} about */
  constructor(about) {
    this.isServed = true;
    this.about = about;
    this.token = new URLSearchParams(location.search).get("token") ?? "";
  }

  /** @param {string} what @param {Record<string, string>} question */
  async ask(what, question) {
    const answer = await fetch(`${what}?${new URLSearchParams({ ...question, token: this.token })}`);
    if (!answer.ok) throw new Error(await answer.text());
    return answer.json();
  }

  /** @param {string} typed */
  async complete(typed) {
    return typed ? this.ask("complete", { text: typed }) : [];
  }

  /** @param {number} id */
  async neighbours(id) {
    return this.ask("neighbours", { id: String(id) });
  }

  /** @param {string[]} texts */
  async find(texts) {
    return texts.length ? this.ask("find", { text: texts.join(" ") }) : [];
  }

  /** @param {Box} box @param {number[]} others */
  async around({ left, right, bottom, top }, others) {
    const sides = Object.fromEntries(Object.entries({ left, right, bottom, top }).map(([name, at]) => [name, String(at)]));
    const { nInside, arrays } = await this.ask("words", { ...sides, with: others.join(",") });
    return { nInside, words: readWords((name) => arrays[name] ?? null, this.about) };
  }
}
