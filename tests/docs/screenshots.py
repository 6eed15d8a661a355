"""The pictures of docs/map.md: the page of a map in a browser, at three sizes, light and dark."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tests.docs.test_docs import ROOT
from tests.show.browser import open_browser

PAGE = "map.md"
SAMPLE = ROOT / "sample_data" / "state-of-the-union.txt.xz"
BLANK = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a49444154789c63f80f0001010100b138f614"
    "0000000049454e44ae426082"
)


class Screenshot(NamedTuple):
    """What a picture shows: the settings of the page, and the size of the window."""

    settings: str
    size: tuple[int, int]


SCREENSHOTS = {
    "map-light.png": Screenshot("theme=light&word=gold", (1280, 900)),
    "map-axes-dark.png": Screenshot("theme=dark&across=war%3Apeace&up=gold%3Aland&colour=frequency", (1000, 760)),
    "map-small.png": Screenshot("theme=light&colour=near&near=school+education", (500, 860)),
}
DRAWN = "const done = arguments[0]; setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(done)), 500)"


def take(made: Path, folder: Path) -> None:
    """Draw all of them into `made`, blank ones where there is no browser."""
    browser = open_browser(folder)
    if browser is None:
        print(f"no browser with a driver: the pictures of docs/{PAGE} are blank", file=sys.stderr)
        for name in SCREENSHOTS:
            (made / name).write_bytes(BLANK)
        return
    try:
        page = _map_of_sample(folder)
        for name, (settings, (width, height)) in SCREENSHOTS.items():
            browser.set_window_size(width, height)
            browser.get("about:blank")
            browser.get(f"{page.as_uri()}#{settings}")
            browser.execute_async_script(DRAWN)
            browser.save_screenshot(str(folder / "shot.png"))
            shutil.move(folder / "shot.png", made / name)
    finally:
        browser.quit()


def _map_of_sample(folder: Path) -> Path:
    vectors, page = folder / "vectors.safetensors", folder / "map.html"
    options = ["--tokenizer", "words", "--lowercase", "--epochs", "15", "--quiet"]
    for arguments in (["train", SAMPLE, "-o", vectors, *options], ["map", vectors, "-o", page, "--layout", "umap"]):
        subprocess.run([sys.executable, "-m", "wordvec_cli", *map(str, arguments)], cwd=ROOT, check=True)
    return page
