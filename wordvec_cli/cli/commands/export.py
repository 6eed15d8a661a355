"""`wordvec export`: any vector file into any other kind."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from wordvec_cli.cli.conversion import Reading, format_option, reading_options
from wordvec_cli.cli.judging import DEFAULT_JUDGING
from wordvec_cli.cli.options import combined, eval_set_option, limit_option
from wordvec_cli.cli.tables import Table, safe_option
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.errors import InputError, NoWantedWordsError, OptionError
from wordvec_cli.messages import counted
from wordvec_cli.storage.files import STANDARD_STREAM
from wordvec_cli.text.lines import listed_words
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.native import CLASSIFIER
from wordvec_cli.vectors.packing import PACKINGS, PRODUCT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wordvec_cli.evaluation.sets import EvalSet
    from wordvec_cli.formats.export import ExportOrder

_writing_options = combined(
    format_option,
    click.option(
        "--words", metavar="FILE", help="Keep only the words in this file, one a line; only their rows take memory."
    ),
    limit_option("Keep only the first N rows."),
    click.option(
        "--decimals",
        type=click.IntRange(0, 40),
        metavar="N",
        help="Digits after the decimal point, in text formats.  [default: the fewest that read back as the same "
        "float32]",
    ),
    safe_option,
    click.option(
        "--buckets", "n_buckets", type=click.IntRange(1, (1 << 31) - 1), metavar="N",
        help="fasttext, floret: hash n-grams of characters into so many buckets, and report what is lost where rows "
        "meet in one.  [default: as many as the vectors have; floret: 200000]",
    ),
)  # fmt: skip

_PACKING_OPTIONS = combined(
    click.option(
        "--float16",
        is_flag=True,
        help="Native files: 16-bit floats, half the size; reports what is lost.",
    ),
    click.option(
        "--int8",
        is_flag=True,
        help="Native files: a byte for each number and a scale for each row, a quarter of the size; reports what is "
        "lost.",
    ),
    click.option(
        "--int4", is_flag=True,
        help="Native files: half a byte for each number and a scale for each row, an eighth of the size; reports what "
        "is lost.",
    ),
    click.option(
        "--pq", type=click.IntRange(min=1), metavar="PARTS",
        help="Native files: product quantisation: a byte for each of so many parts of a row, and its length; with half "
        "as many parts as numbers an eighth of the size; reports what is lost.",
    ),
    click.option(
        "--bits", is_flag=True,
        help="Native files: the sign of each number, less the mean of its column: a 32nd of the size; reports what is "
        "lost, which is much.",
    ),
    eval_set_option("With one of these: print the scores before and after it on word pairs or analogies"),
)  # fmt: skip


def _packing_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """--float16, --int8, --int4, --pq and --bits as one argument: `packing`."""

    @functools.wraps(function)
    def with_packing(*arguments: Any, pq: int | None, **others: Any) -> Any:
        given = [name for name in PACKINGS if others.pop(name)] + ([f"{PRODUCT} {pq}"] if pq else [])
        if len(given) > 1:
            names = " and ".join(f"--{packing.partition(' ')[0]}" for packing in given[:2])
            raise click.UsageError(f"{names} exclude each other; give one of them")
        return function(*arguments, packing=given[0] if given else None, **others)

    return _PACKING_OPTIONS(with_packing)


@click.command(short_help="Turn a vector file into another kind.")
@click.argument("input")
@click.argument("output")
@_writing_options
@_packing_options
@reading_options
@click.pass_obj
def command(
    terminal: Terminal, /, *, input: str, output: str, to: str | None, words: str | None, limit: int | None,
    eval_sets: tuple[str, ...], reading: Reading, **writing: Any,
) -> None:  # fmt: skip
    """Read the vectors of INPUT, whatever kind of file it is, and write them to OUTPUT; - is standard input or output.

    A model of wordvec classify train becomes one of fastText, which predicts the same labels, by --to fasttext; in all
    other formats, and with --words or --limit, it is the vectors of its words.

    Anything odd about INPUT, and anything that OUTPUT cannot hold, is reported on standard error.

    \b
    wordvec export glove.6B.50d.txt glove.safetensors
    wordvec export GoogleNews-vectors-negative300.bin.gz mine.safetensors --words words.txt
    wordvec export vectors.safetensors vectors.txt.gz --decimals 5
    wordvec export vectors.safetensors eighth.safetensors --int4 --eval-set wordsim353
    """  # fmt: skip
    from wordvec_cli.formats.export import ExportOrder
    from wordvec_cli.formats.reading import WriteOptions

    order = ExportOrder(output, to, WriteOptions(n_threads=reading.threads, **writing))
    order.check(input, words, reading.vocab)
    sets = _read_sets(eval_sets, order, terminal)
    wanted = frozenset(listed_words(words)) if words else None
    with _words_named(input, words, len(wanted or ())):
        vectors = reading.source.open(input, terminal, reading.vocab, reading.part(output, wanted, limit))
    if not wanted and not limit and CLASSIFIER in vectors.metadata and order.is_for_fasttext:
        _export_classifier(input, output, order.options.n_buckets, terminal)
    else:
        _export_vectors(_of_wanted(vectors, wanted, limit, input, terminal), order, sets, terminal)


def _read_sets(paths: tuple[str, ...], order: "ExportOrder", terminal: Terminal) -> "list[EvalSet]":
    """Raises: click.UsageError if there is nothing to score, or no room for the scores, InputError"""
    if not paths:
        return []
    if not order.options.packing:
        names = ", ".join(f"--{name}" for name in PACKINGS)
        raise click.UsageError(f"--eval-set: scores what packing loses; add {names} or --{PRODUCT}, or leave it out")
    if order.output == STANDARD_STREAM:
        raise click.UsageError("-: standard output is for the scores of --eval-set; name a file")
    from wordvec_cli.evaluation.asking import read_sets

    return read_sets(paths, terminal.note)


def _export_vectors(vectors: Embeddings, order: "ExportOrder", sets: "Sequence[EvalSet]", terminal: Terminal) -> None:
    from wordvec_cli.formats.export import export

    export(vectors, order, terminal.note)
    if order.options.packing:
        _tell_loss(vectors, order, sets, terminal)


def _of_wanted(
    vectors: Embeddings, wanted: frozenset[bytes] | None, limit: int | None, path: str, terminal: Terminal
) -> Embeddings:
    """With composed vectors of wanted words that the file lacks, and the n-grams of the words that are left alone."""
    from wordvec_cli.formats.composing import with_own_ngrams

    if wanted and limit is None:
        vectors = _composed(vectors, wanted, path, terminal)
        _note_missing(len(wanted), len(vectors.vocabulary), path, terminal)
    return with_own_ngrams(vectors) if wanted or limit else vectors


def _export_classifier(path: str, output: str, n_buckets: int | None, terminal: Terminal) -> None:
    """A model of wordvec classify train with all that it is, not its words' vectors alone."""
    from wordvec_cli.classify import fasttext, model

    if n_buckets is not None:
        raise OptionError("--buckets: a classifier keeps the buckets that it was trained with; leave it out")

    fasttext.write(output, model.load(path), terminal.note)


