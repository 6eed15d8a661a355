"""What the benchmarks share: their corpus, and how they print."""

import shutil
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from wordvec_cli.storage.files import decompressed

SAMPLE = Path(__file__).parent.parent / "sample_data" / "state-of-the-union.txt.xz"


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


def medians_in_turn(programs: Mapping[str, Callable[[], object]], runs: int) -> dict[str, float]:
    """The median of the seconds that each takes, all run in turn."""
    seconds: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(runs):
        for name, program in programs.items():
            start = time.perf_counter()
            program()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in seconds.items()}


def print_table(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A Markdown table."""
    print(f"{title}\n")
    print(f"| {' | '.join(head)} |\n|{' --- |' * len(head)}")
    for row in rows:
        cells = [f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in row]
        print(f"| {' | '.join(cells)} |")
    print()
