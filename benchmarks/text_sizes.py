"""The study behind the defaults that depend on the size of a text: trainings of texts of many sizes, line by line.

    python -m benchmarks.text_sizes epochs --text wiki=wiki.txt --eval-set EN-MEN-TR-3k.txt --results results.jsonl

A text is cut into pieces of 0.3, 1, 3, 8, 20, 60 and 100 MB, as far as it goes: "chosen" from its first half, by which
a rule is chosen, and "held" from its second half, which tests it. Each training is a line of JSON in the results, with
its options, its seed and its scores; what is there already is not trained again, so that a study can go on. One thread
trains, so that each line can be repeated. `python -m benchmarks.curves` makes tables and pictures of it.

Scores are Spearman's correlation on the pairs whose two words occur five times or more, so that all trainings on a
piece are asked the same, whatever their --min-count.
"""

import argparse
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from wordvec_cli.evaluation.asking import evaluate
from wordvec_cli.evaluation.set_files import read_eval_set
from wordvec_cli.evaluation.sets import Analogies, EvalSet
from wordvec_cli.sequences.pairs import PairCounter, Room
from wordvec_cli.sequences.word_ids import Sequences, encode
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.training.glove import GloveConfig
from wordvec_cli.training.models import MODELS, configured
from wordvec_cli.training.session import Session
from wordvec_cli.training.tiles import Tiles, lay_out, open_tiles
from wordvec_cli.training.trainer import train
from wordvec_cli.vocabulary.counting import CountOptions, count_words
from wordvec_cli.vocabulary.vocabulary import Vocabulary

MEGABYTES = (0.3, 1, 3, 8, 20, 60, 100)
MIN_COUNT = 5  # of the words that are asked for
FEWEST = 30  # questions of a set that can be asked; fewer say nothing
LARGE = 8  # megabytes, from which on analogies are asked, and one seed says enough

Options = Mapping[str, Any]
EPOCHS: Mapping[float, Sequence[int]] = {
    0.3: (5, 10, 15, 20, 30, 40, 60, 80),
    1: (3, 5, 10, 15, 20, 30, 40, 60),
    3: (3, 5, 8, 10, 15, 20, 30, 40),
    8: (2, 3, 5, 8, 10, 15, 20, 30),
    20: (2, 3, 5, 8, 10, 15, 20),
    60: (2, 3, 5, 8, 10, 15),
    100: (2, 3, 5, 8, 10, 15),
}


class Piece(NamedTuple):
    """Part of a text: its name, the cut that it is of, and its size."""

    text: str
    cut: str
    megabytes: float
    path: Path


class Material:
    """A piece as ids or pairs, for each vocabulary and window, and the sets that vectors are scored on."""

    def __init__(self, piece: Piece, folder: Path, eval_sets: Sequence[EvalSet]) -> None:
        self._folder = folder
        self._corpus = Corpus.open([str(piece.path)], Tokenizer("words", lowercase=True), folder)
        self.of_words = cache(self._of_words)
        self.of_pairs = cache(self._of_pairs)
        known = {word.decode() for word in self._words(MIN_COUNT)}
        limited = [restricted(each, known) for each in eval_sets]
        self.eval_sets = [each for each in limited if len(each.words) >= FEWEST]

    def _of_words(self, min_count: int) -> tuple[Vocabulary, Sequences]:
        vocabulary = count_words(self._corpus, CountOptions(min_count)).vocabulary()
        return vocabulary, encode(self._corpus, vocabulary, 1)

    def _words(self, min_count: int) -> Iterator[bytes]:
        vocabulary, _ = self.of_words(min_count)
        return (vocabulary.word(id_) for id_ in range(len(vocabulary)))

    def _of_pairs(self, min_count: int, window: int, x_max: float) -> tuple[Vocabulary, Tiles]:
        vocabulary, sequences = self.of_words(min_count)
        config = GloveConfig(window=window, x_max=x_max)
        room = Room(Path(tempfile.mkdtemp(dir=self._folder)))
        pairs = PairCounter(sequences, len(vocabulary), config.pair_options, room).count()
        lay_out(pairs, len(vocabulary), config.weighting, room)
        return vocabulary, open_tiles(room.folder)

    def trained(self, options: Options, seed: int) -> dict[str, Any]:
        """Train, and what comes out, as a line of the results has it."""
        min_count = options.get("min_count", MIN_COUNT)
        given = {name: value for name, value in options.items() if name != "min_count"}
        config = configured(given | {"seed": seed}, {})
        vocabulary, sequences = self.of_words(min_count)
        material: Sequences | Tiles = sequences
        if isinstance(config, GloveConfig):
            _, material = self.of_pairs(min_count, config.window, config.x_max)
        matrix = train(MODELS[config.model].trainer(material, vocabulary, config), Session(1)).matrix[:]
        scores = {each.name: round(evaluate(vocabulary, matrix, each).value, 4) for each in self.eval_sets}
        asked = {each.name: len(each.words) for each in self.eval_sets}
        return {"n_tokens": sequences.n_known, "n_words": len(vocabulary), "scores": scores, "n_asked": asked}


