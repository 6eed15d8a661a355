"""The rows of n-grams in a native file: written beside the vectors, and checked when it is opened.

`subword_buckets` I32 (n_rows,), ascending; `subword_rows` (n_rows, dim); `word_rows` (n_words, dim), the words' own;
and in the metadata, as JSON under `subwords`, the lengths of n-grams and the number of buckets.
"""

import json
from typing import TYPE_CHECKING

from wordvec_cli.errors import InputError
from wordvec_cli.storage.safetensors import StoredFile, Tensor
from wordvec_cli.vectors.embeddings import recorded
from wordvec_cli.vectors.row_tensors import row_tensors, stored_rows
from wordvec_cli.vectors.subwords import LONGEST_NGRAM, MOST_BUCKETS, Subwords

if TYPE_CHECKING:
    from wordvec_cli.vectors.packing import Packing

KEY = "subwords"  # of the metadata
BUCKETS, ROWS, WORD_ROWS = "subword_buckets", "subword_rows", "word_rows"


def subword_metadata(subwords: Subwords) -> dict[str, str]:
    sizes = {"shortest": subwords.shortest, "longest": subwords.longest, "buckets": subwords.n_buckets}
    return {KEY: json.dumps(sizes)}


def subword_tensors(subwords: Subwords, packing: "Packing | None" = None) -> dict[str, Tensor]:
    """Raises: InputError if its table is damaged"""
    return {
        BUCKETS: Tensor.of(subwords.checked_buckets, "I32"),
        **row_tensors(ROWS, subwords.rows, packing),
        **row_tensors(WORD_ROWS, subwords.word_rows, packing),
    }


def stored_subwords(file: StoredFile, n_words: int, dim: int) -> Subwords:
    """Those of an open file. Raises: InputError if sizes do not match"""
    try:
        buckets, rows, word_rows = (file.tensors[name] for name in (BUCKETS, ROWS, WORD_ROWS))
    except KeyError as error:
        raise _damaged(file, f"lacks the tensor {error}") from None
    shapes = [each.shape[:1] for each in (rows, word_rows) if len(each.shape) == 2]
    shapes_match = len(buckets.shape) == 1 and shapes == [buckets.shape, (n_words,)]
    if buckets.dtype != "I32" or not shapes_match:
        raise _damaged(file, "its words, vectors and n-grams do not match")
    values = stored_rows(file, ROWS, rows, dim), stored_rows(file, WORD_ROWS, word_rows, dim)
    return Subwords(*_sizes(file), dim, buckets.data, *values)


def _sizes(file: StoredFile) -> tuple[int, int, int]:
    """The lengths of n-grams, and the number of buckets. Raises: InputError"""
    sizes = recorded(file.metadata, KEY)
    numbers = [sizes.get(name) for name in ("shortest", "longest", "buckets")]
    shortest, longest, n_buckets = (number if type(number) is int else -1 for number in numbers)
    if not (0 <= shortest <= longest <= LONGEST_NGRAM and 1 <= n_buckets <= MOST_BUCKETS):
        raise _damaged(file, "does not say how its n-grams are made")
    return shortest, longest, n_buckets


def _damaged(file: StoredFile, what: str) -> InputError:
    return InputError(f"{file.path}: {what}; the file is damaged, make it again")
