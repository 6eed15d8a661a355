"""`wordvec info`: what a file is and how it was made."""

import json
from collections.abc import Mapping
from typing import Any

import click

from wordvec_cli.cli.options import progress_options, vocab_option
from wordvec_cli.cli.output import write_stdout
from wordvec_cli.cli.tables import Table, table_options
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import VectorSource, vector_options
from wordvec_cli.cli.visible import visible
from wordvec_cli.storage import safetensors
from wordvec_cli.storage.sidecar import read_sidecar, sidecar_path
from wordvec_cli.text import json_text
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.native import FORMAT, is_native, stored_vocabulary

JSON_VALUES = (
    "classifier", "configuration", "corpus", "losses", "matrix", "pair_options", "sequences", "specials", "tokenizer",
    "vocabulary",
)  # fmt: skip


@click.command(short_help="Say what a file is and how it was made.")
@click.argument("file")
@table_options(
    "text: a line for each fact, a tab after its name; csv: a row for each; json: one object.",
    ("text", "csv", "json"),
    has_header_option=False,
)
@vocab_option()
@vector_options
@progress_options
@click.pass_obj
def command(terminal: Terminal, /, *, file: str, table: Table, vocab: str | None, source: VectorSource) -> None:
    """Print what FILE is, its rows and dimension, and how it was made: `name<TAB>value` lines, or one JSON object.

    FILE is a vector file of any kind, or any other file that wordvec writes.

    \b
    wordvec info vectors.safetensors
    wordvec info pairs.safetensors
    wordvec info vectors.safetensors --format json | jq .configuration
    """
    opened = safetensors.open_file(file) if is_native(file) else None
    if opened is not None and opened.metadata.get("format") != FORMAT.name:
        facts = _facts_of_tensors(opened)
    elif opened is None and (said := read_sidecar(file, "wordvec")) is not None:
        facts = {"format": f"as {sidecar_path(file)} says"} | said
    else:
        facts = _facts(source.open(file, terminal, vocab))
    if table.is_json:
        write_stdout([json_text.written(facts, indent=2).encode() + b"\n"])
    elif table.is_csv:
        rows = [table.text_row((name, _shown(value))) for name, value in _flat(facts)]
        write_stdout([*table.head(("name", "value")), *rows])
    else:  # a line end in what a file says of itself must not look like a line of ours
        write_stdout(f"{visible(name)}\t{visible(_shown(value))}\n".encode() for name, value in _flat(facts))


def _facts(embeddings: Embeddings) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "format": _format_of(embeddings),
        "words": len(embeddings.vocabulary),
        "dimension": embeddings.dim,
        "counts": embeddings.vocabulary.has_counts,
        "context_vectors": embeddings.context_values is not None,
        "unknown_vector": embeddings.unknown is not None,
    }
    return facts | _recorded(embeddings.metadata, facts)


def _format_of(embeddings: Embeddings) -> str:
    if "format_version" in embeddings.metadata:
        return "wordvec vectors (safetensors)"
    return embeddings.metadata.get("converted_from", "unknown")


def _facts_of_tensors(file: safetensors.StoredFile) -> dict[str, Any]:
    """Of a file of ours that holds something else than vectors."""
    kind = file.metadata["format"].removeprefix("wordvec-")
    facts: dict[str, Any] = {"format": f"wordvec {kind} (safetensors)"}
    if "words.text" in file.tensors:
        vocabulary = stored_vocabulary(file)
        facts |= {"words": len(vocabulary), "counts": vocabulary.has_counts}
    shapes = {name: tensor.shape for name, tensor in file.tensors.items() if not name.startswith(("words.", "counts"))}
    return facts | {"shapes": shapes} | _recorded(file.metadata, facts)


def _recorded(metadata: Mapping[str, str], facts: Mapping[str, Any]) -> dict[str, Any]:
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
    return value if isinstance(value, str) else json_text.written(value)
