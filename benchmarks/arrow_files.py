"""Vectors as Parquet and Arrow files: ours beside pyarrow alone, and beside the disk (the same numbers, raw)."""

import os
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import ipc, parquet

from benchmarks.arguments import Arguments
from benchmarks.table import Task, medians_in_turn, print_table
from wordvec_cli import formats
from wordvec_cli.formats.reading import ReadOptions, WriteOptions
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vocabulary.vocabulary import Vocabulary

N_WORDS, DIM = 400_000, 300
ROW_GROUP = 65_536


def made() -> Embeddings:
    matrix = np.random.default_rng(1).standard_normal((N_WORDS, DIM), np.float32)
    return from_matrix(Vocabulary.from_words(b"word%d" % i for i in range(N_WORDS)), matrix, {})


def write_raw(path: Path, matrix: np.ndarray) -> None:
    with path.open("wb") as file:
        file.write(matrix.data.cast("B"))
        file.flush()
        os.fsync(file.fileno())


def table_of(vectors: Embeddings) -> pa.Table:
    kind = pa.list_(pa.field("element", pa.float32(), False), DIM)
    rows = pa.FixedSizeListArray.from_arrays(pa.array(vectors.matrix.reshape(-1)), type=kind)
    words = pa.array([word.decode() for word in vectors.vocabulary])
    return pa.table(
        [words, rows], schema=pa.schema([pa.field("word", pa.string(), False), pa.field("vector", kind, False)])
    )


def write_by_pyarrow(path: Path, table: pa.Table) -> None:
    with path.open("wb") as file:
        if path.suffix == ".parquet":
            parquet.write_table(
                table, file, row_group_size=ROW_GROUP, compression="NONE", use_dictionary=False, write_statistics=False
            )
        else:
            with ipc.new_file(file, table.schema) as writer:
                writer.write_table(table)
        file.flush()
        os.fsync(file.fileno())


def read_by_pyarrow(path: Path) -> np.ndarray:
    """Its numbers, copied into memory as ours are."""
    table = (
        parquet.read_table(path) if path.suffix == ".parquet" else ipc.open_file(pa.memory_map(str(path))).read_all()
    )
    return np.concatenate([chunk.flatten().to_numpy() for chunk in table["vector"].chunks])


def read_by_us(path: Path) -> np.ndarray:
    return formats.open_vectors(str(path), ReadOptions()).matrix


def main(arguments: Arguments) -> None:
    vectors = made()
    table = table_of(vectors)
    rows = []
    with tempfile.TemporaryDirectory() as name:
        raw = Path(name) / "raw"
        for format, suffix in (("parquet", ".parquet"), ("arrow", ".arrow")):
            ours, its = Path(name) / f"ours{suffix}", Path(name) / f"its{suffix}"
            tasks: dict[str, tuple[Task, ...]] = {
                "out": (
                    partial(write_raw, raw, vectors.matrix),
                    partial(write_by_pyarrow, its, table),
                    partial(formats.write_vectors, str(ours), vectors, formats.FORMATS[format], WriteOptions()),
                ),
                "in": (
                    partial(np.fromfile, raw, np.float32),
                    partial(read_by_pyarrow, its),
                    partial(read_by_us, ours),
                ),
            }
            for way, sides in tasks.items():
                disk, library, mine = medians_in_turn(dict(enumerate(sides)), arguments.runs).values()
                rows.append([f"{format} {way}", mine, library, disk, f"{mine / library:.2f}x", f"{mine / disk:.2f}x"])
            ours.unlink()
            its.unlink()
    print_table(
        f"seconds for {N_WORDS} words x {DIM}, medians of {arguments.runs} runs; reading from the page cache",
        ["", "wordvec", "pyarrow", "the numbers, raw", "of pyarrow's", "of the disk's"],
        rows,
    )
