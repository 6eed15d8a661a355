"""What vectors are to be induced, of which words from which texts."""

from collections.abc import Sequence
from dataclasses import dataclass

from wordvec_cli.errors import OptionError
from wordvec_cli.storage.files import check_output
from wordvec_cli.text.file_options import AS_NAMED, FileOptions
from wordvec_cli.text.tokenizer import Tokenizer


@dataclass(frozen=True)
class Apart:
    """What gives a vector each, and how these are compared.

    by               the column of tables whose values do; None: each text does
    against          the value that others are compared with; None: the first
    document_column  whose rows with one value are one document; None: each line is one
    n_shuffled       how often documents are shuffled for a comparison
    """

    by: str | None = None
    against: str | None = None
    document_column: str | None = None
    n_shuffled: int = 999
    seed: int = 1


@dataclass(frozen=True)
class InductionOrder:
    """What is made of which texts.

    window  words on each side of a place that count, as far as they have vectors
    apart   None: all texts together give a vector of each word
    output  a native file that is written too
    """

    corpora: Sequence[str]
    words: Sequence[bytes]
    tokenizer: Tokenizer
    files: FileOptions = AS_NAMED
    window: int = 6
    apart: Apart | None = None
    n_threads: int = 1
    tmp_dir: str | None = None
    output: str | None = None

    def __post_init__(self) -> None:
        """Raises: OutputError"""
        if self.output is not None:
            check_output(self.output)


def apart_from(  # noqa: PLR0913, PLR0917
    is_by_text: bool, by: str | None, against: str | None, document_column: str | None, n_shuffled: int, seed: int
) -> Apart | None:
    """The options as they are given. Raises: OptionError for what does not go together"""
    if is_by_text and by is not None:
        raise OptionError("--apart and --by exclude each other; give one of them")
    if against is not None and by is None:
        raise OptionError("--against: is a value of the column that --by names; add --by COLUMN, or leave it out")
    if is_by_text or by is not None:
        return Apart(by, against, document_column, n_shuffled, seed)
    if document_column is not None:
        raise OptionError("--document-column: says what --by and --apart compare; add one of them, or leave it out")
    return None
