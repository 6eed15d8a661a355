"""A text classifier: averaged word vectors and a linear layer, in a native vector file with more tensors.

    vectors          (n_words, dim)   the word vectors, as in any vector file
    ngrams.vectors   (n_ngrams, dim)  those of the n-grams, of words and of characters, that were seen in training
    ngrams.buckets   (n_ngrams,)      the buckets that they hash to, ascending
    output           (n, dim)         a row for each label, or for each inner node of the tree of labels
    labels.offsets, labels.text, labels.counts   the names, back to back, and how often each was seen
    paths.offsets, paths.nodes, paths.signs      of the tree, for hierarchical softmax

A quantised classifier has `vectors` and `ngrams.vectors` in int8, and a scale for each row of theirs in `scales` and
`ngrams.vectors.scales`. Rows are unpacked as they are needed, a few at a time.

Source: Joulin et al. 2016, arXiv 1607.01759; n-grams hash as in fastText (src/dictionary.cc).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.classify.ngrams import signed_hash
from wordvec_cli.errors import InputError, OptionError, WordvecError
from wordvec_cli.storage import safetensors
from wordvec_cli.storage.safetensors import Tensor
from wordvec_cli.text.ngram_lengths import NgramLengths, ngram_lengths
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.text.words import fault_of_offsets
from wordvec_cli.vectors import native
from wordvec_cli.vectors.embeddings import Embeddings, recorded
from wordvec_cli.vectors.native import CLASSIFIER
from wordvec_cli.vectors.packing import ScaledBytes
from wordvec_cli.vectors.row_tensors import VECTORS, matrix_tensor, part_name
from wordvec_cli.vocabulary.counting import SENTENCE_END
from wordvec_cli.vocabulary.vocabulary import Vocabulary, each_word

Matrix = NDArray[np.float32]
Integers = NDArray[np.int64]
Loss = Literal["softmax", "hierarchical-softmax", "one-vs-all"]

# What knows only the first would predict something else without a word, or find quantised rows damaged.
VERSION, VERSION_WITH_SUBWORDS, VERSION_QUANTISED = 1, 2, 3
INT8: Literal["int8"] = "int8"
SOFTMAX: Loss = "softmax"
HIERARCHICAL_SOFTMAX: Loss = "hierarchical-softmax"
ONE_VS_ALL: Loss = "one-vs-all"
MOST_WORD_NGRAMS = 100
MOST_BUCKETS = 1 << 30
NGRAM_VECTORS = "ngrams.vectors"
LINE_END = SENTENCE_END  # the word that ends every line, as in fastText
LINE_END_HASH = np.uint32(signed_hash(LINE_END) & 0xFFFFFFFF)


@dataclass(frozen=True)
class Task:
    """What a classifier does with a line.

    word_ngrams   words in the longest n-gram that has a vector
    buckets       how many buckets n-grams are hashed into
    label_prefix  words that begin with it are labels, not text; None: labels are in a column of their own
    subwords      how long the n-grams of characters are that have a vector, MIN-MAX; None: none have
    Raises: OptionError for a value out of range, from an option or from a file
    """

    loss: Loss
    word_ngrams: int
    buckets: int
    label_prefix: str | None = None
    subwords: str | None = None

    def __post_init__(self) -> None:
        if self.loss not in get_args(Loss):
            raise OptionError(f"--loss {self.loss}: must be one of {', '.join(get_args(Loss))}")
        for option, value, most in (
            ("--word-ngrams", self.word_ngrams, MOST_WORD_NGRAMS),
            ("--buckets", self.buckets, MOST_BUCKETS),
        ):
            if type(value) is not int or not 1 <= value <= most:
                raise OptionError(f"{option} {value}: must be a whole number from 1 to {most}")
        if not isinstance(self.label_prefix, str | None):
            raise OptionError(f"--label-prefix {self.label_prefix}: must be a text")
        if not isinstance(self.subwords, str | None):
            raise OptionError(f"--subwords {self.subwords}: must be a text, MIN-MAX")
        ngram_lengths(self.subwords)

    @property
    def subword_lengths(self) -> NgramLengths:
        return ngram_lengths(self.subwords)

    @property
    def version(self) -> int:
        """Of the file: the first that says all that is here."""
        return VERSION if self.subwords is None else VERSION_WITH_SUBWORDS

    def table(self) -> dict[str, Any]:
        """As it is recorded in the file."""
        table = {**asdict(self), "version": self.version}
        return table if self.subwords is not None else {name: table[name] for name in table if name != "subwords"}


class Paths(NamedTuple):
    """A tree of labels, from `kernels.tree.huffman_tree`."""

    offsets: Integers
    nodes: NDArray[np.int32]
    signs: NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class Classifier:
    """The parts of a classifier, as in the file. Arrays may be maps of the file.

    words, ngram_vectors  are quantised both, or none
    """

    words: Embeddings
    ngram_vectors: Matrix | ScaledBytes
    ngram_buckets: NDArray[np.int32]
    output: Matrix
    labels: Vocabulary
    paths: Paths | None
    task: Task
    tokenizer: Tokenizer

    @cached_property
    def label_names(self) -> list[bytes]:
        return list(self.labels)

    @property
    def is_quantised(self) -> bool:
        return isinstance(self.ngram_vectors, ScaledBytes)

    def ngram_rows(self, places: Any) -> Matrix:
        """The vectors of some n-grams, (n, dim) float32, by a slice or by numbers."""
        rows = self.ngram_vectors
        return rows.rows(places) if isinstance(rows, ScaledBytes) else rows[places]

    @property
    def n_scores(self) -> int:
        """How many numbers are computed to classify one line."""
        return len(self.labels) if self.paths is None else len(self.paths.nodes)

    @np.errstate(over="ignore", invalid="ignore")  # of damaged rows, whose probabilities are nan
    def probabilities(self, hidden: Matrix) -> Matrix:
        """For hidden vectors (n, dim): (n, n_labels); independent for one-vs-all, otherwise each row sums to 1."""
        scores = hidden @ self.output.T
        if self.task.loss == ONE_VS_ALL:
            return _sigmoid(scores)
        if self.paths is not None:
            return self._along_paths(scores)
        scores -= scores.max(axis=1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=1, keepdims=True)
        return scores

    def _along_paths(self, scores: Matrix) -> Matrix:
        """The product of the probabilities of the turns on the way to each label."""
        assert self.paths is not None
        probabilities = np.concatenate([_sigmoid(-scores), _sigmoid(scores)], axis=1)  # of either turn at each node
        turns = np.log(np.maximum(probabilities, np.finfo(np.float32).tiny))
        taken = self.paths.nodes + scores.shape[1] * (self.paths.signs < 0)
        of_labels: Matrix = np.exp(np.add.reduceat(turns[:, taken], self.paths.offsets[:-1], axis=1))
        return of_labels


def _sigmoid(scores: Matrix) -> Matrix:
    power = np.exp(-np.abs(scores))
    probabilities: Matrix = np.where(scores >= 0, 1, power) / (1 + power)
    return probabilities.astype(np.float32)


# ---------------------------------------------------------------- the file


def size_bytes(classifier: Classifier) -> int:
    """How large a classifier's file is, but for its header of a few kilobytes."""
    tensors = _tensors_of(classifier) | native.vocabulary_tensors(classifier.words.vocabulary)
    return sum(tensor.n_bytes for tensor in tensors.values())


