"""Vectors whose rows are made when they are asked for, into a file of any kind."""

import os

from wordvec_cli import formats
from wordvec_cli.formats.export import ExportOrder, export
from wordvec_cli.messages import counted
from wordvec_cli.storage.claims import temporary_folder
from wordvec_cli.storage.files import output_folder, writable
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.native import load
from wordvec_cli.vectors.transform.reach import Reach
from wordvec_cli.vectors.transform.writing import save_made


def write_made(vectors: Embeddings, order: ExportOrder, reach: Reach) -> None:
    """Write a file; of one that is not native, the rows go through a native one beside it, not through memory.

    Raises: InputError if it cannot hold a word, OutputError
    """
    if order.format() is formats.FORMATS[formats.NATIVE]:
        save_made(order.output, vectors, reach)
        reach.note(f"{counted(len(vectors.vocabulary), 'vector')} of {counted(vectors.dim, 'number')}")
        return
    folder = output_folder(order.output)
    with writable(str(folder)), temporary_folder(folder) as room:
        path = os.path.join(room, "made.safetensors")
        save_made(path, vectors, reach)
        export(load(path), order, reach.note)
