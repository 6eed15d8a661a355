"""`wordvec cooccur`: count which words stand near which."""

from typing import TYPE_CHECKING, Any

import click

from wordvec_cli.cli.clusters import cluster_options
from wordvec_cli.cli.corpus_options import corpus_argument, corpus_options, pair_options
from wordvec_cli.cli.options import cluster_option, memory_option, output_option, to_option, vocab_option
from wordvec_cli.cli.output import is_for_terminal
from wordvec_cli.cli.terminal import Terminal

if TYPE_CHECKING:
    from wordvec_cli.sequences.pairs_file import PairsLayout
    from wordvec_cli.text.file_options import FileOptions
    from wordvec_cli.text.tokenizer import Tokenizer

WINDOW = 15


@click.command(short_help="Count which words stand near which.")
@corpus_argument
@output_option("the pairs")
@vocab_option("The words to count, a file made by wordvec build-vocab.", required=True)
@to_option(
    ["safetensors", "glove"],
    "safetensors: with the words in the file; glove: the records that GloVe's cooccur writes.  [default: glove for "
    "FILE.bin, "
    "else safetensors]",
    "layout",
)
@click.option(
    "--window",
    type=click.IntRange(min=1),
    default=WINDOW,
    show_default=True,
    metavar="N",
    help="How many words on each side are counted, at most.",
)
@pair_options
@cluster_option
@corpus_options(memory_option("1GB", "counting pairs"))
@click.pass_obj
def command(
    terminal: Terminal,
    /,
    *,
    corpus: tuple[str, ...],
    output: str,
    vocab: str,
    layout: "PairsLayout | None",
    window: int,
    cluster: str | None,
    tokenizer: "Tokenizer | None",
    threads: int,
    memory: int,
    tmp_dir: str | None,
    files: "FileOptions",
    **counting: Any,
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
    from wordvec_cli.sequences.count_pairs import PairsOrder, write_counted_pairs
    from wordvec_cli.sequences.pairs import PairOptions

    given = PairOptions(window, **{name: value for name, value in counting.items() if value is not None})
    order = PairsOrder(corpus, vocab, output, given, layout, tokenizer, threads, memory, tmp_dir, files)
    if not cluster:
        write_counted_pairs(order, terminal.report, terminal.note)
        return
    from wordvec_cli.cluster import sequences as by_cluster

    by_cluster.write_counted_pairs(order, cluster_options(cluster, threads, tmp_dir), terminal.report, terminal.note)
