"""`wordvec encode`: text as ids of the rows of an embedding matrix."""

import functools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from wordvec_cli.cli.options import (
    agreed_tokenizer,
    combined,
    corpus_argument,
    matrix_option,
    output_option,
    padding_value_option,
    progress_options,
    specials_option,
    spool_folder,
    threads_option,
    tmp_dir_option,
    tokenizer_options,
)
from wordvec_cli.cli.output import is_for_terminal
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.files import STANDARD_STREAM, check_free_space, output_folder

if TYPE_CHECKING:
    from wordvec_cli.corpus import Corpus
    from wordvec_cli.padding import Padding, RowIds, Side
    from wordvec_cli.sequence_files import Encoded, Layout
    from wordvec_cli.specials import RowRule, Specials
    from wordvec_cli.term_matrices import Weighting
    from wordvec_cli.tokenizer import Tokenizer
    from wordvec_cli.vocabulary import Vocabulary

# ---------------------------------------------------------------- options

_SIDES = click.Choice(["pre", "post"])
_LAYOUT_OPTIONS = combined(
    click.option(
        "--to", "layout", type=click.Choice(["npy", "safetensors", "text", "jsonl"]),
        help="What is written, if the output's name does not tell. npy: an array (lines, length); the others keep the "
        "length of each line unless --length is given. safetensors: `ids` and `offsets`; text: `12 7 0` a line; "
        "jsonl: `[12, 7, 0]` a line.",
    ),
    click.option(
        "--length", metavar="N|max|p99",
        help="Length of all rows: a number; the longest line's; or the least that 99 % (or another percentage) of the "
        "lines do not exceed.  [default: max for npy]",
    ),
    click.option("--padding", type=_SIDES, help="Where a shorter line is filled up.  [default: pre]"),
    click.option("--truncating", type=_SIDES, help="Where a longer line is cut.  [default: pre]"),
    padding_value_option,
    click.option(
        "--dtype", type=click.Choice(["int32", "int64", "int16", "int8", "uint8", "uint16", "uint32"]),
        help="Type of the numbers; one that does not fit is an error.  [default: int32]",
    ),
    click.option("--mask", metavar="FILE", help="Write where the words are, (lines, length) bool, as .npy."),
    click.option("--lengths", metavar="FILE", help="Write how many words each row has, (lines,) int64, as .npy."),
)  # fmt: skip


class Asked(NamedTuple):
    """What the command line says about the rows; None where it does not."""

    layout: "Layout | None"
    length: str | None
    padding: "Side | None"
    truncating: "Side | None"
    value: int | None
    dtype: str | None
    mask: str | None
    lengths: str | None

    def refuse(self, reason: str, *names: str) -> None:
        """Raises: click.UsageError if one of these options is given"""
        options = [f"--{'to' if name == 'layout' else name}" for name in names if getattr(self, name) is not None]
        if options:
            raise click.UsageError(f"{', '.join(options)}: {reason}; leave it out")

    def padding_value(self, rule: "RowRule", vocabulary: "Vocabulary", terminal: Terminal) -> int:
        """What shorter lines are filled up with. Raises: OptionError"""
        value = rule.specials.padding if self.value is None else self.value
        if value is None:
            raise OptionError(f"--specials {rule.specials}: has no row for padding; say with --value what fills up")
        word_id = value - rule.specials.n_rows
        if 0 <= word_id < len(vocabulary):
            word = vocabulary.word(word_id).decode(errors="replace")
            terminal.note(f"--value {value}: is the row of the word {word!r} too; the two cannot be told apart")
        return value

    def chosen_padding(self, value: int, row_ids: "RowIds", terminal: Terminal) -> "Padding":
        """The padding, with all defaults, which is told. Raises: OptionError, InputError"""
        from wordvec_cli.padding import Padding, chosen_length

        length = chosen_length(self.length or "max", row_ids.length_counts)
        padding = Padding(length, value, self.padding or "pre", self.truncating or "pre")
        n_longer = sum(n for longer, n in row_ids.length_counts.items() if longer > length)
        cut = f"{n_longer} of {row_ids.n_lines} lines are longer and are cut" if n_longer else "no line is longer"
        filled = f"padding {padding.padding} with {value}, truncating {padding.truncating}"
        terminal.note(f"length {length}, {filled}; {cut}")
        return padding


