"""`wordvec get`: download pretrained vectors by name."""

import os
from typing import TYPE_CHECKING

import click

from wordvec_cli.cli.options import memory_option, progress_options
from wordvec_cli.cli.output import write_stdout
from wordvec_cli.cli.tables import Table, table_options
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import from_option
from wordvec_cli.storage.files import shown_size

if TYPE_CHECKING:
    from wordvec_cli.pretrained.registry import Pretrained

TITLES = ("name", "words", "dimension", "download", "language", "licence", "text")  # json: download_bytes


@click.command(short_help="Download pretrained vectors.")
@click.argument("name", required=False)
@click.option("--list", "is_list", is_flag=True, help="Print what there is, and get nothing.")
@click.option("--offline", is_flag=True, help="Ask no server: only find what is here already.")
@click.option("--again", is_flag=True, help="Download what is here already.")
@from_option
@table_options("How --list prints its table.")
@memory_option("1GB", "the vectors on their way")
@progress_options
@click.pass_obj
def command(
    terminal: Terminal, /, *, name: str | None, is_list: bool, offline: bool, again: bool, format: str | None,
    table: Table, memory: int,
) -> None:  # fmt: skip
    """Download pretrained vectors, verify them, and keep them as a native file in the user's cache; print its path.

    NAME is one of --list, or an address: https://..., ADDRESS#MEMBER for one of several files in a .zip,
    hf://OWNER/REPOSITORY/FILE, or hf://OWNER/REPOSITORY for a model of model2vec or sentence-transformers. From then on
    every command takes NAME for a vector file.

    A download that was cut goes on where it was. Its size and checksum are compared with those that its publisher
    states; where there is none, with those of the first download. Proxies are those of https_proxy and http_proxy.

    \b
    wordvec get glove-wiki-gigaword-50
    wordvec similar glove-wiki-gigaword-50 king
    wordvec get --list
    wordvec get hf://minishlab/potion-base-8M
    """
    if is_list:
        write_stdout([*table.head(TITLES), *_rows(table)])
        return
    if name is None:
        raise click.UsageError("name what to get; wordvec get --list shows what there is")
    from wordvec_cli.pretrained.getting import GetOrder, get
    from wordvec_cli.storage.download import Watch

    path = get(GetOrder(name, format, offline, again, memory), Watch(terminal.report, terminal.note))
    terminal.close()
    write_stdout([os.fsencode(path) + b"\n"])


def _rows(table: Table) -> list[bytes]:
    from wordvec_cli.pretrained.registry import listed

    row = _record if table.is_json else _cells
    return [row(table, pretrained, n_languages) for pretrained, n_languages in listed()]


def _cells(table: Table, row: "Pretrained", n_languages: int) -> bytes:
    size = "" if row.about_bytes is None else shown_size(row.about_bytes)
    language = row.language if n_languages == 1 else f"{n_languages} languages"
    cells = row.name, row.words, row.dimension, size, language, row.licence, row.text
    return table.text_row("" if cell is None else str(cell) for cell in cells)


def _record(table: Table, row: "Pretrained", n_languages: int) -> bytes:
    return table.record({
        "name": row.name, "words": row.words, "dimension": row.dimension, "download_bytes": row.about_bytes,
        "language": row.language or None, "languages": n_languages, "licence": row.licence, "text": row.text,
        "urls": list(row.urls),
    })  # fmt: skip
