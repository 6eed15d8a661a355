"""`change`, `stability`, `clusters`, `contexts`, `induce`: what their commands measure, as lists of records.

`pandas.DataFrame(records)` makes a table of them.
"""

import os
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np

from wordvec_cli.api.bar import log_note
from wordvec_cli.api.corpora import Texts, folder_for, sources_of
from wordvec_cli.api.face import face
from wordvec_cli.api.opening import load
from wordvec_cli.api.options import one_of, whole_number
from wordvec_cli.api.vectors import Vectors
from wordvec_cli.errors import OptionError
from wordvec_cli.formats.folders import vector_paths
from wordvec_cli.queries.agreement import have_directions
from wordvec_cli.queries.change import ChangeRules, common_words, with_sensible_k
from wordvec_cli.queries.changes import change_table
from wordvec_cli.queries.contexts import contexts as contexts_of
from wordvec_cli.queries.contexts import typicality
from wordvec_cli.queries.models import models_of
from wordvec_cli.queries.stability import bands, shares_that_stay, verdict
from wordvec_cli.queries.word_clusters import clusters as clusters_of
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.decoding import as_bytes, as_text
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.training.induced import InductionOrder
from wordvec_cli.training.induced import induce as induce_words
from wordvec_cli.vectors.embeddings import Embeddings, recorded
from wordvec_cli.vectors.lengths import unit_rows

Path = str | os.PathLike[str]
Trainings = Vectors | Path | Sequence[Vectors | Path]
Record = dict[str, Any]


@face()
def change(  # noqa: PLR0913
    *periods: Trainings,
    k: int = 1000,
    min_count: int = 200,
    words: Iterable[str] | None = None,
    anchors: Iterable[str] | None = None,
    centre: bool = False,
    order: Literal["overlap", "cosine"] = "overlap",
    most: int | None = 100,
) -> list[Record]:
    """The words that changed between periods, the most changed first; the columns of `wordvec change`.

    periods  two or more: vectors, a path of a file or a folder, or a sequence of them (trainings of one period)
    most     how many words; None: all
    Raises: InputError, OptionError
    """
    if len(periods) < 2:
        raise OptionError("change: give the vectors of two periods, or of more")
    measure = one_of("order", order, {"overlap": "overlap", "cosine": "cosine"})
    stable = None if anchors is None else list(map(as_bytes, anchors))
    rules = ChangeRules(whole_number("k", k, 1), whole_number("min_count", min_count, 1), stable, centre, measure)
    opened = [[each for _, each in _models(period)] for period in periods]
    common = common_words(opened, rules, None if words is None else list(map(as_bytes, words)), log_note)
    found = change_table(common, with_sensible_k(rules, common, log_note), most)
    titles = found.titles[1:-2]
    return [
        {"word": as_text(line.word), **dict(zip(titles, line.figures, strict=True)),
         "lost": list(map(as_text, line.moved.lost)), "won": list(map(as_text, line.moved.won))}
        for line in found.lines
    ]  # fmt: skip


@face()
def stability(models: Trainings, words: Iterable[str] | None = None, k: int = 10, seed: int = 1) -> list[Record]:
    """How many of their `k` nearest neighbours words keep from one training to another, as `wordvec stability` has it.

    models  a folder of trainings, or a sequence of vectors or paths
    words   one record for each; None: one for each band of counts
    Raises: KeyError for a word that they lack, InputError
    """
    names, opened = zip(*_models(models), strict=True)
    several = models_of(names, opened)
    if words is None:
        return [dict(band._asdict()) for band in bands(several, whole_number("k", k, 1), seed)]
    wanted = list(words)
    found = [several.vocabulary.find(as_bytes(word)) for word in wanted]
    if None in found:
        raise KeyError(f"{wanted[found.index(None)]!r} is not in all models")
    shares = shares_that_stay(several, np.array(found, np.int64), whole_number("k", k, 1)).tolist()
    return [
        {"word": word, "overlap": share, "verdict": verdict(share)} for word, share in zip(wanted, shares, strict=True)
    ]


