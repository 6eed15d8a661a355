"""The study behind the defaults of `wordvec train`: one option changed at a time, all in equal time.

    python -m benchmarks.defaults --corpus wiki.txt.xz --eval-set EN-RG-65.txt --eval-set EN-MTurk-287.txt

Each line of a table is a training that differs from the default in one option. Its number of epochs is set so that it
takes the processor time of the default with 5 epochs (measured on one epoch; lines of `epochs` excepted), because
what is slower has to be better than more epochs. Scores are means over seeds: Spearman for word pairs, accuracy for
analogies; "mean" is over the sets. The corpora are the one given and the sample.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gensim.test.utils import datapath

from benchmarks.table import print_table, text_file
from wordvec_cli.evaluation.asking import evaluate
from wordvec_cli.evaluation.set_files import read_eval_set
from wordvec_cli.evaluation.sets import EvalSet
from wordvec_cli.sequences.word_ids import Sequences, encode
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.training.session import Session
from wordvec_cli.training.trainer import train
from wordvec_cli.training.word2vec import Word2VecTrainer
from wordvec_cli.training.word2vec_config import Word2VecConfig
from wordvec_cli.vocabulary.counting import CountOptions, count_words
from wordvec_cli.vocabulary.vocabulary import Vocabulary

VARIATIONS: dict[str, Sequence[Any]] = {
    "learning_rate": (0.0125, 0.025, 0.1, 0.2),
    "sample": (1e-2, 1e-4, 1e-5),
    "window": (2, 3, 8, 10),
    "fixed_window": (True,),
    "negative": (2, 10, 15),
    "noise_exponent": (0.5, 1.0),
    "vector_size": (50, 200, 300),
    "epochs": (1, 2, 3, 10, 20),
}


class Study:
    """One corpus as ids, and the sets that vectors are scored on."""

    def __init__(self, path: Path, folder: Path, eval_sets: Sequence[EvalSet], seeds: int) -> None:
        corpus = Corpus.open([str(path)], Tokenizer("words", lowercase=True), folder)
        self.vocabulary: Vocabulary = count_words(corpus, CountOptions(n_threads=2)).vocabulary()
        self.sequences: Sequences = encode(corpus, self.vocabulary, 2)
        self._sets = eval_sets
        self._seeds = seeds

    def seconds(self, config: Word2VecConfig) -> float:
        """Processor time of an epoch."""
        start = time.process_time()
        self._matrix(replace(config, epochs=1))
        return time.process_time() - start

    def scores(self, config: Word2VecConfig) -> list[float]:
        results = []
        for seed in range(1, self._seeds + 1):
            matrix = self._matrix(replace(config, seed=seed))
            results.append([evaluate(self.vocabulary, matrix, each).value for each in self._sets])
        return [statistics.mean(values) for values in zip(*results, strict=True)]

    def _matrix(self, config: Word2VecConfig) -> Any:
        return train(Word2VecTrainer(self.sequences, self.vocabulary, config), Session(2)).matrix


def compare(study: Study, base: Word2VecConfig, options: Sequence[str], title: str, names: Sequence[str]) -> None:
    study.seconds(base)  # compiles
    budget = study.seconds(base) * base.n_epochs
    lines = [("default", base)]
    for option in options:
        for value in VARIATIONS[option]:
            config = replace(base, **{option: value})
            if option == "learning_rate":
                config = replace(config, min_learning_rate=value * 1e-4)
            if option != "epochs":
                config = replace(config, epochs=max(1, round(budget / study.seconds(config))))
            lines.append((f"{option} {value}", config))
    rows = []
    for name, config in lines:
        scores = study.scores(config)
        rows.append([name, config.epochs, *scores, statistics.mean(scores)])
        print(*rows[-1], flush=True)
    print_table(title, ["", "epochs", *names, "mean"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.defaults", description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", default="", help="a text file, plain or compressed; the sample is studied too")
    parser.add_argument("--eval-set", action="append", default=[], help="besides WordSim-353, SimLex-999, analogies")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--model", default="skipgram", choices=["skipgram", "cbow"])
    parser.add_argument("--options", nargs="+", default=list(VARIATIONS), choices=list(VARIATIONS))
    arguments = parser.parse_args()
    paths = [
        datapath("wordsim353.tsv"),
        datapath("simlex999.txt"),
        *arguments.eval_set,
        datapath("questions-words.txt"),
    ]
    eval_sets = [read_eval_set(path) for path in paths]
    names = [each.name for each in eval_sets]
    with tempfile.TemporaryDirectory() as folder:
        for corpus in dict.fromkeys((arguments.corpus, "")):
            path = text_file(corpus, Path(folder))
            study = Study(path, Path(folder), eval_sets, arguments.seeds)
            title = f"{path.name}, {study.sequences.n_known} tokens, {arguments.model}, {arguments.seeds} seeds"
            base = Word2VecConfig(model=arguments.model, epochs=5)
            compare(study, base, arguments.options, title, names)


if __name__ == "__main__":
    main()
