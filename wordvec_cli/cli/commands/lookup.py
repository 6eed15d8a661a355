"""`wordvec lookup`: the vectors of words."""

import re
from collections.abc import Iterable, Iterator, Sequence

import click

from wordvec_cli.cli.missing import exit_status, fuller_vocab_option, word_finder
from wordvec_cli.cli.options import combined, null_option, progress_options
from wordvec_cli.cli.output import asked, write_stdout
from wordvec_cli.cli.tables import Table, table_options
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import VectorSource, vector_options
from wordvec_cli.errors import InputError
from wordvec_cli.queries.word_finder import WordFinder
from wordvec_cli.text import json_text
from wordvec_cli.text.decoding import as_text
from wordvec_cli.vectors import decimals

# Up to this many values the standard library is faster than importing numpy and numba.
VALUES_WITHOUT_NUMPY = 300_000

# A word, and its vector: None for a missing word whose line holds the word alone.
Answer = tuple[bytes, "Sequence[float] | None"]

_OPTIONS = combined(
    table_options(
        "text: `word v1 v2 ...`, a valid GloVe file; tsv: the same with tabs; csv: with commas, below column titles; "
        "json: an object on each line; npy: the matrix alone.",
        ("text", "tsv", "csv", "json", "npy"),
    ),
    click.option(
        "--missing", type=click.Choice(["error", "skip", "zeros", "blank", "unknown"]), default="error",
        show_default=True,
        help="What a missing word gets. error: no line, and exit status 3; skip: no line; zeros: a vector of zeros; "
        "blank: a line with the word alone; unknown: the file's vector of unknown words (wordvec train "
        "--unknown-vector).",
    ),
    click.option(
        "--ngrams", "has_ngrams", is_flag=True,
        help="Print what the vector of each word is the mean of: a line for its own row, if it has one, and for each "
        "of its n-grams of characters, such as <ki or king.",
    ),
    null_option, fuller_vocab_option, vector_options, progress_options,
)  # fmt: skip


@click.command(short_help="Print the vectors of words.")
@click.argument("vectors")
@click.argument("words", nargs=-1, metavar="[WORD]...")
@_OPTIONS
@click.pass_obj
def command(
    terminal: Terminal,
    /,
    *,
    vectors: str,
    words: tuple[str, ...],
    table: Table,
    missing: str,
    has_ngrams: bool,
    is_null: bool,
    vocab: str | None,
    source: VectorSource,
) -> int:
    """Print the vectors of WORDs, or of the words on standard input, one on each line.

    Numbers have the fewest digits that read back as the same float32. Each missing word is named on standard error,
    with the reason if it is known.

    \b
    wordvec lookup vectors.safetensors king queen
    cut -f1 words.tsv | wordvec lookup vectors.safetensors --missing skip > mine.txt
    """  # fmt: skip
    embeddings = source.open(vectors, terminal, vocab, is_again=True)
    if has_ngrams and not embeddings.has_parts:
        raise InputError(f"{vectors}: its vectors are not made of n-grams of characters; leave --ngrams out")
    finder = word_finder(vectors, embeddings, terminal, vocab, missing)
    answers = _parts if has_ngrams else _answers
    batches = (list(answers(batch, finder)) for batch in asked(words, terminal, is_null))
    if table.layout == "npy":
        _write_npy((answer for batch in batches for answer in batch), embeddings.dim)
    else:
        line_writer = _LineWriter(table, embeddings.dim)
        write_stdout(line_writer.head())
        for batch in batches:
            write_stdout(line_writer.lines(batch))
    return exit_status(finder)


def _answers(words: Iterable[bytes], finder: WordFinder) -> Iterator[Answer]:
    for word in words:
        found = finder.find(word)
        if found is not None:
            yield word, found.vector
        elif finder.missing == "zeros":
            yield word, [0.0] * finder.embeddings.dim
        elif finder.missing == "blank":
            yield word, None


def _parts(words: Iterable[bytes], finder: WordFinder) -> Iterator[Answer]:
    """What the vectors of words are the means of; what is said of a missing word is as without --ngrams."""
    for word in words:
        n_missing = finder.n_missing
        answers = list(_answers([word], finder))
        yield from answers if finder.n_missing > n_missing else finder.embeddings.parts_of(word)


class _LineWriter:
    """Answers as lines; switches to the compiled formatter once there have been many."""

    def __init__(self, table: Table, dim: int) -> None:
        self._table, self._dim = table, dim
        self._n_values = 0
        self._blank = b"," * (dim - 1) if table.is_csv else b""

    def head(self) -> list[bytes]:
        """The line of titles, if there is one."""
        return self._table.head(("word", *(f"v{i + 1}" for i in range(self._dim))))

    def lines(self, answers: Sequence[Answer]) -> Iterator[bytes]:
        table, separator = self._table, _SEPARATORS[self._table.layout]
        write_line = _LINES[table.layout]
        vectors = [vector for _, vector in answers if vector is not None]
        numbers = iter(self._numbers(vectors, separator))
        for word, vector in answers:
            yield write_line(table, word, next(numbers) if vector is not None else self._blank) + table.end

    def _numbers(self, vectors: Sequence[Sequence[float]], separator: bytes) -> Iterable[bytes]:
        self._n_values += sum(map(len, vectors))
        if self._n_values <= VALUES_WITHOUT_NUMPY:
            return (separator.join(text.encode() for text in decimals.shortest(vector)) for vector in vectors)
        import numpy as np

        return decimals.shortest_rows(np.array(vectors, dtype=np.float32), separator) if vectors else []


_SEPARATORS = {"text": b" ", "tsv": b"\t", "csv": b",", "json": b","}


def _text_line(table: Table, word: bytes, numbers: bytes) -> bytes:
    return word + (b" " + numbers if numbers else b"")


def _tsv_line(table: Table, word: bytes, numbers: bytes) -> bytes:
    return word + (b"\t" + numbers if numbers else b"")


def _csv_line(table: Table, word: bytes, numbers: bytes) -> bytes:
    return table.csv_cell(word) + b"," + numbers


def _json_line(table: Table, word: bytes, numbers: bytes) -> bytes:
    if b"n" in numbers:  # of nan or inf, which JSON does not have
        numbers = re.sub(_NOT_FINITE, b"null", numbers)
    return b'{%b, "vector": %b}' % (
        json_text.members(word=as_text(word)),
        b"[" + numbers + b"]" if numbers else b"null",
    )


_NOT_FINITE = rb"-?inf|nan"
_LINES = {"text": _text_line, "tsv": _tsv_line, "csv": _csv_line, "json": _json_line}


def _write_npy(answers: Iterable[Answer], dim: int) -> None:
    """The vectors as one (n, dim) float32 .npy array; a blank is a row of NaN."""
    import io

    import numpy as np

    rows = [np.full(dim, np.nan) if vector is None else vector for _, vector in answers]
    array = io.BytesIO()
    np.save(array, np.array(rows, dtype=np.float32).reshape(len(rows), dim), allow_pickle=False)
    write_stdout([array.getbuffer()])
