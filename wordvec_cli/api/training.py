"""`train`: word vectors of a corpus, as `wordvec train` learns them."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from tempfile import TemporaryDirectory
from typing import Any, cast

from wordvec_cli.api.bar import Shown, log_note, reporting
from wordvec_cli.api.corpora import AnyPath, Texts, folder_for, sources_of
from wordvec_cli.api.opening import load
from wordvec_cli.api.options import TOKENIZER_OPTIONS, TokenizerOptions, check_names, tokenizer_of
from wordvec_cli.api.vectors import Vectors
from wordvec_cli.api.vocabulary import CountedVocabulary
from wordvec_cli.training.order import OPTIONS as ORDER_OPTIONS
from wordvec_cli.training.order import settled
from wordvec_cli.training.run import run
from wordvec_cli.vectors.embeddings import Embeddings

OPTIONS = (ORDER_OPTIONS - {"corpus", "eval_sets"}) | {"eval_set"} | TOKENIZER_OPTIONS


def train(
    corpus: Texts | None = None,
    *,
    progress: Shown = False,
    tmp_dir: AnyPath | None = None,
    vocab: CountedVocabulary | AnyPath | None = None,
    init: Vectors | AnyPath | None = None,
    **options: Any,
) -> Vectors:
    """Learn a vector for each word of a corpus; the same numbers as the command with the same options.

    corpus    a path (file or folder), Path objects, or an iterable of texts or of token lists; None: see pairs
    progress  True shows a bar, in a notebook too; a function is called with each Progress
    tmp_dir   for temporary files; None: the output's folder, or that of the system
    vocab     the words to learn, from build_vocab or a file; None: they are counted first
    init      vectors to start from
    options   the long options of `wordvec train` with underscores, and their defaults: model ("skipgram", "cbow" or
              "glove"), vector_size, window, epochs, min_count, learning_rate, seed, threads, preset, deterministic ...;
              output=PATH writes the vectors too; those in `TokenizerOptions`
    Raises: TypeError for an option that there is not, OptionError, InputError, OutputError, DivergedError
    """
    check_names("train", options, OPTIONS)
    tokens = {name: options.pop(name) for name in TOKENIZER_OPTIONS & {*options}}
    if "eval_set" in options:
        sets = options.pop("eval_set")
        options["eval_sets"] = [sets] if isinstance(sets, str | os.PathLike) else sets
    folder = folder_for(tmp_dir)
    with ExitStack() as work:
        report = work.enter_context(reporting(progress))
        given = {
            **options,
            "corpus": () if corpus is None else sources_of(corpus, folder),
            "tmp_dir": tmp_dir,
            "tokenizer": tokenizer_of(cast(TokenizerOptions, tokens)),
            "init": None if init is None else _opened(init),
            "vocab": _as_file(vocab, work) if isinstance(vocab, CountedVocabulary) else vocab,
        }
        return Vectors(run(settled(given, log_note), report, log_note).embeddings())


def _opened(init: Vectors | AnyPath) -> Callable[[], Embeddings]:
    """Opens the vectors to start from, once the other options are known to be right."""
    return lambda: (init if isinstance(init, Vectors) else load(init)).embeddings


def _as_file(vocab: CountedVocabulary, work: ExitStack) -> str:
    path = os.path.join(work.enter_context(TemporaryDirectory()), "vocab.tsv")
    vocab.save(path)
    return path
