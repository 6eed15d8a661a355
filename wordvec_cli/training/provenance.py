"""What a file of vectors or a classifier says of how it was trained."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wordvec_cli.progress import Note
from wordvec_cli.training.session import State
from wordvec_cli.vectors.embeddings import Embeddings


@dataclass(frozen=True)
class Provenance:
    """How something was trained.

    configuration  the options that determine the result
    state          of the training at its end
    is_deterministic  whether the number of threads does not matter
    remedy         the option with which it would not; empty: there is none
    corpus_fingerprint  None: not known
    vocabulary, tokenizer  how the words were chosen, and how text became words; None or empty: not said
    engine         another trainer, whose losses are not comparable and left out
    init           the identity of the vectors that training started from
    stops_early    whether it gives the best epoch
    files          how the files of the corpus were read, where that was said
    bootstrap      what was drawn with replacement from the corpus ("lines", "documents of book"); None: nothing, it is
                   the corpus
    group          what the lines of the corpus have in common that it is of; None: it is of all
    """

    configuration: Mapping[str, Any]
    state: State
    is_deterministic: bool = False
    remedy: str = ""
    corpus_fingerprint: str | None = None
    vocabulary: Mapping[str, Any] | None = None
    tokenizer: Mapping[str, Any] | None = None
    engine: str | None = None
    init: str | None = None
    stops_early: bool = False
    files: Mapping[str, Any] | None = None
    bootstrap: str | None = None
    group: str | None = None

    def metadata(self) -> dict[str, str]:
        """As it is recorded in the file."""
        state = self.state
        facts = {
            "configuration": _json(self.configuration),
            "seed": str(self.configuration["seed"]),
            "reproducible": self._reproducible(),
            "corpus_fingerprint": self.corpus_fingerprint,
            "vocabulary": _json(self.vocabulary) if self.vocabulary else None,
            "tokenizer": _json(self.tokenizer) if self.tokenizer else None,
            "corpus_files": _json(self.files) if self.files else None,
            "engine": self.engine,
            "losses": None if self.engine else _json(state.known_losses),
            "scores": _json(state.known_scores) if state.known_scores else None,
            "learning_rate_halvings": str(state.n_halvings) if state.n_halvings else None,
            "init": self.init,
            "bootstrap": self.bootstrap,
            "group": self.group,
            "best_epoch": str(state.best_epoch) if self.stops_early else None,
        }
        return {name: fact for name, fact in facts.items() if fact}

    def _reproducible(self) -> str:
        if self.state.n_threads == 1 or self.is_deterministic:
            return "yes"
        return f"no: {self.state.n_threads} threads" + (f" without {self.remedy}" if self.remedy else "")


def identity(vectors: Embeddings) -> str:
    """What tells vectors from all others."""
    return vectors.metadata.get("checksum") or vectors.fingerprint()


def note_threads(n_threads: int, note: Note, remedy: str = "") -> None:
    """Say that several threads make each run a little different, and what does not.

    remedy  an option that has the same effect as one thread, if there is one
    """
    if n_threads > 1:
        note(
            f"{n_threads} threads share the matrices without locks: another run will differ a little; "
            f"for the same bytes every time: --threads 1{f', or {remedy}' if remedy else ''}"
        )


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True)
