"""The workers of a cluster as the command sees them: started, asked, shared work out to, and lost."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from wordvec_cli.cluster.address import parsed
from wordvec_cli.cluster.connection import connected
from wordvec_cli.cluster.versions import check_same, versions_there
from wordvec_cli.cluster.worker import Worker
from wordvec_cli.errors import InputError, OutputError, WordvecError
from wordvec_cli.messages import counted
from wordvec_cli.parallel import usable_cpus
from wordvec_cli.progress import Note

SECONDS_TO_START = 180.0  # of a worker, whose CPUs another job may hold
SECONDS_TO_PING = 20.0
WORK, READING, ANSWERS = "work", "reading", "answers"
GROUPS = {WORK: 1, READING: 1, ANSWERS: 4}  # of methods: those of one group run so many at a time
_FULL = "a worker's object store and the disk that it spills to are full ({}); give Ray more room there"


@dataclass(frozen=True)
class ClusterOptions:
    """Which cluster, and what its workers may use.

    address    as `--cluster` says it
    n_threads  of each worker; None: as many as its machine has CPUs, of a cluster of this machine its share
    tmp_dir    where the workers' files go, on their own disks
    """

    address: str
    n_threads: int | None = None
    tmp_dir: str | None = None


class WorkerLostError(Exception):
    """A worker has died, or its machine, or what it had in the object store."""


@dataclass(frozen=True, eq=False)
class Member:
    """A worker.

    name  of its machine, and if that has several a number
    """

    name: str
    node: str
    handle: Any
    n_threads: int


class Cluster:
    """The workers, of which there may be fewer later, and more."""

    def __init__(self, ray: Any, options: ClusterOptions, note: Note) -> None:
        self._ray = ray
        self._options = options
        self._n_local = parsed(options.address).n_local
        self.note = note
        self.members: list[Member] = []

    @property
    def n_threads(self) -> int:
        """Of all workers."""
        return sum(member.n_threads for member in self.members)

    # ------------------------------------------------------------ members

    def start(self) -> None:
        """Start a worker wherever there can be one. Raises: InputError if there is none, or one that does not fit"""
        self.join_new()
        if not self.members:
            raise InputError(f"--cluster {self._options.address}: no machine there has a free CPU; add one, or wait")

    def join_new(self) -> list[Member]:
        """Start workers on the machines that have fewer than they can have; those that were started."""
        started = [self._started(node, number) for node, number in self._vacancies()]
        joined = [member for member in started if self._has_come(member)]
        self.members += joined
        return joined

    def _vacancies(self) -> list[tuple[Any, int]]:
        there = [member.node for member in self.members]
        wanted = []
        for node in self._ray.nodes():
            if node["Alive"] and node["Resources"].get("CPU", 0) >= 1:
                n = (self._n_local or 1) - there.count(node["NodeID"])
                wanted += [(node, there.count(node["NodeID"]) + i) for i in range(n)]
        return wanted

    def _started(self, node: Any, number: int) -> Member:
        n_cpus = int(node["Resources"]["CPU"])
        share = max(usable_cpus() // self._n_local, 1) if self._n_local else n_cpus
        n_threads = self._options.n_threads or share
        kind = self._ray.remote(concurrency_groups=GROUPS)(Worker)
        handle = kind.options(
            num_cpus=1 if self._n_local else min(n_threads, n_cpus), scheduling_strategy=self._on(node["NodeID"])
        ).remote(self._options.tmp_dir, n_threads)
        name = f"{number + 1}" if self._n_local else node["NodeManagerAddress"]
        return Member(name, node["NodeID"], handle, n_threads)

    def _on(self, node: str) -> Any:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        return NodeAffinitySchedulingStrategy(node, soft=False)

    def _has_come(self, member: Member) -> bool:
        """Raises: InputError if it cannot work"""
        try:
            there = self.result(self.ask(member, "versions"), SECONDS_TO_START)
        except TimeoutError:
            self.note(f"worker {member.name}: did not start, as its CPUs are taken; going on without it")
            self._ray.kill(member.handle)
            return False
        except WorkerLostError as error:
            self._check_versions_on(member)  # without the package no worker can start
            self.note(f"worker {member.name}: did not start ({error}); going on without it")
            return False
        check_same(member.name, there)
        return True

    def _check_versions_on(self, member: Member) -> None:
        """Raises: InputError if it cannot work; a machine that is lost, and still on Ray's list, is none"""
        probe = self._ray.remote(num_cpus=0, max_retries=0)(versions_there)
        with suppress(WorkerLostError):
            found = self.result(probe.options(scheduling_strategy=self._on(member.node)).remote())
            check_same(member.name, found)

    def drop_lost(self) -> list[Member]:
        """Take those off the list that do not answer any more; those that were. Raises: InputError if none is left"""
        pings = [(member, self.ask(member, "ping")) for member in self.members]
        lost = [member for member, ping in pings if not self._answers(ping)]
        self.members = [member for member in self.members if member not in lost]
        for member in lost:
            self.note(f"worker {member.name} was lost; going on with {counted(len(self.members), 'worker')}")
        if not self.members:
            raise InputError("all workers of the cluster were lost; see why, and start again (train: with --resume)")
        return lost

    def _answers(self, ping: Any) -> bool:
        try:
            self.result(ping, SECONDS_TO_PING)
        except WorkerLostError:
            return False
        except TimeoutError:  # it is busy compiling, or its machine is slow
            pass
        return True

    # ------------------------------------------------------------ calls

    def ask(self, member: Member, method: str, *arguments: Any) -> Any:
        """Call what a worker answers at once, even while it works; a reference to the answer."""
        return getattr(member.handle, method).options(concurrency_group=ANSWERS).remote(*arguments)

    def read(self, member: Member, method: str, *arguments: Any) -> Any:
        """Call what a worker does beside its work, in a thread more; a reference to the result."""
        return getattr(member.handle, method).options(concurrency_group=READING).remote(*arguments)

    def work(self, member: Member, method: str, *arguments: Any, n_returns: int = 1) -> Any:
        """Call what a worker does when what it was told before is done; a reference to the result, or several."""
        call = getattr(member.handle, method).options(concurrency_group=WORK, num_returns=n_returns)
        return call.remote(*arguments)

    def put(self, value: Any) -> Any:
        """A reference to a copy in the object store."""
        return self._ray.put(value)

    def result(self, reference: Any, seconds: float | None = None) -> Any:
        """What a reference, or each of several, stands for.

        Raises: what the worker did, WorkerLostError, TimeoutError
        """
        from ray import exceptions

        try:
            return self._ray.get(reference, timeout=seconds)
        except exceptions.RayTaskError as error:
            raise _own(error) from None
        except exceptions.GetTimeoutError as error:
            raise TimeoutError from error
        except (exceptions.OutOfDiskError, exceptions.ObjectStoreFullError) as error:
            raise OutputError(_FULL.format(" ".join(str(error).split())[:200])) from None
        except exceptions.RayError as error:
            raise WorkerLostError(" ".join(str(error).split())[:200]) from error

    def on_all(self, method: str, *arguments: Any) -> list[Any]:
        """The results of all workers, in their order."""
        return list(self.result([self.work(member, method, *arguments) for member in self.members]))

    def first_done(self, references: Sequence[Any], seconds: float) -> list[Any]:
        """One of the references whose results are there, or none if that takes too long."""
        done: list[Any] = self._ray.wait(list(references), num_returns=1, timeout=seconds)[0]
        return done


