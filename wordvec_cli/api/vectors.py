"""`Vectors`: words with their vectors, under gensim's names where the thing is the same."""

import json
import os
import warnings
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from wordvec_cli import formats
from wordvec_cli.api.bar import log_note
from wordvec_cli.api.comparisons import Comparisons
from wordvec_cli.api.face import face, in_python
from wordvec_cli.api.judgements import Judgements
from wordvec_cli.api.maps import Maps
from wordvec_cli.api.options import ArgumentError
from wordvec_cli.api.pictures import Pictures
from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.text.decoding import as_bytes
from wordvec_cli.vectors.embeddings import from_matrix, of_rows
from wordvec_cli.vectors.packing import Packing
from wordvec_cli.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    import pandas
    from gensim.models import KeyedVectors
    from numpy.typing import ArrayLike

    Path = str | os.PathLike[str]

LOST_AS_EXPECTED = ("counts", "how the vectors were made")  # few formats have room for them


class Vectors(Comparisons, Judgements, Maps, Pictures):
    """Words with a vector each: `v["king"]`, `"king" in v`, `v.most_similar("king")`.

    They are as trained, never silently normalised, and are not changed. Words are `str`; where a method takes a word,
    it also takes its number. `embeddings` is the library's own type, with words as bytes.
    """

    @classmethod
    @face()
    def from_arrays(
        cls,
        words: Iterable[str],
        vectors: "ArrayLike",
        counts: Iterable[int] | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> "Vectors":
        """Vectors of your own: row i of `vectors` (n, vector_size) belongs to word i. Raises: InputError"""
        vocabulary = Vocabulary.from_words(map(_as_word, words), counts)
        try:
            matrix = np.array(vectors, np.float32, order="C", ndmin=2)
        except (TypeError, ValueError):
            raise ArgumentError(
                "the vectors are not a table of numbers; give one row of numbers for each word"
            ) from None
        if matrix.ndim != 2 or len(matrix) != len(vocabulary):
            raise InputError(f"there are {len(vocabulary)} words and an array of shape {matrix.shape}; give a row each")
        return cls(from_matrix(vocabulary, matrix, metadata or {}))

    @classmethod
    def from_gensim(cls, keyed_vectors: "KeyedVectors") -> "Vectors":
        """A copy of gensim's vectors (`model.wv`), without the vectors of parts of words."""
        counts = keyed_vectors.expandos.get("count")
        return cls.from_arrays(
            keyed_vectors.index_to_key, keyed_vectors.vectors, None if counts is None else map(int, counts)
        )

    def __repr__(self) -> str:
        return f"<Vectors: {len(self):,} words x {self.vector_size}>"

    def __reduce__(self) -> tuple[Any, ...]:
        """By value, so that other processes can have them. Raises: TypeError if vectors are made from parts of words"""
        own = self.embeddings
        if own.can_compose:
            raise TypeError("vectors of parts of words cannot be pickled; load the file in each process instead")
        others = {"context": own.context, "unknown": None if own.unknown is None else np.array(own.unknown, np.float32)}
        others = {name: rows for name, rows in others.items() if rows is not None}
        counts = None if self.counts is None else self.counts.tolist()
        return _restored, (type(self), list(own.vocabulary), counts, own.matrix, dict(own.metadata), others)

    @property
    def metadata(self) -> dict[str, Any]:
        """How the vectors were made: configuration, seed, corpus, tokenizer ..., as far as the file says."""
        return {name: _parsed(value) for name, value in self.embeddings.metadata.items()}

    def transform(self, *steps: str) -> "Vectors":
        """Other vectors, by steps as `wordvec transform` takes them: `v.transform("centre:fit-on=20000", "pca:50")`.

        Raises: OptionError for a step that there is not, InputError
        """
        from wordvec_cli.evaluation.transforming import reach_of
        from wordvec_cli.vectors.transform.rows import held
        from wordvec_cli.vectors.transform.run import transformed
        from wordvec_cli.vectors.transform.spelling import parsed_steps

        parsed = parsed_steps(steps)
        stages = transformed(self.embeddings, parsed, reach_of(formats.open_vectors, note=log_note))
        return Vectors(held(stages[-1])) if stages else self

    @face(renamed=[("raw-lengths", "unit=False"), ("first-common", "first_common")])
    def align(  # noqa: PLR0913
        self,
        target: "Vectors",
        *,
        dictionary: "Path | None" = None,
        anchors: "Path | None" = None,
        first_common: int | None = None,
        unit: bool = True,
        centre: bool = False,
        scale: bool = False,
        refine: int = 0,
    ) -> "Vectors":
        """These vectors turned so that words which both have, or pairs of a dictionary, lie where `target` has them.

        unit  whether each pair counts with vectors of length 1; the others are options of `wordvec align`
        Raises: InputError
        """
        from wordvec_cli.queries.alignment import AlignOptions, align
        from wordvec_cli.vectors.procrustes import Fitting
        from wordvec_cli.vectors.transform.rows import held

        pairs, words = (None if path is None else os.fspath(path) for path in (dictionary, anchors))
        options = AlignOptions(Fitting(unit, centre, scale), pairs, words, first_common, refine)
        return Vectors(held(align(self.embeddings, target.embeddings, options, log_note).vectors))

    @face(renamed=[("to", "format")])
    def save(
        self,
        path: "Path",
        format: str | None = None,
        *,
        decimals: int | None = None,
        packing: Packing | None = None,
    ) -> None:
        """Write a file; its name tells the format, unless it is given: .safetensors is ours, .vec, .txt, .bin, .kv, ...

        format    as `wordvec export --to` takes it: native, word2vec, word2vec-binary, glove, gensim ...
        decimals  of text; None: the fewest digits that read back as the same float32
        packing   float16 or int8, of our own format
        Warns of what the format has no room for, but for counts and metadata. Raises: OptionError, OutputError
        """
        from wordvec_cli.formats.reading import WriteOptions

        name = os.fspath(path)
        target = formats.format_for(name, format)
        if packing and target is not formats.FORMATS[formats.NATIVE]:
            raise OptionError(f"packing={packing!r} is for native files (.safetensors) only; leave it out")
        if decimals is not None and not target.is_text:
            raise OptionError("decimals= is for text, and this format stores numbers as they are; leave it out")
        formats.check_output_files(name, target)
        for what in formats.write_vectors(name, self.embeddings, target, WriteOptions(decimals, packing=packing)):
            text = f"{name}: the format has no room for {what}"
            if what in LOST_AS_EXPECTED:
                log_note(text)
            else:
                warnings.warn(in_python(text), stacklevel=3)  # where `face` was called

    @face(renamed=[("to", "format")])
    def save_word2vec_format(self, fname: "Path", binary: bool = False) -> None:
        """Write word2vec's text or binary format, whatever the file's name is."""
        self.save(fname, "word2vec-binary" if binary else "word2vec")

    def to_gensim(self) -> "KeyedVectors":
        """A copy as gensim's KeyedVectors, with counts if they are known, without the vectors of parts of words."""
        from gensim.models import KeyedVectors

        copy = KeyedVectors(self.vector_size)
        copy.index_to_key = list(self.index_to_key)
        copy.key_to_index = dict(self.key_to_index)
        copy.vectors, copy.next_index = self.vectors.copy(), len(self)
        if self.counts is not None:
            copy.expandos["count"] = self.counts.copy()
        return copy

    def to_pandas(self) -> "pandas.DataFrame":
        """A table: a row for each word, a column for each number. Raises: ImportError if pandas is not installed"""
        try:
            import pandas
        except ImportError as error:
            raise ImportError("to_pandas() needs pandas; install it with: pip install pandas") from error
        return pandas.DataFrame(self.vectors, index=pandas.Index(self.index_to_key, name="word"))


def _restored(  # noqa: PLR0913, PLR0917
    kind: type[Vectors],
    words: list[bytes],
    counts: list[int] | None,
    matrix: Any,
    metadata: dict[str, str],
    others: dict[str, Any],
) -> Vectors:
    return kind(of_rows(Vocabulary.from_words(words, counts), matrix, metadata, others))


def _as_word(word: object) -> bytes:
    if not isinstance(word, str | bytes):
        raise ArgumentError(f"the word {word!r} is not a str; give words as text")
    return as_bytes(word)


def _parsed(value: str) -> Any:
    """A table of the metadata as a dict, anything else as it is."""
    if not value.startswith(("{", "[")):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
