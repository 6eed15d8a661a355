"""What --dry-run says, against what then happens; and the refusals, on a disk and in a memory that are really small."""

import itertools
import json
import os
import random
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.posix import resource
from tests.storage.test_bad_luck import assert_one_line, in_own_mounts, training
from wordvec_cli.cli import run as run_command
from wordvec_cli.storage.files import shown_size
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.training.estimate import totals
from wordvec_cli.training.estimate.machine import available_memory, memory_in_use
from wordvec_cli.training.estimate.plan import Plan
from wordvec_cli.training.estimate.totals import estimated as estimate_of
from wordvec_cli.training.word2vec_config import Word2VecConfig
from wordvec_cli.vocabulary.vocabulary import Vocabulary

NAMES = ["tokens", "words", "memory_bytes", "disk_bytes", "file_bytes", "seconds"]
ROOT = str(Path(__file__).parent.parent.parent)

# Trains in this process and looks each time a file is about to be replaced by a whole new one: encoding, every
# checkpoint and the vectors end so, and until then all that they wrote is there. Text for gensim ends by truncation.
MEASURE_DISK = """
import json, os, sys
from wordvec_cli.cli import run
from wordvec_cli.training import word2vec

word2vec.TOKENS_PER_BLOCK = 5000  # so that there is always time for a second checkpoint

def written_bytes():
    paths = [os.path.join(folder, name) for folder, _, names in os.walk(".") for name in names if name != "corpus"]
    descriptors = [f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd")]
    links = [path for path in descriptors if os.path.islink(path) and os.readlink(path).endswith(" (deleted)")]
    return sum(os.stat(path).st_size for path in paths + links)

peak = 0

def watched(function):
    def call(*arguments):
        global peak
        peak = max(peak, written_bytes())
        function(*arguments)
    return call

os.replace, os.truncate = watched(os.replace), watched(os.truncate)
often = [] if "gensim" in sys.argv else ["--checkpoint-every", "0.000001"]
status = run(["train", *sys.argv[1:], *often])
print(json.dumps([status, peak]), file=sys.stderr)
"""

MEASURE_MEMORY = """
import json, sys, threading
from wordvec_cli.cli import run

def anonymous_bytes():
    with open("/proc/self/status") as status:
        [line] = [line for line in status if line.startswith("RssAnon:")]
    return int(line.split()[1]) * 1024

peak, done = 0, threading.Event()

def watch():
    global peak
    while not done.wait(0.002):
        peak = max(peak, anonymous_bytes())

watcher = threading.Thread(target=watch)
watcher.start()
status = run(["train", *sys.argv[1:]])
done.set()
watcher.join()
print(json.dumps([status, peak]), file=sys.stderr)
"""

needs_proc = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this is measured through /proc")


def estimated(wordvec: Run, *arguments: str | Path, **others: object) -> dict[str, float]:
    result = wordvec("train", *arguments, "--dry-run", **others)
    assert result.returncode == 0, result.stderr
    rows = [line.split("\t") for line in result.stdout.decode().splitlines()]
    assert [name for name, _, _ in rows] == NAMES
    return {name: float(value) for name, value, _ in rows if value}


def measured(script: str, *arguments: str | Path, cwd: Path, stdin: bytes = b"") -> int:
    result = subprocess.run(
        [sys.executable, "-c", script, *arguments, "--quiet"],
        cwd=cwd, input=stdin, capture_output=True, check=True, env=os.environ | {"PYTHONPATH": ROOT}, timeout=120,
    )  # fmt: skip
    status, peak = json.loads(result.stderr.splitlines()[-1])
    assert status == 0
    return int(peak)


@pytest.fixture
def long_words(tmp_path: Path) -> Path:
    """A text that is far larger than its word ids: 4 MB, 100 000 occurrences of 200 words of 40 letters."""
    rng = random.Random(1)
    words = ["".join(rng.choices("abcdefgh", k=40)) for _ in range(200)]
    path = tmp_path / "corpus"
    path.write_text("".join(" ".join(rng.choices(words, k=20)) + "\n" for _ in range(5000)))
    return path