def layout_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what rows look like, as one argument: `asked`."""

    @functools.wraps(function)
    def with_asked(**arguments: Any) -> Any:
        fields = {name: arguments.pop(name) for name in Asked._fields}
        return function(asked=Asked(**fields), **arguments)

    return _LAYOUT_OPTIONS(with_asked)


# ---------------------------------------------------------------- the command


@click.command(short_help="Turn text into padded rows of word numbers.")
@corpus_argument
@output_option("the numbers")
@click.option("--vocab", required=True, metavar="FILE", help="The words, from wordvec build-vocab.")
@layout_options
@click.option(
    "--unknown", type=click.Choice(["keep", "skip"]),
    help="Words outside the vocabulary get the row of unk, or are left out.  [default: keep, if there is such a row]",
)  # fmt: skip
@specials_option
@matrix_option(required=False)
@click.option(
    "--as", "weighting", type=click.Choice(["one-hot", "binary", "count", "tf-idf"]),
    help="Write a sparse matrix instead, which scipy.sparse.load_npz reads. one-hot: a row for each token; the others: "
    "a row for each line.",
)  # fmt: skip
@tokenizer_options
@threads_option
@tmp_dir_option
@progress_options
@click.pass_obj
def command(
    terminal: Terminal,
    /,
    *,
    corpus: tuple[str, ...],
    output: str,
    vocab: str,
    asked: Asked,
    unknown: str | None,
    specials: "Specials | None",
    matrix: str | None,
    weighting: "Weighting | None",
    tokenizer: "Tokenizer | None",
    threads: int,
    tmp_dir: str | None,
) -> None:
    """Turn CORPUS (files, folders, or - for standard input) into numbers, a row for each line.

    A number is the row of a word in an embedding matrix (wordvec matrix): 0 is padding, 1 an unknown word, and the word
    on line i of the vocabulary i + 1; --specials changes that, and with --matrix they are the special rows of that one,
    which must have the same vocabulary. Lines are padded and cut as keras.utils.pad_sequences does, both at their
    beginning. An empty line is a row of padding. Standard input is read to its end first.

    \b
    wordvec encode corpus.txt --vocab vocab.tsv --length p99 -o sequences.npy
    wordvec encode corpus.txt --vocab vocab.tsv --padding post --length 20 --mask mask.npy -o sequences.npy
    wordvec encode - --vocab vocab.tsv --to text -o - < corpus.txt | head
    wordvec encode corpus.txt --vocab vocab.tsv --as tf-idf -o tf-idf.npz
    """
    from wordvec_cli.corpus import Corpus
    from wordvec_cli.padding import RowIds
    from wordvec_cli.sequences import encode_lines
    from wordvec_cli.sidecar import check_outputs
    from wordvec_cli.vocabulary_file import read_vocabulary

    asked = _checked(asked, output, weighting)
    outputs = [path for path in (output, asked.mask, asked.lengths) if path is not None]
    check_outputs(outputs, vocab, matrix)
    words = read_vocabulary(vocab)
    if words.note:
        terminal.note(words.note)
    rule = _rule(words.vocabulary, vocab, specials, matrix, terminal)
    skips_unknown = _skips_unknown(unknown, rule.specials)
    is_padded = weighting is None and (asked.layout == "npy" or asked.length is not None)
    value = asked.padding_value(rule, words.vocabulary, terminal) if is_padded else None
    tokenizer = agreed_tokenizer(tokenizer, words.tokenizer, f"{vocab}: was built")
    text = Corpus.open(corpus, tokenizer, spool_folder(tmp_dir, output))
    for path in outputs:
        text.check_not_output(path)
    sequences = encode_lines(text, words.vocabulary, threads, terminal.report)
    terminal.close()
    row_ids = RowIds(sequences, rule.specials, skips_unknown)
    _tell_words(row_ids, vocab, terminal)
    if weighting:
        _write_term_matrix(output, row_ids, weighting, rule, text)
    else:
        padding = None if value is None else asked.chosen_padding(value, row_ids, terminal)
        _write_rows(output, asked, _encoded(row_ids, padding, rule, asked, text))


def _checked(asked: Asked, output: str, weighting: "Weighting | None") -> Asked:
    """What was asked for, with the layout that the output's name tells. Raises: click.UsageError, OptionError"""
    from wordvec_cli.padding import check_length
    from wordvec_cli.sequence_files import layout_of
    from wordvec_cli.sidecar import check_ending

    if asked.length is not None:
        check_length(asked.length)
    if (weighting or asked.layout in {"npy", "safetensors"}) and is_for_terminal(output):
        raise click.UsageError("-o -: the numbers are binary and standard output is a terminal; name a file or a pipe")
    if weighting:
        asked.refuse(f"has no meaning for --as {weighting}", *Asked._fields)
        check_ending(output, ".npz")
        return asked
    if asked.layout is None and output == STANDARD_STREAM:
        raise click.UsageError("-o -: standard output has no name that tells the layout; add --to, such as --to text")
    asked = asked._replace(layout=asked.layout or layout_of(output))
    if asked.layout in {"text", "jsonl"}:
        asked.refuse(f"has no meaning for --to {asked.layout}, whose numbers are text", "dtype")
    if asked.layout != "npy" and asked.length is None:
        reason = f"has no meaning for --to {asked.layout} without --length, as lines keep their lengths"
        asked.refuse(reason, "padding", "truncating", "value", "mask")
    return asked


