"""The options of `wordvec encode` that say what rows look like, and what else is written beside them."""

import click

from wordvec_cli.cli.option_types import Renamed
from wordvec_cli.cli.options import combined, matrix_option, padding_value_option, specials_option, to_option

_SIDES = click.Choice(["pre", "post"])
# All but --to are fields of `RowOptions`.
row_options = combined(
    to_option(
        ["npy", "safetensors", "text", "jsonl", "npz"], name="layout",
        help="The layout of the output, if its name does not tell. npy: an array (lines, length); the others keep the "
        "length of each line unless --length is given. safetensors: `ids` and `offsets`; text: `12 7 0` a line; "
        "jsonl: `[12, 7, 0]` a line; npz: see --as.",
    ),
    click.option(
        "--length", metavar="N|max|p99",
        help="Length of all rows: a number; the longest line's; or the smallest that is enough for 99 % (or another "
        "percentage) of the lines.  [default: max for npy]",
    ),
    click.option("--padding", type=_SIDES, help="Where a shorter line is filled up.  [default: pre]"),
    click.option("--truncating", type=_SIDES, help="Where a longer line is cut.  [default: pre]"),
    padding_value_option,
    click.option(
        "--dtype", type=click.Choice(["int32", "int64", "int16", "int8", "uint8", "uint16", "uint32"]),
        help="Type of the numbers; a number that does not fit is an error.  [default: int32]",
    ),
    click.option(
        "--missing", "unknown", cls=Renamed, old_name="--unknown", type=click.Choice(["keep", "skip"]),
        help="keep: give words outside the vocabulary the row of unk; skip: leave them out.  [default: keep, if there "
        "is such a row]",
    ),
    click.option(
        "--as", "weighting", type=click.Choice(["one-hot", "binary", "count", "tf-idf"]),
        help="Write a matrix with a column for each word instead. one-hot: a row for each token; the others: a row for "
        "each line. --to npz (FILE.npz): sparse, for scipy.sparse.load_npz; --to text (FILE.txt): `0 0 1 0` a row.",
    ),
)  # fmt: skip

companion_options = combined(
    click.option("--mask", metavar="FILE", help="Write where the words are, (lines, length) bool, as .npy."),
    click.option("--lengths", metavar="FILE", help="Write how many words each row has, (lines,) int64, as .npy."),
    specials_option,
    matrix_option(required=False),
)
