"""The options of `wordvec encode` that say what rows look like, and what else is written beside them."""

import click

from wordvec_cli.cli.option_types import Renamed
from wordvec_cli.cli.options import (
    combined,
    id_column_option,
    matrix_option,
    padding_value_option,
    specials_option,
    to_option,
)

_SIDES = click.Choice(["pre", "post"])
# All but --to are fields of `RowOptions`.
row_options = combined(
    to_option(
        ["npy", "safetensors", "text", "jsonl", "npz"], name="layout",
        help="The layout of the output, if its name does not say. npy: an array (lines, length); the others keep the "
        "length of each line unless --length is given. safetensors: `ids` and `offsets`; text: `12 7 0` a line; "
        "jsonl: `[12, 7, 0]` a line; npz: see --as.",
    ),
    click.option(
        "--length", metavar="N|max|p99",
        help="Length of all rows: a number; the longest line's; or the smallest that is enough for 99 % (or another "
        "percentage) of the lines.  [default: max for npy]",
    ),
    click.option(
        "--padding", type=_SIDES,
        help="Fill up a shorter line at its beginning (pre) or its end (post).  [default: pre]",
    ),
    click.option(
        "--truncating", type=_SIDES,
        help="Cut a longer line at its beginning (pre) or its end (post).  [default: pre]",
    ),
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
    click.option(
        "--mask",
        metavar="FILE",
        help="Also write a mask to this .npy file: (lines, length) bool, true where a word is.",
    ),
    click.option(
        "--lengths",
        metavar="FILE",
        help="Also write the number of words in each row to this .npy file: (lines,) int64.",
    ),
    id_column_option("Also write this column of the tables, an id a line for each row, to OUTPUT.ids.txt."),
    specials_option,
    matrix_option(required=False),
)
