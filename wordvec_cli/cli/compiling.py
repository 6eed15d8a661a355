"""`wordvec --compile`: everything that would be compiled at its first use, now."""

import time

import click

from wordvec_cli.errors import OutputError
from wordvec_cli.parallel import usable_cpus


def compile_everything() -> None:
    """Compile all kernels, and say where they are and how long it took.

    Raises: OutputError if they cannot be kept.
    """
    from wordvec_cli.kernels import ahead, compiled

    start = time.perf_counter()
    if not compiled.is_shared() or compiled.FilesNamedByKey.are_fixed:
        raise OutputError("no folder for compiled code can be written; set NUMBA_CACHE_DIR to one that can")
    folder, n_kernels = ahead.compile_all(usable_cpus())
    if not folder:
        raise OutputError("compiling failed; run a command to see why, and see that the disk has room")
    click.echo(f"{n_kernels} kernels compiled in {time.perf_counter() - start:.1f} s, in {folder}")
