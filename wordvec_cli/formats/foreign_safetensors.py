"""Matrices of other tools in safetensors files, and the folders that model2vec and sentence-transformers write.

A file needs one matrix, or one with a name of MATRIX_NAMES; its words are those of --vocab, of tokenizer.json beside
the file, or of FILE.words. A folder has model.safetensors and tokenizer.json, in itself or in 0_StaticEmbedding. What
`wordvec matrix` writes has special rows too; see `layer_matrix`.

In a model of model2vec with a quantized vocabulary, the vector of token i is weights[i] * embeddings[mapping[i]].
Source: model.py and persistence/ (MinishLab/model2vec).
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.errors import InputError
from wordvec_cli.formats import layer_matrix
from wordvec_cli.formats.matrices import (
    Words,
    check_rows,
    joined,
    words_beside,
)
from wordvec_cli.formats.reading import Oddities, ReadOptions
from wordvec_cli.formats.rows import Matrix
from wordvec_cli.layer.matrix_file import FORMAT as MATRIX
from wordvec_cli.layer.matrix_file import open_matrix
from wordvec_cli.storage import safetensors
from wordvec_cli.storage.files import readable
from wordvec_cli.storage.npy import float_slices, row_slices
from wordvec_cli.storage.safetensors import StoredTensor
from wordvec_cli.storage.sidecar import words_path
from wordvec_cli.text.words import back_to_back
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.native import known_by_header

MATRIX_NAMES = ("embeddings", "embedding", "vectors", "matrix", "embedding.weight", "embeddings.weight", "weight")
MODEL, TOKENIZER, FOLDERS = "model.safetensors", "tokenizer.json", ("", "0_StaticEmbedding")
# BF16, the upper half of a float32, is none of numpy's types; model2vec has I8.
DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I8": "|i1", "I32": "<i4", "I64": "<i8"}
SENTENCE_PIECE_MARK, INNER_MARK = "\u2581", "##"
FLOATS = ("F64", "F32", "F16", "BF16")


def looks_like(start: bytes) -> bool:
    """Whether a file that begins so is a safetensors file, but not one of ours."""
    return known_by_header(start) is False


def read(path: str, options: ReadOptions, oddities: Oddities) -> Embeddings:
    """The vectors of a file or folder. Raises: InputError"""
    model = _model_in(path) if os.path.isdir(path) else path
    file = safetensors.open_file(model)
    if file.metadata.get("format") == MATRIX.name:
        return layer_matrix.vectors_of(open_matrix(model), options, oddities)
    name = _matrix_name(model, file.tensors)
    tensor = file.tensors[name]
    if 0 in tensor.shape:
        raise InputError(f"{model}: its tensor {name} is empty, {tensor.shape}; make the file again")
    tokenizer = os.path.join(os.path.dirname(model), TOKENIZER)
    if options.vocabulary is None and os.path.exists(tokenizer):
        words, where = _tokens(tokenizer), tokenizer
        parts = _vectors_of_tokens(model, file.tensors, name, len(words))
        n_rows = tensor.shape[0] if "mapping" not in file.tensors else len(words)
    else:
        words, where = words_beside(model, options), options.vocabulary or words_path(model)
        parts, n_rows = _float_rows(tensor), tensor.shape[0]
    check_rows(model, n_rows, words, where)
    if where != tokenizer or not _ends_with_unknown(tokenizer, n_rows):
        return joined(model, words, parts, options, oddities)
    *_, last = parts
    words = Words(words.text[: words.offsets[-2]], words.offsets[:-1])
    vectors = joined(model, words, _but_last(_float_rows(tensor), n_rows), options, oddities)
    return replace(vectors, unknown=last[-1].copy().data.cast("B").cast("f")) if last[-1].any() else vectors


def _but_last(parts: Iterable[Matrix], n_rows: int) -> Iterator[Matrix]:
    """All rows but the last, which is of unknown words."""
    n_left = n_rows - 1
    for part in parts:
        if n_left:
            yield part[:n_left]
        n_left -= min(len(part), n_left)


def _ends_with_unknown(path: str, n_rows: int) -> bool:
    """Whether the last token is what a tokenizer of whole words gives for those that it does not know."""
    with open(path, "rb") as file:
        model = json.load(file)["model"]
    unknown = model.get("unk_token")
    is_of_words = model.get("type") == "WordLevel" and isinstance(unknown, str)
    return is_of_words and n_rows > 1 and bool(model["vocab"].get(unknown) == n_rows - 1)


def model_in(folder: str) -> str | None:
    """The matrix's file in a folder that model2vec or sentence-transformers writes; None of another folder."""
    for inner in FOLDERS:
        path = os.path.join(folder, inner, MODEL)
        if os.path.exists(path) and os.path.exists(os.path.join(folder, inner, TOKENIZER)):
            return path
    return None


def _model_in(folder: str) -> str:
    """The matrix's file in a folder. Raises: InputError"""
    if model := model_in(folder):
        return model
    raise InputError(
        f"{folder}: is a folder without {MODEL} and {TOKENIZER}, which model2vec writes; name a file of vectors"
    )


