"""Maps of words: `v.map()` shows one in a notebook, `.save("map.html")` writes its page."""

import html
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from wordvec_cli.api.bar import log_note
from wordvec_cli.api.face import face
from wordvec_cli.api.lookups import Lookups
from wordvec_cli.api.options import one_of, whole_number
from wordvec_cli.storage.files import check_output, replacing

if TYPE_CHECKING:
    Path = str | os.PathLike[str]
    Method = Literal["pca", "umap", "tsne"]

HEIGHT = 640  # pixels of a notebook


@dataclass(frozen=True, repr=False)
class MapPage:
    """A page with a map of words, which shows itself in a notebook; `page` is its HTML, in UTF-8."""

    page: bytes
    n_words: int

    def __repr__(self) -> str:
        return f"<MapPage: {self.n_words:,} words>"

    def _repr_html_(self) -> str:
        page = html.escape(self.page.decode(), quote=True)
        may = "allow-scripts allow-downloads"  # neither the notebook's own pages nor its cookies
        return f'<iframe srcdoc="{page}" width="100%" height="{HEIGHT}" sandbox="{may}" title="map of words"></iframe>'

    def save(self, path: "Path") -> None:
        """Write the page, which opens in any browser. Raises: OutputError"""
        check_output(os.fspath(path))
        with replacing(os.fspath(path)) as file:
            file.write(self.page)


class Maps(Lookups):
    """Vectors that can be shown as a map."""

    @face(renamed=[("no-vectors", "vectors=False")])
    def map(  # noqa: PLR0913
        self,
        newer: "Maps | None" = None,
        *,
        limit: int = 20_000,
        layout: "Method" = "pca",
        k: int = 10,
        clusters: int = 12,
        groups: "Path | None" = None,
        vectors: bool = True,
        seed: int = 1,
    ) -> MapPage:
        """A map of the most frequent words, as `wordvec map` makes it; with `newer`, of the words that both have.

        Raises: OptionError if the package of a layout is not installed, InputError
        """
        from wordvec_cli.show.layouts import METHODS
        from wordvec_cli.show.page_file import page_of
        from wordvec_cli.show.word_map import MapOptions, Source, make_map

        one_of("layout", layout, dict.fromkeys(METHODS))
        options = MapOptions(
            whole_number("limit", limit, 1), whole_number("k", k, 0), layout, whole_number("clusters", clusters, 1),
            vectors, None if groups is None else os.fspath(groups), whole_number("seed", seed, 0),
        )  # fmt: skip
        names = ["words"] if newer is None else ["older", "newer"]
        both = [self] if newer is None else [self, newer]
        sources = [Source(name, each.embeddings) for name, each in zip(names, both, strict=True)]
        made = make_map(sources, options, log_note)
        return MapPage(page_of(made), len(made.words))
