// The settings in the address, behind the #, so that a link shows the same view.

/**
 * What the reader can set.
 * @typedef {object} Settings
 * @property {string} word     the chosen one, or ""
 * @property {string} colour   a way to colour
 * @property {string} near     words typed in
 * @property {string} across   the pairs of an axis, or ""
 * @property {string} up
 * @property {string} sides    first, second, both or arrows
 * @property {string} theme    light, dark, or "" as the system has it
 * @property {number} x        the middle of the view
 * @property {number} y
 * @property {number} zoom
 */

/** @type {Settings} */
export const DEFAULTS = {
  word: "", colour: "cluster", near: "", across: "", up: "", sides: "arrows", theme: "", x: 0, y: 0, zoom: 1,
};

/** @param {string} hash @returns {Settings} */
export function readSettings(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const settings = { ...DEFAULTS, x: NaN, y: NaN };
  for (const name of /** @type {(keyof Settings)[]} */ (Object.keys(DEFAULTS))) {
    const text = given.get(name);
    if (text === null) continue;
    if (typeof DEFAULTS[name] === "string") Object.assign(settings, { [name]: text });
    else if (Number.isFinite(Number(text))) Object.assign(settings, { [name]: Number(text) });
  }
  return settings;
}

/** @param {Settings} settings */
export function hashOf(settings) {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(settings)) {
    const isDefault = value === DEFAULTS[/** @type {keyof Settings} */ (name)];
    if (!isDefault) given.set(name, typeof value === "number" ? String(Number(value.toPrecision(6))) : value);
  }
  return given.size ? `#${given}` : "";
}

/** @param {Settings} settings */
export function writeSettings(settings) {
  try {
    history.replaceState(null, "", hashOf(settings) || location.pathname + location.search);
  } catch {
    // Where a page may not change its address, a view cannot be shared; everything else works.
  }
}