def _tensors_of(classifier: Classifier) -> dict[str, Tensor]:
    """All but those of the words' text and counts."""
    labels, paths = classifier.labels, classifier.paths
    return {
        "labels.offsets": Tensor.of(labels.offsets, "I64"),
        "labels.counts": Tensor.of(labels.counts, "I64"),
        **({"paths.offsets": Tensor.of(paths.offsets, "I64")} if paths else {}),
        **_rows_to_store(VECTORS, classifier.words.values if classifier.is_quantised else classifier.words.matrix),
        **_rows_to_store(NGRAM_VECTORS, classifier.ngram_vectors),
        "ngrams.buckets": Tensor.of(classifier.ngram_buckets, "I32"),
        "output": matrix_tensor(classifier.output),
        **(
            {"paths.nodes": Tensor.of(paths.nodes, "I32"), "paths.signs": Tensor.of(paths.signs, "I8")} if paths else {}
        ),
        "labels.text": Tensor.of(labels.text, "U8"),
    }


def save(path: str, classifier: Classifier, metadata: Mapping[str, str]) -> None:
    """Write a classifier, quantised if it is. Raises: OutputError"""
    labels, tensors = classifier.labels, _tensors_of(classifier)
    table = {**classifier.task.table(), "labels": len(labels), "ngrams": len(classifier.ngram_buckets)}
    if classifier.is_quantised:
        table |= {"packing": INT8, "version": VERSION_QUANTISED}
    own = {
        CLASSIFIER: json.dumps(table, sort_keys=True),
        "tokenizer": json.dumps(classifier.tokenizer.to_metadata(), sort_keys=True),
    }
    native.save_tensors(path, classifier.words.vocabulary, tensors, {**metadata, **own})


def _rows_to_store(name: str, rows: Any) -> dict[str, Tensor]:
    """The tensors of rows, as they are or quantised."""
    if not isinstance(rows, ScaledBytes):
        return {name: matrix_tensor(rows)}
    return {part_name(name, "scales"): Tensor.of(rows.row_scales, "F32"), name: Tensor.of(rows.numbers, "I8")}


