"""A cluster of several machines, each with its own processes, that asks for a token: who gets in, goes, and comes."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import run_here
from wordvec_cli.cluster import training
from wordvec_cli.cluster.connection import GIVE_TOKEN
from wordvec_cli.cluster.members import ClusterOptions, cluster
from wordvec_cli.progress import Progress, ignore
from wordvec_cli.training.order import settled
from wordvec_cli.training.run import run

pytestmark = [
    pytest.mark.usefixtures("small_shards"),
    pytest.mark.xdist_group("cluster"),  # one at a time: two would not fit a small machine
    pytest.mark.filterwarnings("ignore"),  # Ray's own
    pytest.mark.skipif(sys.platform == "win32", reason="Ray has no clusters of machines on Windows"),
]
STORE_BYTES = 100_000_000
HEALTH_CHECK = {"initial_delay_ms": 0, "period_ms": 300, "failure_threshold": 2}
OPTIONS = {"vector_size": 8, "epochs": 3, "min_count": 1, "threads": 1}


@dataclass
class Machines:
    """A head without workers, and the machines that tests add."""

    ray_cluster: Any

    @property
    def address(self) -> str:
        return str(self.ray_cluster.address)

    def kill(self, node: Any) -> None:
        self.ray_cluster.remove_node(node, allow_graceful=False)


@pytest.fixture(scope="module")
def machines() -> Iterator[Machines]:
    from ray.cluster_utils import Cluster

    soon_missed = {
        "health_check_initial_delay_ms": 0,
        "health_check_period_ms": 300,
        "health_check_failure_threshold": 2,
    }
    head = {
        "num_cpus": 0, "object_store_memory": STORE_BYTES, "include_dashboard": False, "_system_config": soon_missed,
    }  # fmt: skip
    there = Cluster(initialize_head=True, head_node_args=head)
    yield Machines(there)
    there.shutdown()


@pytest.fixture
def machine(machines: Machines) -> Iterator[Callable[[], Any]]:
    """Adds a machine, which is there until the test ends."""
    added: list[Any] = []

    def add() -> Any:
        added.append(machines.ray_cluster.add_node(num_cpus=1, object_store_memory=STORE_BYTES))
        return added[-1]

    yield add
    for node in added:
        if node in machines.ray_cluster.list_all_nodes():
            machines.ray_cluster.remove_node(node, allow_graceful=True)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("corpus") / "corpus.txt"
    path.write_text("".join(f"the {['red', 'green', 'blue'][i % 3]} w{i % 97} of w{i % 31}\n" for i in range(4000)))
    return path


def once(at: int, do: Callable[[], None], stage: str) -> Callable[[Progress], None]:
    """A report that does something when a stage is reported for the `at`-th time."""
    n_calls = 0

    def report(progress: Progress) -> None:
        nonlocal n_calls
        n_calls += progress.stage == stage
        if n_calls == at and progress.stage == stage:
            do()

    return report


@pytest.mark.parametrize(
    "environment", [{"RAY_AUTH_TOKEN": "f" * 64}, {"RAY_AUTH_MODE": "disabled"}], ids=["wrong", "none"]
)
def test_who_has_no_token_is_told_so_in_one_line(
    machines: Machines, corpus: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    result = run_here(
        "build-vocab", corpus, "-o", tmp_path / "v.tsv", "--cluster", machines.address,
        environment=environment,
    )  # fmt: skip
    assert result.returncode == 1
    assert (
        result.stderr.decode() == f"Error: --cluster {machines.address}: the token is missing or wrong; {GIVE_TOKEN}\n"
    )


@pytest.fixture(scope="module")
def glove_here(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The vectors of one machine."""
    path = tmp_path_factory.mktemp("glove") / "v.safetensors"
    run(settled({**OPTIONS, "model": "glove", "corpus": str(corpus), "output": str(path)}))
    return path.read_bytes()


def test_a_machine_that_is_lost_is_done_without(
    machines: Machines, machine: Callable[[], Any], corpus: Path, tmp_path: Path, glove_here: bytes
) -> None:
    path, notes = tmp_path / "v.safetensors", list[str]()
    _, goes = machine(), machine()
    order = settled({**OPTIONS, "model": "glove", "corpus": str(corpus), "output": str(path)})
    with cluster(ClusterOptions(machines.address, 1), ignore) as workers:
        assert len(workers.members) == 2
        kill = once(1, lambda: machines.kill(goes), "epoch")
        training.train_by(workers, order, kill, lambda text, **_: notes.append(text))
    assert path.read_bytes() == glove_here
    assert any("was lost; going on with 1 worker" in note for note in notes)
    told = [note for note in notes if "pairs/s by worker: 127.0.0.1 " in note]
    assert [note.count("127.0.0.1") for note in told] == [2, 1, 1]


@pytest.mark.parametrize("model", ["glove", "skipgram"])
def test_a_machine_that_joins_is_used_from_the_next_epoch_on(
    machines: Machines, machine: Callable[[], Any], corpus: Path, tmp_path: Path, model: str, glove_here: bytes
) -> None:
    path, n_members = tmp_path / "v.safetensors", list[int]()
    join = once(1, machine, "training")

    def report(progress: Progress) -> None:
        join(progress)
        if progress.stage == "epoch":
            n_members.append(len(workers.members))

    machine()
    order = settled({**OPTIONS, "model": model, "corpus": str(corpus), "output": str(path)})
    with cluster(ClusterOptions(machines.address, 1), ignore) as workers:
        training.train_by(workers, order, report, ignore)
    assert n_members[0] == 1
    assert n_members[-1] == 2
    if model == "glove":
        assert path.read_bytes() == glove_here
