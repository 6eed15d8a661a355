"""Vectors into a file of any kind, with notes of what it has no room for."""

from dataclasses import dataclass, field, replace

from wordvec_cli import formats
from wordvec_cli.errors import OptionError
from wordvec_cli.formats.reading import WriteOptions
from wordvec_cli.messages import counted
from wordvec_cli.progress import Note
from wordvec_cli.storage.files import STANDARD_STREAM, check_not_input, check_output
from wordvec_cli.text.decoding import is_utf8
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vocabulary.vocabulary import Vocabulary

ALWAYS_UTF8 = ("csv", "jsonl", "json")
FOLDERS = tuple(name for name, each in formats.FORMATS.items() if each.is_folder)
WITH_NGRAMS = ("fasttext", "floret")


@dataclass(frozen=True)
class ExportOrder:
    """What file to write.

    to  the name of its format; None: by the name of the output
    """

    output: str
    to: str | None = None
    options: WriteOptions = field(default_factory=WriteOptions)

    @property
    def is_for_fasttext(self) -> bool:
        return self.format() is formats.FORMATS["fasttext"]

    def format(self) -> formats.Format:
        """Raises: OptionError"""
        if self.output == STANDARD_STREAM and self.to is None:
            raise OptionError("-: standard output has no name that tells the format; add --to")
        return formats.format_for(self.output, self.to)

    def check(self, *inputs: str | None) -> None:
        """Find out before the work whether the file can be written, and all that is asked of it has an effect.

        inputs  the files that are read, which the output must not be
        Raises: OptionError, OutputError
        """
        if self.to not in FOLDERS:
            check_output(self.output)
        check_not_input(self.output, *inputs)
        format, options = self.format(), self.options
        formats.check_output_files(self.output, format)
        if options.packing and format is not formats.FORMATS[formats.NATIVE]:
            raise OptionError(f"--{options.packing}: is for native files (FILE.safetensors) only; leave it out")
        if options.n_buckets is not None and format not in map(formats.FORMATS.get, WITH_NGRAMS):
            raise OptionError("--buckets: is for files with a table of n-grams (fasttext, floret) only; leave it out")
        if options.decimals is not None and not format.is_text:
            raise OptionError("--decimals: is for text, and this format stores numbers as they are; leave it out")
        if options.is_safe and format is not formats.FORMATS["csv"]:
            raise OptionError("--spreadsheet-safe: is for a .csv only; leave it out")


def export(vectors: Embeddings, order: ExportOrder, note: Note) -> None:
    """Write vectors as a file of another kind. Raises: InputError if it cannot hold a word, OptionError, OutputError"""
    format, decimals = order.format(), order.options.decimals
    lost = formats.write_vectors(order.output, vectors, format, replace(order.options, note=note))
    rounded = "" if decimals is None else f", rounded to {counted(decimals, 'decimal')}"
    note(f"{counted(len(vectors.vocabulary), 'vector')} of {counted(vectors.dim, 'number')}{rounded}")
    for what in lost:
        note(f"{order.output}: has no room for {what}")
    if format.is_text and format not in map(formats.FORMATS.get, ALWAYS_UTF8):
        _note_invalid_words(order.output, vectors.vocabulary, note)


def _note_invalid_words(output: str, vocabulary: Vocabulary, note: Note) -> None:
    """Say whether a text holds words that other programs cannot read, as they are not valid UTF-8."""
    if memoryview(vocabulary.text).tobytes().isascii():  # type: ignore[arg-type]
        return
    if n_invalid := sum(not is_utf8(word) for word in vocabulary):
        are = "is" if n_invalid == 1 else "are"
        note(
            f"{output}: {n_invalid} of {counted(len(vocabulary), 'word')} {are} not valid UTF-8, and many programs "
            "refuse such a file; --invalid-utf8 replace writes U+FFFD, skip leaves such words out"
        )
