"""Text classifiers: `classify.train` learns labels of texts, `classify.load` opens a model, `predict` applies it."""

import itertools
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple, Unpack, overload

from wordvec_cli.api.bar import Shown, log_note, reporting
from wordvec_cli.api.corpora import AnyPath, Texts, folder_for, sources_of
from wordvec_cli.api.face import face
from wordvec_cli.api.opening import load as load_vectors
from wordvec_cli.api.options import (
    ArgumentError,
    FileKeywords,
    TokenizerOptions,
    files_of,
    optional,
    threads_of,
    tokenizer_of,
    whole_number,
)
from wordvec_cli.api.vectors import Vectors
from wordvec_cli.classify import model
from wordvec_cli.classify.lines import LabelLayout, LabelledLine, LineParser
from wordvec_cli.classify.model import Classifier, Loss
from wordvec_cli.classify.prediction import Predictor, label_layout, predict
from wordvec_cli.classify.run import ClassifierOrder, config_of, run
from wordvec_cli.classify.scores import LabelScores
from wordvec_cli.classify.scoring import score_lines
from wordvec_cli.classify.trainer import ClassifierConfig
from wordvec_cli.errors import InputError
from wordvec_cli.text.corpus_notes import open_corpus
from wordvec_cli.text.decoding import as_bytes, as_text
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.training.options import types_of

Labels = Iterable[str | Iterable[str]]  # of each text its label, or its labels
_END = object()
HYPER_PARAMETERS = types_of(ClassifierConfig)


class Prediction(NamedTuple):
    """A label, and how probable it is."""

    label: str
    probability: float


class TextClassifier:
    """A model that gives texts their labels.

    classifier  the library's own type, with labels as bytes
    """

    def __init__(self, classifier: Classifier) -> None:
        self.classifier = classifier

    def __repr__(self) -> str:
        return f"<TextClassifier: {len(self.labels)} labels, {len(self.vectors):,} words x {self.vectors.vector_size}>"

    @cached_property
    def labels(self) -> list[str]:
        """The labels, the most frequent in training first."""
        return list(map(as_text, self.classifier.label_names))

    @cached_property
    def vectors(self) -> Vectors:
        """The vectors of the words."""
        return Vectors(self.classifier.words)

    @overload
    def predict(  # type: ignore[overload-overlap]  # a str is many texts too, to Python
        self, texts: str, k: int = 1, threshold: float = 0.0
    ) -> list[Prediction]: ...
    @overload
    def predict(self, texts: Iterable[str], k: int = 1, threshold: float = 0.0) -> list[list[Prediction]]: ...
    @face()
    def predict(self, texts: str | Iterable[str], k: int = 1, threshold: float = 0.0) -> Any:
        """The `k` most probable labels of a text, best first, or of each of many texts.

        threshold  labels that are less probable are left out
        """
        k = whole_number("k", k, 1)
        asked = [texts] if isinstance(texts, str) else texts
        found = [
            [Prediction(as_text(label), float(share)) for label, share in of_text]
            for of_text in predict(self.classifier, map(as_bytes, asked), k, threshold)
        ]
        return found[0] if isinstance(texts, str) else found

    @face()
    def score(
        self, texts: Iterable[str], labels: Labels | None = None, k: int = 1, threshold: float = 0.0
    ) -> dict[str, float]:
        """Precision, recall and F1 of the `k` most probable labels, and the number of texts with labels.

        labels  of each text; None: they stand in the texts, as in training (an open file will do)
        Raises: InputError if no text has a label
        """
        rows = self._rows(texts) if labels is None else _labelled(texts, labels)
        scores = LabelScores()
        score_lines(Predictor(self.classifier), rows, k, threshold, scores)
        if not scores.n_lines:
            raise InputError("no text has a label, so there is nothing to compare with")
        total = scores.overall
        return {"precision": total.precision, "recall": total.recall, "f1": total.f1, "n": scores.n_lines}

    def _rows(self, texts: Iterable[str]) -> list[LabelledLine]:
        parser = LineParser(label_layout(self.classifier), "texts", self.classifier.tokenizer.invalid_utf8)
        return parser.parse([as_bytes(text).rstrip(b"\n").replace(b"\n", b" ") for text in texts])

    @face()
    def save(self, path: AnyPath) -> None:
        """Write the model, a .safetensors file, which is a vector file too. Raises: OutputError"""
        model.save(os.fspath(path), self.classifier, self.classifier.words.metadata)


