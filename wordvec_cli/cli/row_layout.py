"""What `wordvec encode` is asked to write: the options that say what rows look like, and what they come to."""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import click

from wordvec_cli.cli.options import combined, padding_value_option
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.errors import OptionError
from wordvec_cli.storage.files import shown_size

if TYPE_CHECKING:
    from wordvec_cli.layer.encoded_file import Encoded, Layout
    from wordvec_cli.layer.padding import Padding, RowIds, Side
    from wordvec_cli.layer.row_rule import RowRule
    from wordvec_cli.vocabulary.vocabulary import Vocabulary

LARGE_BYTES = 10**6  # from which on a shorter length is worth a word
_SIDES = click.Choice(["pre", "post"])
_LAYOUT_OPTIONS = combined(
    click.option(
        "--to", "layout", type=click.Choice(["npy", "safetensors", "text", "jsonl", "npz"]),
        help="What is written, if the output's name does not tell. npy: an array (lines, length); the others keep the "
        "length of each line unless --length is given. safetensors: `ids` and `offsets`; text: `12 7 0` a line; "
        "jsonl: `[12, 7, 0]` a line; npz: see --as.",
    ),
    click.option(
        "--length", metavar="N|max|p99",
        help="Length of all rows: a number; the longest line's; or the least that 99 % (or another percentage) of the "
        "lines do not exceed.  [default: max for npy]",
    ),
    click.option("--padding", type=_SIDES, help="Where a shorter line is filled up.  [default: pre]"),
    click.option("--truncating", type=_SIDES, help="Where a longer line is cut.  [default: pre]"),
    padding_value_option,
    click.option(
        "--dtype", type=click.Choice(["int32", "int64", "int16", "int8", "uint8", "uint16", "uint32"]),
        help="Type of the numbers; one that does not fit is an error.  [default: int32]",
    ),
    click.option("--mask", metavar="FILE", help="Write where the words are, (lines, length) bool, as .npy."),
    click.option("--lengths", metavar="FILE", help="Write how many words each row has, (lines,) int64, as .npy."),
)  # fmt: skip


class Asked(NamedTuple):
    """What the command line says about the rows; None where it does not."""

    layout: "Layout | Literal['npz'] | None"
    length: str | None
    padding: "Side | None"
    truncating: "Side | None"
    value: int | None
    dtype: str | None
    mask: str | None
    lengths: str | None

    def refuse(self, reason: str, *names: str) -> None:
        """Raises: click.UsageError if one of these options is given"""
        options = [f"--{'to' if name == 'layout' else name}" for name in names if getattr(self, name) is not None]
        if options:
            raise click.UsageError(f"{', '.join(options)}: {reason}; leave it out")

    def check_effects(self) -> None:
        """Raises: click.UsageError if options are given that have no effect on the layout"""
        if self.layout in {"text", "jsonl"}:
            self.refuse(f"has no meaning for --to {self.layout}, whose numbers are text", "dtype")
        if self.layout != "npy" and self.length is None:
            reason = f"has no meaning for --to {self.layout} without --length, as lines keep their lengths"
            self.refuse(reason, "padding", "truncating", "value", "mask")

    def padding_value(self, rule: "RowRule", vocabulary: "Vocabulary", terminal: Terminal) -> int:
        """What shorter lines are filled up with. Raises: OptionError"""
        value = rule.specials.padding if self.value is None else self.value
        if value is None:
            raise OptionError(f"--specials {rule.specials}: has no row for padding; say with --value what fills up")
        word_id = value - rule.specials.n_rows
        if 0 <= word_id < len(vocabulary):
            word = vocabulary.word(word_id).decode(errors="replace")
            terminal.note(f"--value {value}: is the row of the word {word!r} too; the two cannot be told apart")
        return value

    def chosen_padding(self, value: int, row_ids: "RowIds", terminal: Terminal) -> "Padding":
        """The padding, with all defaults, which is told. Raises: OptionError, InputError"""
        from wordvec_cli.layer.padding import Padding, chosen_length

        length = chosen_length(self.length or "max", row_ids.length_counts)
        padding = Padding(length, value, self.padding or "pre", self.truncating or "pre")
        n_longer = sum(n for longer, n in row_ids.length_counts.items() if longer > length)
        cut = f"{n_longer} of {row_ids.n_lines} lines are longer and are cut" if n_longer else "no line is longer"
        filled = f"padding {padding.padding} with {value}, truncating {padding.truncating}"
        terminal.note(f"length {length}, {filled}; {cut}")
        return padding

    def tell_size(self, encoded: "Encoded", n_bytes: int, terminal: Terminal) -> None:
        """Tell before padded rows are written what they take, and which length would take far less."""
        from wordvec_cli.layer.padding import percentile

        n_lines, length = encoded.shape
        told = f"{n_lines} x {length} numbers, {shown_size(n_bytes)}"
        shorter = percentile(encoded.row_ids.length_counts, 99)
        if self.length in (None, "max") and n_bytes >= LARGE_BYTES and 2 * shorter <= length:
            smaller = shown_size(n_bytes * shorter / length)
            told += f", mostly padding; --length p99 makes them {n_lines} x {shorter}, {smaller}"
        terminal.note(told)


def layout_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what rows look like, as one argument: `asked`."""

    @functools.wraps(function)
    def with_asked(**arguments: Any) -> Any:
        fields = {name: arguments.pop(name) for name in Asked._fields}
        return function(asked=Asked(**fields), **arguments)

    return _LAYOUT_OPTIONS(with_asked)
