"""Vector files of all kinds: which format a file has, reading it, and writing it.

A format is a row of the table and a module, which is imported when the format is used. What a file is, its content
decides; where that cannot tell (a matrix without words), its name does.
"""

import importlib
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, cast

from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.formats.wrapping import (
    archive_format,
    bounded,
    decompressed_file,
    file_and_matrix,
    packed_file,
    plain_file,
    shown_as,
)
from wordvec_cli.storage.claims import temporary_folder
from wordvec_cli.storage.file_kinds import START_BYTES as KIND_BYTES
from wordvec_cli.storage.file_kinds import file_kind, text_kind
from wordvec_cli.storage.files import (
    COMPRESSORS,
    COPY_BYTES,
    STANDARD_STREAM,
    check_output,
    check_output_folder,
    is_stream,
    output_folder,
    readable,
    replacing,
    writable,
)
from wordvec_cli.storage.output_names import check_ending
from wordvec_cli.storage.remote import is_remote, write_to
from wordvec_cli.storage.streams import standard_input
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.native import CLASSIFIER, START_BYTES, is_native, kind_by_header, known_by_header, load

if TYPE_CHECKING:
    from wordvec_cli.formats.reading import Oddities, ReadOptions, WriteOptions

NATIVE = "native"
FOLDER_FILES = frozenset(("model.safetensors", "tokenizer.json", "config.json", "modules.json"))  # which are replaced
MOST_START_BYTES = 1 << 26  # of a file whose first row is long, to tell what it is


class Format(NamedTuple):
    """A kind of vector file.

    module    of this package, with a reader and a writer, as far as the format can
    suffixes  of the names of its files; the first format that has one writes files of such names
    reader    "rows": a stream of them; else the name of the function that reads a whole file; None: it is not read
    writer    the name of the module's function; None: it is not written
    beside    the name of the function that gives the paths of what is written beside a file; None: nothing is
    has_look  whether the module's `looks_like(start)` recognises such files by their first bytes
    is_folder whether it is a folder, which has no suffix
    is_named  whether it may hold several matrices, of which `FILE#name` names one
    is_text   whether people can read it: it has `--decimals`, and may be named .txt
    """

    module: str
    suffixes: tuple[str, ...]
    reader: str | None
    writer: str | None = None
    beside: str | None = None
    has_look: bool = False
    is_text: bool = False
    is_folder: bool = False
    is_named: bool = False

    def load_module(self) -> Any:
        return importlib.import_module(f"{__name__}.{self.module}")


FORMATS: Mapping[str, Format] = {
    NATIVE: Format("native", (".safetensors",), None, "write"),
    "glove": Format("text", (".txt", ".glove"), "rows", "write_glove", is_text=True),
    "word2vec": Format("text", (".vec", ".w2v"), "rows", "write_word2vec", is_text=True),
    "fasttext": Format("fasttext", (".fasttext.bin",), "read", "write", has_look=True),
    "floret": Format("floret", (".floret",), "read", "write", has_look=True, is_text=True),
    "word2vec-binary": Format("word2vec_binary", (".bin",), "rows", "write", has_look=True),
    "glove-binary": Format("glove_binary", (), "read"),
    "gensim": Format("gensim_native", (".kv", ".model"), "read", "write", "matrix_path", has_look=True),
    "gensim-doc2vec": Format("gensim_native", (), "read_documents"),
    "npy": Format("arrays", (".npy",), "read_npy", "write_npy", "companions"),
    "npz": Format("arrays", (".npz",), "read_npz", "write_npz"),
    "safetensors": Format("foreign_safetensors", (), "read"),
    "parquet": Format("arrow", (".parquet",), "read_parquet", "write_parquet"),
    "arrow": Format("arrow", (".arrow", ".feather"), "read_arrow", "write_arrow"),
    "sentence-transformers": Format("static_model", (), None, "write", is_folder=True),
    "sqlite": Format("sqlite", (".sqlite", ".sqlite3", ".db"), "read", "write"),
    "fifu": Format("finalfusion", (".fifu",), "read", "write"),
    "torch": Format("torch_file", (), "read", is_named=True),
    "hdf5": Format("hdf5", (), "read", is_named=True),
    "spacy": Format("spacy_vectors", (), "read"),
    "projector": Format("projector", (".tensors.tsv",), None, "write", "companions", is_text=True),
    "tsv": Format("tab_tables", (".tsv",), "rows", "write_tsv", has_look=True, is_text=True),
    "csv": Format("csv_tables", (".csv",), "rows", "write_csv", has_look=True, is_text=True),
    "jsonl": Format("json_lines", (".jsonl",), "rows", "write_jsonl", has_look=True, is_text=True),
    "json": Format("json_dictionary", (".json",), "rows", "write", has_look=True, is_text=True),
}


_TEXT_SUFFIXES = (".txt", ".tsv", ".csv")  # which say too little of a text to be wrong