class ClassifierOptions(FileKeywords, TokenizerOptions, total=False):
    """How a classifier is trained, as the options of `wordvec classify train` of these names, with their defaults.

    output        a .safetensors file that is written too
    label_prefix  words of a text that begin so are its labels, by default "__label__"
    text_column, label_column  of a table: CSV, Parquet, lines of cells between tabs below a line of names, JSON objects
    corpus_format, encoding, include, exclude  how files are read, as the command's options
    quantise      with a byte for each number of the words' and n-grams' vectors, a quarter of the size
    threads       by default the usable CPUs; only with 1 the next run gives the same numbers
    """

    output: AnyPath
    label_prefix: str
    text_column: str
    label_column: str
    threads: int
    tmp_dir: AnyPath
    loss: Loss
    vector_size: int
    epochs: int
    learning_rate: float
    word_ngrams: int
    subwords: str
    buckets: int
    min_count: int
    min_count_label: int
    freeze: bool
    seed: int
    quantise: bool


@face("classify.train", ClassifierOptions)
def train(
    texts: Texts,
    labels: Labels | None = None,
    *,
    init: Vectors | AnyPath | None = None,
    progress: Shown = False,
    **options: Unpack[ClassifierOptions],
) -> TextClassifier:
    """Learn to give texts their labels.

    texts    with labels: an iterable of texts. Without: a path, Path objects, or an iterable of lines, where words that
             begin with __label__ are labels, as in fastText, or columns are named
    labels   of each text a label, or a list of labels
    init     vectors to start from
    options  as in `ClassifierOptions`, and in `TokenizerOptions`
    Raises: InputError, OptionError; TypeError for an option that there is not; ValueError if a text lacks its label
    """
    folder = folder_for(options.get("tmp_dir"))
    layout = _layout(options) if labels is None else LabelLayout(None, "text", "labels")
    sources = sources_of(texts if labels is None else _as_table(texts, labels), folder)
    start = None if init is None else (init if isinstance(init, Vectors) else load_vectors(init)).embeddings
    config = config_of(_hyper_parameters(options), start)
    tokenizer = tokenizer_of(options) or Tokenizer()
    files = layout.files(files_of({**options, "text_column": ()}))
    corpus = open_corpus(sources, tokenizer, folder, log_note, files)
    output, n_threads = options.get("output"), threads_of(options.get("threads"))
    path = None if output is None else os.fspath(output)
    is_quantised = bool(optional("quantise", options.get("quantise"), bool))
    order = ClassifierOrder(
        corpus, path, layout, tokenizer, config, start, n_threads, str(folder), is_quantised=is_quantised
    )
    with reporting(progress) as report:
        return TextClassifier(run(order, report, log_note))


def _hyper_parameters(options: Mapping[str, Any]) -> dict[str, Any]:
    """Those that are given, each of its type. Raises: OptionError"""
    return {name: optional(name, options[name], kind) for name, kind in HYPER_PARAMETERS.items() if name in options}


def _layout(given: ClassifierOptions) -> LabelLayout:
    """Where lines have their labels. Raises: OptionError"""
    text_column = given.get("text_column")
    prefix = None if text_column else as_bytes(given.get("label_prefix", "__label__"))
    return LabelLayout(prefix, text_column, given.get("label_column"))


@face("classify.load")
def load(path: AnyPath) -> TextClassifier:
    """Open a model that `classify.train` or `wordvec classify train` wrote. Raises: InputError"""
    return TextClassifier(model.load(os.fspath(path)))


def _labels_of(labels: str | Iterable[str]) -> list[str]:
    return [labels] if isinstance(labels, str) else list(labels)


def _as_table(texts: Any, labels: Labels) -> Iterable[str]:
    """JSON lines of texts and their labels. Raises: TypeError; and as `_pairs`"""
    if isinstance(texts, str | os.PathLike):
        raise TypeError("labels= goes with an iterable of texts; a file has the labels of its lines in it")
    for text, of_text in _pairs(texts, labels):
        yield json.dumps({"text": text, "labels": _labels_of(of_text)})


def _pairs(texts: Iterable[Any], labels: Labels) -> Iterator[tuple[Any, Any]]:
    """Each text with its label or labels. Raises: ArgumentError if there are more of one than of the other"""
    for number, (text, of_text) in enumerate(itertools.zip_longest(texts, labels, fillvalue=_END)):
        if text is _END or of_text is _END:
            more = "labels than texts" if text is _END else "texts than labels"
            raise ArgumentError(f"there are more {more} ({number}); give each text its label")
        yield text, of_text


def _labelled(texts: Iterable[str], labels: Labels) -> list[LabelledLine]:
    return [
        ([as_bytes(label) for label in _labels_of(of_text)], as_bytes(text).replace(b"\n", b" "))
        for text, of_text in _pairs(texts, labels)
    ]
