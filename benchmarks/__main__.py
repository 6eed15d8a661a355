"""`python -m benchmarks`: all of them, or those that are named; one that fails does not keep others from running."""

import argparse
import multiprocessing
import os
import platform
import sys
import time
from collections.abc import Callable

from benchmarks import (
    arrow_files,
    classify,
    cluster,
    columns,
    evaluation,
    formats,
    glove,
    growth,
    languages,
    large_files,
    layer,
    lookup,
    measures,
    pictures,
    queries,
    replicas,
    show,
    small_texts,
    startup,
    subwords,
    text,
    training,
    transform,
)
from benchmarks.arguments import Arguments

BENCHMARKS: dict[str, Callable[[Arguments], None]] = {
    "text": text.main,
    "training": training.main,
    "subwords": subwords.main,
    "glove": glove.main,
    "evaluation": evaluation.main,
    "formats": formats.main,
    "arrow-files": arrow_files.main,
    "classify": classify.main,
    "lookup": lookup.main,
    "startup": startup.main,
    "layer": layer.main,
    "queries": queries.main,
    "languages": languages.main,
    "columns": columns.main,
    "large-files": large_files.main,
    "transform": transform.main,
    "show": show.main,
    "measures": measures.main,
    "cluster": cluster.main,
    "growth": growth.main,
    "small-texts": small_texts.main,
    "replicas": replicas.main,
    "pictures": pictures.main,
}


def parser() -> argparse.ArgumentParser:
    """Of what `Arguments` has, which has the defaults too."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which of {', '.join(BENCHMARKS)}; default: all")
    parser.add_argument("--corpus", help="a text file, plain or compressed; default: the sample")
    parser.add_argument("--raw-corpus", help="text with case and punctuation, for --tokenizer words")
    parser.add_argument("--german", help="transform: a German text, aligned with --raw-corpus, an English one")
    parser.add_argument("--chinese", help="languages: a Chinese text without spaces; default: one is made")
    parser.add_argument("--glove-build", help="folder of GloVe's compiled programs; default: left out")
    parser.add_argument("--fasttext", help="fastText's compiled program; default: left out")
    parser.add_argument("--vectors", help="a GloVe text file; default: one is made")
    parser.add_argument("--labelled", action="append", metavar="TRAIN,TEST", help="labelled lines; default: the sample")
    parser.add_argument(
        "--tune-minutes", type=float, metavar="N", help="classify: only search options, for so many minutes"
    )
    parser.add_argument("--eval-set", action="append", help="pairs to score small texts on, as MEN's")
    parser.add_argument("--epochs", type=int, help="epochs of each training")
    parser.add_argument("--runs", type=int, help="runs of each side, in turn")
    parser.add_argument("--only", metavar="TEXT", help="of the trainings, those whose name has this")
    parser.add_argument("--rows", type=int, help="large-files: how many are made, 300 numbers each")
    parser.add_argument("--folder", help="large-files: where files go, and stay; default: a temporary one")
    parser.add_argument(
        "--processor", metavar="NAME", help="training also with kernels for it, for example haswell (AVX2)"
    )
    parser.add_argument("--sizes", help="growth: megabytes of text, for example 1,10,100,1000")
    parser.add_argument("--threads", help="growth: numbers of threads")
    parser.add_argument("--axes", help="growth: with what")
    parser.add_argument("--picture", metavar="FILE", help="growth, replicas: where an SVG picture goes")
    parser.add_argument("--quality", action="store_true", help="compare scores too (three seeds; takes long)")
    replicas.add_options(parser)
    return parser


def main() -> None:
    arguments = parser().parse_args(namespace=Arguments())
    unknown = set(arguments.names) - set(BENCHMARKS)
    if unknown:
        parser().error(f"no such benchmark: {', '.join(sorted(unknown))}")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each command that is timed compiles its modules anew
    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}\n", flush=True)
    failed = [name for name in arguments.names or BENCHMARKS if not is_run(name, arguments)]
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def is_run(name: str, arguments: Arguments) -> bool:
    """Run one in a process of its own: what others have loaded does not change its figures, nor does it end them."""
    start = time.perf_counter()
    process = multiprocessing.get_context("spawn").Process(target=BENCHMARKS[name], args=(arguments,))
    process.start()
    process.join()
    print(f"({name} took {time.perf_counter() - start:.0f} s)\n", flush=True)
    return process.exitcode == 0


if __name__ == "__main__":
    main()