@contextmanager
def _words_named(path: str, words: str | None, n_words: int) -> Iterator[None]:
    """Name the list too where none of its words has a vector: it may be the wrong file. Raises: InputError"""
    try:
        yield
    except NoWantedWordsError:
        if words is None:
            raise
        raise InputError(
            f"{words}: none of its {counted(n_words, 'word')} has a vector in {path}; is it a list of words, one a "
            "line, in the same language and case?"
        ) from None


def _composed(vectors: Embeddings, wanted: frozenset[bytes], path: str, terminal: Terminal) -> Embeddings:
    """The vectors, with those that can be made of n-grams of wanted words. Raises: InputError if there are none"""
    from wordvec_cli.formats.composing import with_composed

    vectors, n_composed = with_composed(vectors, wanted)
    if not len(vectors.vocabulary):
        raise NoWantedWordsError(f"{path}: holds no vectors of these words, nor of n-grams of theirs")
    if n_composed:
        terminal.note(f"{n_composed} of {counted(len(wanted), 'word')} are not in {path}: composed of their n-grams")
    return vectors


def _note_missing(n_wanted: int, n_found: int, path: str, terminal: Terminal) -> None:
    if n_found < n_wanted:
        terminal.note(f"{n_wanted - n_found} of {counted(n_wanted, 'word')} are not in {path}")


def _tell_loss(vectors: Embeddings, order: "ExportOrder", sets: "Sequence[EvalSet]", terminal: Terminal) -> None:
    """Note how far packed vectors are from what they were, and print what that does to scores."""
    from wordvec_cli.queries.packing_loss import note_packing_loss, packed_again

    packing = order.options.packing or ""
    packed = packed_again(vectors, packing, order.output)
    note_packing_loss(vectors, packed, packing, terminal.note)
    if sets:
        from wordvec_cli.cli.step_scores import print_step_scores
        from wordvec_cli.evaluation.step_scores import Pair, step_scores

        pair = Pair(f"--{packing}", 0, 1)
        scores = step_scores([vectors, packed], [pair], sets, DEFAULT_JUDGING, terminal.note)
        terminal.close()
        print_step_scores(scores, DEFAULT_JUDGING, Table("text"))
