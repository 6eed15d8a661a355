"""`train`: word vectors of a corpus, as `wordvec train` learns them."""

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from tempfile import TemporaryDirectory
from typing import Any, Literal, Unpack

from wordvec_cli.api.bar import Shown, log_note, reporting
from wordvec_cli.api.corpora import AnyPath, Texts, folder_for, sources_of
from wordvec_cli.api.opening import load
from wordvec_cli.api.options import TOKENIZER_OPTIONS, TokenizerOptions, check_names, tokenizer_of
from wordvec_cli.api.vectors import Vectors
from wordvec_cli.api.vocabulary import CountedVocabulary
from wordvec_cli.training.order import settled
from wordvec_cli.training.run import run
from wordvec_cli.vectors.embeddings import Embeddings


class TrainOptions(TokenizerOptions, total=False):
    """How vectors are trained, as the options of `wordvec train` of these names; `wordvec train --help` explains them.

    model      "skipgram" (the default), "cbow" or "glove"; the defaults of what follows are those of the model
    output     a file that is written too, in the format of its name, or of `to`
    memory     in bytes
    eval_set   a file of questions, or several, that the vectors are scored on after each epoch
    tmp_dir    for temporary files; by default the output's folder, or that of the system
    """

    output: AnyPath
    to: str
    model: Literal["skipgram", "cbow", "glove"]
    preset: str
    like: AnyPath
    engine: Literal["wordvec", "gensim"]
    vector_size: int
    window: int
    fixed_window: bool
    epochs: int
    learning_rate: float
    min_learning_rate: float
    loss: Literal["negative-sampling", "hierarchical-softmax"]
    negative: int
    noise_exponent: float
    sample: float
    cbow_mean: bool
    cbow_gradient: Literal["sum", "mean"]
    pairs: AnyPath
    symmetric: bool
    distance_weighting: bool
    unknown: Literal["skip", "gap"]
    x_max: float
    weight_exponent: float
    gradient_clip: float
    combine: Literal["word", "sum", "concat"]
    unknown_vector: bool
    save_context: bool
    min_count: int
    max_vocab: int
    eval_set: AnyPath | Sequence[AnyPath]
    early_stopping: int
    checkpoint_every: float
    resume: bool
    seed: int
    deterministic: bool
    threads: int
    memory: int
    tmp_dir: AnyPath


def train(
    corpus: Texts | None = None,
    *,
    vocab: CountedVocabulary | AnyPath | None = None,
    init: Vectors | AnyPath | None = None,
    progress: Shown = False,
    **options: Unpack[TrainOptions],
) -> Vectors:
    """Learn a vector for each word of a corpus; the same numbers as the command with the same options.

    corpus    a path (file or folder), Path objects, or an iterable of texts or of token lists; None: see pairs
    vocab     the words to learn, from build_vocab or a file; None: they are counted first
    init      vectors to start from
    progress  True shows a bar, in a notebook too; a function is called with each Progress
    options   as in `TrainOptions`, and in `TokenizerOptions`
    Raises: TypeError for an option that there is not, OptionError, InputError, OutputError, DivergedError
    """
    check_names("train", options, TrainOptions.__optional_keys__)
    given: dict[str, Any] = {name: value for name, value in options.items() if name not in TOKENIZER_OPTIONS}
    sets = given.pop("eval_set", ())
    given["eval_sets"] = [sets] if isinstance(sets, str | os.PathLike) else sets
    given["tokenizer"] = tokenizer_of(options)
    with ExitStack() as work:
        report = work.enter_context(reporting(progress))
        given["corpus"] = () if corpus is None else sources_of(corpus, folder_for(given.get("tmp_dir")))
        given["init"] = None if init is None else _opened(init)
        given["vocab"] = _as_file(vocab, work) if isinstance(vocab, CountedVocabulary) else vocab
        return Vectors(run(settled(given, log_note), report, log_note).embeddings())


def _opened(init: Vectors | AnyPath) -> Callable[[], Embeddings]:
    """Opens the vectors to start from, once the other options are known to be right."""
    return lambda: (init if isinstance(init, Vectors) else load(init)).embeddings


def _as_file(vocab: CountedVocabulary, work: ExitStack) -> str:
    path = os.path.join(work.enter_context(TemporaryDirectory()), "vocab.tsv")
    vocab.save(path)
    return path