def _rule(
    vocabulary: "Vocabulary", vocab: str, specials: "Specials | None", matrix: str | None, terminal: Terminal
) -> "RowRule":
    """Which row is which: of the options, or of the matrix, which must agree. Raises: InputError"""
    from wordvec_cli.specials import RowRule, Specials, check_agreement

    rule = RowRule.of(vocabulary, specials or Specials())
    if matrix is None:
        return rule
    from wordvec_cli.embedding_matrix import open_matrix

    stored = open_matrix(matrix)
    if stored.rule is None:
        terminal.note(stored.note or "")
        if len(stored.values) != rule.n_rows:
            raise InputError(
                f"{matrix}: has {len(stored.values)} rows, and {vocab} with the special rows {rule.specials} "
                f"{rule.n_rows}; name the vocabulary and --specials that it was made with"
            )
        return rule
    rule = RowRule.of(vocabulary, specials or stored.rule.specials)
    check_agreement(vocab, rule, matrix, stored.rule)
    return rule


def _skips_unknown(unknown: str | None, specials: "Specials") -> bool:
    """Raises: OptionError if unknown words are to be kept, but have no row"""
    if unknown == "keep" and specials.unknown is None:
        raise OptionError(f"--unknown keep: needs a row called unk, which --specials {specials} lacks; add it, or skip")
    return unknown == "skip" or specials.unknown is None


def _tell_words(row_ids: "RowIds", vocab: str, terminal: Terminal) -> None:
    sequences, specials = row_ids.sequences, row_ids.specials
    fate = "left out" if row_ids.skips_unknown else f"row {specials.unknown}"
    terminal.note(f"{sequences.n_known} tokens are in {vocab}; {sequences.n_unknown} are not: {fate}")
    if dropped := sequences.statistics.n_dropped_lines:
        terminal.note(f"{dropped} lines are not UTF-8 and were emptied")


def _encoded(row_ids: "RowIds", padding: "Padding | None", rule: "RowRule", asked: Asked, text: "Corpus") -> "Encoded":
    from wordvec_cli.sequence_files import Encoded

    dtype = "int64" if asked.layout in {"text", "jsonl"} else asked.dtype or "int32"
    return Encoded(row_ids, padding, dtype, rule, text.tokenizer)


def _write_rows(output: str, asked: Asked, encoded: "Encoded") -> None:
    import numpy as np

    from wordvec_cli import sequence_files

    assert asked.layout is not None
    if asked.layout == "npy" and output != STANDARD_STREAM:
        n_bytes = math.prod(encoded.shape) * np.dtype(encoded.dtype).itemsize
        check_free_space(output_folder(output), n_bytes, output)
    sequence_files.write_sequences(output, encoded, asked.layout)
    if asked.mask is not None:
        sequence_files.write_mask(asked.mask, encoded)
    if asked.lengths is not None:
        sequence_files.write_lengths(asked.lengths, encoded)


def _write_term_matrix(output: str, row_ids: "RowIds", weighting: "Weighting", rule: "RowRule", text: "Corpus") -> None:
    from wordvec_cli.term_matrices import term_matrix, write_term_matrix

    matrix = term_matrix(row_ids, weighting, rule.n_rows, text.spool_folder)
    write_term_matrix(output, matrix, rule)
