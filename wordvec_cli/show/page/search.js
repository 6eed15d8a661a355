// The search box: completes words as they are typed, by mouse and by keyboard.

import { shortened } from "./data.js";

/** @typedef {import("./source.js").Found} Found */

const MOST_SHOWN = 10;

/**
 * The words that begin with a text, then those that hold it; the most frequent first; the word itself before all.
 * @param {string[]} texts
 * @param {string[]} folded  the same without capitals
 * @param {string} typed
 * @returns {Found[]}
 */
export function completions(texts, folded, typed) {
  const wanted = typed.trim().toLowerCase();
  if (!wanted) return [];
  /** @type {[number[], number[], number[]]} */
  const found = [[], [], []];
  for (let id = 0; id < folded.length && found[1].length < MOST_SHOWN; id++) {
    const place = folded[id].indexOf(wanted);
    if (place < 0) continue;
    if (folded[id] === wanted) found[0].push(id);
    else if (found[place ? 2 : 1].length < MOST_SHOWN) found[place ? 2 : 1].push(id);
  }
  return found.flat().slice(0, MOST_SHOWN).map((id) => ({ text: texts[id], id }));
}

/**
 * @param {HTMLInputElement} input
 * @param {HTMLElement} list
 * @param {(typed: string) => Promise<Found[]>} complete
 * @param {(found: Found) => void} choose
 */
export function connectSearch(input, list, complete, choose) {
  /** @type {Found[]} */
  let shown = [];
  let active = -1;
  let asked = 0;

  function close() {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    [shown, active] = [[], -1];
    asked++;
  }

  /** @param {number} place */
  function activate(place) {
    active = place;
    Array.from(list.children).forEach((item, i) => item.setAttribute("aria-selected", String(i === active)));
    if (active >= 0) input.setAttribute("aria-activedescendant", `completion-${active}`);
  }

  /** @param {Found | undefined} found */
  function take(found) {
    if (!found) return;
    input.value = found.text;
    close();
    choose(found);
  }

  async function refresh() {
    const question = ++asked;
    const found = await complete(input.value);
    if (question !== asked) return;
    shown = found;
    list.replaceChildren(...shown.map((each, i) => option(each, i, () => take(each))));
    list.hidden = !shown.length;
    input.setAttribute("aria-expanded", String(shown.length > 0));
    activate(shown.length ? 0 : -1);
  }

  input.addEventListener("input", refresh);
  input.addEventListener("focus", () => input.select());
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && shown.length) {
      activate((active + step + shown.length) % shown.length);
      event.preventDefault();
    } else if (event.key === "Enter") {
      take(shown[active]);
    } else if (event.key === "Escape") {
      close();
    }
  });
}

/**
 * @param {Found} found
 * @param {number} number
 * @param {() => void} take
 */
function option(found, number, take) {
  const item = document.createElement("li");
  item.id = `completion-${number}`;
  item.setAttribute("role", "option");
  item.dir = "auto";
  item.textContent = shortened(found.text);
  item.addEventListener("pointerdown", (event) => {
    event.preventDefault(); // the input keeps the focus, and its list
    take();
  });
  return item;
}