def format_for(path: str, told: str | None = None) -> Format:
    """The format to write: the one that is named, or that of the path's suffix. Raises: OptionError"""
    if told is not None:
        if told not in FORMATS or not FORMATS[told].writer:
            raise OptionError(f"--to {told}: must be one of {', '.join(writable_formats())}")
        check_ending(_uncompressed(path), [*FORMATS[told].suffixes, *(_TEXT_SUFFIXES if FORMATS[told].is_text else ())])
        return FORMATS[told]
    name = _uncompressed(path).lower()
    for each in FORMATS.values():
        if each.writer and name.endswith(each.suffixes or ("\n",)):
            return each
    check_ending(name, [suffix for each in FORMATS.values() if each.writer for suffix in each.suffixes])
    raise OptionError(f"{path}: its name does not say the format; add --to {'|'.join(writable_formats())}")


def _uncompressed(path: str) -> str:
    """What the name would be without compression."""
    ending = os.path.splitext(path)[1]
    return path.removesuffix(ending) if ending.lower() in COMPRESSORS else path


def check_output_files(path: str, format: Format) -> None:
    """Find out before the work that a file, or what is written beside it, cannot be written. Raises: OutputError"""
    if format.is_folder:
        check_output_folder(path, FOLDER_FILES)
        return
    check_output(path)
    if format.beside and not is_stream(path):
        for each in getattr(format.load_module(), format.beside)(path):
            check_output(each)


def readable_formats() -> list[str]:
    return [name for name, each in FORMATS.items() if each.reader or name == NATIVE]


def writable_formats() -> list[str]:
    return [name for name, each in FORMATS.items() if each.writer]


# ---------------------------------------------------------------- reading


def open_vectors(
    path: str,
    options: "ReadOptions | None" = None,
    told: str | None = None,
    note: Callable[[str], None] = lambda _: None,
) -> Embeddings:
    """The vectors of any file that can be read.

    A native file is mapped, and neither it nor numpy is read; of others all rows that are wanted are in memory.

    options  None: all rows, as they are
    told     the format; None: the content decides
    note     receives what is odd about the file
    Raises: InputError, OptionError
    """
    if told not in (None, *readable_formats()):
        raise OptionError(f"--from {told}: must be one of {', '.join(readable_formats())}")
    path, matrix = file_and_matrix(path)
    if is_remote(path) and not os.path.exists(path):
        return _open_remote(path, options, told, note)
    if is_stream(path) and not os.path.isdir(path):
        return _open_stream(path, options, told, note)
    name = told or _detected(path, options.vocabulary if options else None)
    if matrix is not None and not FORMATS[name].is_named:
        raise InputError(f"{path}: is {name}, which holds one matrix; leave #{matrix} out")
    if name == NATIVE and options is None and is_native(path):
        return load(path)
    from wordvec_cli.formats import reading

    options = options or reading.ReadOptions()
    options = options if matrix is None else replace(options, matrix=matrix)
    oddities = reading.Oddities()
    vectors = _read(path, name, options, oddities)
    if name != NATIVE:
        vectors = replace(vectors, metadata={**vectors.metadata, "converted_from": name})
    lines = list(oddities.lines())
    if options.strict and lines:
        raise InputError(f"{path}: {lines[0]}; leave --strict out to read it all the same")
    for line in lines:
        note(f"{path}: {line}")
    return vectors


def _open_stream(path: str, options: "ReadOptions | None", told: str | None, note: Callable[[str], None]) -> Embeddings:
    """As `open_vectors`, of what comes only once: a pipe is copied to a file for the time being."""
    import shutil

    shown = "standard input" if path == STANDARD_STREAM else path
    with temporary_folder() as folder:
        copy = os.path.join(folder, "vectors")
        with readable(shown), _stream(path) as source, writable(folder), open(copy, "wb") as target:
            bound = options.max_bytes if options else None
            shutil.copyfileobj(bounded(shown, source, bound), target, COPY_BYTES)
        with shown_as(shown, copy):
            return open_vectors(copy, options, told, lambda text: note(text.replace(copy, shown)))


def _open_remote(
    address: str, options: "ReadOptions | None", told: str | None, note: Callable[[str], None]
) -> Embeddings:
    """As `open_vectors`, of what lies at an address: it is copied to a file of that name for the time being."""
    with temporary_folder() as folder:
        copy = os.path.join(folder, os.path.basename(address.partition("?")[0].rstrip("/")) or "vectors")
        with writable(folder), open(copy, "w+b") as target:
            write_to(address, target)
        with shown_as(address, copy):
            return open_vectors(copy, options, told, lambda text: note(text.replace(copy, address)))


def _stream(path: str) -> BinaryIO:
    return standard_input() if path == STANDARD_STREAM else open(path, "rb")


