"""What a cluster gives is what one machine gives, also when workers are lost. One cluster of this machine for all."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import TOPICS, run_here
from wordvec_cli.cluster import connection, counting, sequences, training
from wordvec_cli.cluster.connection import LOOPBACK
from wordvec_cli.cluster.members import Cluster, ClusterOptions, Member, cluster
from wordvec_cli.errors import InputError
from wordvec_cli.progress import Cancelled, Progress, ignore, silent
from wordvec_cli.sequences.count_pairs import PairsOrder
from wordvec_cli.sequences.pairs import PairOptions
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.training.order import settled
from wordvec_cli.vectors.native import load
from wordvec_cli.vocabulary.build import VocabularyOrder
from wordvec_cli.vocabulary.counting import CountOptions

pytestmark = [
    pytest.mark.usefixtures("small_shards"),
    pytest.mark.xdist_group("cluster"),  # one at a time: two would not fit a small machine
    pytest.mark.filterwarnings("ignore"),  # Ray's own
    pytest.mark.skipif(sys.platform == "win32", reason="Ray has no clusters of machines on Windows"),
]
GLOVE = {"model": "glove", "vector_size": 8, "epochs": 3, "min_count": 1, "threads": 1}
SKIPGRAM = {"vector_size": 8, "epochs": 3, "min_count": 1, "threads": 1, "sample": 0}
N_WORKERS = 3


@pytest.fixture(scope="module")
def workers() -> Iterator[Cluster]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_DEFAULT_OBJECT_STORE_MAX_MEMORY_BYTES", "100000000")
        with cluster(ClusterOptions(f"local:{N_WORKERS}", 1), ignore) as joined:
            yield joined
        assert connection._with_our_token() == []  # no process is left


@pytest.fixture
def all_workers(workers: Cluster) -> Cluster:
    """As many as there were, after another test has lost some."""
    while len(workers.members) < N_WORKERS:
        workers.join_new()
    return workers


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two topics in 24 shards' worth of text, with words of all frequencies, empty lines and no newline at the end."""
    rng = np.random.default_rng(1)
    lines = [" ".join(["the", *rng.choice(TOPICS[i % 2], 7), f"w{rng.zipf(1.5) % 500}"]) for i in range(4000)]
    path = tmp_path_factory.mktemp("corpus") / "corpus.txt"
    path.write_text("\n\n".join(lines))
    return path


def end(workers: Cluster, member: Member) -> None:
    """kill -9."""
    os.kill(workers.result(workers.ask(member, "ping")), signal.SIGKILL)


def vocabulary_order(corpus: Path, output: Path) -> VocabularyOrder:
    return VocabularyOrder((str(corpus),), str(output), "tsv", Tokenizer(), CountOptions(2))


def test_a_vocabulary_is_that_of_one_machine_byte_for_byte(all_workers: Cluster, corpus: Path, tmp_path: Path) -> None:
    here, there = tmp_path / "here.tsv", tmp_path / "there.tsv"
    assert run_here("build-vocab", corpus, "-o", here, "--min-count", "2").returncode == 0
    counting.build_by(all_workers, vocabulary_order(corpus, there), silent, ignore)
    assert there.read_bytes() == here.read_bytes()
    assert Path(f"{there}.json").read_bytes() == Path(f"{here}.json").read_bytes()


def test_counting_goes_on_when_a_worker_is_lost(all_workers: Cluster, corpus: Path, tmp_path: Path) -> None:
    here, there, notes = tmp_path / "here.tsv", tmp_path / "there.tsv", list[str]()
    assert run_here("build-vocab", corpus, "-o", here, "--min-count", "2").returncode == 0
    kill = killing(all_workers, at=3)
    counting.build_by(all_workers, vocabulary_order(corpus, there), kill, lambda text, **_: notes.append(text))
    assert there.read_bytes() == here.read_bytes()
    assert any("was lost; going on with 2 workers" in note for note in notes)


@pytest.mark.parametrize("memory", ["1GB", "1MB"])
def test_pairs_are_those_of_one_machine_byte_for_byte(
    all_workers: Cluster, corpus: Path, tmp_path: Path, memory: str
) -> None:
    vocab, here, there = tmp_path / "v.tsv", tmp_path / "here.safetensors", tmp_path / "there.safetensors"
    assert run_here("build-vocab", corpus, "-o", vocab, "--min-count", "2").returncode == 0
    arguments = "cooccur", corpus, "--vocab", vocab, "-o", here, "--threads", "1", "--memory", memory
    assert run_here(*arguments).returncode == 0
    size = 1_000_000_000 if memory == "1GB" else 1_000_000
    order = PairsOrder((str(corpus),), str(vocab), str(there), PairOptions(), n_threads=1, memory_bytes=size)
    sequences.write_by(all_workers, order, silent, ignore)
    assert there.read_bytes() == here.read_bytes()


