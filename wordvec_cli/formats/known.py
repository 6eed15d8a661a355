"""The formats of vector files, one row of a table each, and what is asked of the table."""

import importlib
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from wordvec_cli.errors import OptionError
from wordvec_cli.storage.files import COMPRESSORS, check_output, check_output_folder, is_stream
from wordvec_cli.storage.output_names import check_ending

NATIVE = "native"
FOLDER_FILES = frozenset(("model.safetensors", "tokenizer.json", "config.json", "modules.json"))  # which are replaced


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
        return importlib.import_module(f"{__package__}.{self.module}")


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
    "sqlite": Format("sqlite", (".sqlite", ".sqlite3", ".db"), "read", "write", is_named=True),
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
