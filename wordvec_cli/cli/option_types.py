"""What options may be: sizes, special rows, numbers that are numbers, and options that had another name."""

from typing import TYPE_CHECKING, Any

import click

from wordvec_cli.storage.sizes import REMEDY, parsed_size

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from wordvec_cli.layer.row_rule import Specials


class Size(click.ParamType):  # type: ignore[type-arg, unused-ignore]  # generic since click 8.4
    """A number of bytes: 200MB, 1.5GB, 4096."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        if (size := parsed_size(value)) is None:
            self.fail(f"{value!r} is not a size; {REMEDY}", param, ctx)
        return size


class Renamed(click.Option):
    """An option that had another name, which is still taken but not shown.

    old_name  of the option, with its dashes
    """

    def __init__(self, *names: Any, old_name: str, **attributes: Any) -> None:
        super().__init__(*names, **attributes)
        self.old_name = old_name

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        super().add_to_parser(parser, ctx)
        parser.add_option(self, [self.old_name], self.name, action="store", nargs=self.nargs)


def is_number(ctx: click.Context, param: click.Parameter, value: float | None) -> float | None:
    """A callback. Raises: click.BadParameter for NaN, which no comparison holds for"""
    if value is not None and value != value:  # noqa: PLR0124
        raise click.BadParameter("nan is not a number", ctx, param)
    return value


class SpecialsType(click.ParamType):  # type: ignore[type-arg, unused-ignore]  # generic since click 8.4
    """Special rows: none, or names with commas between them."""

    name = "names"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> "Specials":
        from wordvec_cli.layer.row_rule import Specials

        return value if isinstance(value, Specials) else Specials.parse(value)


class TokenizerName(click.ParamType):  # type: ignore[type-arg, unused-ignore]  # generic since click 8.4
    """A way to cut text into words; whether there is one of that name is asked where it is used."""

    name = "tokenizer"

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        from wordvec_cli.text.segmenters import shown_names  # not on the way to a look-up
        from wordvec_cli.text.splitters import SPLITTERS

        return "[" + "|".join([*SPLITTERS, *shown_names(), "NAME"]) + "]"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
        from click.shell_completion import CompletionItem

        from wordvec_cli.text.segmenters import SEGMENTERS
        from wordvec_cli.text.splitters import SPLITTERS

        return [CompletionItem(name) for name in (*SPLITTERS, *SEGMENTERS) if name.startswith(incomplete)]
