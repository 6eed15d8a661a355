"""What the rows of an encoded corpus look like: the options, their defaults, and what follows from them."""

from dataclasses import dataclass
from typing import Literal, get_args

from wordvec_cli.errors import OptionError
from wordvec_cli.layer.padding import DTYPES, Padding, RowIds, Side, check_length, chosen_length
from wordvec_cli.layer.row_rule import Specials
from wordvec_cli.layer.rows import Rows
from wordvec_cli.layer.term_matrices import WEIGHTINGS, Weighting
from wordvec_cli.progress import Note
from wordvec_cli.text.decoding import shown

UnknownWords = Literal["keep", "skip"]


@dataclass(frozen=True)
class RowOptions:
    """How lines become rows; None stands for the default.

    length      "12", "max" or "p99", see `chosen_length`; None: lines keep their lengths
    padding     where a shorter line is filled up, by default "pre"
    truncating  where a longer line is cut, by default "pre"
    value       the id that fills up, by default the row of padding
    dtype       of the ids, by default int32
    unknown     "keep": words that the vocabulary lacks get the row of unknown words; "skip": they are left out;
                by default they are kept if there is such a row
    weighting   of a sparse matrix with a column for each row of the embedding matrix; None: lines become ids
    Raises: OptionError if an option has no such value
    """

    length: str | None = None
    padding: Side | None = None
    truncating: Side | None = None
    value: int | None = None
    dtype: str | None = None
    unknown: UnknownWords | None = None
    weighting: Weighting | None = None
    n_threads: int = 1

    def __post_init__(self) -> None:
        if self.length is not None:
            check_length(self.length)
        for option, value, choices in (
            ("--padding", self.padding, get_args(Side)),
            ("--truncating", self.truncating, get_args(Side)),
            ("--dtype", self.dtype, DTYPES),
            ("--missing", self.unknown, get_args(UnknownWords)),
            ("--as", self.weighting, WEIGHTINGS),
        ):
            if value is not None and value not in choices:
                raise OptionError(f"{option} {value}: is not one of {', '.join(choices)}")

    def check_rows(self, specials: Specials) -> None:
        """Raises: OptionError if a special row is needed that there is not"""
        self.skips_unknown(specials)
        if self.length is not None:
            self.fill_value(specials)

    def skips_unknown(self, specials: Specials) -> bool:
        """Whether unknown words are left out. Raises: OptionError if they are to be kept, but have no row"""
        if self.unknown == "keep" and specials.unknown is None:
            raise OptionError(
                f"--missing keep: needs a row called unk, which --specials {specials} lacks; add it, or skip"
            )
        return self.unknown == "skip" or specials.unknown is None

    def fill_value(self, specials: Specials) -> int:
        """The id that shorter lines are filled up with. Raises: OptionError if there is none"""
        value = specials.padding if self.value is None else self.value
        if value is None:
            raise OptionError(
                f"--specials {specials}: has no row for padding; name the number to fill up with: --value N"
            )
        return value

    def chosen_padding(self, row_ids: RowIds, rows: Rows, note: Note) -> Padding:
        """The padding, with all defaults, and a note of it. Raises: OptionError, InputError"""
        value = self.fill_value(rows.rule.specials)
        _note_shared_value(value, rows, note)
        length = chosen_length(self.length or "max", row_ids.length_counts)
        padding = Padding(length, value, self.padding or "pre", self.truncating or "pre")
        n_longer = sum(n for longer, n in row_ids.length_counts.items() if longer > length)
        cut = f"{n_longer} of {row_ids.n_lines} lines are longer and are cut" if n_longer else "no line is longer"
        filled = f"padding {padding.padding} with {value}, truncating {padding.truncating}"
        note(f"length {length}, {filled}; {cut}")
        return padding


def _note_shared_value(value: int, rows: Rows, note: Note) -> None:
    """Say if what fills up is the row of a word."""
    word_id = value - rows.rule.specials.n_rows
    if 0 <= word_id < len(rows.vocabulary):
        word = shown(rows.vocabulary.word(word_id))
        note(f"--value {value}: is also the row of the word {word!r}; padding and that word cannot be told apart")
