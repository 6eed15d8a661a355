"""word2vec against gensim's fastest path: words a second, scores, threads; what checkpoints cost; is --dry-run true?

words/s = occurrences of vocabulary words, before subsampling, times epochs / seconds of training. Ours includes writing
the vectors; gensim's is `Word2Vec.train(corpus_file=...)` alone, without building its vocabulary.
"""

import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gensim.models import Word2Vec
from gensim.test.utils import datapath

from benchmarks.arguments import Arguments
from benchmarks.table import print_table, text_file
from wordvec_cli.evaluation.asking import evaluate
from wordvec_cli.evaluation.set_files import read_eval_set
from wordvec_cli.sequences.word_ids import Sequences, encode
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.training.checkpoint import Checkpoint
from wordvec_cli.training.estimate.plan import Plan
from wordvec_cli.training.estimate.seconds import measured_seconds
from wordvec_cli.training.models import word2vec_trainer
from wordvec_cli.training.session import NOWHERE, Keeper, Session, State
from wordvec_cli.training.trainer import train
from wordvec_cli.training.word2vec_config import Word2VecConfig
from wordvec_cli.vectors.native import save
from wordvec_cli.vocabulary.counting import CountOptions, count_words
from wordvec_cli.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from wordvec_cli.training.session import Matrix
    from wordvec_cli.vectors.embeddings import Rows

RATE = 0.025  # gensim's default
HS: Final = "hierarchical-softmax"
SETTINGS = {
    "skip-gram, dimension 100": Word2VecConfig(learning_rate=RATE),
    "skip-gram, dimension 300": Word2VecConfig(learning_rate=RATE, vector_size=300),
    "CBOW, dimension 100": Word2VecConfig(learning_rate=RATE, model="cbow"),
    "skip-gram, hierarchical softmax": Word2VecConfig(learning_rate=RATE, loss=HS),
    "CBOW, hierarchical softmax": Word2VecConfig(learning_rate=RATE, model="cbow", loss=HS),
    "skip-gram, --deterministic": Word2VecConfig(learning_rate=RATE, deterministic=True),
    "CBOW, --deterministic": Word2VecConfig(learning_rate=RATE, model="cbow", deterministic=True),
    "skip-gram, hierarchical softmax, --deterministic": Word2VecConfig(learning_rate=RATE, loss=HS, deterministic=True),
    "CBOW, hierarchical softmax, --deterministic": Word2VecConfig(
        learning_rate=RATE, model="cbow", loss=HS, deterministic=True
    ),
}
SUBWORDS = {  # which benchmarks/subwords.py compares with other programs
    "skip-gram, subwords": Word2VecConfig(learning_rate=RATE, subwords="3-6"),
    "CBOW, subwords": Word2VecConfig(learning_rate=RATE, model="cbow", subwords="3-6"),
}
SETS = {"WordSim-353": "wordsim353.tsv", "SimLex-999": "simlex999.txt", "analogies": "questions-words.txt"}


@dataclass(frozen=True)
class Run:
    """One training: its speed in words/s and the vectors."""

    speed: float
    vocabulary: Vocabulary
    matrix: "Rows"


@dataclass(frozen=True)
class Material:
    """A corpus as each side needs it."""

    path: Path
    vocabulary: Vocabulary
    sequences: Sequences

    @staticmethod
    def of(path: Path, folder: Path) -> "Material":
        corpus = Corpus.open([str(path)], Tokenizer(), folder)
        vocabulary = count_words(corpus, CountOptions(n_threads=2)).vocabulary()
        return Material(path, vocabulary, encode(corpus, vocabulary, 2))


def ours(material: Material, config: Word2VecConfig, threads: int = 2, keeper: Keeper = NOWHERE) -> Run:
    start = time.perf_counter()
    trainer = word2vec_trainer(material.sequences, material.vocabulary, config)
    trained = train(trainer, Session(threads, keeper))
    with tempfile.TemporaryDirectory() as folder:
        save(f"{folder}/v.safetensors", material.vocabulary, trained.matrix, {})
    seconds = time.perf_counter() - start
    return Run(material.sequences.n_known * config.n_epochs / seconds, material.vocabulary, trained.matrix)


def gensims(material: Material, config: Word2VecConfig) -> Run:
    model = Word2Vec(
        sg=int(config.model == "skipgram"), hs=int(config.loss == HS), negative=config.negative or 0,
        vector_size=config.vector_size, window=config.window, sample=config.sample, min_count=5,
        alpha=config.learning_rate, seed=config.seed, workers=2,
    )  # fmt: skip
    model.build_vocab(corpus_file=str(material.path))
    start = time.perf_counter()
    model.train(
        corpus_file=str(material.path), total_words=model.corpus_total_words, total_examples=model.corpus_count,
        epochs=config.epochs,
    )  # fmt: skip
    seconds = time.perf_counter() - start
    vocabulary = Vocabulary.from_words(word.encode() for word in model.wv.index_to_key)
    return Run(material.sequences.n_known * config.n_epochs / seconds, vocabulary, model.wv.vectors)


