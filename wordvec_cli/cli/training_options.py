"""The options of `wordvec train`."""

import functools
from collections.abc import Callable
from typing import Any

import click

from wordvec_cli import formats
from wordvec_cli.cli.corpus_options import corpus_options, max_vocab_option, pair_options
from wordvec_cli.cli.options import (
    by_option,
    combined,
    document_column_option,
    eval_set_option,
    memory_option,
    min_count_option,
    output_option,
    seed_option,
    to_option,
    vector_size_option,
    vocab_option,
)

# An option that is left out is None: its default is that of the model, a preset's, or one that a file records.
hyper_parameters = combined(
    click.option(
        "--model", type=click.Choice(["skipgram", "cbow", "glove"]),
        help="skipgram: a word predicts the words around it; cbow: they predict it (the default of word2vec.c and "
        "gensim); glove: vectors fit how often words stand near each other.  [default: skipgram]",
    ),
    click.option(
        "--loss", type=click.Choice(["negative-sampling", "hierarchical-softmax"]),
        help="How predicting among all words is approximated.  [default: negative-sampling, as everywhere]",
    ),
    vector_size_option,
    click.option(
        "--window", type=click.IntRange(min=1), metavar="N",
        help="How many words on each side are context, at most.  [default: 5, as word2vec.c, gensim and fastText; "
        "glove: 15, as "
        "GloVe]",
    ),
    click.option(
        "--fixed-window/--shrinking-window", default=None,
        help="Take the whole window for each word, or draw it from 1 to --window.  [default: shrinking, as everywhere]",
    ),
    click.option(
        "--negative", type=click.IntRange(min=1), metavar="N",
        help="How many noise words are drawn for each pair, with negative sampling.  [default: 5, as everywhere]",
    ),
    click.option(
        "--noise-exponent", type=float, metavar="X",
        help="Draw noise words in proportion to count^X.  [default: 0.75, as word2vec.c and gensim; "
        "fastText: 0.5]",
    ),
    click.option(
        "--sample", type=click.FloatRange(min=0), metavar="X",
        help="Drop occurrences of words more frequent than this share of the corpus at random; 0 drops none.  "
        "[default: 0.001, as word2vec.c and gensim; fastText: 0.0001]",
    ),
    click.option(
        "--cbow-mean/--cbow-sum", default=None,
        help="Predict from the mean or the sum of the context vectors.  [default: mean, as everywhere]",
    ),
    click.option(
        "--cbow-gradient", type=click.Choice(["sum", "mean"]),
        help="Add the whole error to each context vector, or divide it by their number (with --cbow-mean the "
        "true gradient; needs a higher --learning-rate).  [default: sum, as word2vec.c and gensim]",
    ),
    click.option(
        "--epochs", type=click.IntRange(min=1), metavar="N",
        help="Passes over the corpus, or its pairs.  [default: 5 to 40, the more the smaller the corpus, and twice "
        "as many for cbow; word2vec.c, gensim and fastText: 5; glove: 25, as GloVe]",
    ),
    click.option(
        "--learning-rate", type=click.FloatRange(min=0, min_open=True), metavar="X",
        help="Step size at the start.  [default: 0.05, as fastText and GloVe; gensim: 0.025; word2vec.c: 0.05 for "
        "cbow, 0.025 for skipgram]",
    ),
    click.option(
        "--min-learning-rate", type=click.FloatRange(min=0), metavar="X",
        help="Step size at the end, to which it falls linearly.  [default: a ten-thousandth of --learning-rate, as "
        "word2vec.c; gensim: 0.0001]",
    ),
    click.option(
        "--subwords", metavar="N-N",
        help="Make a word's vector of those of its n-grams of so many characters too, as 3-6 or 5, so that unknown "
        "words get vectors; none: do not.  [default: none; fastText: 3-6]",
    ),
    click.option(
        "--buckets", type=int, metavar="N",
        help="Into how many buckets n-grams are hashed; those of one bucket share a vector.  [default: 2000000, as "
        "fastText and gensim]",
    ),
    pair_options,
    click.option(
        "--x-max", type=click.FloatRange(min=0, min_open=True), metavar="X",
        help="Pairs with this weight or more count fully.  [default: 10, as GloVe's vectors of 2024; its program: 100]",
    ),
    click.option(
        "--weight-exponent", type=click.FloatRange(min=0, min_open=True), metavar="X",
        help="Other pairs count (weight / x-max)^X.  [default: 0.75, as GloVe, which calls it alpha]",
    ),
    click.option(
        "--gradient-clip", type=click.FloatRange(min=0, min_open=True), metavar="X",
        help="The largest absolute value of a component of a gradient.  [default: 100, as GloVe]",
    ),
    click.option(
        "--combine", type=click.Choice(["word", "sum", "concat"]),
        help="Publish each word's vector, its sum with the context vector, or both in a row.  [default: sum, as "
        "GloVe]",
    ),
    click.option(
        "--unknown-vector", is_flag=True, default=None,
        help="Keep the mean of the 100 rarest words in the file too, for unknown words; GloVe always does, as "
        "the word <unk>.",
    ),
    seed_option,
    click.option(
        "--deterministic", is_flag=True, default=None,
        help="Give the same bytes whatever the number of threads; slower, except with glove, which always does.",
    ),
    click.option(
        "--preset",
        type=click.Choice(["word2vec", "gensim", "fasttext", "gensim-fasttext", "glove-2014", "glove-2024"]),
        help="Use another tool's defaults for the options left out.",
    ),
    click.option(
        "--like", metavar="FILE", help="For the options left out, use those that this vector file was trained with."
    ),
)  # fmt: skip

