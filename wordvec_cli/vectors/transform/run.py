"""Steps one after the other, and what a file says of them."""

import json
from collections.abc import Sequence
from dataclasses import replace

from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.native import CLASSIFIER
from wordvec_cli.vectors.subword_tensors import KEY as SUBWORDS
from wordvec_cli.vectors.transform.reach import Reach
from wordvec_cli.vectors.transform.spelling import NamedStep
from wordvec_cli.vectors.transform.step import stepped

STEPS_KEY, SOURCE_KEY = "transformed", "transformed_from"  # of the metadata
OF_OTHER_FILES = ("checksum", "vocabulary_fingerprint", SUBWORDS, CLASSIFIER)


def transformed(vectors: Embeddings, steps: Sequence[NamedStep], reach: Reach) -> list[Embeddings]:
    """The vectors after each step; their rows are made when they are asked for. Raises: InputError, OptionError"""
    vectors = replace(vectors.completed(), whole=None)
    stages: list[Embeddings] = []
    for each in steps:
        metadata = metadata_after(vectors, each.name, dict(each.step.facts(reach)))
        vectors = replace(stepped(vectors, each.name, each.step, reach), metadata=metadata)
        stages.append(vectors)
    return stages


def metadata_after(vectors: Embeddings, name: str, facts: dict[str, object]) -> dict[str, str]:
    """What is said of vectors, with one more step and the file that the first was of."""
    known = dict(vectors.metadata)
    try:
        steps = json.loads(known.get(STEPS_KEY, "[]"))
    except (ValueError, RecursionError):
        steps = []
    steps = [*(steps if isinstance(steps, list) else []), {"step": name, **facts}]
    source = {SOURCE_KEY: known["checksum"]} if "checksum" in known else {}
    kept = {key: value for key, value in known.items() if key not in OF_OTHER_FILES}
    return kept | source | {STEPS_KEY: json.dumps(steps, sort_keys=True)}
