"""Pictures of words: `v.plot_words([...])` shows a map in a notebook, `.save("words.pdf")` writes it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from wordvec_cli.api.bar import log_note
from wordvec_cli.api.face import face
from wordvec_cli.api.lookups import Lookups
from wordvec_cli.api.options import one_of, whole_number
from wordvec_cli.api.words import missing
from wordvec_cli.errors import InputError
from wordvec_cli.queries.word_finder import WordFinder
from wordvec_cli.text.decoding import as_bytes

if TYPE_CHECKING:
    from wordvec_cli.show.chosen import Chosen
    from wordvec_cli.show.picture import Picture

    Method = Literal["pca", "umap", "tsne"]
    Pair = tuple[str, str]


class Pictures(Lookups):
    """Vectors that can be drawn; it takes `pip install 'wordvec-cli[plot]'`.

    A picture shows itself in a notebook; it has `record()`, what it shows and where, `figure()`, matplotlib's,
    `changed(title=..., size=(6.4, 4.8))` in inches, and `save("name.pdf")` (or .png, .svg).
    """

    @face()
    def plot_words(
        self, words: Iterable[str], neighbours: int = 0, layout: "Method" = "pca", seed: int = 1
    ) -> "Picture":
        """A map of some words, near each other where their vectors are, and of so many neighbours of each.

        layout  umap and tsne take an extra of that name
        Raises: KeyError, OptionError, InputError
        """
        from wordvec_cli.show.chosen import with_neighbours
        from wordvec_cli.show.layouts import METHODS
        from wordvec_cli.show.words import words_picture

        one_of("layout", layout, dict.fromkeys(METHODS))
        near = with_neighbours(self.embeddings, self._chosen(words), whole_number("neighbours", neighbours, 0))
        return words_picture(near, layout, seed, log_note)

    @face()
    def plot_neighbours(self, words: str | Iterable[str], k: int = 12) -> "Picture":
        """The nearest words of one word as a star, of several as a graph. Raises: KeyError, InputError"""
        from wordvec_cli.show.chosen import with_neighbours
        from wordvec_cli.show.neighbours import neighbours_picture

        asked = self._chosen([words] if isinstance(words, str) else words)
        return neighbours_picture(with_neighbours(self.embeddings, asked, whole_number("k", k, 1)))

    @face()
    def plot_heatmap(self, words: Iterable[str]) -> "Picture":
        """The cosine of each word with each. Raises: KeyError, InputError"""
        from wordvec_cli.show.heatmap import heatmap_picture

        return heatmap_picture(self._chosen(words))

    @face()
    def plot_axes(
        self, words: Iterable[str], x: "Pair | list[Pair]", y: "Pair | list[Pair] | None" = None
    ) -> "Picture":
        """Words between opposites: `x=("poor", "rich")` goes from poor on the left to rich, `y` from below to above.

        x, y  a pair, or several of one meaning
        Raises: KeyError, InputError
        """
        from wordvec_cli.evaluation.axes import AxisWords, project
        from wordvec_cli.show.axes import axes_picture

        chosen, found = self._chosen(words), []
        for name, ends in (("x", x), ("y", y)):
            if ends is None:
                continue
            pairs = [ends] if isinstance(ends, tuple) else ends
            turned = tuple((as_bytes(high), as_bytes(low)) for low, high in pairs)  # an axis names its upper end first
            found.append(project([self.embeddings], AxisWords(name, turned), chosen.words, log_note))
        return axes_picture(found[0], found[1] if len(found) > 1 else None)

    def _chosen(self, words: Iterable[str]) -> "Chosen":
        """Raises: KeyError for a word without a vector, InputError"""
        from wordvec_cli.show.chosen import chosen_words

        if isinstance(words, str):
            raise InputError(f"{words!r} is one word; give a list of words")
        asked = list(words)
        for word in asked:
            if word not in self:
                raise missing(word)
        return chosen_words(WordFinder(self.embeddings), list(map(as_bytes, asked)), log_note)