checkpoint_every_option = click.option(
    "--checkpoint-every",
    type=click.FloatRange(min=0, min_open=True),
    metavar="MINUTES",
    help="Minutes between checkpoints, which are written beside the output (FILE.checkpoint), and at Ctrl-C.  "
    "[default: 10]",
)
resume_option = click.option(
    "--resume", is_flag=True, help="Continue from the checkpoint; without one, start at the beginning."
)
checkpoint_options = combined(
    checkpoint_every_option,
    click.option(
        "--dry-run", is_flag=True,
        help="Count the corpus and print what training will take (memory, disk, seconds); fail if it does not fit.",
    ),
    resume_option,
)  # fmt: skip

score_options = combined(
    eval_set_option("Score the vectors after each epoch on word pairs or analogies"),
    click.option(
        "--early-stopping", type=click.IntRange(min=1), metavar="N",
        help="Stop when the mean score of the --eval-set files has not risen for N epochs; keep the best epoch.",
    ),
)  # fmt: skip

material_options = combined(
    click.argument("corpus", nargs=-1, metavar="CORPUS..."),
    click.option(
        "--pairs", metavar="FILE", help="glove: train on pairs from wordvec cooccur, or GloVe's, not on a corpus."
    ),
    vocab_option(help="Use this vocabulary (word, count) instead of counting the corpus."),
    min_count_option(None, help="Drop words that occur less often.  [default: 5]"),
    max_vocab_option,
)

result_options = combined(
    output_option("the vectors (FILE.safetensors, or as --to says; a folder with --bootstrap, --seeds and --by)"),
    to_option(
        formats.writable_formats(), metavar="FORMAT",
        help="Format of the output, if its name does not say, as in wordvec export.  [default: native]",
    ),
    click.option(
        "--save-context", is_flag=True, help="Keep the output vectors in the file too, as the tensor `context`."
    ),
)  # fmt: skip

_FOLDER_OPTIONS = combined(
    click.option(
        "--bootstrap", type=click.IntRange(min=2), metavar="N",
        help="Train N times, each time on as many lines as there are, drawn with replacement: -o names a folder, which "
        "every query takes in the place of VECTORS and answers with intervals.",
    ),
    document_column_option(
        "With --bootstrap, draw documents instead of lines: the rows with one value of this column of the tables "
        "(a book, an author) together. A row without one is a document of its own.",
    ),
    click.option(
        "--seeds", type=click.IntRange(min=2), metavar="N",
        help="Train N times on the same text, with the seeds from --seed on: -o names a folder.",
    ),
    by_option(
        "Train once for each value of this column of the tables (a year, a source), on the rows that have it and "
        "with one vocabulary: -o names a folder. With --bootstrap N, N times for each on rows of it drawn with "
        "replacement, in a folder for each value.",
    ),
)  # fmt: skip


def folder_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """That there are many trainings, as one argument, `many`, or None.

    It is the kind, the number or column, of groups how many bootstraps of each, and the column of the documents.
    """

    @functools.wraps(function)
    def with_many(
        *,
        bootstrap: int | None,
        document_column: str | None,
        seeds: int | None,
        by: str | None,
        cluster: str | None,
        **others: Any,
    ) -> Any:
        kinds = {"seeds": seeds, "by": by} | ({} if by else {"bootstrap": bootstrap})
        given = [(kind, what) for kind, what in kinds.items() if what]
        if seeds and bootstrap:
            given = [("bootstrap", bootstrap), ("seeds", seeds)]
        if len(given) > 1:
            raise click.UsageError(f"--{given[0][0]} and --{given[1][0]} exclude each other; give one of them")
        if given and cluster:
            raise click.UsageError(f"--cluster: trains one model; leave it, or --{given[0][0]}, out")
        if document_column is not None and not bootstrap:
            raise click.UsageError("--document-column: says what --bootstrap draws; add --bootstrap N, or leave it out")
        many = (*given[0], bootstrap or 0, document_column) if given else None
        return function(many=many, cluster=cluster, **others)

    return _FOLDER_OPTIONS(with_many)


engine_option = click.option(
    "--engine", type=click.Choice(["wordvec", "gensim"]), default="wordvec", show_default=True,
    help="Who trains: wordvec, or for comparison gensim's Word2Vec on the same words and sentences, which has "
    "neither checkpoints nor losses.",
)  # fmt: skip

resource_options = corpus_options(memory_option(None, "counting words and pairs", "64MB; glove: 1GB"))
