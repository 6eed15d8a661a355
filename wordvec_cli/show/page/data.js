// What the page was given: words, their places, neighbours and vectors, out of base64 that lies in the page.

/**
 * What a map is of.
 * @typedef {object} About
 * @property {string[]} titles  the names of one or two files
 * @property {number} nWords    of the first file; the map may show fewer
 * @property {number} dim       numbers of a vector
 * @property {number} k         neighbours that are listed for each word
 * @property {string} layout
 * @property {[number, number] | null} explained  shares of the variance, of a layout by PCA
 * @property {{share: number, k: number} | null} kept  how many neighbours the plane keeps
 * @property {string[]} clusters  the names of the clusters
 * @property {Column[]} columns   of the groups file
 * @property {boolean} [isServed]  whether the page may ask a server for more words
 */

/**
 * A column of the groups file: a number for each word, or groups and which of them each word has (-1: none).
 * @typedef {{name: string, numbers?: (number | null)[], groups?: string[], of?: number[]}} Column
 */

/**
 * How one file sees the words.
 * @typedef {object} Side
 * @property {Float32Array} places  x and y of each word, from -1 to 1, y upwards
 * @property {Uint16Array | Uint32Array} neighbours  k of each word, nearest first
 * @property {Int16Array} cosines  of these, in ten thousandths
 * @property {Int8Array | null} vectors  dim numbers of each word; only directions are kept
 */

/**
 * The words of the map, most frequent first.
 * @typedef {object} Words
 * @property {number} n
 * @property {string[]} texts
 * @property {Float64Array | null} counts
 * @property {Uint8Array} clusters
 * @property {Side[]} sides
 * @property {Uint32Array | null} ids    by which a server knows them; null: their places here
 * @property {Uint32Array | null} ranks  among all words of the file, by frequency
 */

const LARGEST_PLACE = 65535;

/**
 * @param {string} text
 * @returns {Uint8Array<ArrayBuffer>}
 */
function bytesOf(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/**
 * The words of arrays in base64.
 * @param {(name: string) => string | null} read  an array by its name; null: there is none
 * @param {About} about
 * @returns {Words}
 */
export function readWords(read, about) {
  /** @param {string} name */
  const bytes = (name) => bytesOf(read(name) ?? "");
  const lengths = new Uint32Array(bytes("word-lengths").buffer);
  /** @param {string} name */
  const known = (name) => (read(name) === null ? null : new Uint32Array(bytes(name).buffer));
  const counts = read("counts");
  return {
    ids: known("ids"),
    ranks: known("ranks"),
    n: lengths.length,
    texts: readTexts(bytes("word-text"), lengths),
    counts: counts === null ? null : new Float64Array(bytesOf(counts).buffer),
    clusters: bytes("clusters"),
    sides: about.titles.map((_, number) => readSide(read, number, lengths.length)),
  };
}

/**
 * @param {Uint8Array} bytes
 * @param {Uint32Array} lengths
 */
function readTexts(bytes, lengths) {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let start = 0;
  return Array.from(lengths, (length) => decoder.decode(bytes.subarray(start, (start += length))));
}

/**
 * @param {(name: string) => string | null} read
 * @param {number} number
 * @param {number} n
 * @returns {Side}
 */
function readSide(read, number, n) {
  /** @param {string} name */
  const buffer = (name) => bytesOf(read(`${name}-${number}`) ?? "").buffer;
  const vectors = read(`vectors-${number}`);
  const cosines = new Int16Array(buffer("cosines"));
  const neighbours = buffer("neighbours");
  return {
    places: readPlaces(buffer("places"), n),
    neighbours: n > 65536 ? new Uint32Array(neighbours) : new Uint16Array(neighbours),
    cosines,
    vectors: vectors === null ? null : new Int8Array(bytesOf(vectors).buffer),
  };
}

/**
 * Places of 16 bits a number, as a page has them, or of 32, as a server gives them.
 * @param {ArrayBuffer} buffer
 * @param {number} n
 */
function readPlaces(buffer, n) {
  if (buffer.byteLength === 8 * n) return new Float32Array(buffer);
  return Float32Array.from(new Uint16Array(buffer), (place) => (place / LARGEST_PLACE) * 2 - 1);
}

/**
 * A word as a label or a list shows it: short enough, and on one line.
 * @param {string} text
 * @param {number} longest
 */
export function shortened(text, longest = 40) {
  const letters = text.length > 4 * longest ? Array.from(text.slice(0, 4 * longest)) : Array.from(text);
  return letters.length > longest ? letters.slice(0, longest - 1).join("") + "…" : text;
}