def scores(run: Run) -> dict[str, float]:
    """Spearman of WordSim-353 and SimLex-999, accuracy of Google's analogies, by gensim's protocol and its copies."""
    return {
        name: evaluate(run.vocabulary, run.matrix, read_eval_set(datapath(file))).value for name, file in SETS.items()
    }


def peer(config: Word2VecConfig) -> Word2VecConfig:
    """gensim has nothing that is deterministic with two threads: it is compared with the same without that."""
    return replace(config, deterministic=False)


def compare_speed(material: Material, settings: Mapping[str, Word2VecConfig], epochs: int, runs: int) -> None:
    for config in settings.values():
        ours(material, replace(config, epochs=1))  # compiles
    speeds: dict[str, list[float]] = {name: [] for name in settings}
    alone: dict[str, list[float]] = {name: [] for name in settings}
    peers: dict[Word2VecConfig, list[float]] = {peer(config): [] for config in settings.values()}
    for seed in range(1, runs + 1):
        for name, config in settings.items():
            speeds[name].append(ours(material, replace(config, epochs=epochs, seed=seed)).speed)
            alone[name].append(ours(material, replace(config, epochs=epochs, seed=seed), threads=1).speed)
        for config, results in peers.items():
            results.append(gensims(material, replace(config, epochs=1, seed=seed)).speed)
    rows = []
    for name, config in settings.items():
        mine, single, its = (
            statistics.median(values) / 1e6 for values in (speeds[name], alone[name], peers[peer(config)])
        )
        rows.append([name, mine, its, f"{mine / its:.1f}x", single, f"{mine / single:.2f}x"])
    print_table(
        f"million words/s, 2 threads, window 5, 5 negatives, {material.path.name}, medians of {runs} runs in turn",
        ["", "wordvec", "gensim", "ratio", "wordvec, 1 thread", "2 threads / 1"],
        rows,
    )


class TrainingElsewhere:
    """Trains in a process of its own with kernels for some processor: numba asks but once which one there is."""

    def __init__(self, corpus: Path, processor: str) -> None:
        chosen = {"NUMBA_CPU_NAME": processor, "NUMBA_CPU_FEATURES": ""} if processor else {}
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "benchmarks.training", corpus],
            env=os.environ | chosen, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __enter__(self) -> "TrainingElsewhere":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def speed(self, config: Word2VecConfig, threads: int) -> float:
        assert self._process.stdin and self._process.stdout
        print(json.dumps([asdict(config), threads]), file=self._process.stdin, flush=True)
        return float(self._process.stdout.readline())


def answer_trainings(corpus: Path) -> None:
    """The other end of `TrainingElsewhere`."""
    with tempfile.TemporaryDirectory() as folder:
        material = Material.of(corpus, Path(folder))
        for line in sys.stdin:
            config, threads = json.loads(line)
            print(ours(material, Word2VecConfig(**config), threads).speed, flush=True)


def compare_processors(
    material: Material, settings: Mapping[str, Word2VecConfig], processor: str, epochs: int, runs: int
) -> None:
    """What kernels for another processor, whose instructions this one has too, lose against those for this one."""
    speeds: dict[tuple[str, int, str], list[float]] = {
        (name, threads, kernels): [] for name in settings for threads in (1, 2) for kernels in ("", processor)
    }
    with TrainingElsewhere(material.path, "") as native, TrainingElsewhere(material.path, processor) as other:
        for run in range(runs + 1):
            for (name, threads, kernels), results in speeds.items():
                config = replace(settings[name], epochs=epochs, seed=run + 1)
                results.append((other if kernels else native).speed(config, threads))
    medians = {key: statistics.median(results[1:]) / 1e6 for key, results in speeds.items()}  # the first compiles
    rows = []
    for name, threads, _ in list(speeds)[::2]:
        mine, its = medians[name, threads, ""], medians[name, threads, processor]
        rows.append([name, threads, mine, its, f"{its / mine:.2f}x"])
    print_table(
        f"million words/s with kernels for {processor}, {material.path.name}, medians of {runs} runs in turn",
        ["", "threads", "this processor", processor, "ratio"],
        rows,
    )


