"""`wordvec encode`: text as ids of the rows of an embedding matrix."""

from typing import TYPE_CHECKING

import click

from wordvec_cli.cli.options import (
    agreed_tokenizer,
    corpus_argument,
    matrix_option,
    output_option,
    progress_options,
    specials_option,
    spool_folder,
    threads_option,
    tmp_dir_option,
    tokenizer_options,
)
from wordvec_cli.cli.output import check_not_for_terminal, read_vocabulary_and_tell, tell_awaited
from wordvec_cli.cli.row_layout import Asked, layout_options
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.messages import counted
from wordvec_cli.storage.files import STANDARD_STREAM, check_room, shown_size, together

if TYPE_CHECKING:
    from wordvec_cli.layer.encoded_file import Encoded
    from wordvec_cli.layer.padding import Padding, RowIds
    from wordvec_cli.layer.row_rule import RowRule, Specials
    from wordvec_cli.layer.term_matrices import Layout as TermLayout
    from wordvec_cli.layer.term_matrices import TermMatrix, Weighting
    from wordvec_cli.text.corpus import Corpus
    from wordvec_cli.text.tokenizer import Tokenizer
    from wordvec_cli.vocabulary.vocabulary import Vocabulary


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
    help="Write a matrix with a column for each word instead. one-hot: a row for each token; the others: a row for "
    "each line. --to npz (FILE.npz): sparse, for scipy.sparse.load_npz; --to text (FILE.txt): `0 0 1 0` a row.",
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

    What numbers take is told before they are written, and refused if the disk cannot hold it.

    \b
    wordvec encode corpus.txt --vocab vocab.tsv --length p99 -o sequences.npy
    wordvec encode corpus.txt --vocab vocab.tsv --padding post --length 20 --mask mask.npy -o sequences.npy
    wordvec encode - --vocab vocab.tsv --to text -o - < corpus.txt | head
    wordvec encode corpus.txt --vocab vocab.tsv --as tf-idf -o tf-idf.npz
    echo 'to be or not to be' | wordvec encode - --vocab vocab.tsv --as one-hot --to text -o -
    """
    from wordvec_cli.cli.corpora import open_corpus, tell_invalid_lines
    from wordvec_cli.layer.padding import RowIds
    from wordvec_cli.layer.term_matrices import term_matrix
    from wordvec_cli.sequences.word_ids import encode_lines
    from wordvec_cli.storage.output_names import check_ending
    from wordvec_cli.storage.sidecar import check_outputs

    outputs = [path for path in (output, asked.mask, asked.lengths) if path is not None]
    check_outputs(outputs, vocab, matrix)
    asked = _checked(asked, output, weighting)
    for path in outputs[1:]:
        check_ending(path, [".npy"])
    words = read_vocabulary_and_tell(vocab, terminal)
    if words.note:
        terminal.note(words.note)
    rule = _rule(words.vocabulary, vocab, specials, matrix, terminal)
    skips_unknown = _skips_unknown(unknown, rule.specials)
    is_padded = weighting is None and (asked.layout == "npy" or asked.length is not None)
    value = asked.padding_value(rule, words.vocabulary, terminal) if is_padded else None
    tokenizer = agreed_tokenizer(tokenizer, words.tokenizer, f"{vocab}: was built")
    if STANDARD_STREAM in corpus:
        tell_awaited("text, a sentence or document", terminal)
    text = open_corpus(corpus, tokenizer, spool_folder(tmp_dir, output), terminal)
    for path in outputs:
        text.check_not_output(path)
    sequences = encode_lines(text, words.vocabulary, threads, terminal.report)
    terminal.close()
    if sequences.n_unknown and not sequences.n_known:
        raise InputError(
            f"{vocab}: has none of the {counted(sequences.n_unknown, 'token')} of the corpus; name the vocabulary of "
            "such a text, and the tokenizer that it was built with"
        )
    row_ids = RowIds(sequences, rule.specials, skips_unknown)
    _tell_words(row_ids, vocab, terminal)
    tell_invalid_lines(text, terminal, row_ids.n_lines, "emptied")
    if weighting:
        terms = term_matrix(row_ids, weighting, rule.n_rows, text.spool_folder)
        _write_term_matrix(output, terms, rule, asked, terminal)
    else:
        padding = None if value is None else asked.chosen_padding(value, row_ids, terminal)
        _write_rows(output, asked, _encoded(row_ids, padding, rule, asked, text), terminal)


def _checked(asked: Asked, output: str, weighting: "Weighting | None") -> Asked:
    """What was asked for, with the layout that the output's name tells. Raises: click.UsageError, OptionError"""
    from wordvec_cli.layer import encoded_file, term_matrices
    from wordvec_cli.layer.padding import check_length
    from wordvec_cli.storage.output_names import chosen_layout

    if asked.length is not None:
        check_length(asked.length)
    if weighting:
        is_for_it = asked.layout in {"npz", "text", None}
        asked.refuse(f"has no meaning for --as {weighting}", *Asked._fields[1 if is_for_it else 0 :])
        layout = chosen_layout(output, asked.layout, term_matrices.ENDINGS, unnamed="npz")
    elif asked.layout == "npz":
        raise click.UsageError("--to npz: is for sparse matrices; say with --as of what, or choose another layout")
    else:
        layout = chosen_layout(output, asked.layout, encoded_file.ENDINGS)
        asked = asked._replace(layout=layout)
        asked.check_effects()
    check_not_for_terminal(output, layout, "the numbers")
    return asked._replace(layout=layout)


