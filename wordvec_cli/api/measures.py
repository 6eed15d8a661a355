"""`change`, `stability`, `clusters`, `contexts`, `induce`: what their commands measure, as lists of records.

`pandas.DataFrame(records)` makes a table of them.
"""

import math
import os
from collections.abc import Iterable, Sequence
from typing import Any, Literal, Unpack

import numpy as np

from wordvec_cli.api.bar import log_note
from wordvec_cli.api.corpora import Texts, folder_for, sources_of
from wordvec_cli.api.face import face
from wordvec_cli.api.opening import load
from wordvec_cli.api.options import CorpusOptions, files_of, one_of, optional, threads_of, tokenizer_of, whole_number
from wordvec_cli.api.vectors import Vectors
from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.formats.folders import vector_paths
from wordvec_cli.parallel import usable_cpus
from wordvec_cli.queries.agreement import have_directions
from wordvec_cli.queries.change import ChangeRules, common_words, of_one_period, with_sensible_k
from wordvec_cli.queries.changes import ChangeTable, change_table
from wordvec_cli.queries.contexts import contexts as contexts_of
from wordvec_cli.queries.contexts import typicality
from wordvec_cli.queries.models import models_of
from wordvec_cli.queries.stability import bands, shares_that_stay, verdict
from wordvec_cli.queries.word_clusters import clusters as clusters_of
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.decoding import as_bytes, as_text
from wordvec_cli.text.tokenizer import Tokenizer, agreed_tokenizer
from wordvec_cli.training.group_difference import Difference
from wordvec_cli.training.induced import InducedWord, named_by_group
from wordvec_cli.training.induced import induce as induce_words
from wordvec_cli.training.induction_order import Apart, InductionOrder, apart_from
from wordvec_cli.training.period_texts import PeriodOrder
from wordvec_cli.training.permuting import PermutationOrder, permutation_test
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
    permute: int | None = None,
    corpora: Sequence[Path] = (),
    document_column: str | None = None,
    seed: int = 1,
    threads: int | None = None,
) -> list[Record]:
    """The words that changed between periods, the most changed first; the columns of `wordvec change`.

    periods  two or more: vectors, a path of a file or a folder, or a sequence of them (trainings of one period)
    most     how many words; None: all
    permute  how often documents are shuffled among the corpora, one for each period, to tell changes from chance; the
             first period is then a path, whose file says how to train
    Raises: InputError, OptionError
    """
    if len(periods) < 2:
        raise OptionError("change: give the vectors of two periods, or of more")
    measure = one_of("order", order, {"overlap": "overlap", "cosine": "cosine"})
    stable = None if anchors is None else list(map(as_bytes, anchors))
    rules = ChangeRules(whole_number("k", k, 1), whole_number("min_count", min_count, 1), stable, centre, measure)
    opened = [of_one_period(*zip(*_models(period), strict=True)) for period in periods]
    common = common_words(opened, rules, None if words is None else list(map(as_bytes, words)), log_note)
    rules = with_sensible_k(rules, common, log_note)
    tested = None
    if permute is not None or corpora:
        texts = _texts_of_periods(periods, corpora, threads)._replace(document_column=document_column)
        shuffling = PermutationOrder(texts, whole_number("permute", permute, 1), whole_number("seed", seed, 0))
        tested = permutation_test(shuffling, common, rules, note=log_note)
    return _records(change_table(common, rules, most, tested))


def _records(found: ChangeTable) -> list[Record]:
    titles = found.titles[1:-2]
    return [
        {"word": as_text(line.word), **dict(zip(titles, line.figures, strict=True)),
         "lost": list(map(as_text, line.moved.lost)), "won": list(map(as_text, line.moved.won))}
        for line in found.lines
    ]  # fmt: skip


def _texts_of_periods(periods: Sequence[Trainings], corpora: Sequence[Path], threads: int | None) -> PeriodOrder:
    """Raises: OptionError"""
    if len(corpora) != len(periods):
        raise OptionError(f"corpora: give one for each of the {len(periods)} periods; {len(corpora)} given")
    like = periods[0]
    if not isinstance(like, str | os.PathLike):
        raise OptionError("permute: name the first period by its path, whose file says how to train")
    n_threads = usable_cpus() if threads is None else whole_number("threads", threads, 1)
    return PeriodOrder(tuple(os.fspath(path) for path in corpora), vector_paths(os.fspath(like))[0], n_threads)


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


@face(options=CorpusOptions)
def contexts(
    corpus: Texts,
    word: str,
    *,
    typical_by: Vectors | Path | None = None,
    window: int = 10,
    **options: Unpack[CorpusOptions],
) -> list[Record]:
    """The places of a word in a text with the words around it: in their order, or with vectors the most typical first.

    Words are made of the text as the options say, or else as the vectors' were; else at white space.
    Raises: InputError, OptionError
    """
    vectors = None if typical_by is None else _embeddings(typical_by)
    folder = folder_for(None)
    text = Corpus.open(sources_of(corpus, folder), _tokenizer(options, vectors), folder, files_of(options))
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


