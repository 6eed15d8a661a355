"""Vectors with nan of any bits and infinities, before every command that reads vectors: told, left out or kept.

No library warns of them: a nan that signals, as a flipped bit makes one, sets a flag of the processor in each cast.
"""

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import TOPICS, run_here
from tests.fuzz.kinds import MEASURES, QUESTIONS, SHOWN, WHOLE
from wordvec_cli.formats import FORMATS, NATIVE
from wordvec_cli.vectors.native import save
from wordvec_cli.vocabulary.vocabulary import Vocabulary

SIGNALLING, INFINITE = 0x7F800001, 0xFF800000
ENDINGS = [each.suffixes[0] for name, each in FORMATS.items() if each.writer and each.suffixes and name != NATIVE]
COMMANDS = [
    *(each for each in (*QUESTIONS, *WHOLE, *MEASURES, *SHOWN) if "{s}" not in each),
    *(f"export {{f}} {{o}}/x{ending}" for ending in ENDINGS),
    "export {f} {o}/x --to sentence-transformers",
    "export {f} {o}/x.safetensors --int4",
    "export {f} {o}/x.safetensors --pq 2",
    "export {f} {o}/x.safetensors --bits",
    "associate {f} --x red,blue --y monday,friday --a green --b call",
    "change {f} {f} -k 3 --min-count 1",
    "stability {f} --also {f} -k 3",
    "induce {f} {o}/c.txt --word red",
    "contexts {o}/c.txt monday --typical-by {f}",
    "align {f} {f} -o {o}/x.safetensors",
    "compare {f} {f} --bootstrap 0",
    "index {f} -o {o}/x.index",
    "transform {f} {o}/x.safetensors normalise centre abtt:1 pca:3 whiten scale round:3",
]


@pytest.fixture(scope="module", params=["a few", "all"])
def odd(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("odd")
    words = [*TOPICS[0], *TOPICS[1]]
    matrix = np.random.default_rng(1).normal(size=(len(words), 4)).astype(np.float32)
    bits = matrix.view(np.uint32)
    bits[:: 1 if request.param == "all" else 5, 1] = SIGNALLING
    bits[3, 0] = INFINITE
    vocabulary = Vocabulary.from_words([word.encode() for word in words], range(len(words), 0, -1))
    save(str(folder / "v.safetensors"), vocabulary, matrix, {})
    (folder / "c.txt").write_text("".join(f"{' '.join(topic)}\n" for topic in TOPICS) * 20)
    return folder


@pytest.mark.parametrize("command", COMMANDS)
def test_no_library_warns_of_vectors_that_are_not_finite(command: str, odd: Path) -> None:
    result = run_here(*command.format(f=odd / "v.safetensors", o=odd).split())
    assert result.returncode in (0, 1, 3), result.stderr
    assert b"encountered in" not in result.stderr