def _own(error: Any) -> BaseException:
    """What a worker raised, as it raised it; what is not ours to explain keeps its traceback."""
    cause = error.cause
    from ray import exceptions

    if isinstance(cause, WordvecError):
        return cause
    if isinstance(cause, exceptions.RayError) and not isinstance(cause, exceptions.RayTaskError):
        return WorkerLostError(str(cause))  # of an argument that was lost with its worker
    full: BaseException = error
    return full


@contextmanager
def cluster(options: ClusterOptions, note: Note) -> Iterator[Cluster]:
    """Connected, with its workers, which end with the block. Raises: InputError, OptionError"""
    with connected(parsed(options.address)) as ray:
        joined = Cluster(ray, options, note)
        joined.start()
        note(f"{counted(len(joined.members), 'worker')} with {counted(joined.n_threads, 'thread')} in all")
        try:
            yield joined
        finally:
            with suppress(Exception):  # whatever the block ended with, the workers may be gone
                ray.get([joined.ask(member, "close") for member in joined.members], timeout=5)


# ---------------------------------------------------------------- work shared out


class Sharing:
    """Work on tasks, each given to the next worker that is free; those of a lost worker are given to others.

    method  of the workers, which takes a task
    done    of each worker, the tasks and what the method gave for each: a result, or a reference to what stays there
    """

    def __init__(self, cluster: Cluster, method: str, tasks: Iterable[Any]) -> None:
        self._cluster = cluster
        self._method = method
        self._waiting = deque(tasks)
        self.done: dict[Member, list[tuple[Any, Any]]] = {}  # (task, result) of each worker

    @property
    def results(self) -> list[tuple[Any, Any]]:
        return [each for done in self.done.values() for each in done]

    def run(self, on_result: Callable[[], None] = lambda: None) -> None:
        """Until all is done. Raises: what a worker raises; InputError if all are lost"""
        at_work: dict[Any, tuple[Member, Any]] = {}
        while self._waiting or at_work:
            self._hand_out(at_work)
            for reference in self._cluster.first_done(list(at_work), 1.0):
                member, task = at_work.pop(reference)
                try:
                    result = self._cluster.result(reference)
                except WorkerLostError:
                    self._waiting.append(task)
                    self.take_back(at_work)
                    continue
                self.done.setdefault(member, []).append((task, result))
                on_result()

    def _hand_out(self, at_work: dict[Any, tuple[Member, Any]]) -> None:
        busy = [member for member, _ in at_work.values()]
        for member in self._cluster.members:
            if self._waiting and member not in busy:
                task = self._waiting.popleft()
                at_work[self._cluster.work(member, self._method, task)] = (member, task)

    def take_back(self, at_work: dict[Any, tuple[Member, Any]] | None = None) -> None:
        """Find out who was lost; what they did, or had to do, is to be done again."""
        self._cluster.drop_lost()
        members = self._cluster.members
        for member in [each for each in self.done if each not in members]:
            self._waiting += [task for task, _ in self.done.pop(member)]
        at_work = {} if at_work is None else at_work
        for reference, (member, task) in list(at_work.items()):
            if member not in members:
                del at_work[reference]
                self._waiting.append(task)
