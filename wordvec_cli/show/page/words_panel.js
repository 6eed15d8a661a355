// The chosen word with its neighbours, and lists of words.

import { shortened } from "./data.js";

/** @typedef {import("./source.js").Neighbour} Neighbour */

/**
 * The element with an id. @template {HTMLElement} [Kind=HTMLElement] @param {string} id @returns {Kind}
 */
export function element(id) {
  return /** @type {Kind} */ (document.getElementById(id));
}

/**
 * An element with texts and elements in it; texts stay texts, whatever they look like.
 * @param {string} name
 * @param {Record<string, string>} attributes
 * @param {...(string | Node)} content
 */
export function made(name, attributes, ...content) {
  const node = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) node.setAttribute(attribute, value);
  node.append(...content);
  return node;
}

/** A word apart from the text around it, whichever way it is written. @param {string} text */
export function wordElement(text) {
  return made("bdi", { title: shortened(text, 400) }, shortened(text, 80));
}

/**
 * @param {{text: string, facts: string, lists: {title: string, neighbours: Neighbour[]}[]} | null} chosen
 * @param {(neighbour: Neighbour) => void} choose
 */
export function showWord(chosen, choose) {
  element("word").hidden = !chosen;
  if (!chosen) return;
  element("word-title").replaceChildren(wordElement(chosen.text));
  element("word-facts").textContent = chosen.facts;
  element("neighbours").replaceChildren(
    ...chosen.lists.map(({ title, neighbours }) =>
      made("div", {}, made("h3", {}, title), made("ol", { class: "words" }, ...neighbours.map((each) => line(each, choose)))),
    ),
  );
}

/** @param {Neighbour} neighbour @param {(neighbour: Neighbour) => void} choose */
function line(neighbour, choose) {
  const button = made(
    "button", { type: "button" }, wordElement(neighbour.text), made("span", {}, neighbour.cosine.toFixed(4)),
  );
  button.addEventListener("click", () => choose(neighbour));
  return made("li", {}, button);
}

/**
 * The words visited before, to go back to.
 * @param {{text: string, id: number}[]} visited
 * @param {(visited: {text: string, id: number}) => void} choose
 */
export function showTrail(visited, choose) {
  element("trail").replaceChildren(
    ...visited.map((each) => {
      const button = made("button", { type: "button" }, wordElement(each.text));
      button.addEventListener("click", () => choose(each));
      return button;
    }),
  );
}

/**
 * The legend of the colours: a ramp with its ends, or groups that can be picked out.
 * @param {import("./colours.js").Colouring} colouring
 * @param {{ramp: string[], colourOf: (group: number) => string, picked: number, pick: (group: number) => void}} how
 */
export function showLegend(colouring, { ramp, colourOf, picked, pick }) {
  const legend = element("legend");
  if (!colouring.groups) {
    const bar = made("div", { class: "ramp" });
    bar.style.background = `linear-gradient(to right, ${ramp.join(", ")})`;
    const [least, most] = colouring.ends ?? ["", ""];
    legend.replaceChildren(bar, made("div", { class: "ends" }, made("span", {}, least), made("span", {}, most)));
    return;
  }
  const items = colouring.groups.map((name, group) => {
    const swatch = made("span", { class: "swatch" });
    swatch.style.background = colourOf(group);
    const button = made("button", { type: "button", "aria-pressed": String(group === picked) }, swatch, wordElement(name));
    button.addEventListener("click", () => pick(group));
    return made("li", {}, button);
  });
  legend.replaceChildren(made("ul", { class: "legend" }, ...items));
}
