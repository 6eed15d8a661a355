"""The map of `wordvec map` against its budgets: size of the page, seconds to make and to open it, frames a second."""

import importlib.util
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.arguments import Arguments
from benchmarks.table import print_table, timed
from tests.show.browser import open_browser
from wordvec_cli.vectors.native import save
from wordvec_cli.vocabulary.vocabulary import Vocabulary

DIM = 100
MANY = 200_000
# Drags the map for two seconds; frames a second.
DRAG = """
const done = arguments[0], stage = window.wordvecMap.stage, start = performance.now();
let n = 0;
function step() {
  stage.move(n % 40 < 20 ? 3 : -3, 1);
  const seconds = (performance.now() - start) / 1000;
  if (seconds > 2) done(n / seconds);
  else { n++; requestAnimationFrame(step); }
}
requestAnimationFrame(step);
"""
# Waits until the map is drawn and can be used.
USABLE = """
const done = arguments[0];
const isDrawn = () => window.wordvecMap && window.wordvecMap.stage.frames > 0;
const wait = () => (isDrawn() ? done() : setTimeout(wait, 5));
wait();
"""


def make_vectors(path: Path, n: int) -> None:
    """Words of some topics, so that there are neighbourhoods to keep."""
    random = np.random.default_rng(1)
    topics = random.normal(size=(200, DIM))
    matrix = topics[random.integers(0, 200, n)] + random.normal(size=(n, DIM))
    words = Vocabulary.from_words([b"word%d" % i for i in range(n)], range(2 * n, n, -1))
    save(str(path), words, matrix.astype(np.float32), {})


def seconds_of(*arguments: object) -> float:
    command = [sys.executable, "-m", "wordvec_cli", "map", *map(str, arguments), "--quiet"]
    return timed(partial(subprocess.run, command, check=True))


def opened(browser: Any, page: Path, n_runs: int) -> tuple[float, float]:
    """The medians of seconds until the page can be used, and of frames a second while it is dragged."""
    usable, frames = [], []
    for _ in range(n_runs):
        browser.get("about:blank")
        start = time.perf_counter()
        browser.get(page.as_uri())
        browser.execute_async_script(USABLE)
        usable.append(time.perf_counter() - start)
        frames.append(browser.execute_async_script(DRAG))
    return float(np.median(usable)), float(np.median(frames))


def main(arguments: Arguments) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        few, many = folder / "few.safetensors", folder / "many.safetensors"
        make_vectors(few, 20_000)
        make_vectors(many, MANY)
        page, page_of_many = folder / "few.html", folder / "many.html"
        seconds_of(few, "-o", page)  # what has to be compiled is
        rows = [("made, seconds", seconds_of(few, "-o", page), 20.0)]  # what, measured, budget
        if importlib.util.find_spec("umap"):
            by_umap = seconds_of(few, "-o", folder / "umap.html", "--layout", "umap")
            rows.append(("made with --layout umap, seconds", by_umap, 60.0))
        rows.append(("size, MB", page.stat().st_size / 1e6, 5.0))
        browser = open_browser(folder)
        if browser is None:
            print("no browser with a driver (chromium, chromedriver) and selenium: the page is not opened\n")
        else:
            seconds_of(many, "-o", page_of_many, "--limit", MANY, "-k", 0, "--no-vectors")
            usable, frames = opened(browser, page, arguments.runs)
            rows += [("usable, seconds", usable, 2.0), ("frames a second", frames, 30.0)]
            rows.append((f"frames a second, {MANY} words", opened(browser, page_of_many, arguments.runs)[1], 15.0))
            browser.quit()
    print_table(
        "a map of 20 000 words x 100 (software WebGL)",
        ["", "measured", "budget", "ratio"],
        [[what, measured, budget, measured / budget] for what, measured, budget in rows],
    )