def _rule(
    vocabulary: "Vocabulary", vocab: str, specials: "Specials | None", matrix: str | None, terminal: Terminal
) -> "RowRule":
    """Which row is which: of the options, or of the matrix, which must agree. Raises: InputError"""
    from wordvec_cli.layer.row_rule import RowRule, Specials, check_agreement

    rule = RowRule.of(vocabulary, specials or Specials())
    if matrix is None:
        return rule
    from wordvec_cli.layer.matrix import open_matrix

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
    sequences, row = row_ids.sequences, row_ids.specials.unknown
    n_unknown, n_tokens = sequences.n_unknown, sequences.n_unknown + sequences.n_known
    is_not, get, are = ("is not", "gets", "is") if n_unknown == 1 else ("are not", "get", "are")
    fate = f"{are} left out" if row_ids.skips_unknown else f"{get} row {row} (unknown)"
    told = f"{n_unknown} of {counted(n_tokens, 'token')} {is_not} in {vocab} and {fate}"
    terminal.note(told if n_unknown else f"{counted(n_tokens, 'token')}, none missing from {vocab}")


def _encoded(row_ids: "RowIds", padding: "Padding | None", rule: "RowRule", asked: Asked, text: "Corpus") -> "Encoded":
    from wordvec_cli.layer.encoded_file import Encoded

    dtype = "int64" if asked.layout in {"text", "jsonl"} else asked.dtype or "int32"
    return Encoded(row_ids, padding, dtype, rule, text.tokenizer)


def _write_rows(output: str, asked: Asked, encoded: "Encoded", terminal: Terminal) -> None:
    from wordvec_cli.layer import encoded_file

    assert asked.layout is not None
    assert asked.layout != "npz"
    sizes = {output: encoded.size_bytes(asked.layout)}
    if encoded.padding is not None:
        asked.tell_size(encoded, sizes[output], terminal)
    if asked.mask is not None:
        sizes[asked.mask] = encoded.n_values
    if asked.lengths is not None:
        sizes[asked.lengths] = 8 * encoded.row_ids.n_lines
    check_room(sizes)
    with together():
        encoded_file.write_sequences(output, encoded, asked.layout)
        if asked.mask is not None:
            encoded_file.write_mask(asked.mask, encoded)
        if asked.lengths is not None:
            encoded_file.write_lengths(asked.lengths, encoded)


def _write_term_matrix(output: str, matrix: "TermMatrix", rule: "RowRule", asked: Asked, terminal: Terminal) -> None:
    from wordvec_cli.layer.term_matrices import write_term_matrix

    layout: TermLayout = "text" if asked.layout == "text" else "npz"
    size, shape = matrix.size_bytes(layout), " x ".join(map(str, matrix.shape))
    at_least = "at least " if layout == "text" else ""
    terminal.note(f"{shape} numbers, {len(matrix.columns)} of them not 0, {at_least}{shown_size(size)}")
    check_room({output: size})
    write_term_matrix(output, matrix, rule, layout)
