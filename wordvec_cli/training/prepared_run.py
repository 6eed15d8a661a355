"""What training starts from, once the text is counted and encoded: word ids or tiles of pairs, words and options."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wordvec_cli.sequences import word_ids
from wordvec_cli.sequences.word_ids import Sequences, open_sequences
from wordvec_cli.training import tiles
from wordvec_cli.training.models import MODELS
from wordvec_cli.training.tiles import Tiles, open_tiles
from wordvec_cli.vocabulary.vocabulary import Vocabulary

TRAININGS = "trainings"  # among the inputs of a run that is many: how many of which kind


@dataclass(frozen=True)
class PreparedRun:
    """What training starts from: a corpus of word ids, or the tiles of its pairs, and its inputs.

    inputs   the options and files that determine the result, by the names of the options; only the same can resume
    sources  of the corpus, as `Corpus.stamp` gives them, or of the file of pairs
    corpus_fingerprint  None: not known, as the pairs were made elsewhere
    """

    material: Sequences | Tiles
    vocabulary: Vocabulary
    inputs: Mapping[str, Any]
    sources: list[Any]
    corpus_fingerprint: str | None

    @property
    def sequences(self) -> Sequences:
        """The material of word2vec."""
        assert isinstance(self.material, Sequences)
        return self.material

    @property
    def n_tokens(self) -> int:
        """How many words there are to train on; 0: that is not known, as the material are pairs."""
        return self.material.n_known if isinstance(self.material, Sequences) else 0

    @property
    def tiles(self) -> Tiles:
        """The material of GloVe."""
        assert isinstance(self.material, Tiles)
        return self.material


def material_files(inputs: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the files that hold what is trained on."""
    if is_elsewhere(inputs):
        return (word_ids.FACTS_FILE,)
    return tiles.FILES if _are_pairs(inputs) else word_ids.FILES


def open_material(inputs: Mapping[str, Any], folder: Path) -> Sequences | Tiles:
    if is_elsewhere(inputs):
        return word_ids.open_elsewhere(folder)
    return open_tiles(folder) if _are_pairs(inputs) else open_sequences(folder)


def _are_pairs(inputs: Mapping[str, Any]) -> bool:
    """Whether the material are pairs: not where it is the text of many trainings, each of which counts its own."""
    return MODELS[inputs["model"]].of_pairs and inputs.get(TRAININGS) is None


def is_elsewhere(inputs: Mapping[str, Any]) -> bool:
    """Whether the word ids are with the workers of a cluster, which encode the corpus again to go on."""
    return inputs.get("cluster") is not None
