"""Replicas of a word2vec training in one process: the scores by how many they are, how often they are synchronised, and
by which rule their changes are combined.

    python -m benchmarks.replicas --corpus wiki.txt --epochs 3 --replicas 1,4,16 --rounds 64 --results replicas.jsonl

Each replica trains with one thread on its own part of the corpus; they take turns on two threads, so that nothing here
is a speed. Each training is a line of JSON in the results, if there is such a file, and is not done again. Scores are
the accuracy on Google's analogies, and Spearman's correlation on WordSim-353 and on the pairs of each --eval-set.
Megabytes are those that a replica sends at a synchronisation, on average: what it has changed, and the rows it merged.
"""

import argparse
import itertools
import json
import math
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.arguments import Arguments
from benchmarks.replica_picture import RULE, picture
from benchmarks.replica_rules import RULES, RuledReplica
from benchmarks.table import print_table, text_file
from benchmarks.training import Material
from wordvec_cli.errors import DivergedError
from wordvec_cli.evaluation.asking import evaluate
from wordvec_cli.evaluation.set_files import read_eval_set
from wordvec_cli.evaluation.set_folders import shipped_path
from wordvec_cli.evaluation.sets import EvalSet
from wordvec_cli.sequences.word_ids import Sequences
from wordvec_cli.training.replicas import Rounds, trainer_elsewhere
from wordvec_cli.training.replicas_here import ReplicasHere
from wordvec_cli.training.word2vec_config import Word2VecConfig

SETS = "questions-words", "wordsim353"
THREADS = 2
Line = dict[str, Any]


def parts_of(sequences: Sequences, n: int) -> list[Sequences]:
    """About the same number of tokens in each, cut at line ends; a text of few lines anywhere."""
    offsets, n_tokens = sequences.offsets, len(sequences.ids)
    if len(offsets) <= 100 * n:
        offsets = np.unique(np.concatenate([offsets, np.linspace(0, n_tokens, 100 * n + 1).astype(np.int64)]))
    cuts = np.searchsorted(offsets, np.linspace(0, n_tokens, n + 1))
    parts = []
    for first, last in itertools.pairwise(cuts):
        ids = sequences.ids[offsets[first] : offsets[last]]
        own = offsets[first : last + 1] - offsets[first]
        parts.append(replace(sequences, ids=ids, offsets=own, n_known=int(np.count_nonzero(ids >= 0))))
    return parts


def trained(material: Material, config: Word2VecConfig, n: int, n_rounds: int, rule_name: str) -> RuledReplica:
    """The first of the replicas, in the end. Raises: DivergedError"""
    rule = RULES[rule_name]
    if rule.times_rate:
        config = replace(config, learning_rate=n * config.learning_rate, min_learning_rate=None)
    n_known = material.sequences.n_known
    rounds = Rounds(n_rounds, n_known)
    replicas = []
    for number, part in enumerate(parts_of(material.sequences, n)):
        trainer = trainer_elsewhere(material.vocabulary, config, n_known)
        trainer.initialise()
        replica = RuledReplica(trainer, rounds, rule)
        replica.restore(trainer.parameters)
        replica.shards[number] = part
        replicas.append(replica)
    with ThreadPoolExecutor(THREADS) as pool:
        together = ReplicasHere(replicas, pool)
        for epoch in range(config.n_epochs):
            for round_ in range(n_rounds):
                together.train_round(epoch, round_, rate_factor=1.0)
                if not replicas[0].is_finite():
                    raise DivergedError(f"{rule_name}: diverged in epoch {epoch + 1}")
    return replicas[0]


def line_of(
    material: Material, config: Word2VecConfig, n: int, n_rounds: int, rule: str, sets: Sequence[EvalSet]
) -> Line:
    try:
        replica = trained(material, config, n, n_rounds, rule)
    except DivergedError:
        return {each.name: None for each in sets} | {"megabytes": None}
    matrix = replica.parameters["inputs"]
    scores = {each.name: round(evaluate(material.vocabulary, matrix, each).value, 4) for each in sets}
    return scores | {"megabytes": round(replica.bytes_sent / (n_rounds * config.n_epochs) / 1e6, 2)}


