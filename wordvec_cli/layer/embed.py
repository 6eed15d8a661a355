"""What `wordvec embed` does: the vectors of all ids of a file, or one of each line, written to a file.

.npy  an array (lines, length, dim), or (lines, dim) of sentence vectors, float32
.txt  lines of text, see `text_rows`; there lines may have different lengths
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.layer.encoded_text import open_any
from wordvec_cli.layer.lookup import Layer, Pool, check_fit
from wordvec_cli.layer.matrix_file import open_matrix
from wordvec_cli.layer.row_rule import check_agreement
from wordvec_cli.layer.rows import Rows
from wordvec_cli.layer.sif import sif_vectors, sif_weights
from wordvec_cli.layer.text_rows import Matrix, number_lines, vector_lines
from wordvec_cli.progress import Note, Progress, Report, ignore, silent
from wordvec_cli.storage import npy
from wordvec_cli.storage.files import check_room, output_folder, replacing, shown_size, together
from wordvec_cli.storage.output_names import chosen_layout
from wordvec_cli.storage.sidecar import check_outputs, write_sidecar
from wordvec_cli.vocabulary.notes import read_and_note

VectorLayout = Literal["npy", "text"]
ENDINGS: dict[str, VectorLayout] = {".npy": "npy", ".txt": "text"}
LARGE_BYTES = 10**9  # from which on what takes less is worth a word


@dataclass(frozen=True)
class EmbedOrder:
    """What to look up, and where to write it.

    matrix, sequences  files; - is standard input
    layout             None: the one that the output's name tells, .npy for one without a name
    vocab              a file of words with counts, for the pool `sif`, and for that alone
    tmp_dir            for temporary files; None: the output's folder
    """

    matrix: str
    sequences: str
    output: str
    layout: VectorLayout | None = None
    pool: Pool | None = None
    vocab: str | None = None
    tmp_dir: str | None = None

    def settled(self) -> "EmbedOrder":
        """The order with its layout. Raises: OptionError, OutputError"""
        check_outputs([self.output], self.matrix, self.sequences, self.vocab)
        layout = chosen_layout(self.output, self.layout, ENDINGS, unnamed="npy")
        if (self.pool == "sif") != (self.vocab is not None):
            raise OptionError("--vocab: has the counts that --pool sif weighs words by; give both, or neither")
        return replace(self, layout=layout)


def embed_file(order: EmbedOrder, report: Report = silent, note: Note = ignore) -> None:
    """Write the vectors of all ids, or of all lines. Raises: InputError, OutputError"""
    order = order.settled()
    folder = Path(order.tmp_dir) if order.tmp_dir else output_folder(order.output)
    layer = Layer(open_matrix(order.matrix), open_any(order.sequences, folder))
    for text in filter(None, (layer.matrix.note, layer.sequences.note)):
        note(text)
    check_fit(layer.matrix, layer.sequences)
    _check_size(order, layer, note)
    sentences = None
    if order.vocab is not None:
        sentences = sif_vectors(layer, sif_weights(_rows(order.vocab, layer, note)), folder)
    elif order.pool:
        sentences = layer.sentence_vectors(order.pool)
    if order.layout == "text":
        lines = vector_lines(layer.lookups()) if sentences is None else number_lines(sentences)
        _write_text(order.output, layer, order.pool, lines)
    else:
        _write_array(order.output, layer, order.pool, layer.vectors() if sentences is None else sentences, report)


def _check_size(order: EmbedOrder, layer: Layer, note: Note) -> None:
    """Say how large the vectors are. Raises: InputError if they have no shape, OutputError if the disk is too small"""
    if order.layout == "text":
        check_room(
            {order.output: 2 * layer.dim * (layer.sequences.n_lines if order.pool else layer.sequences.ids.size)}
        )
        return
    shape = layer.shape(order.pool)
    size = 4 * math.prod(shape)
    told = f"{' x '.join(map(str, shape))} numbers, {shown_size(size)}"
    if size >= LARGE_BYTES and not order.pool:
        pooled = shown_size(4 * math.prod(layer.shape("mean")))
        told += f"; --pool would make one vector of each line, {pooled}, and wordvec encode --length p99 shorter lines"
    note(told)
    check_room({order.output: size})


def _rows(vocab: str, layer: Layer, note: Note) -> Rows:
    """The words of the matrix's rows. Raises: InputError if they are not those of the matrix"""
    known = layer.matrix.rule or layer.sequences.rule
    rows = Rows.of_file(read_and_note(vocab, note), known.specials if known else None, vocab)
    if known:
        check_agreement(vocab, rows.rule, layer.matrix.path, known)
    elif rows.rule.n_rows != len(layer.matrix.values):
        raise InputError(
            f"{vocab}: has {rows.rule.n_words} words, which are not those of {layer.matrix.path}; name the vocabulary "
            "that the matrix was made with"
        )
    return rows


# ---------------------------------------------------------------- files


def _write_array(path: str, layer: Layer, pool: Pool | None, parts: Iterable[Matrix], report: Report) -> None:
    """Write vectors, (n, ..., dim) float32 in parts, as .npy, and FILE.json beside it."""
    shape = layer.shape(pool)
    n_bytes = 4 * math.prod(shape)

    def reported() -> Iterator[Matrix]:
        done = 0
        for part in parts:
            yield part
            done += part.nbytes
            report(Progress("embedding", done, n_bytes, "B"))

    with together():
        with npy.replacing_array(path) as file:
            npy.write_parts(file, shape, "<f4", reported())
        _describe(path, layer, pool, shape)


def _write_text(path: str, layer: Layer, pool: Pool | None, lines: Iterable[bytes]) -> None:
    """As `_write_array`, but lines of text."""
    with together():
        with replacing(path) as file:
            for line in lines:
                file.write(line)
        _describe(path, layer, pool, None)


def _describe(path: str, layer: Layer, pool: Pool | None, shape: tuple[int, ...] | None) -> None:
    rule = layer.matrix.rule or layer.sequences.rule
    # Without the file's own hash, which would take longer than the file: nothing reads it back by these words.
    write_sidecar(path, {"embedded": {"shape": shape, "pool": pool}, **(rule.to_metadata() if rule else {})})