def load(path: str) -> Classifier:
    """Open a classifier, mapped. Raises: InputError if the file is not a classifier, or is damaged"""
    words = native.load(path)
    if CLASSIFIER not in words.metadata:
        raise InputError(f"{path}: holds word vectors but no classifier; train one with wordvec classify train")
    table = recorded(words.metadata, CLASSIFIER)
    if (its := table.get("version")) not in (VERSION, VERSION_WITH_SUBWORDS, VERSION_QUANTISED):
        newest, known = str(VERSION_QUANTISED), f"{VERSION} to {VERSION_QUANTISED}"
        raise InputError(f"{path}: {safetensors.unknown_version('classifier', its, newest, known)}")
    try:
        has_subwords = its == VERSION_WITH_SUBWORDS or "subwords" in table
        names = [name for name in Task.__dataclass_fields__ if name != "subwords" or has_subwords]
        task = Task(**{name: table[name] for name in names})
        if its == VERSION_QUANTISED and table["packing"] != INT8:
            raise ValueError(f"its packing is {table['packing']}")
        return _checked(words, task, _Tensors(safetensors.open_file(path).tensors), its == VERSION_QUANTISED)
    except KeyError as error:
        reason = f"it lacks {error}"
    except (TypeError, ValueError, WordvecError) as error:
        reason = str(error)
    raise InputError(f"{path}: its classifier is damaged ({reason}); make or copy the file again")


class _Tensors:
    """Tensors of a file as arrays. Raises: ValueError if a tensor has another type or shape than asked for"""

    def __init__(self, tensors: Mapping[str, safetensors.StoredTensor]) -> None:
        self._tensors = tensors

    def get(self, name: str, dtype: str, *shape: int | None) -> Any:
        tensor = self._tensors[name]
        fits = len(tensor.shape) == len(shape)
        fits &= all(wanted in (None, n) for n, wanted in zip(tensor.shape, shape, strict=False))
        if tensor.dtype != dtype or not fits:
            raise ValueError(f"{name} is {tensor.dtype} {list(tensor.shape)}")
        return np.asarray(tensor.data).reshape(tensor.shape)


def _checked(words: Embeddings, task: Task, tensors: _Tensors, is_quantised: bool) -> Classifier:
    labels = _labels(tensors)
    paths = _paths(tensors, len(labels)) if task.loss == HIERARCHICAL_SOFTMAX else None
    buckets = tensors.get("ngrams.buckets", "I32", None)
    if len(buckets) and not (buckets[0] >= 0 and (np.diff(buckets) > 0).all() and buckets[-1] < task.buckets):
        raise ValueError("ngrams.buckets do not ascend below the number of buckets")
    if isinstance(words.values, ScaledBytes) is not is_quantised:
        raise ValueError("its words are quantised, or not, unlike what it says")
    return Classifier(
        words,
        _ngram_vectors(tensors, len(buckets), words.dim, is_quantised),
        buckets,
        tensors.get("output", "F32", len(labels) - (paths is not None), words.dim),
        labels,
        paths,
        task,
        Tokenizer.from_metadata(recorded(words.metadata, "tokenizer")),
    )


def _ngram_vectors(tensors: _Tensors, n: int, dim: int, is_quantised: bool) -> Matrix | ScaledBytes:
    rows = tensors.get(NGRAM_VECTORS, "I8" if is_quantised else "F32", n, dim)
    return scaled_bytes(rows, tensors.get(part_name(NGRAM_VECTORS, "scales"), "F32", n)) if is_quantised else rows


def scaled_bytes(numbers: NDArray[np.int8], scales: Matrix) -> ScaledBytes:
    """Quantised rows: whole numbers (n, dim), and the scale of each row."""
    content = numbers.reshape(-1).data.cast("B") if numbers.size else memoryview(b"")
    of_rows = scales.data.cast("B") if len(scales) else memoryview(b"")
    return ScaledBytes(content, of_rows.cast("f"), numbers.shape[1])


def _labels(tensors: _Tensors) -> Vocabulary:
    offsets = tensors.get("labels.offsets", "I64", None)
    text = tensors.get("labels.text", "U8", None)
    counts = tensors.get("labels.counts", "I64", len(offsets) - 1)
    if len(offsets) < 2:
        raise ValueError("it has no labels")
    if fault := fault_of_offsets(offsets, len(text)):
        raise ValueError(f"labels.offsets {fault}")
    if counts.min() < 0:
        raise ValueError("labels.counts are negative")
    return Vocabulary.from_words(each_word(text, offsets), counts.tolist())


def _paths(tensors: _Tensors, n_labels: int) -> Paths:
    offsets = tensors.get("paths.offsets", "I64", n_labels + 1)
    nodes = tensors.get("paths.nodes", "I32", None)
    signs = tensors.get("paths.signs", "I8", len(nodes))
    if fault := fault_of_offsets(offsets, len(nodes)):
        raise ValueError(f"paths.offsets {fault}")
    if (np.diff(offsets) == 0).any():
        raise ValueError("a label has no path")
    if nodes.min() < 0 or nodes.max() >= n_labels - 1:
        raise ValueError("paths.nodes are not nodes")
    return Paths(offsets, nodes, signs)