def restricted(eval_set: EvalSet, known: set[str]) -> EvalSet:
    """A set of pairs without those that have other words."""
    if isinstance(eval_set, Analogies):
        return eval_set
    kept = [i for i, words in enumerate(eval_set.words) if known.issuperset(word.lower() for word in words)]
    words, scores = tuple(eval_set.words[i] for i in kept), tuple(eval_set.scores[i] for i in kept)
    return replace(eval_set, words=words, scores=scores)


# ---------------------------------------------------------------- what is trained

SKIPGRAM: Options = {"model": "skipgram"}
CBOW: Options = {"model": "cbow"}
TREE: Options = {"loss": "hierarchical-softmax"}
GLOVE: Options = {"model": "glove"}
MODELS_STUDIED: Mapping[str, Options] = {
    "skipgram": SKIPGRAM, "cbow": CBOW, "skipgram-hs": {**SKIPGRAM, **TREE}, "cbow-hs": {**CBOW, **TREE},
    "glove": GLOVE,
}  # fmt: skip
EPOCHS_OF_GLOVE = (5, 10, 15, 25, 50, 100)


def of_epochs(model: str, megabytes: float) -> Iterator[Options]:
    for epochs in EPOCHS_OF_GLOVE if model == "glove" else EPOCHS[megabytes]:
        yield {**MODELS_STUDIED[model], "epochs": epochs}


def of_rates(model: str, megabytes: float) -> Iterator[Options]:
    """The learning rate, and the epochs that it wants."""
    for rate in (0.025, 0.1, 0.15):
        for epochs in (5, 10, 20, 40):
            yield {**MODELS_STUDIED[model], "learning_rate": rate, "epochs": epochs}


def of_options(model: str, megabytes: float) -> Iterator[Options]:
    """One option at a time, with as many epochs as a text of this size wants."""
    base = {**MODELS_STUDIED[model], "epochs": 20 if megabytes < LARGE else 10}
    variations: Mapping[str, Sequence[float]] = {
        "sample": (0.0, 1e-2, 1e-4, 1e-5), "window": (3, 8, 10), "min_count": (1, 2, 3), "negative": (10, 15),
        "vector_size": (50, 200),
    }  # fmt: skip
    for name, values in variations.items():
        yield from (base | {name: value} for value in values)


def of_glove(model: str, megabytes: float) -> Iterator[Options]:
    """x-max, the window and the learning rate of GloVe, and the epochs that they want."""
    for epochs in (15, 25, 50):
        for x_max in (5, 10, 30):
            yield {**GLOVE, "x_max": x_max, "epochs": epochs}
        for window in (5, 10):
            yield {**GLOVE, "x_max": 10, "window": window, "epochs": epochs}
        for rate in (0.025, 0.1):
            yield {**GLOVE, "x_max": 10, "learning_rate": rate, "epochs": epochs}


