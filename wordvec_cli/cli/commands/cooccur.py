"""`wordvec cooccur`: count which words stand near which."""

from typing import TYPE_CHECKING, Any

import click

from wordvec_cli.cli.options import (
    agreed_tokenizer,
    corpus_argument,
    corpus_options,
    memory_option,
    output_option,
    pair_options,
    spool_folder,
    to_option,
    vocab_option,
)
from wordvec_cli.cli.output import is_for_terminal, read_vocabulary_and_tell
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.messages import counted
from wordvec_cli.storage.files import (
    STANDARD_STREAM,
    are_on_one_disk,
    check_free_space,
    check_not_input,
    check_output,
    output_folder,
)

if TYPE_CHECKING:
    from pathlib import Path

    from wordvec_cli.sequences.pairs import PairCounter
    from wordvec_cli.sequences.pairs_file import Layout
    from wordvec_cli.text.tokenizer import Tokenizer

WINDOW = 15


@click.command(short_help="Count which words stand near which.")
@corpus_argument
@output_option("the pairs")
@vocab_option("The words to count, from wordvec build-vocab.", required=True)
@to_option(
    ["safetensors", "glove"],
    "safetensors: with the words inside; glove: the records of GloVe's cooccur.  [default: glove for FILE.bin, "
    "else safetensors]",
    "layout",
)
@click.option(
    "--window",
    type=click.IntRange(min=1),
    default=WINDOW,
    show_default=True,
    metavar="N",
    help="Words on each side at most.",
)
@pair_options
@corpus_options(memory_option("1GB", "counting pairs"))
@click.pass_obj
def command(
    terminal: Terminal,
    /,
    *,
    corpus: tuple[str, ...],
    output: str,
    vocab: str,
    layout: "Layout | None",
    window: int,
    symmetric: bool | None,
    distance_weighting: bool | None,
    unknown: str | None,
    tokenizer: "Tokenizer | None",
    threads: int,
    memory: int,
    tmp_dir: str | None,
) -> None:
    """Count which words of CORPUS stand near which: files, folders, or - for standard input; compressed ones too.

    A line is a sentence: windows stop at its end. Writes (row, column, weight) for each pair of words, sorted, which
    wordvec train --pairs reads; or, as FILE.bin, what GloVe's shuffle and glove read.

    \b
    wordvec cooccur corpus.txt.gz --vocab vocab.tsv -o pairs.safetensors
    wordvec cooccur corpus.txt.gz --vocab vocab.tsv --window 10 -o cooccurrence.bin
    wordvec cooccur corpus.txt --vocab vocab.tsv --to glove -o - | shuffle > cooccurrence.shuf.bin
    """  # fmt: skip
    if is_for_terminal(output):
        raise click.UsageError("-o -: pairs are binary; use -o FILE or redirect the output")
    from wordvec_cli.cli.corpora import open_corpus, tell_invalid_lines
    from wordvec_cli.sequences import pairs_file
    from wordvec_cli.sequences.pairs import PairCounter, PairOptions, Room
    from wordvec_cli.sequences.word_ids import encode
    from wordvec_cli.storage.output_names import check_ending

    check_output(output)
    check_not_input(output, vocab)
    given: dict[str, Any] = {"symmetric": symmetric, "distance_weighting": distance_weighting, "unknown": unknown}
    options = PairOptions(window, **{name: value for name, value in given.items() if value is not None})
    layout = layout or pairs_file.layout_of(output)
    check_ending(output, [".bin"] if layout == "glove" else [".safetensors"])
    words = read_vocabulary_and_tell(vocab, terminal)
    if words.note:
        terminal.note(words.note)
    folder = spool_folder(tmp_dir, output)
    text = open_corpus(corpus, agreed_tokenizer(tokenizer, words.tokenizer, f"{vocab}: was built"), folder, terminal)
    text.check_not_output(output)
    sequences = encode(text, words.vocabulary, threads, terminal.report)
    counter = PairCounter(sequences, len(words.vocabulary), options, Room(folder, memory, threads))
    _check_space(counter, folder, output, terminal)
    pairs = counter.count(terminal.report)
    terminal.close()
    known, found = counted(sequences.n_known, "token"), counted(len(pairs), "pair of words", "pairs of words")
    terminal.note(f"in {vocab}: {known}; not in it: {sequences.n_unknown}; {found}")
    tell_invalid_lines(text, terminal, sequences.statistics.n_lines)
    file = pairs_file.PairsFile(pairs, words.vocabulary, options, text.tokenizer, sequences.corpus_fingerprint)
    pairs_file.write_pairs(output, file, layout)


def _check_space(counter: "PairCounter", folder: "Path", output: str, terminal: Terminal) -> None:
    """Raises: OutputError if the disks of the temporary files and the output have too little room"""
    from wordvec_cli.sequences.pairs import BYTES_PER_PAIR

    if counter.n_runs > 1:
        terminal.note(f"--memory holds a part of the corpus: it is counted in {counter.n_runs} runs, which are merged")
    check_free_space(folder, counter.disk_bytes, "counting pairs")
    if output != STANDARD_STREAM:
        to_come = BYTES_PER_PAIR * counter.n_pairs_about
        there = output_folder(output)
        shared = counter.disk_bytes if are_on_one_disk(there, folder) else 0
        check_free_space(there, to_come + shared, output)