def _matrix_name(path: str, tensors: Mapping[str, StoredTensor]) -> str:
    """The tensor with the vectors. Raises: InputError if that cannot be told"""
    matrices = {name: tensor for name, tensor in tensors.items() if len(tensor.shape) == 2}
    # model2vec's int8 vectors have lost their scale: their directions are right, their lengths are not.
    fitting = [name for name, tensor in matrices.items() if tensor.dtype in FLOATS or name == MATRIX_NAMES[0]]
    fitting = [name for name in fitting if matrices[name].dtype in DTYPES]
    if len(fitting) == 1:
        return fitting[0]
    for known in MATRIX_NAMES:
        if known in fitting:
            return known
    there = ", ".join(f"{name} {tensor.dtype} {list(tensor.shape)}" for name, tensor in list(tensors.items())[:8])
    if fitting:
        raise InputError(
            f"{path}: has {len(fitting)} matrices ({there}); save the vectors alone, or as {MATRIX_NAMES[0]}"
        )
    raise InputError(f"{path}: has no matrix of F32, F16, BF16 or F64 ({there or 'nothing'}); is it the right file?")


def _array(tensor: StoredTensor) -> NDArray[Any]:
    array: NDArray[Any] = np.frombuffer(tensor.data, DTYPES[tensor.dtype])
    return array.reshape(tensor.shape)


def _float_rows(tensor: StoredTensor) -> Iterator[Matrix]:
    array = _array(tensor)
    if tensor.dtype != "BF16":
        return float_slices(array)
    return (_of_upper_halves(array[rows]) for rows in row_slices(array.shape, 4))


def _of_upper_halves(values: NDArray[Any]) -> Matrix:
    return (values.astype(np.uint32) << 16).view(np.float32)


# ---------------------------------------------------------------- model2vec


def _vectors_of_tokens(path: str, tensors: Mapping[str, StoredTensor], name: str, n_tokens: int) -> Iterable[Matrix]:
    """The rows of a matrix, or what model2vec's `mapping` and `weights` make of them for each token."""
    mapping, weights = (tensors.get(key) for key in ("mapping", "weights"))
    if mapping is None and weights is None:
        return _float_rows(tensors[name])
    for key, tensor, dtypes in (("mapping", mapping, ("I32", "I64")), ("weights", weights, FLOATS)):
        if tensor is not None and (tensor.dtype not in dtypes or tensor.shape != (n_tokens,)):
            there = f"{tensor.dtype} {list(tensor.shape)}"
            raise InputError(f"{path}: its tensor {key} is {there}, not one value for each of {n_tokens} tokens")
    rows = np.arange(n_tokens) if mapping is None else _array(mapping)
    n_rows = tensors[name].shape[0]
    if mapping is not None and not ((rows >= 0) & (rows < n_rows)).all():
        raise InputError(f"{path}: its tensor mapping points beyond the {n_rows} rows; the file is damaged")
    factors = np.ones(n_tokens, np.float32) if weights is None else np.concatenate(list(_float_rows(_column(weights))))
    return _weighted(tensors[name], rows, factors.reshape(-1, 1))


def _column(tensor: StoredTensor) -> StoredTensor:
    return tensor._replace(shape=(*tensor.shape, 1))


def _weighted(tensor: StoredTensor, rows: NDArray[Any], factors: Matrix) -> Iterator[Matrix]:
    matrix = _array(tensor)
    for some in row_slices((len(rows), matrix.shape[1]), 4):
        chosen = matrix[rows[some]]
        part = _of_upper_halves(chosen) if tensor.dtype == "BF16" else chosen.astype(np.float32)
        yield part * factors[some]


def _tokens(path: str) -> Words:
    """The tokens of a tokenizer.json by id, as they stand there (##ing, Ġthe), but for SentencePiece's.

    There a word's own token is marked (▁war) and a piece inside words is not: it gets WordPiece's mark (##war), and
    the words lose theirs, so that a word has the vector that the model gives it.
    Raises: InputError
    """
    with readable(path), open(path, "rb") as file:
        content = file.read()
    try:
        table = json.loads(content)
        vocabulary = table["model"]["vocab"]
        by_id: dict[int, str] = {}
        if isinstance(vocabulary, dict):
            by_id.update({id: token for token, id in vocabulary.items()})
        else:  # Unigram: pairs of a token and its score
            by_id.update({id: token for id, (token, _) in enumerate(vocabulary)})
        if mark := _mark_of_words(table):
            by_id = {id: _as_word(token, mark) for id, token in by_id.items()}
        by_id.update({entry["id"]: entry["content"] for entry in table.get("added_tokens") or []})
        words = [by_id[id].encode() for id in sorted(by_id)]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"{path}: is not a tokenizer with a vocabulary ({error!r}); name one with --vocab") from None
    if sorted(by_id) != list(range(len(by_id))):
        missing = next(id for id in range(len(by_id)) if id not in by_id)
        raise InputError(f"{path}: no token has the id {missing}, but others have higher ones; name a --vocab")
    text, offsets = back_to_back(words)
    return Words(text[: offsets[-1]], offsets)


def _mark_of_words(tokenizer: Mapping[str, Any]) -> str | None:
    """What a tokenizer puts before each word, if it does: SentencePiece's ▁."""
    for part in ("pre_tokenizer", "normalizer"):
        steps = tokenizer.get(part) or {}
        for step in steps.get("pretokenizers") or steps.get("normalizers") or [steps]:
            is_never = step.get("prepend_scheme") == "never" or step.get("add_prefix_space") is False
            if step.get("type") == "Metaspace" and not is_never:
                return str(step["replacement"])
            if step.get("type") == "Prepend" and step["prepend"] == SENTENCE_PIECE_MARK:
                return SENTENCE_PIECE_MARK
    return None


def _as_word(token: str, mark: str) -> str:
    """A token without the mark of words; one inside words with WordPiece's; a mark alone, and <unk>, as they are."""
    if token == mark or (token.startswith("<") and token.endswith(">")):
        return token
    return token.removeprefix(mark) if token.startswith(mark) else INNER_MARK + token
