"""What the benchmarks share: their corpus, and how they print."""

import shutil
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from wordvec_cli.storage.files import decompressed

SAMPLE = Path(__file__).parent.parent / "sample_data" / "state-of-the-union.txt.xz"

Task = Callable[[], object]  # what is timed
Name = TypeVar("Name")


def text_file(corpus: str, folder: Path) -> Path:
    """The corpus as a plain text file, as most peers need it; the sample, said aloud, if none is given."""
    path = Path(corpus) if corpus else SAMPLE
    if not corpus:
        print(f"no CORPUS given: {SAMPLE.name} (small: figures are noisier and start-up weighs more)\n")
    folder.mkdir(exist_ok=True)
    plain = folder / path.name.removesuffix(".xz")
    with path.open("rb") as raw, plain.open("wb") as target:
        shutil.copyfileobj(decompressed(raw), target)
    return plain


def timed(task: Task) -> float:
    """The seconds that it takes."""
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def medians_in_turn(tasks: Mapping[Name, Task], runs: int) -> dict[Name, float]:
    """The median of the seconds that each takes, all run in turn."""
    seconds: dict[Name, list[float]] = {name: [] for name in tasks}
    for _ in range(runs):
        for name, task in tasks.items():
            seconds[name].append(timed(task))
    return {name: statistics.median(times) for name, times in seconds.items()}


def print_table(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A Markdown table."""
    print(f"{title}\n")
    print(f"| {' | '.join(head)} |\n|{' --- |' * len(head)}")
    for row in rows:
        cells = [f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in row]
        print(f"| {' | '.join(cells)} |")
    print()