def _read(path: str, name: str, options: "ReadOptions", oddities: "Oddities") -> Embeddings:
    from wordvec_cli.formats import reading

    if name == NATIVE:
        with plain_file(path, options.max_bytes) as plain:
            return reading.chosen(path, load(plain), options)
    module, reader = FORMATS[name].load_module(), FORMATS[name].reader
    if reader == "rows":
        with decompressed_file(path, options.max_bytes) as source:
            rows = module.rows(path, source, options, oddities)
            return reading.collected(path, rows, options, oddities)
    assert reader is not None
    is_left_packed = name.startswith("gensim") and module.decompresses(path)
    with packed_file(path, options.max_bytes) if is_left_packed else plain_file(path, options.max_bytes) as plain:
        found: Embeddings = getattr(module, reader)(plain, options, oddities)  # the words and rows that are wanted
        return found


def _detected(path: str, vocabulary: str | None) -> str:
    """The name of the format of a file, by its first bytes. Raises: InputError"""
    if os.path.isdir(path):
        from wordvec_cli.formats.folders import format_of_folder

        return format_of_folder(path)
    with decompressed_file(path) as source, readable(path):
        start = more = source.read(START_BYTES)
        if not start:
            raise InputError(f"{path}: is empty; make or copy it again")
        while not (name := _known_by(start)) and more and _ends_in_first_row(start):
            start += (more := source.read(len(start)))
    if name is None:
        raise InputError(f"{path}: {_unknown(start, vocabulary)}")
    if name == "npz":
        name = archive_format(path) or name
    if name in _TEXTS and (kind := text_kind(start)):
        raise InputError(
            f"{path}: looks like {kind.name}, not word vectors; {kind.remedy}, or add --from {name} if they are vectors"
        )
    return name


def _known_by(start: bytes) -> str | None:
    if (is_own := known_by_header(start)) is not None:
        return NATIVE if is_own and kind_by_header(start) != "matrix" else "safetensors"
    for name, beginning in _MAGIC.items():
        if start.startswith(beginning):
            return name
    for name, each in FORMATS.items():
        if each.has_look and each.load_module().looks_like(start):
            return name
    if file_kind(start[:KIND_BYTES]):
        return None
    from wordvec_cli.formats import text_head

    if text_head.looks_like(start):
        return "word2vec" if text_head.has_header(start) else "glove"
    return None


def _ends_in_first_row(start: bytes) -> bool:
    """Whether it takes more of a file to see its first row, which may be long."""
    first, line_end, rest = start.partition(b"\n")
    row = rest if line_end and len(first.split()) == 2 else start
    return len(start) < MOST_START_BYTES and b"\n" not in row


def _unknown(start: bytes, vocabulary: str | None) -> str:
    """What is to be said of a file that is in none of the formats."""
    if kind := file_kind(start[:KIND_BYTES]) or text_kind(start):
        return f"is {kind.name}, not a vector file; {kind.remedy}"
    if vocabulary:
        return (
            "is not a vector file wordvec recognises; GloVe's own binary output is read with --from glove-binary, "
            "other numbers as .npy (numpy.save)"
        )
    return "is not a vector file wordvec recognises; if it is one, name its format with --from"


_TEXTS = ("glove", "word2vec")
_MAGIC: Mapping[str, bytes] = {
    "parquet": b"PAR1",
    "arrow": b"ARROW1\x00",
    "sqlite": b"SQLite format 3\x00",
    "fifu": b"FiFu",
    "hdf5": b"\x89HDF\r\n\x1a\n",
    "npy": b"\x93NUMPY",
    "npz": b"PK\x03\x04",  # one that holds something else has been opened before
}


# ---------------------------------------------------------------- writing


def write_vectors(path: str, embeddings: Embeddings, format: Format, options: "WriteOptions") -> list[str]:
    """Write a file of a format, compressed if its name ends so; what the format has no room for.

    Raises: InputError if it cannot hold a word, OutputError
    """
    notes = _written(path, embeddings, format, options)
    return [*notes, "labels, output layer and n-grams of a classifier"] if CLASSIFIER in embeddings.metadata else notes


def _written(path: str, embeddings: Embeddings, format: Format, options: "WriteOptions") -> list[str]:
    assert format.writer is not None
    write = getattr(format.load_module(), format.writer)
    ending = os.path.splitext(path)[1].lower()
    if ending not in COMPRESSORS:
        notes: list[str] = write(path, embeddings, options)
        return notes
    import shutil

    folder = output_folder(path)
    with writable(str(folder)), temporary_folder(folder) as room:
        plain = os.path.join(room, os.path.basename(path)[: -len(ending)])
        with shown_as(path, plain):
            notes = write(plain, embeddings, options)
        if len(os.listdir(room)) > 1:
            raise OptionError(f"{path}: this format is several files, which are not compressed; leave {ending} out")
        with (
            open(plain, "rb") as source,
            replacing(path) as target,
            COMPRESSORS[ending](cast(BinaryIO, target)) as compressed,
        ):
            shutil.copyfileobj(source, compressed, COPY_BYTES)
    return notes
