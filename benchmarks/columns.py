"""A column of a CSV beside pandas' C engine, and of a Parquet file beside pyarrow: read from end to end, in one run.

Figures are medians of runs in turn, in one process, of files that the system has in memory.
"""

import csv
import io
import random
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Literal

from benchmarks.arguments import Arguments
from benchmarks.table import Task, medians_in_turn, print_table
from wordvec_cli.text.tables import delimited, parquet
from wordvec_cli.text.tables.columns import Columns, TableRows

MADE_BYTES = 200_000_000
CHUNK_ROWS = 50_000
TEXT = "text"
Quoting = Literal[0, 1]  # csv.QUOTE_MINIMAL, QUOTE_ALL
# The rows of each table: the cells before the text, and how many words that has.
KINDS: dict[str, tuple[int, tuple[int, int], Quoting]] = {
    "long texts": (4, (20, 120), csv.QUOTE_MINIMAL),
    "short texts, every cell quoted": (5, (3, 20), csv.QUOTE_ALL),
    "16 columns of numbers": (15, (10, 20), csv.QUOTE_MINIMAL),
}


def main(arguments: Arguments) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for kind, shape in KINDS.items():
            compare_csv(kind, made_csv(Path(folder, "t.csv"), *shape), arguments.runs)
        compare_parquet(made_parquet(Path(folder, "t.parquet")), arguments.runs)


def compare_csv(kind: str, table: Path, runs: int) -> None:
    import pandas as pd

    def by_pandas() -> object:
        return pd.read_csv(table, usecols=[TEXT], engine="c")

    def in_chunks() -> None:
        for _ in pd.read_csv(table, usecols=[TEXT], engine="c", chunksize=CHUNK_ROWS):
            pass

    by_us = partial(read, table, delimited.lines_of, True)
    sides: dict[str, Task] = {"wordvec": by_us, "pandas": by_pandas, "pandas, chunks": in_chunks}
    print_sides(f"A column of a CSV: {kind}", table, sides, runs)


def compare_parquet(table: Path, runs: int) -> None:
    import pyarrow.parquet as pq

    def by_pyarrow() -> None:
        for _ in pq.ParquetFile(table).iter_batches(parquet.ROWS_AT_ONCE, columns=[TEXT]):
            pass

    sides: dict[str, Task] = {"wordvec": partial(read, table, parquet.lines_of), "pyarrow alone": by_pyarrow}
    print_sides("A column of a Parquet file", table, sides, runs)


def read(table: Path, lines_of: Callable[..., Any], *how: bool) -> None:
    """All lines of the column."""
    with table.open("rb", buffering=0) as file:
        for _ in lines_of(file, Columns(str(table), (TEXT,)), *how, TableRows(str(table))):
            pass


def print_sides(title: str, table: Path, sides: dict[str, Task], runs: int) -> None:
    for side in sides.values():
        side()
    medians = medians_in_turn(sides, runs)
    megabytes = table.stat().st_size / 1e6
    rows = [(name, median, megabytes / median, median / medians["wordvec"]) for name, median in medians.items()]
    print_table(f"{title} ({megabytes:.0f} MB)", ["reader", "seconds", "MB/s", "times wordvec"], rows)


def texts(n: int, lengths: tuple[int, int]) -> list[str]:
    rng = random.Random(1)
    words = [f"w{i * 7919 % 100_003:x}" for i in range(20_000)]
    shares = [1 / (1 + i) for i in range(len(words))]
    found = [" ".join(rng.choices(words, shares, k=rng.randint(*lengths))) for _ in range(n)]
    return [f'{text[:40]}, "so"\n{text[40:]}' if i % 5 == 0 else text for i, text in enumerate(found)]


def made_csv(path: Path, n_numbers: int, lengths: tuple[int, int], quoting: Quoting) -> Path:
    rows = io.StringIO(newline="")
    writer = csv.writer(rows, quoting=quoting)
    for i, text in enumerate(texts(4000, lengths)):
        writer.writerow([*((i * 31 + column * 977) % 5000 for column in range(n_numbers)), text])
    content = rows.getvalue().encode()
    with path.open("wb") as file:
        file.write(b"".join(b"c%d," % column for column in range(n_numbers)) + TEXT.encode() + b"\n")
        for _ in range(MADE_BYTES // len(content)):
            file.write(content)
    return path


def made_parquet(path: Path) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    column = texts(4000, (20, 120)) * 100
    pq.write_table(pa.table({"id": list(range(len(column))), TEXT: column}), path, use_dictionary=False)
    return path
