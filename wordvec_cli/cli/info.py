"""`wordvec info`: what a vector file is and how it was made."""

import json
from typing import Any

import click

from wordvec_cli.cli.options import progress_options
from wordvec_cli.cli.output import write_stdout
from wordvec_cli.embeddings import Embeddings, load

JSON_VALUES = ("configuration", "losses", "tokenizer")


@click.command(short_help="Say what a vector file is and how it was made.")
@click.argument("file")
@click.option("--format", "layout", type=click.Choice(["text", "json"]), default="text", show_default=True)
@progress_options
def command(file: str, layout: str) -> None:
    """Print what FILE is, its rows and dimension, and how it was made: `name<TAB>value` lines, or one JSON object.

    \b
    wordvec info vectors.safetensors
    wordvec info vectors.safetensors --format json | jq .configuration
    """
    facts = _facts(load(file))
    if layout == "json":
        write_stdout([json.dumps(facts, indent=2).encode() + b"\n"])
    else:
        write_stdout(f"{name}\t{_shown(value)}\n".encode() for name, value in _flat(facts))


def _facts(embeddings: Embeddings) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "format": "wordvec vectors (safetensors)",
        "words": len(embeddings.vocabulary),
        "dimension": embeddings.dim,
        "counts": embeddings.vocabulary.counts is not None,
    }
    for name, value in embeddings.metadata.items():
        if name not in facts:
            facts[name] = _parsed(value) if name in JSON_VALUES else value
    return facts


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
