"""Text as ids of the rows of an embedding matrix: a value of a corpus, and the files that `wordvec encode` writes."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.layer import encoded_writing, term_matrices
from wordvec_cli.layer.encoded import Encoded
from wordvec_cli.layer.encoded_writing import write_encoded, write_lengths, write_mask
from wordvec_cli.layer.padding import RowIds, percentile
from wordvec_cli.layer.row_options import RowOptions
from wordvec_cli.layer.row_rule import Specials
from wordvec_cli.layer.rows import Rows
from wordvec_cli.layer.term_matrices import TermMatrix, term_matrix, write_term_matrix
from wordvec_cli.messages import counted
from wordvec_cli.progress import Note, Report, ignore, silent
from wordvec_cli.sequences.word_ids import encode_lines
from wordvec_cli.storage.files import STANDARD_STREAM, check_room, output_folder, shown_size, together
from wordvec_cli.storage.output_names import check_ending, chosen_layout
from wordvec_cli.storage.sidecar import check_outputs
from wordvec_cli.text import row_ids as ids_beside
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.corpus_notes import note_invalid_lines, open_corpus
from wordvec_cli.text.file_options import AS_NAMED, FileOptions
from wordvec_cli.text.tokenizer import Tokenizer, agreed_tokenizer
from wordvec_cli.vocabulary.notes import read_and_note

LARGE_BYTES = 10**6  # from which on a shorter length is worth a word
AS_LINES = RowOptions()

# ---------------------------------------------------------------- values


def encode_corpus(
    corpus: Corpus,
    rows: Rows,
    options: RowOptions = AS_LINES,
    report: Report = silent,
    note: Note = ignore,
) -> Encoded:
    """The lines of a corpus as ids of rows: of one length if the options name one.

    Raises: OptionError, InputError if there are no lines, or only words that the vocabulary lacks
    """
    row_ids = _row_ids(corpus, rows, options, report, note)
    padding = None if options.length is None else options.chosen_padding(row_ids, rows, note)
    return Encoded(row_ids, padding, options.dtype or "int32", rows.rule, corpus.tokenizer)


def encode_terms(
    corpus: Corpus,
    rows: Rows,
    options: RowOptions,
    report: Report = silent,
    note: Note = ignore,
) -> TermMatrix:
    """The lines of a corpus, or for one-hot its tokens, as rows of a sparse matrix with the options' weighting.

    Raises: as `encode_corpus`
    """
    assert options.weighting is not None
    row_ids = _row_ids(corpus, rows, options, report, note)
    return term_matrix(row_ids, options.weighting, rows.rule.n_rows, corpus.spool_folder)


def _row_ids(corpus: Corpus, rows: Rows, options: RowOptions, report: Report, note: Note) -> RowIds:
    options.check_rows(rows.rule.specials)
    sequences = encode_lines(corpus, rows.vocabulary, options.n_threads, report)
    if sequences.n_unknown and not sequences.n_known:
        raise InputError(
            f"{rows.name}: has none of the {counted(sequences.n_unknown, 'token')} of the corpus; name the vocabulary "
            "of such a text, and the tokenizer that it was built with"
        )
    row_ids = RowIds(sequences, rows.rule.specials, options.skips_unknown(rows.rule.specials))
    _note_unknown_words(row_ids, rows.name, note)
    note_invalid_lines(corpus, note, row_ids.n_lines, "emptied")
    return row_ids


def _note_unknown_words(row_ids: RowIds, vocabulary: str, note: Note) -> None:
    sequences, row = row_ids.sequences, row_ids.specials.unknown
    n_unknown, n_tokens = sequences.n_unknown, sequences.n_unknown + sequences.n_known
    is_not, get, are = ("is not", "gets", "is") if n_unknown == 1 else ("are not", "get", "are")
    fate = f"{are} left out" if row_ids.skips_unknown else f"{get} row {row} (unknown)"
    told = f"{n_unknown} of {counted(n_tokens, 'token')} {is_not} in {vocabulary} and {fate}"
    note(told if n_unknown else f"{counted(n_tokens, 'token')}, none missing from {vocabulary}")


# ---------------------------------------------------------------- files


@dataclass(frozen=True)
class EncodeOrder:
    """What to encode, how, and where to.

    corpus         files, folders, or - for standard input
    vocab, output  files
    layout         None: the one that the output's name tells
    mask, lengths  files for where the words are, and how many each row has; None: not written
    matrix         a file of the matrix that the ids are for; None: of any with the special rows
    specials       None: those of the matrix, else padding and unknown words
    tokenizer      None: the one that the vocabulary was built with
    tmp_dir        for temporary files; None: the output's folder
    files          how the corpus is read
    id_column      of its tables, whose cells are written beside the output, a line for each row
    """

    corpus: tuple[str, ...]
    vocab: str
    output: str
    layout: Literal["npy", "safetensors", "text", "jsonl", "npz"] | None = None
    options: RowOptions = AS_LINES
    mask: str | None = None
    lengths: str | None = None
    matrix: str | None = None
    specials: Specials | None = None
    tokenizer: Tokenizer | None = None
    tmp_dir: str | None = None
    files: FileOptions = AS_NAMED
    id_column: str | None = None

    @property
    def ids(self) -> str | None:
        """The file of the ids of rows."""
        return None if self.id_column is None else self.output + ids_beside.ENDING

    @property
    def outputs(self) -> list[str]:
        return [path for path in (self.output, self.mask, self.lengths, self.ids) if path is not None]

    def settled(self) -> "EncodeOrder":
        """The order with its layout, and the length that this asks for.

        Raises: OptionError if an option has no effect on the layout, OutputError if there is no writing to an output
        """
        check_outputs(self.outputs, self.vocab, self.matrix)
        order = self._with_term_layout() if self.options.weighting else self._with_layout()
        for path in {order.mask, order.lengths} - {None}:
            check_ending(str(path), [".npy"])
        if order.output == STANDARD_STREAM:
            order._refuse("is written beside the output; use -o FILE", "id_column")
        return order

    def _with_term_layout(self) -> "EncodeOrder":
        reason = f"has no meaning for --as {self.options.weighting}"
        if self.layout not in {"npz", "text", None}:
            self._refuse(reason, "to")
        self._refuse(reason, "length", "padding", "truncating", "value", "dtype", "mask", "lengths")
        if self.options.weighting == "one-hot":
            self._refuse(reason, "id_column")
        return replace(self, layout=chosen_layout(self.output, self.layout, term_matrices.ENDINGS, unnamed="npz"))

    def _with_layout(self) -> "EncodeOrder":
        if self.layout == "npz":
            raise OptionError("--to npz: is for sparse matrices; choose one with --as, or another layout")
        order = replace(self, layout=chosen_layout(self.output, self.layout, encoded_writing.ENDINGS))
        if order.layout in {"text", "jsonl"}:
            order._refuse(f"has no meaning for --to {order.layout}, whose numbers are text", "dtype")
        if order.layout == "npy" and order.options.length is None:
            return replace(order, options=replace(order.options, length="max"))
        if order.options.length is None:
            reason = f"has no meaning for --to {order.layout} without --length, as lines keep their lengths"
            order._refuse(reason, "padding", "truncating", "value", "mask")
        return order

    def _refuse(self, reason: str, *names: str) -> None:
        """Raises: OptionError if one of these options is given"""
        values = vars(self.options) | {"to": self.layout} | vars(self)
        given = [f"--{name.replace('_', '-')}" for name in names if values[name] is not None]
        if given:
            raise OptionError(f"{', '.join(given)}: {reason}; leave it out")


def encode_files(order: EncodeOrder, report: Report = silent, note: Note = ignore) -> None:
    """Encode a corpus into files. Raises: InputError, OutputError"""
    order = order.settled()
    words = read_and_note(order.vocab, note)
    tokenizer = agreed_tokenizer(order.tokenizer, words.tokenizer, f"{order.vocab}: was built")
    if words.note:
        note(f"{words.note}; using {tokenizer.describe()}")
    rows = _rows(order, Rows.of_file(words, order.specials, order.vocab), note)
    order.options.check_rows(rows.rule.specials)
    folder = Path(order.tmp_dir) if order.tmp_dir else output_folder(order.output)
    corpus = open_corpus(order.corpus, tokenizer, folder, note, order.files)
    for path in order.outputs:
        corpus.check_not_output(path)
    ids = None if order.id_column is None else ids_beside.RowIds(corpus, order.id_column)
    with together():
        if order.options.weighting:
            terms = encode_terms(corpus, rows, order.options, report, note)
            _write_terms(order, terms, rows, note)
            n_rows = terms.shape[0]
        else:
            encoded = encode_corpus(corpus, rows, order.options, report, note)
            _write_rows(order, encoded, note)
            n_rows = encoded.row_ids.n_lines
        if ids and order.ids:
            ids.write(order.ids, n_rows)


def _rows(order: EncodeOrder, rows: Rows, note: Note) -> Rows:
    """Which row is which: as the options say, or the matrix, which have to agree. Raises: InputError"""
    if order.matrix is None:
        return rows
    from wordvec_cli.layer.matrix_file import open_matrix, rows_of_matrix  # which bring a dozen modules

    return rows_of_matrix(rows, order.specials, open_matrix(order.matrix), note)


def _write_rows(order: EncodeOrder, encoded: Encoded, note: Note) -> None:
    layout = order.layout
    assert layout is not None
    assert layout != "npz"
    if layout in {"text", "jsonl"}:
        encoded = replace(encoded, dtype="int64")  # numbers as text have no type that they have to fit
    sizes = {order.output: encoded_writing.size_bytes(encoded, layout)}
    if encoded.padding is not None:
        _note_size(order, encoded, sizes[order.output], note)
    if order.mask is not None:
        sizes[order.mask] = encoded.n_values
    if order.lengths is not None:
        sizes[order.lengths] = 8 * encoded.row_ids.n_lines
    check_room(sizes)
    with together():
        write_encoded(order.output, encoded, layout)
        if order.mask is not None:
            write_mask(order.mask, encoded)
        if order.lengths is not None:
            write_lengths(order.lengths, encoded)


def _note_size(order: EncodeOrder, encoded: Encoded, n_bytes: int, note: Note) -> None:
    """Say before padded rows are written how large they are, and which length would make them far smaller."""
    n_lines, length = encoded.shape
    told = f"{n_lines} x {length} numbers, {shown_size(n_bytes)}"
    shorter = percentile(encoded.row_ids.length_counts, 99)
    if order.options.length == "max" and n_bytes >= LARGE_BYTES and 2 * shorter <= length:
        smaller = shown_size(n_bytes * shorter / length)
        told += f", mostly padding; --length p99 makes them {n_lines} x {shorter}, {smaller}"
    note(told)


def _write_terms(order: EncodeOrder, matrix: TermMatrix, rows: Rows, note: Note) -> None:
    layout: term_matrices.TermLayout = "text" if order.layout == "text" else "npz"
    size, shape = matrix.size_bytes(layout), " x ".join(map(str, matrix.shape))
    at_least = "at least " if layout == "text" else ""
    note(f"{shape} numbers, {len(matrix.columns)} of them not 0, {at_least}{shown_size(size)}")
    check_room({order.output: size})
    write_term_matrix(order.output, matrix, rows.rule, layout)
