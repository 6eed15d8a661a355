"""`wordvec decode`: numbers back into words."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from wordvec_cli.cli.options import padding_value_option, progress_options, specials_option, vocab_option
from wordvec_cli.cli.output import tell_awaited, write_stdout
from wordvec_cli.cli.tables import format_option
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.errors import InputError
from wordvec_cli.storage.files import STANDARD_STREAM
from wordvec_cli.text import json_text
from wordvec_cli.text.decoding import as_text

if TYPE_CHECKING:
    from wordvec_cli.layer.decode import DecodedLine

_WRITE_LINE: dict[str, Callable[[list[bytes]], bytes]] = {
    "text": lambda words: b" ".join(words) + b"\n",
    "json": lambda words: json_text.written([as_text(word) for word in words]).encode() + b"\n",
}
_BLANK = {"text": b"\n", "json": b"null\n"}


@click.command(short_help="Turn word numbers back into text.")
@click.argument("sequences", default=STANDARD_STREAM)
@vocab_option("The words, as they were given to wordvec encode.", required=True)
@format_option(("text", "json"), "text: words with a space between them; json: an array of words a line.")
@click.option(
    "--keep-padding", "keeps_padding", is_flag=True, help="Show padding as <pad>, which is otherwise left out."
)
@padding_value_option
@specials_option
@progress_options
@click.pass_obj
def command(terminal: Terminal, /, layout: str, **given: Any) -> None:
    """Turn SEQUENCES, what wordvec encode has written, back into words, a line for each line.

    An unknown word is shown as <unk>. - is standard input: lines of numbers, or of JSON arrays of them, each of which
    is answered as it comes. Any other line of text is an error and gets a blank line (null in JSON); the lines after
    it are still answered, and the exit status is 1.

    \b
    wordvec decode sequences.npy --vocab vocab.tsv | head
    echo '0 2 3 1' | wordvec decode --vocab vocab.tsv
    """
    from wordvec_cli.layer.decode import DecodeOrder, decode_file

    batches = decode_file(DecodeOrder(**given), terminal.note)
    if given["sequences"] == STANDARD_STREAM:
        tell_awaited("lines of numbers", terminal)
    for lines in batches:
        write_stdout(_written(line, layout, terminal) for line in lines)


def _written(line: "DecodedLine", layout: str, terminal: Terminal) -> bytes:
    if isinstance(line, InputError):
        terminal.failure(str(line))
        return _BLANK[layout]
    return _WRITE_LINE[layout](line)