@face()
def clusters(
    vectors: Vectors | Path, n: int = 100, *, grouping: Literal["kmeans", "agglomerative"] = "kmeans", seed: int = 1
) -> list[Record]:
    """Words in `n` clusters, the largest first and each from its centre outwards, as `wordvec cluster` has them.

    Raises: InputError, OptionError
    """
    opened = _embeddings(vectors)
    method = one_of("grouping", grouping, {"kmeans": "kmeans", "agglomerative": "agglomerative"})
    rows = opened.rows(slice(0, len(opened.vocabulary)))
    ids = np.flatnonzero(have_directions(rows))
    found = clusters_of(unit_rows(rows[ids]).astype(np.float32), whole_number("n", n, 2), method, seed)
    return [
        {"cluster": cluster + 1, "word": as_text(opened.vocabulary.word(int(ids[i]))),
         "cosine": float(found.cosines[i]), "silhouette": float(found.silhouettes[i])}
        for cluster in range(found.n)
        for i in found.members(cluster).tolist()
    ]  # fmt: skip


@face()
def contexts(corpus: Texts, word: str, *, typical_by: Vectors | Path | None = None, window: int = 10) -> list[Record]:
    """The places of a word in a text with the words around it: in their order, or with vectors the most typical first.

    Words are made of the text as the vectors' were, if these say so; else at white space.
    Raises: InputError
    """
    vectors = None if typical_by is None else _embeddings(typical_by)
    text = Corpus.open(sources_of(corpus, folder_for(None)), _tokenizer(vectors), folder_for(None))
    found = list(contexts_of(text, frozenset([as_bytes(word)]), whole_number("window", window, 1)))
    typical = [None] * len(found) if vectors is None else typicality(found, vectors).tolist()
    records = [
        {"line": each.line, "typical": value, "left": list(map(as_text, each.left)), "word": as_text(each.word),
         "right": list(map(as_text, each.right))}
        for each, value in zip(found, typical, strict=True)
    ]  # fmt: skip
    if vectors is not None:
        records.sort(key=lambda each: (each["typical"] != each["typical"], -each["typical"]))
    return records


@face()
def induce(
    vectors: Vectors | Path, texts: Path | Sequence[Path], words: Iterable[str], *, apart: bool = False, window: int = 6
) -> Vectors:
    """Vectors of words made from their places in texts, in the space of others: of words that are new or too rare.

    texts  files or folders
    apart  a vector of each word for each of the texts, called word@text
    Raises: InputError
    """
    opened = _embeddings(vectors)
    paths = [os.fspath(each) for each in ([texts] if isinstance(texts, str | os.PathLike) else texts)]
    wanted = list(map(as_bytes, [words] if isinstance(words, str) else words))
    order = InductionOrder(paths, wanted, _tokenizer(opened), window=whole_number("window", window, 1), are_apart=apart)
    made = [each for each in induce_words(opened, order, note=log_note) if each.vector is not None]
    names = [as_text(each.word) + (f"@{os.path.basename(each.text)}" if apart else "") for each in made]
    return Vectors.from_arrays(names, np.array([each.vector for each in made]), [each.n_places for each in made])


def _models(given: Trainings) -> list[tuple[str, Embeddings]]:
    """The names and the vectors of trainings. Raises: InputError"""
    if isinstance(given, Vectors):
        return [("vectors", given.embeddings)]
    if isinstance(given, str | os.PathLike):
        return [(path, load(path).embeddings) for path in vector_paths(os.fspath(given))]
    return [pair for each in given for pair in _models(each)]


def _embeddings(given: Vectors | Path) -> Embeddings:
    return (given if isinstance(given, Vectors) else load(given)).embeddings


def _tokenizer(vectors: Embeddings | None) -> Tokenizer:
    table = recorded(vectors.metadata, "tokenizer") if vectors is not None else None
    return Tokenizer.from_metadata(table) if table else Tokenizer()
