"""Folders of a static model, which sentence-transformers (StaticEmbedding) and model2vec open: a text is the mean.

modules.json and config.json say what it is, model.safetensors has `embeddings`, and tokenizer.json cuts texts into the
words as the vectors' own tokenizer does. The last row is that of unknown words: model2vec leaves them out of the mean,
sentence-transformers takes them with this row, zeros if the vectors have none.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.formats.matrices import lost_by_format
from wordvec_cli.formats.reading import WriteOptions
from wordvec_cli.formats.rows import Matrix
from wordvec_cli.storage import safetensors
from wordvec_cli.storage.files import replacing, together, writable
from wordvec_cli.text.decoding import is_utf8, quoted
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.vectors.embeddings import Embeddings, recorded
from wordvec_cli.vectors.row_tensors import ROWS_PER_PART

UNKNOWN_NAMES = ("<unk>", "[UNK]", "<unknown word>")
MODULES = [{"idx": 0, "name": "0", "path": ".", "type": "sentence_transformers.models.StaticEmbedding"}]
WHITE_SPACE = {"type": "Split", "pattern": {"Regex": r"[ \t\n\x0b\x0c\r]+"}, "behavior": "Removed", "invert": False}
# `text.splitters`, in the words of Rust's regular expressions: \w of Python is \p{L}, \p{N} and _
_LETTERS = r"[\p{L}\p{N}\p{M}_\u200c\u200d]"
_WORDS = (
    rf"{_LETTERS}+(?:(?:['\u2019]|(?<=\p{{Nd}})[.,](?=\p{{Nd}})){_LETTERS}+)*"
    r"|[^\s\x1c-\x1f][\p{M}\u200c\u200d]*"
)
WORDS = {"type": "Split", "pattern": {"Regex": _WORDS}, "behavior": "Removed", "invert": True}


def write(path: str, embeddings: Embeddings, options: WriteOptions) -> list[str]:
    """Raises: InputError for a word that is not valid UTF-8, OutputError"""
    vocabulary = _vocabulary(path, embeddings)
    tokenizer = _tokenizer(path, embeddings, vocabulary, options)
    config = {
        "model_type": "model2vec",
        "architectures": ["StaticModel"],
        "normalize": False,
        "hidden_dim": embeddings.dim,
    }
    texts = {"tokenizer.json": tokenizer, "config.json": config, "modules.json": MODULES}
    is_new = not os.path.isdir(path)
    with writable(path):
        os.makedirs(path, exist_ok=True)
    try:
        with together():
            shape = (len(vocabulary), embeddings.dim)
            tensor = safetensors.Tensor.of_parts(lambda: _parts(embeddings), "F32", shape)
            safetensors.write_unchecked(
                os.path.join(path, "model.safetensors"), {"embeddings": tensor}, {}, "embeddings"
            )
            for name, content in texts.items():
                with replacing(os.path.join(path, name)) as file:
                    file.write(json.dumps(content, ensure_ascii=False).encode())
    except BaseException:
        with suppress(OSError):
            if is_new:
                os.rmdir(path)
        raise
    return lost_by_format(embeddings, "the vector of unknown words")


def _vocabulary(path: str, embeddings: Embeddings) -> dict[str, int]:
    """The row of each word, and of unknown words. Raises: InputError"""
    rows: dict[str, int] = {}
    for row, word in enumerate(embeddings.vocabulary):
        if not is_utf8(word):
            raise InputError(
                f"{path}: the word {quoted(word)} is not valid UTF-8, which a tokenizer cannot hold; add "
                "--invalid-utf8 replace or skip"
            )
        rows[word.decode()] = row
    name = next((name for name in UNKNOWN_NAMES if name not in rows), None)
    if name is None:
        raise InputError(f"{path}: {', '.join(UNKNOWN_NAMES)} are words; leave one out, as unknown words need a name")
    rows[name] = len(rows)
    return rows


def _parts(embeddings: Embeddings) -> Iterator[Matrix]:
    for first in range(0, len(embeddings.vocabulary), ROWS_PER_PART):
        yield np.ascontiguousarray(embeddings.rows(slice(first, first + ROWS_PER_PART)), np.float32)
    unknown = np.zeros(embeddings.dim) if embeddings.unknown is None else embeddings.unknown
    yield np.asarray(unknown, np.float32).reshape(1, -1)


def _tokenizer(path: str, embeddings: Embeddings, vocabulary: dict[str, int], options: WriteOptions) -> dict[str, Any]:
    stored = recorded(embeddings.metadata, "tokenizer")
    tokenizer = Tokenizer.from_metadata(stored) if stored else Tokenizer()
    unknown = next(reversed(vocabulary))
    if not stored or tokenizer.kind not in ("whitespace", "words"):
        why = "its pattern cannot be written" if stored else "nothing says how its words were made"
        options.note(f"{path}: {why}, so that its tokenizer splits texts at white space")
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": _normaliser(tokenizer),
        "pre_tokenizer": WORDS if tokenizer.kind == "words" else WHITE_SPACE,
        "post_processor": None,
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": unknown},
    }


def _normaliser(tokenizer: Tokenizer) -> Mapping[str, Any] | None:
    form: list[Mapping[str, Any]] = [{"type": tokenizer.normalise}] if tokenizer.normalise else []
    steps = [*form, {"type": "Lowercase"}, *form] if tokenizer.lowercase else form
    return {"type": "Sequence", "normalizers": steps} if steps else None