@pytest.mark.parametrize("source", ["file", "pipe"])
@pytest.mark.parametrize("options", [[], ["--vocab", "vocab.tsv"]])
def test_a_dry_run_counts_exactly_and_leaves_nothing(
    wordvec: Run, corpus_file: Path, tmp_path: Path, source: str, options: list[str]
) -> None:
    (tmp_path / "vocab.tsv").write_text("monday\t9\nred\t8\n")
    text = corpus_file.read_bytes()
    corpus, stdin = ("-", text) if source == "pipe" else (corpus_file, None)
    figures = estimated(wordvec, corpus, "-o", "v.safetensors", *options, cwd=tmp_path, stdin=stdin)
    assert figures["tokens"] == len(text.split())
    assert figures["words"] == (2 if options else len(set(text.split())))
    assert figures["seconds"] > 0
    assert os.listdir(tmp_path) == ["vocab.tsv"]


def test_a_dry_run_does_not_go_with_resume(wordvec: Run, corpus_file: Path) -> None:
    result = wordvec("train", corpus_file, "-o", "v.safetensors", "--dry-run", "--resume")
    assert result.returncode == 2
    assert b"exclude each other" in result.stderr


@needs_proc
@pytest.mark.parametrize(
    ("source", "output", "options"),
    [
        ("corpus", "v.safetensors", []),
        ("corpus", "v.safetensors", ["--epochs", "1", "--vector-size", "1000"]),
        ("corpus", "v.safetensors", ["--epochs", "2", "--vector-size", "1000", "--save-context"]),
        (
            "corpus",
            "v.safetensors",
            ["--epochs", "4", "--vector-size", "1000", "--eval-set", "pairs", "--early-stopping", "4"],
        ),
        ("corpus", "v.safetensors", ["--epochs", "1", "--vector-size", "500", "--loss", "hierarchical-softmax"]),
        ("corpus", "v.safetensors", ["--epochs", "2", "--vector-size", "300", "--subwords", "3-4"]),
        ("corpus", "v.safetensors", ["--engine", "gensim"]),
        ("corpus", "v.safetensors", ["--epochs", "1", "--engine", "gensim", "--vector-size", "3000"]),
        ("-", "v.safetensors", []),  # the copy of the pipe is the most of it
        ("-", "v.safetensors", ["--epochs", "2", "--vector-size", "6000", "--negative", "1"]),
        ("corpus", "-", ["--epochs", "1", "--vector-size", "1000"]),
        ("corpus", "-", ["--epochs", "2", "--vector-size", "1000"]),
        ("corpus", "-", ["--epochs", "4", "--vector-size", "1000"]),
    ],
)
def test_disk_is_within_a_twentieth_of_what_training_then_writes(
    wordvec: Run, long_words: Path, tmp_path: Path, source: str, output: str, options: list[str]
) -> None:
    words = sorted(set(long_words.read_text().split()))
    (tmp_path / "pairs").write_text("".join(f"{a} {b} {i}\n" for i, (a, b) in enumerate(itertools.pairwise(words))))
    stdin = long_words.read_bytes() if source == "-" else b""
    arguments = [source, "-o", output, "--window", "2", *options]
    figures = estimated(wordvec, *arguments, cwd=tmp_path, stdin=stdin)
    peak = measured(MEASURE_DISK, *arguments, cwd=tmp_path, stdin=stdin) - (tmp_path / "pairs").stat().st_size
    assert figures["disk_bytes"] == pytest.approx(peak, rel=0.05)
    if output != "-":
        assert figures["file_bytes"] == pytest.approx((tmp_path / output).stat().st_size, rel=0.05)


