"""`wordvec index`: a packed copy of vectors, or an index of faiss, in which neighbours are found sooner."""

import os

import click

from wordvec_cli.cli.options import output_option, progress_options
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.errors import InputError
from wordvec_cli.vectors.native import load, native_kind


@click.command(short_help="Make an index in which neighbours are found sooner.")
@click.argument("vectors")
@output_option("the index", "VECTORS.index, VECTORS.hnsw, VECTORS.ivf-pq")
@click.option(
    "--kind", type=click.Choice(["packed", "hnsw", "ivf-pq"]), default="packed", show_default=True,
    help="packed: a copy of the rows in a byte for each number, which gives the same answers as the vectors; hnsw: a "
    "graph, and ivf-pq: compressed lists, both of faiss, which find most answers, for many questions a second "
    "(pip install 'wordvec-cli[faiss]').",
)  # fmt: skip
@progress_options
@click.pass_obj
def command(terminal: Terminal, /, *, vectors: str, output: str | None, kind: str) -> None:
    """Make an index of VECTORS, a native file, so that similar and analogy answer sooner.

    They find VECTORS.index by themselves and use it as long as VECTORS stays what it is. Their answers are the same to
    the last digit. Another index is named by their option --index.

    \b
    wordvec index vectors.safetensors
    wordvec similar vectors.safetensors king queen
    wordvec index vectors.safetensors --kind hnsw
    wordvec similar vectors.safetensors king --index vectors.safetensors.hnsw --recall-check 100
    """  # fmt: skip
    from wordvec_cli.queries import index_files
    from wordvec_cli.storage.files import check_not_input, check_output

    path = output or index_files.default_path(vectors, kind)
    check_output(path)
    check_not_input(path, vectors)
    if native_kind(vectors) is None:
        raise InputError(
            f"{vectors}: an index is for a native file; make one with wordvec export {vectors} FILE.safetensors"
        )
    embeddings = load(vectors)
    index_files.write(path, embeddings, kind, terminal.report)
    terminal.close()
    size = f" of {os.path.getsize(path):,} bytes" if os.path.isfile(path) else ""
    terminal.note(f"{path}: an index{size} of {len(embeddings.vocabulary):,} x {embeddings.dim} numbers")