class InduceOptions(CorpusOptions, total=False):
    """From which words around them and for what words are given vectors, as the options of `wordvec induce`.

    apart            True: a vector of each word for each of the texts, called word@text
    by               a column of tables: a vector for each of its values, called word@value
    against          the value that the others are compared with; by default the first
    document_column  whose rows with one value are shuffled and left out together; by default each row is a document
    shuffles=999     of the documents, to tell a difference from chance
    seed=1           of the shufflings
    window=6         words on each side of a place that count
    threads          by default the usable CPUs
    """

    apart: bool
    by: str | None
    against: str | None
    document_column: str | None
    shuffles: int
    seed: int
    window: int
    threads: int


@face(options=InduceOptions)
def induce(
    vectors: Vectors | Path,
    texts: Path | Sequence[Path],
    words: str | Iterable[str],
    **options: Unpack[InduceOptions],
) -> Vectors:
    """Vectors of words made from their places in texts, in the space of others: of words that are new or too rare.

    texts    files or folders; tables with text_column
    options  as in `InduceOptions`, `CorpusOptions` and `TokenizerOptions`; the tokenizer is by default the vectors'
    Raises: InputError, OptionError
    """
    found, apart = _induced(vectors, texts, words, options)
    named = zip(named_by_group(found, apart), found, strict=True)
    made = [(as_text(name), each) for name, each in named if each.vector is not None]
    if not made:
        raise InputError("no word stands in the texts among words that have vectors, so there are no vectors")
    rows = np.array([each.vector for _, each in made])
    return Vectors.from_arrays([name for name, _ in made], rows, [each.n_places for _, each in made])


@face(options=InduceOptions)
def induce_table(
    vectors: Vectors | Path,
    texts: Path | Sequence[Path],
    words: str | Iterable[str],
    **options: Unpack[InduceOptions],
) -> list[Record]:
    """How far the vectors that `induce` makes for texts or groups are apart: the rows that `wordvec induce` prints.

    Arguments as for `induce`.
    Raises: InputError, OptionError
    """
    found, apart = _induced(vectors, texts, words, options)
    title = "group" if apart is not None and apart.by is not None else "text"
    return [
        {"word": as_text(each.word), title: each.group, "places": each.n_places, "documents": each.n_documents,
         "neighbours": list(map(as_text, each.neighbours)), **_figures(each.test)}
        for each in found
    ]  # fmt: skip


def _figures(test: Difference | None) -> dict[str, float | None]:
    values = test or [math.nan] * len(Difference._fields)
    found = zip(Difference._fields, values, strict=True)
    return {name: None if math.isnan(value) else value for name, value in found}


def _induced(
    vectors: Vectors | Path, texts: Path | Sequence[Path], words: str | Iterable[str], given: InduceOptions
) -> tuple[list[InducedWord], Apart | None]:
    opened = _embeddings(vectors)
    by, against, column = (optional(name, given.get(name), str) for name in ("by", "against", "document_column"))
    shuffles, seed = (
        whole_number("shuffles", given.get("shuffles", 999), 1),
        whole_number("seed", given.get("seed", 1), 0),
    )
    apart = apart_from(given.get("apart", False), by, against, column, shuffles, seed)
    paths = [os.fspath(each) for each in ([texts] if isinstance(texts, str | os.PathLike) else texts)]
    wanted = list(map(as_bytes, [words] if isinstance(words, str) else words))
    window = whole_number("window", given.get("window", 6), 1)
    order = InductionOrder(
        paths, wanted, _tokenizer(given, opened), files_of(given), window, apart, threads_of(given.get("threads"))
    )
    return induce_words(opened, order, note=log_note), apart


def _models(given: Trainings) -> list[tuple[str, Embeddings]]:
    """The names and the vectors of trainings. Raises: InputError"""
    if isinstance(given, Vectors):
        return [("vectors", given.embeddings)]
    if isinstance(given, str | os.PathLike):
        return [(path, load(path).embeddings) for path in vector_paths(os.fspath(given))]
    return [pair for each in given for pair in _models(each)]


def _embeddings(given: Vectors | Path) -> Embeddings:
    return (given if isinstance(given, Vectors) else load(given)).embeddings


def _tokenizer(given: CorpusOptions, vectors: Embeddings | None) -> Tokenizer:
    """Raises: InputError if one is given and the vectors record another"""
    table = recorded(vectors.metadata, "tokenizer") if vectors is not None else None
    its = Tokenizer.from_metadata(table) if table else None
    return agreed_tokenizer(tokenizer_of(given), its, "the vectors: were trained")
