"""What a file of ours, or one of vectors, says of itself: its kind, its size, and how it was made.

Nothing here needs numpy: `wordvec info` answers at once.
"""

import json
from collections.abc import Mapping
from typing import Any

from wordvec_cli.storage import safetensors
from wordvec_cli.storage.sidecar import read_sidecar, sidecar_path
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.native import FORMAT, is_native, stored_vocabulary

Facts = dict[str, Any]
JSON_VALUES = (
    "classifier", "configuration", "corpus", "losses", "matrix", "pair_options", "quantised", "scores", "sequences",
    "specials", "tokenizer", "transformed", "vocabulary",
)  # fmt: skip


def facts_of_other_file(path: str) -> Facts | None:
    """Of a file of ours that holds something else than vectors; None of all others. Raises: InputError"""
    if is_native(path):
        file = safetensors.open_file(path)
        return None if file.metadata.get("format") == FORMAT.name else _facts_of_tensors(file)
    recorded = read_sidecar(path, "wordvec")
    return None if recorded is None else {"format": f"as {sidecar_path(path)} says"} | dict(recorded)


def facts_of_vectors(embeddings: Embeddings) -> Facts:
    facts: Facts = {
        "format": _format_of(embeddings),
        "words": len(embeddings.vocabulary),
        "dimension": embeddings.dim,
        "counts": embeddings.vocabulary.has_counts,
        "context_vectors": embeddings.context_values is not None,
        "unknown_vector": embeddings.unknown is not None,
    }
    if packing := getattr(embeddings.values, "packing", None):
        facts["packing"] = packing
    if (subwords := embeddings.subwords) is not None:
        sizes = {"shortest": subwords.shortest, "longest": subwords.longest, "buckets": subwords.n_buckets}
        facts["subwords"] = sizes | {"buckets_with_a_row": len(subwords.buckets)}
    return facts | _recorded(embeddings.metadata, facts)


def _format_of(embeddings: Embeddings) -> str:
    if "format_version" in embeddings.metadata:
        return "wordvec vectors (safetensors)"
    return embeddings.metadata.get("converted_from", "unknown")


def _facts_of_tensors(file: safetensors.StoredFile) -> Facts:
    kind = file.metadata["format"].removeprefix("wordvec-")
    facts: Facts = {"format": f"wordvec {kind} (safetensors)"}
    if "words.text" in file.tensors:
        vocabulary = stored_vocabulary(file)
        facts |= {"words": len(vocabulary), "counts": vocabulary.has_counts}
    shapes = {name: tensor.shape for name, tensor in file.tensors.items() if not name.startswith(("words.", "counts"))}
    return facts | {"shapes": shapes} | _recorded(file.metadata, facts)


def _recorded(metadata: Mapping[str, str], facts: Mapping[str, Any]) -> Facts:
    """What the metadata says and the facts do not."""
    return {
        name: _parsed(value) if name in JSON_VALUES else value for name, value in metadata.items() if name not in facts
    }


def _parsed(value: str) -> Any:
    """The JSON in `value`; the text itself if it is damaged."""
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
