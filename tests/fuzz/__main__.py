"""The loop: damages, runs, judges, and keeps what failed."""

import argparse
import itertools
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from tests.fuzz.child import Outcome, run_child, run_here
from tests.fuzz.kinds import KINDS
from tests.fuzz.mutations import Damage, damaged
from tests.fuzz.oracle import complaint
from tests.fuzz.seeds import copy_of, filled, make_seeds

N_COMMANDS = 4  # that read a damaged file, at most


class Room(NamedTuple):
    """Where the loop works: the whole files, the folder of the case at hand, its results, and those of whole files."""

    seeds: Path
    case: Path
    results: Path
    expected: Path

    def cleared(self) -> None:
        shutil.rmtree(self.results, ignore_errors=True)
        self.results.mkdir()


class Case(NamedTuple):
    """A damaged copy of a kind's folder, and commands that are to read it."""

    kind: str
    number: int
    name: str
    damage: Damage
    commands: tuple[str, ...]


class Trial(NamedTuple):
    """A command that read a damaged file, what became of it, and what is wrong with that."""

    arguments: list[str]
    outcome: Outcome
    wrong: str | None


def made_case(kind: str, number: int, room: Room) -> Case:
    """The case of a number: it alone decides which file of the kind is damaged, how, and what reads it."""
    rng = random.Random(f"{kind} {number}")
    path = rng.choice(copy_of(room.seeds / kind, room.case))
    damage = damaged(rng, content := path.read_bytes())
    while KINDS[kind].sealed and damage.is_forged(content):
        damage = damaged(rng, content)
    path.write_bytes(damage.content)
    commands = KINDS[kind].commands
    chosen = rng.sample(commands, min(len(commands), N_COMMANDS))
    return Case(kind, number, str(path.relative_to(room.case)), damage, tuple(chosen))


def tried(case: Case, room: Room) -> list[Trial]:
    room.cleared()
    commands = [arguments_of(command, case.kind, room, i) for i, command in enumerate(case.commands)]
    outcomes = run_child(commands, room.case.parent)
    return [Trial(commands[i], outcome, _wrong(case, i, outcome, room)) for i, outcome in enumerate(outcomes)]


def arguments_of(command: str, kind: str, room: Room, number: int = 0) -> list[str]:
    results = room.results / str(number)
    results.mkdir()
    return filled(command, f=room.case / KINDS[kind].file, s=room.seeds, d=room.case, o=results)


def _wrong(case: Case, i: int, outcome: Outcome, room: Room) -> str | None:
    kind = KINDS[case.kind]
    counted = kind.counted and case.name == kind.file
    wrong = complaint(case.commands[i], case.damage, counted, outcome, room.results / str(i))
    if wrong is None and outcome.status == 0 and case.name in kind.exact and not _is_as_expected(case.kind, room):
        return f"went on with damaged material ({case.name}) to another result"
    return wrong


def _is_as_expected(kind: str, room: Room) -> bool:
    return (room.case / KINDS[kind].file).read_bytes() == (room.expected / kind).read_bytes()


def check_whole_files(kinds: Iterable[str], room: Room) -> None:
    """Every command must like the whole file, or its answers to a damaged one would say nothing; loads all kernels."""
    room.expected.mkdir()
    for kind in kinds:
        file, commands, _, refused, _, exact = KINDS[kind]
        for command in commands:
            copy_of(room.seeds / kind, room.case)
            room.cleared()
            arguments = arguments_of(command, kind, room)
            outcome = run_here(arguments)
            if outcome.status not in ((1,) if refused else (0, 3)):
                raise SystemExit(f"the whole file fails: wordvec {' '.join(arguments)}\n{outcome.stderr.decode()}")
        if exact:
            shutil.copy(room.case / file, room.expected / kind)


def cases(options: argparse.Namespace, room: Room) -> Iterator[Case]:
    """The kinds in turn, until there were enough cases or minutes."""
    end = time.monotonic() + options.minutes * 60 if options.minutes else None
    kinds = options.kind or list(KINDS)
    numbers = itertools.count(options.first if options.case is None else options.case)
    for n_done, (number, kind) in enumerate((number, kind) for number in numbers for kind in kinds):
        if n_done == (len(kinds) if options.case is not None else options.cases if end is None else -1):
            return
        if end is not None and time.monotonic() > end:
            return
        yield made_case(kind, number, room)


def run_cases(options: argparse.Namespace, room: Room) -> int:
    """Try all cases, print what failed, each kind of failure once; how many different ones there were."""
    seen: set[tuple[str, str]] = set()
    n_commands, start = 0, time.monotonic()
    for case in cases(options, room):
        for trial in tried(case, room):
            n_commands += 1
            if options.case is not None:
                print(f"wordvec {' '.join(trial.arguments)}\n{trial.outcome.stderr.decode('utf-8', 'replace')}", end="")
            failure = (case.kind, (trial.wrong or "").partition(" (")[0])
            if trial.wrong is not None and failure not in seen:
                seen.add(failure)
                tell(case, trial, kept(case, trial, room, options.keep))
    minutes = (time.monotonic() - start) / 60
    print(f"{n_commands} commands, {n_commands / max(minutes, 1e-9):.0f} a minute; {len(seen)} failures")
    return len(seen)


def kept(case: Case, trial: Trial, room: Room, folder: Path) -> Path:
    """Keep the damaged folder of a case and what was printed."""
    place = folder / f"{case.kind}-{case.number}"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(room.case, place)
    (place / "fuzz.stderr").write_bytes(trial.outcome.stderr)
    return place


def tell(case: Case, trial: Trial, place: Path) -> None:
    print(f"{case.kind} {case.number}: {trial.wrong}")
    print(f"    wordvec {' '.join(trial.arguments)}")
    print(f"    {case.name} damaged ({case.damage.told}), kept in {place}")
    print(f"    again: python -m tests.fuzz --kind {case.kind} --case {case.number}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, help="go on for so long")
    parser.add_argument("--cases", type=int, default=500, help="or damage so many files (default: %(default)s)")
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    parser.add_argument("--kind", action="append", choices=KINDS, help="of these kinds only")
    parser.add_argument("--case", type=int, help="this case alone, and show what it prints")
    parser.add_argument("--keep", type=Path, default=Path("build/fuzz"), help="where failures are kept")
    options = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "RAYON_NUM_THREADS"):  # threads of libraries do not live on in a child
        os.environ[name] = "1"
    with tempfile.TemporaryDirectory(prefix="wordvec-fuzz-") as name:
        work = Path(name)
        room = Room(work / "seeds", work / "case", work / "results", work / "expected")
        make_seeds(room.seeds)
        check_whole_files(options.kind or KINDS, room)
        sys.exit(run_cases(options, room) > 0)


if __name__ == "__main__":
    main()
