"""The matrix of an embedding layer: what `wordvec matrix` does."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from wordvec_cli.errors import OptionError
from wordvec_cli.layer.encoded_text import open_any
from wordvec_cli.layer.matching import NONE, Matching, coverage, most_frequent_missing
from wordvec_cli.layer.matrix_file import ENDINGS, MatrixLayout, write_matrix
from wordvec_cli.layer.matrix_rows import (
    EXACTLY,
    BuiltMatrix,
    Filling,
    Missing,
    matrix_of_vectors,
    random_matrix,
    wanted_words,
)
from wordvec_cli.layer.row_rule import Specials, check_agreement
from wordvec_cli.layer.rows import Rows
from wordvec_cli.messages import counted
from wordvec_cli.progress import Note, ignore
from wordvec_cli.storage.files import check_room, output_folder, replacing, together
from wordvec_cli.storage.output_names import chosen_layout
from wordvec_cli.storage.sidecar import check_outputs
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.native import is_native
from wordvec_cli.vocabulary.notes import read_and_note

DEFAULT_DIM = 100
N_MISSING_SHOWN = 20
ReadVectors = Callable[[frozenset[bytes] | None], Embeddings]


@dataclass(frozen=True)
class MatrixOrder:
    """What matrix to make, and where to.

    vocab, output  files
    layout         None: the one that the output's name tells
    vectors        a file of vectors; None: all numbers are random
    read_vectors   reads that file, or of it the words that are wanted
    match          how to look for words that the vectors lack
    missing        what they get; None: "normal", or without vectors "uniform"
    dim            of a matrix without vectors; None: 100
    sequences      a file of ids, of which is checked that all have rows
    match_report   a file for how each word was matched; None: not written
    """

    vocab: str
    output: str
    layout: MatrixLayout | None = None
    vectors: str | None = None
    read_vectors: ReadVectors | None = None
    specials: Specials | None = None
    match: Matching = EXACTLY
    missing: Missing | None = None
    seed: int = 1
    dim: int | None = None
    sequences: str | None = None
    match_report: str | None = None

    def settled(self) -> "MatrixOrder":
        """The order with its layout. Raises: OptionError if options exclude each other, OutputError"""
        outputs = [path for path in (self.output, self.match_report) if path is not None]
        check_outputs(outputs, self.vocab, self.vectors, self.sequences)
        layout = chosen_layout(self.output, self.layout, ENDINGS)
        if self.vectors is not None and self.dim is not None:
            raise OptionError("--vector-size: is that of --vectors; leave one of the two out")
        if self.vectors is None and (self.match.names or self.match_report):
            raise OptionError("--vectors: is not given, so that there is nothing to match; name a file")
        return replace(self, layout=layout)


class MadeMatrix(NamedTuple):
    """What was written.

    length  of the lines of the sequences that were checked; None: there are none, or they differ
    """

    built: BuiltMatrix
    layout: MatrixLayout
    length: int | None


def make_matrix(order: MatrixOrder, note: Note = ignore) -> MadeMatrix:
    """Write the matrix of a vocabulary; notes say what was found. Raises: InputError, OutputError"""
    order = order.settled()
    assert order.layout is not None
    rows = Rows.of_file(read_and_note(order.vocab, note), order.specials, order.vocab)
    length = _checked_length(order.sequences, rows, order, note) if order.sequences else None
    built = _random(order, rows) if order.vectors is None else _of_vectors(order, rows, note)
    with together():
        write_matrix(order.output, built, order.layout)
        if order.match_report:
            _write_match_report(order.match_report, built)
    _note_coverage(built, note)
    return MadeMatrix(built, order.layout, length)


def _random(order: MatrixOrder, rows: Rows) -> BuiltMatrix:
    dim = order.dim or DEFAULT_DIM
    check_room({order.output: 4 * dim * rows.rule.n_rows})
    return random_matrix(rows, dim, Filling(order.missing or "uniform", order.seed))


def _of_vectors(order: MatrixOrder, rows: Rows, note: Note) -> BuiltMatrix:
    assert order.vectors is not None
    assert order.read_vectors is not None
    wanted = None if is_native(order.vectors) else wanted_words(rows.vocabulary, order.match)  # else it is mapped
    vectors = order.read_vectors(wanted)
    if order.match.composes and not vectors.can_compose:
        note(f"--match subword: {order.vectors} has no vectors of parts of words, as fastText's models have")
    check_room({order.output: 4 * vectors.dim * rows.rule.n_rows})
    built = matrix_of_vectors(rows, vectors, order.match, Filling(order.missing or "normal", order.seed))
    if vectors.can_compose and not order.match.composes and NONE in (built.kinds or ()):
        note(f"{order.vectors} can make vectors of missing words from their n-grams: --match subword")
    return built


def _checked_length(sequences: str, rows: Rows, order: MatrixOrder, note: Note) -> int | None:
    """The length of the lines of sequences. Raises: InputError if an id has no row"""
    stored = open_any(sequences, output_folder(order.output))
    if stored.note:
        note(stored.note)
    if stored.rule:
        check_agreement(sequences, stored.rule, order.vocab, rows.rule)
    for lines in stored.lines():
        stored.check_range(lines, rows.rule.n_rows, order.vocab)
    return stored.length


def _note_coverage(built: BuiltMatrix, note: Note) -> None:
    """How many words, and how many tokens of the corpus, were found in which way."""
    if built.kinds is None:
        return
    vocabulary = built.rows.vocabulary
    ways = coverage(vocabulary, built.kinds)
    n_tokens = sum(way.n_tokens or 0 for way in ways)
    for way in ways:
        words = f"{way.kind}: {counted(way.n_words, 'word')} ({way.n_words / len(vocabulary):.1%})"
        if way.n_tokens is not None:
            words += f", {counted(way.n_tokens, 'token')} ({way.n_tokens / max(n_tokens, 1):.1%})"
        note(words)
    if missing := most_frequent_missing(vocabulary, built.kinds, N_MISSING_SHOWN):
        note(f"most frequent of the missing: {' '.join(word.decode('utf-8', 'replace') for word in missing)}")


def _write_match_report(path: str, built: BuiltMatrix) -> None:
    """Write `word<TAB>count<TAB>way` lines."""
    assert built.kinds is not None
    vocabulary = built.rows.vocabulary
    with replacing(path) as file:
        for word_id, (word, kind) in enumerate(zip(vocabulary, built.kinds, strict=True)):
            count = b"" if vocabulary.counts is None else b"%d" % vocabulary.counts[word_id]
            file.write(b"%b\t%b\t%b\n" % (word, count, kind.encode()))
