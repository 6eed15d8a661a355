"""Measures over many trainings: bootstraps of a corpus beside gensim's trainings, a query to 20 files, `change`.

Bootstraps are one whole command of ours, with all that is counted, encoded and written; gensim's is `Word2Vec.train`
on the same text, of three trainings, times the rest. A query to a folder is a whole command beside the same of each
file by itself. `change` with k 1000 is beside numpy's argpartition of all cosines, of some words, times the rest; its
shufflings are beside as many trainings.
"""

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.arguments import Arguments
from benchmarks.table import Task, medians_in_turn, print_table, text_file, timed
from wordvec_cli.vectors.native import save
from wordvec_cli.vocabulary.vocabulary import Vocabulary

N_WANTED, N_GENSIM, EPOCHS = 20, 3, 5  # bootstraps, and trainings of gensim
N_SHUFFLED = 9
N_FILES, N_WORDS, DIM, K = 20, 50_000, 100, 1000
N_PLAIN = 500  # words that numpy is asked about
OURS = [sys.executable, "-m", "wordvec_cli"]
GENSIMS = """
import sys, time
from gensim.models import Word2Vec
model = Word2Vec(sg=1, vector_size=100, workers=2)
model.build_vocab(corpus_file=sys.argv[1])
start = time.perf_counter()
totals = {"total_words": model.corpus_total_words, "total_examples": model.corpus_count}
model.train(corpus_file=sys.argv[1], epochs=int(sys.argv[2]), **totals)
print(time.perf_counter() - start)
"""


