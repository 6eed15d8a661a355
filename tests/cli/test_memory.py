"""Peak memory, mapped file pages not counted: the two matrices plus 100 MB, whatever the size of the corpus."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

N_WORDS, DIM = 50_000, 100
MATRICES = 2 * N_WORDS * 112 * 4  # rows are padded to 112 numbers

MEASURE = """
import json, sys, threading
from wordvec_cli.cli import run

def anonymous_bytes():
    with open("/proc/self/status") as status:
        [line] = [line for line in status if line.startswith("RssAnon:")]
    return int(line.split()[1]) * 1024

def train(corpus, output):
    assert run(["train", corpus, "-o", output, "--epochs", "1", "--min-count", "1", "--quiet", "--threads", "2"]) == 0

small, large, output = sys.argv[1:]
train(small, output)
before, peak, done = anonymous_bytes(), 0, threading.Event()

def watch():
    global peak
    while not done.wait(0.005):
        peak = max(peak, anonymous_bytes())

watcher = threading.Thread(target=watch)
watcher.start()
train(large, output)
done.set()
watcher.join()
print(json.dumps(peak - before))
"""


def write_corpus(path: Path, n_tokens: int) -> None:
    rng = np.random.default_rng(1)
    words = np.array([f"word{i}" for i in range(N_WORDS)])
    ids = np.concatenate([np.arange(N_WORDS), rng.integers(0, N_WORDS, n_tokens)])
    with path.open("w") as file:
        for start in range(0, len(ids), 20):
            file.write(" ".join(words[ids[start : start + 20]]) + "\n")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is measured through /proc")
def test_peak_memory_of_training_does_not_grow_with_the_corpus(corpus_file: Path, tmp_path: Path) -> None:
    peaks = []
    for n_tokens in (500_000, 4_000_000):
        write_corpus(tmp_path / "large", n_tokens)
        command = [sys.executable, "-c", MEASURE, corpus_file, tmp_path / "large", tmp_path / "v.safetensors"]
        peaks.append(json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout))
    assert max(peaks) < MATRICES + 100_000_000
    assert peaks[1] < peaks[0] + 20_000_000
