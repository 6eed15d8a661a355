// The page comes to life.

import { readSettings } from "./address.js";
import { App, EVERYTHING } from "./app.js";
import { waysToColour } from "./colours.js";
import { readWords } from "./data.js";
import { connectGestures } from "./gestures.js";
import { pngOf, svgOf } from "./picture.js";
import { connectSearch } from "./search.js";
import { copy, download, tableOf } from "./selection.js";
import { PageSource, ServerSource } from "./source.js";
import { Stage } from "./stage.js";
import { element, made } from "./words_panel.js";

/** @typedef {import("./data.js").About} About */

const STEP = 60; // pixels that an arrow key moves
const ZOOM_STEP = 1.4;

start();

function start() {
  /** @type {About} */
  const about = JSON.parse(element("about").textContent ?? "");
  const words = readWords((name) => document.getElementById(name)?.textContent ?? null, about);
  const settings = readSettings(location.hash);
  document.documentElement.dataset.theme = settings.theme || "light";
  const stage = new Stage(
    element("points"),
    element("overlay"),
    {
      texts: words.texts, titles: about.titles, places: words.sides.map((side) => side.places), sides: settings.sides,
      chosen: -1, neighbours: words.sides.map(() => []), isShown: () => true, axes: null,
      extent: about.isServed ? EVERYTHING : null,
    },
    !new URLSearchParams(location.search).has("canvas"),
  );
  const source = about.isServed ? new ServerSource(about) : new PageSource(words, about);
  const app = new App(words, about, source, stage, settings);
  showFacts(app);
  connectPanel(app);
  connectMap(app);
  void restore(app);
  Object.assign(window, { wordvecMap: app }); // for who looks into the page, and its tests
}

/** @param {App} app */
function showFacts(app) {
  const { about, words, stage } = app;
  element("title").textContent = about.titles.join(" → ");
  const n = words.n.toLocaleString("en");
  const all = about.nWords.toLocaleString("en");
  const part = about.isServed ? ` at a time of ${all}` : ` most frequent of ${all}`;
  const most = about.titles.length === 2 ? " common" : words.n < about.nWords ? part : "";
  const shares = about.explained ? `, ${percent(about.explained[0] + about.explained[1])} of the variance` : "";
  const kept = about.kept
    ? ` The plane keeps ${percent(about.kept.share)} of each word’s ${about.kept.k} nearest neighbours: trust the lists, not the distances.`
    : "";
  element("facts").textContent = `${n}${most} words × ${about.dim} · ${about.layout.toUpperCase()}${shares}.${kept}`;
  if (!stage.hasWebgl) app.say("This browser has no WebGL: the map is drawn without it, more slowly.", true);
}

/** @param {number} share */
function percent(share) {
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}

/** Show what the address says. @param {App} app */
async function restore(app) {
  const { settings, stage, words } = app;
  app.applyTheme();
  const [x, y, zoom] = [settings.x, settings.y, settings.zoom];
  if (settings.near) await app.setNear(settings.near);
  if (settings.across || settings.up) await app.setAxes(settings.across, settings.up);
  const [found] = settings.word ? await app.source.find([settings.word]) : [];
  if (found) await app.chooseKnown(found.id);
  if (!Number.isNaN(x) && !Number.isNaN(y)) Object.assign(stage.camera, { x, y, zoom: Math.max(zoom, 0.01) });
  stage.redraw();
  if (words.n === 0) app.say("no words", true);
}

// ---------------------------------------------------------------- panel

