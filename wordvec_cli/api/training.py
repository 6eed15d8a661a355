"""`train`, `train_folder`: word vectors of a corpus, as `wordvec train` learns them."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from tempfile import TemporaryDirectory
from typing import Any, Unpack

from wordvec_cli.api.bar import Shown, log_note, reporting
from wordvec_cli.api.corpora import AnyPath, Texts, folder_for, sources_of
from wordvec_cli.api.face import face
from wordvec_cli.api.opening import load
from wordvec_cli.api.options import CORPUS_OPTIONS, files_of, optional, size_of, tokenizer_of, whole_number
from wordvec_cli.api.train_options import TrainOptions
from wordvec_cli.api.vectors import Vectors
from wordvec_cli.api.vocabulary import CountedVocabulary
from wordvec_cli.errors import OptionError
from wordvec_cli.training.folder import train_folder as run_folder
from wordvec_cli.training.folder_order import BY, folder_order, order_by
from wordvec_cli.training.options import typed
from wordvec_cli.training.order import settled
from wordvec_cli.training.run import run
from wordvec_cli.vectors.embeddings import Embeddings


@face(options=TrainOptions)
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
    options   as in `TrainOptions`, `CorpusOptions` and `TokenizerOptions`
    Raises: TypeError for an option that there is not, OptionError, InputError, OutputError, DivergedError
    """
    with ExitStack() as work:
        report = work.enter_context(reporting(progress))
        given = _given(corpus, vocab, init, options, work)
        return Vectors(run(settled(given, log_note), report, log_note).embeddings())


@face(options=TrainOptions)
def train_folder(  # noqa: PLR0913
    corpus: Texts,
    folder: AnyPath,
    *,
    bootstrap: int | None = None,
    seeds: int | None = None,
    by: str | None = None,
    document_column: str | None = None,
    vocab: CountedVocabulary | AnyPath | None = None,
    init: Vectors | AnyPath | None = None,
    progress: Shown = False,
    **options: Unpack[TrainOptions],
) -> list[str]:
    """Train many times, each into a file of a folder; the paths of the files.

    bootstrap  so many times, each on as many lines (texts) as there are, drawn with replacement
    seeds      so many times on all of them, with the seeds from `seed` on
    by         with text_column: once for each value of this column of tables, on the rows that have it; with bootstrap
               so many times for each, in a folder of its own
    document_column  with bootstrap and text_column: rows with one value of this column are drawn together
    corpus, vocab, init, progress, options  as for `train`; `output` is the folder
    Raises: TypeError for an option that there is not, OptionError, InputError, OutputError, DivergedError
    """
    kinds = {"bootstrap": bootstrap, "seeds": seeds, BY: by}
    chosen = [kind for kind, what in kinds.items() if what is not None]
    if chosen not in (["bootstrap"], ["seeds"], [BY], ["bootstrap", BY]):
        raise OptionError("--bootstrap, --seeds, --by: give one of them, or --bootstrap and --by")
    with ExitStack() as work:
        report = work.enter_context(reporting(progress))
        given = _given(corpus, vocab, init, options, work) | {"output": os.fspath(folder)}
        column = optional("document_column", document_column, str)
        if by is not None:
            n_samples = 0 if bootstrap is None else whole_number("bootstrap", bootstrap, 2)
            wanted = order_by(typed(BY, by, str), given, log_note, n_samples, column)
        else:
            kind = chosen[0]
            wanted = folder_order(kind, whole_number(kind, kinds[kind], 2), given, log_note, column)
        return run_folder(wanted, report, log_note)


def _given(
    corpus: Texts | None,
    vocab: CountedVocabulary | AnyPath | None,
    init: Vectors | AnyPath | None,
    options: TrainOptions,
    work: ExitStack,
) -> dict[str, Any]:
    """The options as the library takes them."""
    given: dict[str, Any] = {name: value for name, value in options.items() if name not in CORPUS_OPTIONS}
    sets = given.pop("eval_set", ())
    given["eval_sets"] = [sets] if isinstance(sets, str | os.PathLike) else sets
    given["memory"] = size_of("memory", given.get("memory"))
    given["tokenizer"] = tokenizer_of(options)
    given["files"] = files_of(options)
    given["corpus"] = () if corpus is None else sources_of(corpus, folder_for(given.get("tmp_dir")))
    given["init"] = None if init is None else _opened(init)
    given["vocab"] = _as_file(vocab, work) if isinstance(vocab, CountedVocabulary) else vocab
    return given


def _opened(init: Vectors | AnyPath) -> Callable[[], Embeddings]:
    """Opens the vectors to start from, once the other options are known to be right."""
    return lambda: (init if isinstance(init, Vectors) else load(init)).embeddings


def _as_file(vocab: CountedVocabulary, work: ExitStack) -> str:
    path = os.path.join(work.enter_context(TemporaryDirectory()), "vocab.tsv")
    vocab.save(path)
    return path
