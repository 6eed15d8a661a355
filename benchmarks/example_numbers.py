"""The study behind the defaults of `wordvec classify train`, by the number of examples: line by line.

    python -m benchmarks.example_numbers --labelled cooking=cooking.train,cooking.valid --results classify.jsonl

From each training file as many lines are drawn as are asked for, others with each seed; each training of them is a line
of JSON in the results, with the precision at 1 on the test file. One thread trains, so that each can be repeated.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.classify import examples_of, precision
from benchmarks.table import text_file
from wordvec_cli.classify.examples import Examples
from wordvec_cli.classify.trainer import ClassifierConfig, ClassifierTrainer, train
from wordvec_cli.errors import DivergedError
from wordvec_cli.text.tokenizer import Tokenizer

NUMBERS = (5, 20, 100, 300, 1000, 3000, 10_000, 30_000, 100_000)
EPOCHS = (5, 10, 20, 50, 100, 200)
RATES = (0.1, 0.25, 0.5, 1.0, 2.0)
MOST_EXAMPLES = 1_000_000  # of all epochs together
TESTED = 2000  # lines


def drawn(lines: list[bytes], n: int, seed: int) -> bytes:
    """Some lines, in their order, of at least two labels."""
    for attempt in range(100):
        kept = np.sort(np.random.default_rng((seed, n, attempt)).choice(len(lines), n, replace=False))
        if len({lines[i].split()[0] for i in kept}) > 1:
            break
    return b"".join(lines[i] for i in kept)


def configs(n: int, base: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for epochs in EPOCHS:
        if epochs * n <= MOST_EXAMPLES:
            for rate in RATES:
                yield {**base, "epochs": epochs, "learning_rate": rate}


def result(examples: Examples, options: Mapping[str, Any], seed: int, test: Path) -> dict[str, Any]:
    config = ClassifierConfig(**options, seed=seed)
    try:
        trainer = ClassifierTrainer(examples, config)
        state = train(trainer)
    except DivergedError:
        return {"precision": 0.0}
    value = precision(trainer.classifier(Tokenizer(), "__label__"), test)
    return {"precision": round(value, 4), "n_tokens": examples.n_tokens, "n_labels": len(examples.label_vocabulary),
            "n_halvings": state.n_halvings}  # fmt: skip


def study(name: str, paths: tuple[Path, Path], arguments: argparse.Namespace, folder: Path) -> None:
    lines = paths[0].read_bytes().splitlines(keepends=True)
    test = folder / "test.txt"
    tested = paths[1].read_bytes().splitlines(keepends=True)
    step = max(1, len(tested) // TESTED)
    test.write_bytes(b"".join(tested[::step]))
    base = {"loss": arguments.loss, "word_ngrams": arguments.word_ngrams}
    for n in sorted({min(n, len(lines)) for n in arguments.numbers}):
        for seed in range(1, arguments.seeds + 1):
            few = folder / "few.txt"
            few.write_bytes(drawn(lines, n, seed))
            config = ClassifierConfig(word_ngrams=arguments.word_ngrams)
            examples = examples_of(few, config, Tokenizer(), None)
            for options in configs(n, base):
                facts = {"labelled": name, "n": n, "options": options, "seed": seed}
                line = json.dumps(facts | result(examples, options, seed, test))
                with arguments.results.open("a") as file:
                    file.write(line + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.example_numbers", description=__doc__.splitlines()[0])
    parser.add_argument("--labelled", action="append", required=True, metavar="NAME=TRAIN,TEST")
    parser.add_argument("--results", type=Path, required=True, help="lines of JSON, which grow")
    parser.add_argument("--numbers", nargs="+", type=int, default=NUMBERS)
    parser.add_argument("--loss", default="softmax")
    parser.add_argument("--word-ngrams", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    for each in arguments.labelled:
        name, files = each.split("=", 1)
        with tempfile.TemporaryDirectory() as folder:
            train_file, test_file = files.split(",")
            paths = text_file(train_file, Path(folder)), text_file(test_file, Path(folder) / "test")
            study(name, paths, arguments, Path(folder))


if __name__ == "__main__":
    main()