def kept_lines(results: str) -> list[Line]:
    path = Path(results)
    return [json.loads(line) for line in path.read_text().splitlines()] if results and path.exists() else []


def lines(material: Material, sets: Sequence[EvalSet], arguments: Arguments) -> Iterator[Line]:
    """One for each training, of those kept before too; one replica has one rule, which does nothing."""
    known = kept_lines(arguments.results)
    for seed in range(1, arguments.seeds + 1):
        config = Word2VecConfig(epochs=arguments.epochs, learning_rate=arguments.rate, seed=seed)
        for n in (int(n) for n in arguments.replicas.split(",")):
            for n_rounds in (int(n) for n in arguments.rounds.split(",")) if n > 1 else (1,):
                for rule in arguments.rule or RULES if n > 1 else ("by direction",):
                    what = {
                        "text": Path(arguments.corpus).name, "epochs": config.epochs, "rate": config.learning_rate,
                        "seed": seed, "replicas": n, "rounds": n_rounds, "rule": rule,
                    }  # fmt: skip
                    same = [line for line in known if what.items() <= line.items()]
                    line = same[0] if same else what | line_of(material, config, n, n_rounds, rule, sets)
                    if arguments.results and not same:
                        with open(arguments.results, "a") as file:
                            file.write(json.dumps(line) + "\n")
                    yield line


def main(arguments: Arguments) -> None:
    sets = [read_eval_set(path) for path in (*map(shipped_path, SETS), *arguments.eval_set)]
    with tempfile.TemporaryDirectory() as name:
        material = Material.of(text_file(arguments.corpus, Path(name)), Path(name))
        found = list(lines(material, sets, arguments))
    rows = [
        [line["replicas"], line["rounds"], line["rule"], *(shown(line[each.name]) for each in sets), line["megabytes"]]
        for line in found
    ]
    head = ["replicas", "synchronisations an epoch", "rule", *(each.name for each in sets), "megabytes"]
    print_table(f"{arguments.epochs} epochs at the rate {arguments.rate}, in one process", head, rows)
    if not arguments.picture:
        return
    if any(line["rule"] == RULE and line["replicas"] > 1 for line in found):
        Path(arguments.picture).write_text(picture(found, [each.name for each in sets]))
    else:
        print(f"no picture: it shows several replicas by the rule {RULE!r}, and there are none\n")


def shown(score: float | None) -> str:
    return "diverges" if score is None or math.isnan(score) else f"{score:.3f}"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--replicas", metavar="N,N", help="replicas: how many")
    parser.add_argument("--rounds", metavar="N,N", help="replicas: synchronisations an epoch, powers of 2")
    parser.add_argument(
        "--rule", action="append", choices=RULES, help="replicas: how changes are combined; default: all"
    )
    parser.add_argument("--rate", type=float, help="replicas: the learning rate")
    parser.add_argument("--seeds", type=int, help="replicas: trainings of each kind")
    parser.add_argument("--results", metavar="FILE", help="replicas: lines of JSON, to go on from")


if __name__ == "__main__":
    its_parser = argparse.ArgumentParser(prog="python -m benchmarks.replicas", description=__doc__)
    add_options(its_parser)
    its_parser.add_argument("--corpus", help="a text file, plain or compressed; default: the sample")
    its_parser.add_argument("--eval-set", action="append", help="pairs to score on, as MEN's")
    its_parser.add_argument("--epochs", type=int, help="of each training")
    its_parser.add_argument("--picture", metavar="FILE", help="where an SVG picture goes")
    main(its_parser.parse_args(namespace=Arguments(epochs=3)))
