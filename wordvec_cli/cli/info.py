"""`wordvec info`: what a vector file, or a file of pairs, is and how it was made."""

import json
from collections.abc import Mapping
from typing import Any

import click

from wordvec_cli import store
from wordvec_cli.cli.options import progress_options
from wordvec_cli.cli.output import write_stdout
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import VectorSource, vector_options
from wordvec_cli.embeddings import Embeddings, is_native, stored_vocabulary

JSON_VALUES = ("configuration", "losses", "pair_options", "tokenizer")
PAIRS = "wordvec-pairs"  # `pairs_file.FORMAT`, which would bring numpy


@click.command(short_help="Say what a vector file (or one of pairs) is and how it was made.")
@click.argument("file")
@click.option("--format", "layout", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--vocab", metavar="FILE", help="The words of a file that holds none (npy, GloVe's .bin).")
@vector_options
@progress_options
@click.pass_obj
def command(terminal: Terminal, /, *, file: str, layout: str, vocab: str | None, source: VectorSource) -> None:
    """Print what FILE is, its rows and dimension, and how it was made: `name<TAB>value` lines, or one JSON object.

    FILE is a vector file of any kind, or one of pairs.

    \b
    wordvec info vectors.safetensors
    wordvec info pairs.safetensors
    wordvec info vectors.safetensors --format json | jq .configuration
    """
    if is_native(file) and (opened := store.open_file(file)).metadata.get("format") == PAIRS:
        facts = _facts_of_pairs(opened)
    else:
        facts = _facts(source.open(file, terminal, vocab))
    if layout == "json":
        write_stdout([json.dumps(facts, indent=2).encode() + b"\n"])
    else:
        write_stdout(f"{name}\t{_shown(value)}\n".encode() for name, value in _flat(facts))


def _facts(embeddings: Embeddings) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "format": _format_of(embeddings),
        "words": len(embeddings.vocabulary),
        "dimension": embeddings.dim,
        "counts": embeddings.vocabulary.counts is not None,
        "context_vectors": embeddings.context_values is not None,
        "unknown_vector": embeddings.unknown is not None,
    }
    return facts | _recorded(embeddings.metadata, facts)


def _format_of(embeddings: Embeddings) -> str:
    if "format_version" in embeddings.metadata:
        return "wordvec vectors (safetensors)"
    return embeddings.metadata.get("converted_from", "unknown")


def _facts_of_pairs(file: store.StoredFile) -> dict[str, Any]:
    vocabulary = stored_vocabulary(file)
    facts: dict[str, Any] = {
        "format": "wordvec pairs (safetensors)",
        "words": len(vocabulary),
        "pairs": file.tensors["weights"].shape[0] if "weights" in file.tensors else 0,
        "counts": vocabulary.counts is not None,
    }
    return facts | _recorded(file.metadata, facts)


def _recorded(metadata: Mapping[str, str], facts: Mapping[str, Any]) -> dict[str, Any]:
    """What the metadata says and the facts do not."""
    return {
        name: _parsed(value) if name in JSON_VALUES else value for name, value in metadata.items() if name not in facts
    }


def _parsed(value: str) -> Any:
    """The JSON in `value`; the text itself if it is damaged."""
    try:
        return json.loads(value)
    except ValueError:
        return value


def _flat(facts: dict[str, Any]) -> list[tuple[str, object]]:
    """The facts with tables taken apart: `configuration.window`."""
    lines: list[tuple[str, object]] = []
    for name, value in facts.items():
        if isinstance(value, dict):
            lines += [(f"{name}.{key}", entry) for key, entry in value.items()]
        else:
            lines.append((name, value))
    return lines


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
