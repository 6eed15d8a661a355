"""Whether a file that is in a folder of trainings already is the one that the order of the folder would make."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from wordvec_cli.training.folder_order import Member
from wordvec_cli.training.options import option_name
from wordvec_cli.training.order import Order
from wordvec_cli.training.prepared_run import PreparedRun
from wordvec_cli.vectors.embeddings import Embeddings, recorded
from wordvec_cli.vocabulary.vocabulary import Vocabulary


def differing(vectors: Embeddings, order: Order, member: Member, text: PreparedRun) -> list[str]:
    """In what a file is of another training than that of a member; empty if it is of that one.

    order  of the member, settled for the text
    """
    is_of_group = member.group is not None
    return [
        *_differing_options(vectors, order),
        *_differing_inputs(vectors.metadata, member, text),
        *([] if _has_words(vectors, text.vocabulary, is_of_group) else ["the words"]),
    ]


def _differing_options(vectors: Embeddings, order: Order) -> Iterator[str]:
    its = recorded(vectors.metadata, "configuration")
    for name, here in {**order.config.options(), "min_count": order.min_count, "max_vocab": order.max_vocab}.items():
        if its.get(name) != here:
            yield f"{option_name(name)} {_shown(its.get(name))}, not {_shown(here)}"


def _differing_inputs(metadata: Mapping[str, str], member: Member, text: PreparedRun) -> Iterator[str]:
    if metadata.get("corpus_fingerprint") != text.corpus_fingerprint:
        yield "the corpus"
    its, here = recorded(metadata, "tokenizer"), _as_recorded(text.inputs["tokenizer"] or {})
    for name in sorted(its.keys() | here.keys()):
        if its.get(name) != here.get(name):
            yield f"the tokenizer's {name} {_shown(its.get(name))}, not {_shown(here.get(name))}"
    for name in ("bootstrap", "group"):
        if metadata.get(name) != member.facts.get(name):
            yield f"{name} {_shown(metadata.get(name))}, not {_shown(member.facts.get(name))}"


def _has_words(vectors: Embeddings, wanted: Vocabulary, is_of_group: bool) -> bool:
    """Whether the words are the same and in the same order; their counts too, but those of a group are its own."""
    if is_of_group:
        return _without_counts(vectors.vocabulary) == _without_counts(wanted)
    return vectors.metadata.get("vocabulary_fingerprint") == wanted.fingerprint()


def _without_counts(words: Vocabulary) -> str:
    return Vocabulary(words.text, words.offsets, words.order).fingerprint()


def _as_recorded(value: Any) -> Any:
    """As it is once it has been written and read."""
    return json.loads(json.dumps(value))


def _shown(value: object) -> str:
    return "not given" if value is None else json.dumps(value)
