"""`wordvec build-vocab`: count the words of a corpus."""

from typing import TYPE_CHECKING

import click

from wordvec_cli.cli.clusters import cluster_options
from wordvec_cli.cli.corpus_options import corpus_argument, corpus_options, filter_options, max_vocab_option
from wordvec_cli.cli.options import cluster_option, memory_option, min_count_option, output_option, to_option
from wordvec_cli.cli.terminal import Terminal

if TYPE_CHECKING:
    from wordvec_cli.text.file_options import FileOptions
    from wordvec_cli.text.tokenizer import Tokenizer
    from wordvec_cli.text.word_filter import WordFilter
    from wordvec_cli.vocabulary.build import VocabularyOrder
    from wordvec_cli.vocabulary.file import VocabularyLayout


@click.command(short_help="Count the words of a corpus.")
@corpus_argument
@output_option("the words and counts")
@to_option(
    ["tsv", "word2vec"],
    "tsv: `word<TAB>count`, which GloVe and gensim read too; word2vec: `</s>` first, as word2vec.c needs it.",
    "layout",
    default="tsv",
)
@min_count_option(default=5)
@max_vocab_option
@filter_options
@click.option(
    "--train-bpe",
    type=click.IntRange(min=1),
    metavar="N",
    help="Learn N subwords (byte-level BPE) and write them as a tokenizer.json, which --vocab and --tokenizer "
    "tokenizers:FILE.json take.",
)
@cluster_option
@corpus_options(memory_option("1GB"))
@click.pass_obj
def command(
    terminal: Terminal,
    /,
    *,
    corpus: tuple[str, ...],
    output: str,
    layout: "VocabularyLayout",
    min_count: int,
    max_vocab: int | None,
    word_filter: "WordFilter",
    train_bpe: int | None,
    cluster: str | None,
    tokenizer: "Tokenizer | None",
    threads: int,
    memory: int,
    tmp_dir: str | None,
    files: "FileOptions",
) -> None:
    """Count the words of CORPUS: files, folders, or - for standard input; compressed ones too.

    Writes `word<TAB>count` lines, the most frequent word first; words with equal counts in byte order. Counts are
    exact, whatever the memory. How the words were made is written beside the output, to FILE.json.

    Wherever an option asks for a vocabulary, a plain list of words, one a line, will do as well: the word on line i
    then has number i.

    \b
    wordvec build-vocab corpus.txt.gz more/ -o vocab.tsv
    wordvec build-vocab corpus.txt --train-bpe 8000 -o tokenizer.json
    zcat corpus/*.gz | wordvec build-vocab - --tokenizer words --lowercase --min-count 10 -o - | head
    """
    from wordvec_cli.text.tokenizer import Tokenizer
    from wordvec_cli.vocabulary.build import VocabularyOrder
    from wordvec_cli.vocabulary.counting import CountOptions

    counting = CountOptions(min_count, max_vocab, memory, threads, word_filter)
    order = VocabularyOrder(corpus, output, layout, tokenizer or Tokenizer(), counting, tmp_dir, files)
    _build(terminal, order, train_bpe, cluster)


def _build(terminal: Terminal, order: "VocabularyOrder", train_bpe: int | None, cluster: str | None) -> None:
    """Words, here or on a cluster, or subwords."""
    if train_bpe is not None:
        if cluster:
            raise click.UsageError("--train-bpe: is done on one machine; leave --cluster out")
        if order.counting.word_filter.is_used:
            raise click.UsageError("--train-bpe: learns of all words; leave --stop-words and other filters out")
        from wordvec_cli.vocabulary.bpe import train_subwords

        train_subwords(order, train_bpe, terminal.report, terminal.note)
    elif cluster:
        from wordvec_cli.cluster import counting

        options = cluster_options(cluster, order.counting.n_threads, order.tmp_dir)
        counting.build_vocabulary(order, options, terminal.report, terminal.note)
    else:
        from wordvec_cli.vocabulary.build import build_vocabulary

        build_vocabulary(order, terminal.report, terminal.note)