def killing(workers: Cluster, at: int, stage: str = "") -> Callable[[Progress], None]:
    """A report that kills a worker when it is called for the `at`-th time, in a stage if one is named."""
    n_calls = 0

    def report(progress: Progress) -> None:
        nonlocal n_calls
        n_calls += stage in ("", progress.stage)
        if n_calls == at and stage in ("", progress.stage):
            end(workers, workers.members[-1])

    return report


@pytest.fixture(scope="module")
def glove_here(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The vectors of one machine."""
    from wordvec_cli.training.run import run

    path = tmp_path_factory.mktemp("glove") / "v.safetensors"
    run(settled({**GLOVE, "corpus": str(corpus), "output": str(path)}))
    return path.read_bytes()


# Of a training with 3 epochs of 16 rounds; with what comes before it, some 90 reports.
@pytest.mark.parametrize("at", [0, 2, 8, 20, 32, 40, 48, 56, 64, 72, 80])
def test_glove_gives_the_bytes_of_one_machine_whichever_worker_is_lost_when(
    all_workers: Cluster, corpus: Path, tmp_path: Path, glove_here: bytes, at: int
) -> None:
    path, notes = tmp_path / "v.safetensors", list[str]()
    order = settled({**GLOVE, "corpus": str(corpus), "output": str(path)})
    training.train_by(all_workers, order, killing(all_workers, at), lambda text, **_: notes.append(text))
    assert path.read_bytes() == glove_here
    assert any("was lost" in note for note in notes) == (at > 0)


@pytest.mark.parametrize("at", [0, 3, 13])
def test_word2vec_trains_all_words_of_all_epochs_also_if_a_worker_is_lost(
    all_workers: Cluster, corpus: Path, tmp_path: Path, at: int
) -> None:
    path, notes, reports = tmp_path / "v.safetensors", list[str](), list[Progress]()
    kill = killing(all_workers, at, "training")

    def report(progress: Progress) -> None:
        reports.append(progress)
        kill(progress)

    order = settled({**SKIPGRAM, "corpus": str(corpus), "output": str(path)})
    training.train_by(all_workers, order, report, lambda text, **_: notes.append(text))
    assert [each.done for each in reports if each.stage == "epoch"] == [1, 2, 3]
    vectors = load(str(path))
    assert np.isfinite(np.asarray(vectors.matrix)).all()
    red, green, monday = (np.asarray(vectors.vector(word)) for word in (b"red", b"green", b"monday"))
    assert red @ green / np.linalg.norm(green) > red @ monday / np.linalg.norm(monday)
    assert any("trained again" in note for note in notes) == (at > 0)


@pytest.mark.parametrize("options", [GLOVE, SKIPGRAM], ids=["glove", "skip-gram"])
def test_a_training_that_was_stopped_is_resumed_with_fewer_workers(
    all_workers: Cluster, corpus: Path, tmp_path: Path, options: dict[str, object], glove_here: bytes
) -> None:
    path, n_asked = tmp_path / "v.safetensors", 0
    order = settled({**options, "corpus": str(corpus), "output": str(path)})

    def stop() -> bool:
        nonlocal n_asked
        n_asked += 1
        return n_asked > 5

    with pytest.raises(Cancelled):
        training.train_by(all_workers, order, silent, ignore, stop)
    end(all_workers, all_workers.members[-1])
    all_workers.drop_lost()
    resumed = settled({**options, "corpus": str(corpus), "output": str(path), "resume": True})
    result = training.train_by(all_workers, resumed, silent, ignore)
    assert len(result.losses) == 3
    assert not Path(f"{path}.checkpoint").exists()
    if options is GLOVE:
        assert path.read_bytes() == glove_here


def test_a_corpus_that_a_worker_cannot_see_is_named_before_any_work(all_workers: Cluster, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.txt"):
        counting.build_by(all_workers, vocabulary_order(tmp_path / "nowhere.txt", tmp_path / "v.tsv"), silent, ignore)
    with pytest.raises(InputError, match="cannot read standard input"):
        counting.build_by(all_workers, vocabulary_order(Path("-"), tmp_path / "v.tsv"), silent, ignore)


def test_an_error_of_a_worker_is_the_users(all_workers: Cluster, tmp_path: Path) -> None:
    path = tmp_path / "bad.txt"
    path.write_bytes(b"good\n" * 5000 + b"\xff\n")
    tokenizer = Tokenizer(invalid_utf8="error")
    order = VocabularyOrder((str(path),), str(tmp_path / "v.tsv"), "tsv", tokenizer, CountOptions(1))
    with pytest.raises(InputError, match=r"bad\.txt:5001: "):
        counting.build_by(all_workers, order, silent, ignore)


def test_only_this_machine_can_reach_the_cluster(workers: Cluster) -> None:
    assert workers._ray.util.get_node_ip_address() in LOOPBACK