def command(*arguments: object) -> None:
    subprocess.run([*OURS, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def gensims_seconds(corpus: Path) -> float:
    program = [sys.executable, "-c", GENSIMS, str(corpus), str(EPOCHS)]
    return float(subprocess.run(program, check=True, capture_output=True, text=True).stdout)


def bootstraps(corpus: Path, folder: Path) -> None:
    common = ["train", corpus, "--vector-size", "100", "--epochs", str(EPOCHS)]
    command("train", corpus, "--vector-size", "100", "--epochs", "1", "-o", folder / "compiles.safetensors")
    theirs = [gensims_seconds(corpus)]
    ours = timed(lambda: command(*common, "--bootstrap", str(N_WANTED), "-o", folder / "models"))
    theirs += [gensims_seconds(corpus) for _ in range(N_GENSIM - 1)]
    of_gensim = statistics.median(theirs) * N_WANTED
    rows = [
        [f"wordvec train --bootstrap {N_WANTED}, the whole command", ours, of_gensim / ours],
        [f"gensim, its training alone, the median of {N_GENSIM} times {N_WANTED}", of_gensim, 1.0],
    ]
    megabytes = corpus.stat().st_size / 1e6
    title = f"{N_WANTED} bootstraps of {megabytes:.0f} MB, skip-gram 100, {EPOCHS} epochs"
    print_table(title, ["", "seconds", "times gensim"], rows)
    print(f"gensim's trainings took {', '.join(f'{each:.1f}' for each in theirs)} s\n")


def made(path: Path, truth: np.ndarray, seed: int) -> None:
    noise = np.random.default_rng(seed).normal(size=truth.shape)
    counts = [max(1, 10_000_000 // (i + 10)) for i in range(len(truth))]
    words = Vocabulary.from_words([b"word%d" % i for i in range(len(truth))], counts)
    save(str(path), words, (truth + 0.5 * noise).astype(np.float32), {})


def questions(folder: Path, runs: int) -> None:
    paths = sorted(folder.glob("*.safetensors"))

    def one_by_one() -> None:
        for path in paths:
            command("similar", path, "word77")

    programs: dict[str, Task] = {
        f"similar FOLDER WORD, {len(paths)} files": lambda: command("similar", folder, "word77"),
        "similar of each file by itself": one_by_one,
        "similar of one file": lambda: command("similar", paths[0], "word77"),
        "stability FOLDER": lambda: command("stability", folder),
    }
    command("similar", folder, "word77")
    rows = list(medians_in_turn(programs, runs).items())
    print_table(f"Queries over {len(paths)} files of {N_WORDS} x {DIM}, medians of {runs}", ["", "seconds"], rows)


def change(folder: Path, runs: int) -> None:
    first, second = sorted(folder.glob("*.safetensors"))[:2]
    asked = folder.with_name("asked.txt")
    asked.write_text("".join(f"word{i}\n" for i in (9, 99, 999, 9999, 19_999)))
    rows = np.random.default_rng(1).normal(size=(N_WORDS, DIM)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    of_all = ["change", first, second, "--min-count", "2", "-k", str(K)]

    def plain() -> None:
        for start in range(0, N_PLAIN, 100):
            np.argpartition(rows[start : start + 100] @ rows.T, N_WORDS - K, axis=1)

    plain()
    programs: dict[str, Task] = {
        "wordvec change": lambda: command(*of_all),
        "argpartition of all cosines of both": plain,
        "wordvec change --words, five words": lambda: command(*of_all, "--words", asked),
    }
    found = medians_in_turn(programs, runs)
    found["argpartition of all cosines of both"] *= 2 * N_WORDS / N_PLAIN
    table = [[name, each, each / found["wordvec change"]] for name, each in found.items()]
    print_table(f"change of {N_WORDS} words, k {K}, medians of {runs}", ["", "seconds", "times change"], table)


def permute(corpus: Path, folder: Path, runs: int) -> None:
    """Shufflings of two halves beside as many trainings of them by `train --seeds`, which is their bound."""
    lines = corpus.read_bytes().splitlines(keepends=True)
    halves = [folder / name for name in ("first.txt", "second.txt")]
    for path, part in zip(halves, (lines[: len(lines) // 2], lines[len(lines) // 2 :]), strict=True):
        path.write_bytes(b"".join(part))
    options = ["--tokenizer", "words", "--lowercase", "--vector-size", "50", "--epochs", "3"]
    vectors = [path.with_suffix(".safetensors") for path in halves]
    for path, output in zip(halves, vectors, strict=True):
        command("train", path, *options, "-o", output)
    corpora = [text for path in halves for text in ("--corpus", path)]

    def trained() -> None:
        for path in halves:
            with tempfile.TemporaryDirectory() as name:
                command("train", path, *options, "--seeds", str(N_SHUFFLED + 1), "-o", Path(name) / "models")

    programs: dict[str, Task] = {
        f"change --permute {N_SHUFFLED}": lambda: command("change", *vectors, "--permute", str(N_SHUFFLED), *corpora),
        f"train --seeds {N_SHUFFLED + 1} of each half": trained,
    }
    found = medians_in_turn(programs, runs)
    bound = found[f"train --seeds {N_SHUFFLED + 1} of each half"]
    rows = [[name, each, each / bound] for name, each in found.items()]
    title = f"Shufflings of two halves of {corpus.stat().st_size / 1e6:.0f} MB, medians of {runs}"
    print_table(title, ["", "seconds", "times the trainings"], rows)


def main(arguments: Arguments) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if arguments.only in ("", "bootstraps"):
            bootstraps(text_file(arguments.corpus, folder), folder)
        if arguments.only in ("", "permute"):
            permute(text_file(arguments.raw_corpus, folder), folder, arguments.runs)
        if arguments.only in ("bootstraps", "permute"):
            return
        models = folder / "many"
        models.mkdir()
        truth = np.random.default_rng(0).normal(size=(N_WORDS, DIM))
        for i in range(N_FILES):
            made(models / f"m{i:02}.safetensors", truth, i + 1)
        if arguments.only in ("", "questions"):
            questions(models, arguments.runs)
        if arguments.only in ("", "change"):
            change(models, arguments.runs)
