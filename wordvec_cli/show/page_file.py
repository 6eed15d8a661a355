"""The page of a map: one HTML file with its program, its style and its data, which asks no network for anything.

The program is the modules of `page/`, one after the other, as one script that the page's policy knows by its hash;
arrays are base64 in elements that no browser executes.
"""

import base64
import hashlib
import html
import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wordvec_cli.show.groups import Column
from wordvec_cli.show.word_map import Side, WordMap, whole_bytes
from wordvec_cli.text.decoding import shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

FOLDER = Path(__file__).parent / "page"
# In the order in which they are joined: each after those that it imports.
MODULES = (
    "data", "camera", "axes", "colours", "points_canvas", "points", "labels", "scene", "drawing", "search",
    "words_panel", "selection", "picture", "address", "gestures", "source", "pace",
    "stage", "app", "main",
)  # fmt: skip
_IMPORT = re.compile(r"^import [^;]*;\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(async )?(function|class|const|let)\b)", re.MULTILINE)
PLACES = 65535  # of a coordinate of 16 bits
COSINES = 10_000  # of a cosine of 16 bits: four decimals


def page_of(word_map: WordMap) -> bytes:
    """The page, UTF-8."""
    return page(facts(word_map), arrays(word_map), word_map.sides[0].title)


def page(about: dict[str, Any], tables: "dict[str, Array]", title: str, connects: str = "'none'") -> bytes:
    """The page with these facts and arrays.

    connects  where the page may send requests, as its policy says it
    """
    script, style = program(), (FOLDER / "style.css").read_text("utf-8")
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; img-src data: blob:; "
        f"connect-src {connects}; base-uri 'none'; form-action 'none'"
    )
    data = "".join(
        f'<script type="text/plain" id="{name}">{in_base64(array)}</script>\n' for name, array in tables.items()
    )
    parts = {
        "policy": html.escape(policy, quote=False), "title": html.escape(title), "style": style, "script": script,
        "about": json.dumps(about, ensure_ascii=True).replace("<", "\\u003c"), "data": data,
    }  # fmt: skip
    template = (FOLDER / "page.html").read_text("utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], template).encode()


def program() -> str:
    """The modules of the page as one script."""
    modules = [(FOLDER / f"{name}.js").read_text("utf-8") for name in MODULES]
    joined = "\n".join(_EXPORT.sub("", _IMPORT.sub("", text)) for text in modules)
    return f'"use strict";\n(() => {{\n{joined}\n}})();\n'


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


# ---------------------------------------------------------------- data


def facts(word_map: WordMap) -> dict[str, Any]:
    """What the page says of the map, and what its arrays are."""
    first = word_map.sides[0]
    names = [" ".join(shown(word_map.words[id]) for id in ids) for ids in word_map.clusters.naming]
    return {
        "titles": [side.title for side in word_map.sides],
        "nWords": word_map.n_words,
        "dim": first.rows.shape[1],
        "k": first.near.ids.shape[1],
        "layout": word_map.layout.method,
        "explained": word_map.layout.explained,
        "kept": None if word_map.kept is None else word_map.kept._asdict(),
        "clusters": names,
        "columns": [_column(column) for column in word_map.columns],
    }


def _column(column: Column) -> dict[str, Any]:
    """A column with its groups once, most frequent first, and the number of each word's."""
    if column.is_numbers:
        return {"name": column.name, "numbers": list(column.values)}
    values = [value for value in column.values if value is not None]
    groups = [group for group, _ in sorted(Counter(values).items(), key=lambda each: (-each[1], str(each[0])))]
    numbers = {group: number for number, group in enumerate(groups)}
    return {"name": column.name, "groups": groups, "of": [-1 if v is None else numbers[v] for v in column.values]}


def arrays(word_map: WordMap) -> "dict[str, Array]":
    """The arrays by the names under which the page looks for them, little-endian."""
    largest = max(float(np.abs(_centred(side, word_map.sides[0])).max()) for side in word_map.sides)
    found = word_arrays(word_map.words, word_map.counts, word_map.clusters.of_words)
    for number, side in enumerate(word_map.sides):
        places = _centred(side, word_map.sides[0]) / (largest or 1)
        found[f"places-{number}"] = np.rint((places + 1) / 2 * PLACES).astype("<u2")
        found[f"neighbours-{number}"] = side.near.ids.astype("<u4" if len(word_map.words) > 1 << 16 else "<u2")
        found[f"cosines-{number}"] = np.rint(side.near.cosines * COSINES).astype("<i2")
        if word_map.has_vectors:
            found[f"vectors-{number}"] = whole_bytes(side.rows)
    return found


def word_arrays(words: Sequence[bytes], counts: "Array | None", clusters: "Array") -> "dict[str, Array]":
    """Those of words alone."""
    found: dict[str, Array] = {
        "word-lengths": np.array([len(word) for word in words], "<u4"),
        "word-text": np.frombuffer(b"".join(words), np.uint8),
        "clusters": clusters.astype(np.uint8),
    }
    return found if counts is None else found | {"counts": counts.astype("<f8")}


def in_base64(array: "Array") -> str:
    return base64.b64encode(array.tobytes()).decode()


def _centred(side: Side, first: Side) -> "NDArray[np.float64]":
    middle = (first.places.min(axis=0) + first.places.max(axis=0)) / 2
    places: NDArray[np.float64] = side.places - middle
    return places