def compare_quality(material: Material, settings: Mapping[str, Word2VecConfig], epochs: int, seeds: int) -> None:
    def means(train_one: Callable[[Material, Word2VecConfig], Run], config: Word2VecConfig) -> dict[str, str]:
        results = [scores(train_one(material, replace(config, epochs=epochs, seed=1 + i))) for i in range(seeds)]
        columns = {name: [result[name] for result in results] for name in SETS}
        return {
            name: f"{statistics.mean(values):.3f} ({min(values):.3f}-{max(values):.3f})"
            for name, values in columns.items()
        }

    its = {config: means(gensims, config) for config in {peer(config): None for config in settings.values()}}
    rows = []
    for name, config in settings.items():
        mine = means(ours, config)
        rows += [[name, score, mine[score], its[peer(config)][score]] for score in SETS]
    print_table(
        f"scores after {epochs} epochs at rate {RATE}, 2 threads, means of {seeds} seeds (lowest-highest)",
        ["", "set", "wordvec", "gensim"],
        rows,
    )


class TimedCheckpoint(Checkpoint):
    """Counts the seconds in which training waits for it, and those of a processor that writing takes."""

    def __init__(self, folder: Path, seconds: float | None) -> None:
        super().__init__(folder, seconds)
        self.waited = self.wrote = 0.0

    def save(self, name: str, state: State, parameters: "Mapping[str, Matrix]") -> None:
        start = time.perf_counter()
        super().save(name, state, parameters)
        self.waited += time.perf_counter() - start

    def _write(self, name: str, state: State, parameters: "Mapping[str, Matrix]") -> None:
        start = time.thread_time()
        super()._write(name, state, parameters)
        self.wrote += time.thread_time() - start


def measure_checkpoints(material: Material, epochs: int, runs: int) -> None:
    """Training with its files on disk, as the command does it, against training without.

    Where the cores' speed changes from run to run, the parts say more than the whole: what is waited for costs all
    threads, what is written the time of one.
    """
    config = replace(SETTINGS["skip-gram, dimension 100"], epochs=epochs)
    files: dict[str, float | None] = {"no files": None, "snapshots": None, "snapshots, a checkpoint every 6 s": 6}
    measured: dict[str, list[tuple[float, float, float]]] = {name: [] for name in files}
    words = material.sequences.n_known * epochs
    for number in range(runs):
        names = list(files)[number % 3 :] + list(files)[: number % 3]  # none is always the first
        for name in names:
            with tempfile.TemporaryDirectory() as folder:
                keeper = TimedCheckpoint(Path(folder), files[name])
                seconds = words / ours(material, config, keeper=NOWHERE if name == "no files" else keeper).speed
            measured[name].append((seconds, keeper.waited, keeper.wrote))
    medians = {name: [statistics.median(each) for each in zip(*some, strict=True)] for name, some in measured.items()}
    bare = medians["no files"][0]
    rows = [
        [name, seconds, f"{seconds / bare - 1:+.1%}", waited, wrote, f"{(waited + wrote / 2) / bare:.1%}"]
        for name, (seconds, waited, wrote) in medians.items()
    ]
    print_table(
        f"what checkpoints cost, {epochs} epochs, medians of {runs} runs in turn",
        ["", "seconds", "cost", "waited", "wrote (processor)", "waited + wrote / 2 threads"],
        rows,
    )


def compare_estimates(material: Material, settings: Mapping[str, Word2VecConfig], epochs: int) -> None:
    sequences, rows = material.sequences, []
    for name, config in settings.items():
        longer = replace(config, epochs=epochs)
        n_tokens, n_lines, n_known = len(sequences.ids), sequences.n_sentences, sequences.n_known
        plan = Plan(material.vocabulary, longer, Tokenizer(), n_tokens, n_lines, n_known, n_threads=2)
        estimated = measured_seconds(plan)
        real = n_known * epochs / ours(material, longer).speed
        rows.append([name, estimated, real, f"{estimated / real:.2f}"])
    print_table(
        f"seconds of {epochs} epochs as --dry-run tells them, and as they are, 2 threads",
        ["", "estimated", "real", "estimated / real"],
        rows,
    )


def main(arguments: Arguments) -> None:
    logging.disable(logging.WARNING)  # gensim's
    settings = {name: config for name, config in SETTINGS.items() if arguments.only in name}
    with tempfile.TemporaryDirectory() as folder:
        material = Material.of(text_file(arguments.corpus, Path(folder)), Path(folder))
        compare_speed(material, settings, arguments.epochs, arguments.runs)
        if arguments.processor:
            more = {name: config for name, config in SUBWORDS.items() if arguments.only in name}
            compare_processors(material, settings | more, arguments.processor, arguments.epochs, arguments.runs)
        compare_estimates(material, settings, arguments.epochs)
        measure_checkpoints(material, max(arguments.epochs, 3), arguments.runs)
        if arguments.quality:
            compare_quality(material, settings, arguments.epochs, 3)


if __name__ == "__main__":
    answer_trainings(Path(sys.argv[1]))