STAGES = {"epochs": of_epochs, "rates": of_rates, "options": of_options, "glove": of_glove}


# ---------------------------------------------------------------- running


def pieces(texts: Mapping[str, Path], folder: Path, cut: str) -> Iterator[Piece]:
    """Each text by whole lines; a chosen one may be longer than half the text where there is no other of its size."""
    for name, path in texts.items():
        size = path.stat().st_size
        for megabytes in MEGABYTES:
            n_bytes = int(megabytes * 1e6)
            if n_bytes <= (size if cut == "chosen" else size // 2) + 1e5:
                piece = folder / f"{name}-{cut}-{megabytes:g}.txt"
                if not piece.exists():
                    cut_out(path, piece, 0 if cut == "chosen" else size - size // 2, n_bytes)
                yield Piece(name, cut, megabytes, piece)


def cut_out(path: Path, piece: Path, start: int, n_bytes: int) -> None:
    with path.open("rb") as source:
        source.seek(start)
        if start:
            source.readline()
        lines = source.read(n_bytes)
    piece.write_bytes(lines[: lines.rfind(b"\n") + 1])


def key(result: Mapping[str, Any]) -> str:
    names = ("text", "cut", "megabytes", "options", "seed")
    return json.dumps([result[name] for name in names], sort_keys=True)


def study(piece: Piece, jobs: Iterable[tuple[Options, int]], eval_sets: Sequence[EvalSet], results: Path) -> None:
    """Append a line to the results for each training that has none."""
    known = {key(json.loads(line)) for line in results.read_text().splitlines()} if results.exists() else set()
    material = None
    with tempfile.TemporaryDirectory() as folder:
        for options, seed in jobs:
            result = {
                "text": piece.text, "cut": piece.cut, "megabytes": piece.megabytes, "options": options, "seed": seed,
            }  # fmt: skip
            if key(result) in known:
                continue
            material = material or Material(piece, Path(folder), eval_sets)
            line = json.dumps(result | material.trained(options, seed))
            with results.open("a") as file:
                file.write(line + "\n")
            print(line, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.text_sizes", description=__doc__.splitlines()[0])
    parser.add_argument("stage", choices=[*STAGES])
    parser.add_argument("--text", action="append", required=True, metavar="NAME=FILE", help="plain, by whole lines")
    parser.add_argument("--eval-set", action="append", required=True)
    parser.add_argument("--results", type=Path, required=True, help="lines of JSON, which grow")
    parser.add_argument("--folder", type=Path, required=True, help="for the pieces of the texts")
    parser.add_argument("--cut", default="chosen", choices=["chosen", "held"])
    parser.add_argument("--model", nargs="+", default=["skipgram"], choices=list(MODELS_STUDIED))
    parser.add_argument("--megabytes", nargs="+", type=float, default=MEGABYTES)
    parser.add_argument("--epochs", nargs="+", type=int, help="of those that the stage has; default: all")
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    texts = {name: Path(path) for name, path in (text.split("=", 1) for text in arguments.text)}
    eval_sets = [read_eval_set(path) for path in arguments.eval_set]
    for piece in pieces(texts, arguments.folder, arguments.cut):
        if piece.megabytes in arguments.megabytes:
            asked = [each for each in eval_sets if piece.megabytes >= LARGE or not isinstance(each, Analogies)]
            study(piece, jobs(piece, arguments), asked, arguments.results)


def jobs(piece: Piece, arguments: argparse.Namespace) -> Iterator[tuple[Options, int]]:
    """The options and the seed of each training."""
    for model in arguments.model:
        for options in STAGES[arguments.stage](model, piece.megabytes):
            if arguments.epochs is None or options["epochs"] in arguments.epochs:
                yield from ((options, seed) for seed in range(1, arguments.seeds + 1))


if __name__ == "__main__":
    main()