@needs_proc
@pytest.mark.parametrize(
    ("n_words", "options"),
    [
        (19, []),
        (19, ["--vector-size", "100000", "--epochs", "1", "--negative", "1", "--window", "1"]),
        (40_000, ["--vector-size", "1000", "--epochs", "1", "--negative", "1", "--window", "1"]),
        (40_000, ["--vector-size", "100", "--epochs", "1", "--engine", "gensim"]),
        (40_000, ["--vector-size", "100", "--epochs", "1", "--engine", "gensim", "--loss", "hierarchical-softmax"]),
        (40_000, ["--vector-size", "8", "--tokenizer", "words", "--min-count", "2"]),
        (40_000, ["--vector-size", "100", "--epochs", "1", "--model", "cbow", "--loss", "hierarchical-softmax"]),
        (40_000, ["--vector-size", "8", "--epochs", "1", "--deterministic", "--model", "cbow", "--negative", "60"]),
        (40_000, ["--vector-size", "500", "--epochs", "1", "--subwords", "3-6"]),
        (40_000, ["--vector-size", "500", "--epochs", "2", "--subwords", "3-6", "--buckets", "5000"]),
    ],
)
def test_memory_is_within_a_quarter_of_what_training_then_takes(
    wordvec: Run, corpus_file: Path, tmp_path: Path, n_words: int, options: list[str]
) -> None:
    corpus = corpus_file
    if n_words > 19:
        rng = random.Random(1)
        corpus = tmp_path / "corpus"
        corpus.write_text(
            "".join(" ".join(f"word{rng.randrange(n_words)}" for _ in range(20)) + "\n" for _ in range(n_words // 2))
        )
    arguments = [corpus, "-o", "v.safetensors", "--threads", "2", *options]
    figures = estimated(wordvec, *arguments, cwd=tmp_path)
    assert figures["memory_bytes"] == pytest.approx(measured(MEASURE_MEMORY, *arguments, cwd=tmp_path), rel=0.25)


def test_what_lies_on_the_disk_already_need_not_be_free_there_a_second_time() -> None:
    """500 000 ids of 4 bytes and 100 001 offsets of 8 are 2.8 MB; all else is less than 15 kB."""
    config = Word2VecConfig(vector_size=100, epochs=5)
    pipe = Plan(Vocabulary.from_words([b"word"], [9]), config, Tokenizer(), 500_000, 100_000, 500_000)
    spooled = replace(pipe, spooled_bytes=3_000_000)
    elsewhere = replace(spooled, spool_is_near=False)
    for plan, at_peak, to_come in [
        (pipe, 2.8e6, 2.8e6), (spooled, 5.8e6, 2.8e6), (elsewhere, 5.8e6, 2.8e6),
        (replace(pipe, is_encoded=True), 2.8e6, 0),
    ]:  # fmt: skip
        figures = estimate_of(plan)
        assert (figures.disk_bytes, figures.disk_to_come_bytes) == (
            pytest.approx(at_peak, abs=15_000), pytest.approx(to_come, abs=15_000)
        )  # fmt: skip


def on_a_disk_of(
    n_bytes: float, corpus_file: Path, folder: Path, *options: str
) -> "subprocess.CompletedProcess[bytes]":
    return in_own_mounts(
        f'mount -t tmpfs -o size={round(n_bytes)} tmpfs "$DISK" && cd "$DISK" && '
        f'"$PYTHON" -m wordvec_cli train "$CORPUS" -o v.safetensors {" ".join(options)}; echo "$?"; ls -A',
        DISK=str(folder), CORPUS=str(corpus_file), PYTHON=sys.executable, PYTHONPATH=ROOT,
    )  # fmt: skip


@pytest.mark.parametrize("vocab", [False, True])
def test_a_disk_a_little_larger_than_the_estimate_does_and_a_smaller_one_is_refused(
    wordvec: Run, corpus_file: Path, tmp_path: Path, vocab: bool
) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    options = ["--vector-size", "10000", "--epochs", "4", "--checkpoint-every", "0.000001"]
    if vocab:
        wordvec("build-vocab", corpus_file, "-o", tmp_path / "vocab.tsv")
        options += ["--vocab", str(tmp_path / "vocab.tsv")]
    needed = estimated(wordvec, corpus_file, "-o", folder / "v.safetensors", *options)["disk_bytes"]
    result = on_a_disk_of(1.02 * needed, corpus_file, folder, *options)
    assert result.stdout == b"0\nv.safetensors\n", result.stderr
    for dry in ([], ["--dry-run"]):
        result = on_a_disk_of(0.9 * needed, corpus_file, folder, *options, *dry)
        *lines, status = result.stdout.decode().splitlines()
        assert status == "1"
        assert [line.split("\t")[0] for line in lines] == (NAMES if dry else [])
        error = result.stderr.decode().splitlines()[-1]
        assert error.startswith("Error: v.safetensors: training: needs ") and error.endswith("; free some space")


def limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (1_200_000_000, resource.RLIM_INFINITY))


@pytest.mark.skipif(sys.platform != "linux", reason="the limit holds on Linux only")
@pytest.mark.parametrize(
    "options", [[], ["--dry-run"], ["--vocab", "vocab.tsv"], ["--vocab", "vocab.tsv", "--dry-run"]]
)
def test_a_memory_that_cannot_hold_the_matrices_is_one_line_with_the_figures(
    wordvec: Run, tmp_path: Path, options: list[str]
) -> None:
    """Two matrices of 200 000 words, 1000 numbers of 4 bytes each: 1.6 GB."""
    words = [f"word{i}" for i in range(200_000)]
    (tmp_path / "corpus").write_text("\n".join(words))
    (tmp_path / "vocab.tsv").write_text("".join(f"{word}\t1\n" for word in words))
    result = wordvec(
        "train", "corpus", "-o", "v.safetensors", "--vector-size", "1000", "--min-count", "1", *options, cwd=tmp_path,
        preexec_fn=limit_memory,
    )  # fmt: skip
    assert_one_line(result, "B are free; lower --max-vocab or --vector-size")
    needed = re.search(rb"training needs ([\d.]+) GB of memory and ", result.stderr)
    assert needed and 1.6 <= float(needed[1]) <= 1.7
    assert sorted(os.listdir(tmp_path)) == ["corpus", "vocab.tsv"]
    names = [line.split(b"\t")[0].decode() for line in result.stdout.splitlines()]
    assert names == (NAMES if "--dry-run" in options else [])


def test_resuming_is_refused_where_memory_is_short_and_the_checkpoint_stays(
    corpus_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "v.safetensors"
    with training(corpus_file, output) as process:
        process.send_signal(signal.SIGKILL)
    monkeypatch.setattr(totals, "available_memory", lambda: 1234)
    command = ["train", str(corpus_file), "-o", str(output), "--epochs", "1000000", "--threads", "2", "--resume"]
    assert run_command(command) == 1
    assert f"and {shown_size(1234)} are free" in capsys.readouterr().err
    assert os.listdir(tmp_path) == ["v.safetensors.checkpoint"]
    assert "run.safetensors" in os.listdir(tmp_path / "v.safetensors.checkpoint")


# ---------------------------------------------------------------- what the system says


MEMINFO = "MemTotal:       8000 kB\nMemAvailable:   5000 kB\n"
STATUS = "VmSize: 900 kB\nVmData: 800 kB\nVmHWM: 700 kB\nRssAnon: 300 kB\nRssFile: 150 kB\n"


def fake_root(folder: Path, files: dict[str, str]) -> Path:
    for name, text in ({"proc/meminfo": MEMINFO, "proc/self/status": STATUS} | files).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def group(folder: str, limit: str, use: str) -> dict[str, str]:
    """Version 2."""
    return {
        f"sys/fs/cgroup/{folder}memory.max": f"{limit}\n",
        f"sys/fs/cgroup/{folder}memory.current": f"{use}\n",
        f"sys/fs/cgroup/{folder}memory.stat": "anon 9\ninactive_file 30\nactive_file 4\n",
    }


@pytest.mark.skipif(sys.platform != "linux", reason="this is about /proc and /sys")
@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, 5000 * 1024),
        ({"proc/self/cgroup": "0::/jobs/7\n"} | group("jobs/7/", "max", "100"), 5000 * 1024),
        ({"proc/self/cgroup": "0::/jobs/7\n"} | group("jobs/7/", "1000", "100"), 1000 - 100 + 34),
        ({"proc/self/cgroup": "0::/jobs/7\n"} | group("jobs/", "2000", "100"), 2000 - 100 + 34),
        ({"proc/self/cgroup": "0::/\n"} | group("", "90", "200"), 0),
        ({"proc/self/cgroup": "0::/not/mounted/here\n"} | group("", "1000", "0"), 1034),
        (
            {
                "proc/self/cgroup": "5:cpu,memory:/jobs/7\n0::/\n",
                "sys/fs/cgroup/memory/jobs/7/memory.limit_in_bytes": "3000\n",
                "sys/fs/cgroup/memory/jobs/7/memory.usage_in_bytes": "2000\n",
                "sys/fs/cgroup/memory/jobs/7/memory.stat": "inactive_file 1\ntotal_inactive_file 500\n",
            },
            1500,
        ),
    ],
)
def test_the_memory_that_is_free_is_the_least_that_the_system_allows(
    tmp_path: Path, files: dict[str, str], expected: int
) -> None:
    assert available_memory(fake_root(tmp_path, files)) == expected


def test_a_system_that_does_not_tell_refuses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "plan9")
    assert available_memory(tmp_path) is None
    assert memory_in_use(tmp_path).now_bytes > 0


def test_the_peak_of_memory_leaves_out_the_pages_of_files(tmp_path: Path) -> None:
    use = memory_in_use(fake_root(tmp_path, {}))
    assert (use.now_bytes, use.peak_bytes) == (300 * 1024, 550 * 1024)
