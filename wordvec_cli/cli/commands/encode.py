"""`wordvec encode`: text as ids of the rows of an embedding matrix."""

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import click

from wordvec_cli.cli.corpus_options import corpus_argument, corpus_options
from wordvec_cli.cli.options import output_option, vocab_option
from wordvec_cli.cli.output import check_not_for_terminal, tell_awaited
from wordvec_cli.cli.row_layout import companion_options, row_options
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.storage.files import STANDARD_STREAM

if TYPE_CHECKING:
    from wordvec_cli.layer.encode import EncodeOrder


@click.command(short_help="Turn text into padded rows of word numbers.")
@corpus_argument
@output_option("the numbers")
@vocab_option("The words, from wordvec build-vocab.", required=True)
@row_options
@companion_options
@corpus_options()
@click.pass_obj
def command(terminal: Terminal, /, **given: Any) -> None:
    """Turn CORPUS (files, folders, or - for standard input) into numbers, a row for each line.

    A number is the row of a word in an embedding matrix (wordvec matrix): 0 is padding, 1 an unknown word, and the word
    on line i of the vocabulary i + 1; --specials changes that, and with --matrix they are the special rows of that one,
    which must have the same vocabulary. Lines are padded and cut as keras.utils.pad_sequences does, both at their
    beginning. An empty line is a row of padding. Standard input is read to its end first.

    The size of the output is shown before it is written; one that the disk cannot hold is refused.

    \b
    wordvec encode corpus.txt --vocab vocab.tsv --length p99 -o sequences.npy
    wordvec encode corpus.txt --vocab vocab.tsv --padding post --length 20 --mask mask.npy -o sequences.npy
    wordvec encode - --vocab vocab.tsv --to text -o - < corpus.txt | head
    wordvec encode corpus.txt --vocab vocab.tsv --as tf-idf -o tf-idf.npz
    echo 'to be or not to be' | wordvec encode - --vocab vocab.tsv --as one-hot --to text -o -
    """
    from wordvec_cli.layer.encode import encode_files

    order = _order(given).settled()
    check_not_for_terminal(order.output, str(order.layout), "the numbers")
    if STANDARD_STREAM in order.corpus:
        tell_awaited("text, a sentence or document", terminal)
    encode_files(order, terminal.report, terminal.note)


def _order(given: dict[str, Any]) -> "EncodeOrder":
    from wordvec_cli.layer.encode import EncodeOrder
    from wordvec_cli.layer.row_options import RowOptions

    given["n_threads"] = given.pop("threads")
    options = {field.name: given.pop(field.name) for field in fields(RowOptions)}
    return EncodeOrder(options=RowOptions(**options), **given)