/** @param {App} app */
function connectPanel(app) {
  connectSearch(
    element("search"), element("completions"), (typed) => app.source.complete(typed), (found) => void app.goTo(found.id),
  );
  connectColours(app);
  connectAxes(app);
  connectSelection(app);
  const sides = /** @type {HTMLSelectElement} */ (element("sides"));
  if (app.words.sides.length === 2) {
    element("view").hidden = false;
    const [first, second] = app.about.titles;
    const choices = { arrows: "arrows from old to new", both: "side by side", first, second };
    sides.append(...Object.entries(choices).map(([value, text]) => made("option", { value }, text)));
    sides.value = app.settings.sides;
    sides.addEventListener("change", () => app.setSides(sides.value));
  }
  click("theme", () => {
    app.settings.theme = app.theme === "dark" ? "light" : "dark";
    app.applyTheme();
    app.save();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => app.applyTheme());
  click("svg", () => download(new Blob([svgOf(app.stage.picture())], { type: "image/svg+xml" }), "words.svg"));
  click("png", async () => download(await pngOf(app.stage.picture()), "words.png"));
}

/** @param {string} id @param {() => void} action */
function click(id, action) {
  element(id).addEventListener("click", action);
}

/** @param {App} app */
function connectColours(app) {
  const [select, near] = [/** @type {HTMLSelectElement} */ (element("colour")), /** @type {HTMLInputElement} */ (element("near"))];
  const ways = waysToColour(app.words, app.about);
  select.append(...[...ways].map(([value, text]) => made("option", { value }, text)));
  if (!ways.has(app.settings.colour)) app.settings.colour = "frequency";
  select.value = app.settings.colour;
  near.value = app.settings.near;
  const form = element("near-form");
  form.hidden = select.value !== "near";
  select.addEventListener("change", () => {
    form.hidden = select.value !== "near";
    app.setColour(select.value);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  near.addEventListener("change", () => void app.setNear(near.value));
}

/** @param {App} app */
function connectAxes(app) {
  const [across, up] = ["axis-x", "axis-y"].map((id) => /** @type {HTMLInputElement} */ (element(id)));
  element("axes").hidden = !app.words.sides[0].vectors;
  [across.value, up.value] = [app.settings.across, app.settings.up];
  element("axes-form").addEventListener("submit", (event) => {
    event.preventDefault();
    void app.setAxes(across.value.trim(), up.value.trim());
  });
  click("no-axes", () => {
    [across.value, up.value] = ["", ""];
    void app.setAxes("", "");
  });
}

/** @param {App} app */
function connectSelection(app) {
  const table = () => tableOf(app.selected, app.words, app.stage.shown.places[app.stage.panes[0].side]);
  click("copy", () => {
    const text = app.selected.map((id) => app.words.texts[id]).join("\n");
    copy(text).then(() => app.say(`${app.selected.length} words copied`, true), (error) => app.say(error.message, true));
  });
  click("download", () => download(new Blob([table()], { type: "text/tab-separated-values" }), "words.tsv"));
  click("clear", () => {
    app.picked = -1;
    app.select([]);
  });
}

// ---------------------------------------------------------------- map

/** @param {App} app */
function connectMap(app) {
  const { stage } = app;
  const surface = element("overlay");
  const tools = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-tool]")]);
  let tool = "move";
  for (const button of tools) {
    button.addEventListener("click", () => {
      tool = button.dataset.tool ?? "move";
      tools.forEach((each) => each.setAttribute("aria-pressed", String(each === button)));
      surface.classList.toggle("choosing", tool !== "move");
    });
  }
  const zoom = (/** @type {number} */ factor) => {
    stage.zoom(factor, [stage.panes[0].width / 2, stage.panes[0].height / 2]);
    app.save();
  };
  click("zoom-in", () => zoom(ZOOM_STEP));
  click("zoom-out", () => zoom(1 / ZOOM_STEP));
  click("fit", () => {
    stage.fit();
    app.save();
  });
  connectGestures(surface, {
    tool: () => tool,
    move: (right, down) => {
      stage.move(right, down);
      app.save();
    },
    zoom: (factor, at) => {
      stage.zoom(factor, at);
      app.save();
    },
    drawing: (corners, isBox) => void stage.drawShape(corners, isBox),
    drawn: (corners, isBox, adds) => app.selectInside(corners, isBox, adds),
    click: (at) => void app.choose(stage.wordAt(at)),
    hover: (at) => stage.hover(at ?? [-1, -1]),
    key: (key) => pressed(app, key, zoom),
  });
}

/** @param {App} app @param {string} key @param {(factor: number) => void} zoom */
function pressed(app, key, zoom) {
  const { stage } = app;
  const pane = stage.panes[0];
  /** @type {Record<string, () => void>} */
  const actions = {
    ArrowLeft: () => stage.move(STEP, 0),
    ArrowRight: () => stage.move(-STEP, 0),
    ArrowUp: () => stage.move(0, STEP),
    ArrowDown: () => stage.move(0, -STEP),
    "+": () => zoom(ZOOM_STEP),
    "=": () => zoom(ZOOM_STEP),
    "-": () => zoom(1 / ZOOM_STEP),
    0: () => stage.fit(),
    Enter: () => void app.choose(stage.wordAt([pane.left + pane.width / 2, pane.top + pane.height / 2], Infinity)),
    Escape: () => void app.choose(-1),
    "/": () => element("search").focus(),
  };
  if (!(key in actions)) return false;
  actions[key]();
  app.save();
  return true;
}
