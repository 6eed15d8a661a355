"""`wordvec export`: any vector file into any other kind."""

import click

from wordvec_cli import formats
from wordvec_cli.cli.options import (
    memory_option,
    progress_options,
    spool_folder,
    threads_option,
    tmp_dir_option,
    to_option,
    vocab_option,
)
from wordvec_cli.cli.output import listed_words
from wordvec_cli.cli.tables import safe_option
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import VectorSource, vector_options
from wordvec_cli.errors import OptionError
from wordvec_cli.messages import counted
from wordvec_cli.storage.files import STANDARD_STREAM, check_not_input, check_output
from wordvec_cli.text.lines import is_utf8
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.packing import Packing

N_NEIGHBOURS, N_SAMPLED = 10, 200
ALWAYS_UTF8 = (formats.FORMATS["csv"], formats.FORMATS["jsonl"])


@click.command(short_help="Turn a vector file into another kind.")
@click.argument("input")
@click.argument("output")
@to_option(
    formats.writable_formats(),
    f"What to write, if the output's name does not tell: {', '.join(formats.writable_formats())}.",
    metavar="FORMAT",
)
@click.option("--words", metavar="FILE", help="Keep only these words, one a line; only their rows take memory.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Keep only the first N rows.")
@click.option(
    "--decimals",
    type=click.IntRange(0, 40),
    metavar="N",
    help="Digits after the point, in text.  [default: the fewest that read back as the same float32]",
)
@safe_option
@click.option(
    "--float16", "packing", flag_value="float16", help="native: half floats, half the size; says what is lost."
)
@click.option(
    "--int8",
    "packing",
    flag_value="int8",
    help="native: a byte a number and a scale for each row, a quarter of the size; says what is lost.",
)
@vocab_option()
@vector_options
@threads_option
@memory_option("1GB", "the vectors")
@tmp_dir_option
@progress_options
@click.pass_obj
def command(
    terminal: Terminal,
    /,
    *,
    input: str,
    output: str,
    to: str | None,
    words: str | None,
    limit: int | None,
    decimals: int | None,
    is_safe: bool,
    packing: Packing | None,
    vocab: str | None,
    source: VectorSource,
    threads: int,
    memory: int,
    tmp_dir: str | None,
) -> None:
    """Read the vectors of INPUT, whatever kind of file it is, and write them to OUTPUT; - is standard input or output.

    What is odd about INPUT, and what OUTPUT has no room for, is told on standard error.

    \b
    wordvec export glove.6B.50d.txt glove.safetensors
    wordvec export GoogleNews-vectors-negative300.bin.gz mine.safetensors --words words.txt
    wordvec export vectors.safetensors vectors.txt.gz --decimals 5
    """  # fmt: skip
    from wordvec_cli.formats.reading import WriteOptions

    check_output(output)
    check_not_input(output, input, words, vocab)
    if output == STANDARD_STREAM and to is None:
        raise OptionError("-: standard output has no name that tells the format; add --to")
    format = formats.format_for(output, to)
    formats.check_output_files(output, format)
    if packing and format is not formats.FORMATS[formats.NATIVE]:
        raise OptionError(f"--{packing}: is for native files (FILE.safetensors) only; leave it out")
    if decimals is not None and not format.is_text:
        raise OptionError("--decimals: is for text, and this format stores numbers as they are; leave it out")
    if is_safe and format is not formats.FORMATS["csv"]:
        raise OptionError("--spreadsheet-safe: is for a .csv only; leave it out")
    wanted = frozenset(listed_words(words)) if words else None
    vectors = source.open(input, terminal, vocab, wanted, limit, room=(spool_folder(tmp_dir, output), memory))
    if wanted:
        n_missing = len(wanted) - len(vectors.vocabulary)
        if n_missing and limit is None:
            terminal.note(f"{n_missing} of {counted(len(wanted), 'word')} are not in {input}")
    lost = formats.write_vectors(output, vectors, format, WriteOptions(decimals, threads, packing, is_safe))
    rounded = "" if decimals is None else f", rounded to {counted(decimals, 'decimal')}"
    terminal.note(f"{counted(len(vectors.vocabulary), 'vector')} of {counted(vectors.dim, 'number')}{rounded}")
    if packing:
        _tell_loss(vectors, packing, terminal)
    for what in lost:
        terminal.note(f"{output}: has no room for {what}")
    if format.is_text and format not in ALWAYS_UTF8:
        _tell_encoding(output, vectors, terminal)


def _tell_encoding(output: str, vectors: Embeddings, terminal: Terminal) -> None:
    """Say whether a text holds words that other programs cannot read, as it is no UTF-8."""
    if memoryview(vectors.vocabulary.text).tobytes().isascii():  # type: ignore[arg-type]
        return
    if n_invalid := sum(not is_utf8(word) for word in vectors.vocabulary):
        words = f"{n_invalid} of {counted(len(vectors.vocabulary), 'word')}"
        terminal.note(
            f"{output}: is no UTF-8, as {words} is not, and many programs refuse that; "
            "--invalid-utf8 replace writes U+FFFD, skip leaves such words out"
        )


def _tell_loss(vectors: Embeddings, packing: Packing, terminal: Terminal) -> None:
    """Say how far packed vectors are from what they were."""
    import numpy as np

    from wordvec_cli.queries.agreement import cosines_of_rows, have_directions, overlap_of_neighbours
    from wordvec_cli.vectors.embeddings import from_matrix
    from wordvec_cli.vectors.packing import unpacked_rows

    packed = from_matrix(vectors.vocabulary, np.ascontiguousarray(unpacked_rows(vectors.matrix, packing)), {})
    is_vector, is_kept = have_directions(vectors.matrix), have_directions(packed.matrix)
    if n_lost := int(np.count_nonzero(is_vector & ~is_kept)):
        lost = f"{counted(n_lost, 'vector')} out of its range became infinite or zero"
        terminal.note(f"--{packing}: {lost}; leave it out to keep all")
    error = 1 - cosines_of_rows(vectors.matrix, packed.matrix)[is_vector & is_kept].min(initial=1)
    overlap = overlap_of_neighbours(vectors, packed, N_NEIGHBOURS, N_SAMPLED)
    terminal.note(
        f"--{packing}: the largest cosine error of a vector is {max(error, 0):.2g}; {overlap:.1%} of the "
        f"{N_NEIGHBOURS} nearest neighbours of up to {N_SAMPLED} words stay the same"
    )
