"""The help: commands in groups by what they are for, and the options of each in groups, those needed first on top.

The groups are named here, not where an option is declared: an option that several commands share has one place in all
of them, and a new command needs nothing to get its options in order.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

import click

# The commands of `wordvec --help`, by what they are for; one that is in none of them stands at the end.
COMMAND_GROUPS: Mapping[str, tuple[str, ...]] = {
    "From text to vectors": ("build-vocab", "phrases", "cooccur", "train"),
    "Asking vectors": ("lookup", "similar", "analogy", "similarity", "odd-one-out"),
    "Embedding layers and classifiers": ("encode", "decode", "matrix", "embed", "classify"),
    "Judging and measuring": (
        "evaluate", "compare", "associate", "axis", "change", "stability", "contexts", "induce", "cluster",
    ),
    "Looking": ("plot", "map", "explore"),
    "Vector files": ("get", "export", "transform", "align", "index", "verify", "info"),
}  # fmt: skip
OTHER_COMMANDS = "Other commands"

# The groups in the order of the help, and their options in theirs. A command, or another option, before a name: that
# place is for the option in this command, or in commands that have the other option too.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "Input and output": (
        "--output", "--to", "--pairs", "train --vocab", "cooccur --vocab", "encode --vocab", "decode --vocab",
        "matrix --vocab", "--vectors", "--also", "--matrix", "--sequences", "embed --vocab", "--decimals",
        "--float16", "--int8", "--int4", "--pq", "--bits", "export --buckets", "--kind", "export --spreadsheet-safe",
        "--mask", "--lengths",
        "--save-context", "--save-phrases", "--apply", "--report", "--predictions", "--list", "--offline", "--again",
    ),
    "Alignment": (
        "--dictionary", "--anchors", "--first-common", "--centre", "--raw-lengths", "--scale", "--refine",
        "--test",
    ),
    "Question": ("--mean", "--positive", "similar --negative", "--vector", "--metric", "analogy --method"),
    "Index": ("--index", "--recall-check"),
    "Change": (
        "--order -k", "--order --min-count", "--order --words", "--most", "--order", "--order --anchors",
        "--order --centre",
    ),
    "Stability": ("stability -k", "--each", "stability --seed"),
    "Contexts": (
        "--typical-by", "--word", "--apart", "induce --by", "--against", "induce --document-column", "--shuffles",
        "induce --seed", "contexts --window", "induce --window",
        "contexts --most",
    ),
    "Clusters": ("--into", "--grouping", "--summary", "cluster --words", "cluster --limit", "cluster --seed"),
    "Test of change": ("--permute", "--corpus", "--permute --document-column", "change --seed"),
    "Sets of words": ("--sets", "--only", "--x", "--y", "--a", "--b", "--axes", "--axis", "--pair"),
    "Measures": ("--measure", "--ddof", "--permutations", "--permutations --seed"),
    "Answers": (
        "-k", "--threshold", "--min-probability", "--among", "--restrict-vocab", "--restrict-vocab --min-count",
        "--include-question", "--missing", "--missing --vocab",
    ),
    "Rows": (
        "--length", "--padding", "--truncating", "--specials", "--specials --missing", "--value", "--dtype", "--as",
        "--keep-padding", "--match", "matrix --vector-size", "matrix --seed", "--pool",
    ),
    "Model": (
        "--model", "classify train --loss", "--vector-size", "--window", "--epochs", "--learning-rate",
        "--min-learning-rate", "--word-ngrams", "--subwords", "--buckets", "--init", "--freeze", "--quantise",
        "--preset", "--like", "--engine", "train --seed", "--seed", "--deterministic",
    ),
    "Skip-gram and CBOW only": (
        "--loss", "--negative", "--noise-exponent", "--sample", "--fixed-window", "train --subwords", "train --buckets",
    ),
    "CBOW only": ("--cbow-mean", "--cbow-gradient"),
    "GloVe only": (
        "--symmetric", "--distance-weighting", "--unknown", "--x-max", "--weight-exponent", "--gradient-clip",
        "--combine", "--unknown-vector",
    ),
    "Many trainings": ("train --bootstrap", "--document-column", "--seeds", "--by"),
    "Pairs": ("cooccur --window", "cooccur --symmetric", "cooccur --distance-weighting", "cooccur --unknown"),
    "Phrases": (
        "--scoring", "--phrase-threshold", "phrases --min-count", "--connector-words", "--delimiter", "--passes",
        "--join-punctuation", "--max-candidates",
    ),
    "Words": (
        "--min-count", "--max-vocab", "--stop-words", "--drop-numbers", "--keep-pattern", "--drop-pattern",
        "--train-bpe", "--min-count-label", "--words", "--limit"),
    "Picture": (
        "plot axes --x", "plot axes --y", "--set", "--layout", "--layout -k", "--dpi -k", "--layout --seed",
        "--clusters",
        "--groups", "--no-vectors", "--size", "--dpi", "--title", "--show",
    ),
    "Rules of scoring": (
        "--protocol", "--max-words", "--case", "--unknown-words", "--method", "--bootstrap", "--bootstrap --seed",
    ),
    "Neighbours": ("compare -k", "--first-words", "compare --words", "--top"),
    "Scores while training": ("--eval-set", "--early-stopping"),
    "Scores before and after": ("export --eval-set", "--advise --eval-set", "--advise"),
    "Estimate and checkpoints": ("--dry-run", "--checkpoint-every", "--resume"),
    "Tuning": ("--tune", "--tune-minutes", "--tune-size", "--tune-trials"),
    "Labelled lines": ("--label-prefix", "--label-column"),
    "What is printed": (
        "--bars", "--per-section", "--confusion", "--ngrams", "--counts", "--format", "--header",
        "--spreadsheet-safe", "--null",
    ),
    "Files of the corpus": ("--text-column", "--id-column", "--corpus-format", "--encoding", "--include", "--exclude"),
    "Reading the text": ("--tokenizer", "--token-pattern", "--lowercase", "--normalise", "--invalid-utf8"),
    "Server": ("--port", "--no-browser"),
    "Reading vector files": (
        "--from", "--vocab", "--duplicates", "--duplicates --invalid-utf8", "--strict", "--allow-pickle",
        "--decimal-comma", "--max-bytes",
    ),
    "Progress and resources": (
        "--cluster", "--threads", "--memory", "--tmp-dir", "--progress", "--quiet", "--compile", "--version", "--help",
    ),
}  # fmt: skip
_PLACES = {name: (title, place) for title, names in GROUPS.items() for place, name in enumerate(names)}
WIDEST_NAMES = 28  # beyond it, the text begins on the next line
_RANGE = re.compile(r"(; |  \[)[-\d.<>=]*x[<>=][^\]]*\]")  # a limit that click adds: `[default: 5; x>=1]`


class Record(NamedTuple):
    """An option as the help shows it."""

    names: str
    text: str


def command_groups(group: click.Group, context: click.Context) -> dict[str, list[str]]:
    """The names of a group's commands by the titles of the help; those of `wordvec classify` have one title."""
    names = group.list_commands(context)
    if context.parent is not None:
        return {"Commands": names}
    title_of = {name: title for title, of_title in COMMAND_GROUPS.items() for name in of_title}
    found: dict[str, list[str]] = {title: [] for title in (*COMMAND_GROUPS, OTHER_COMMANDS)}
    for name in names:
        found[title_of.get(name, OTHER_COMMANDS)].append(name)
    return {title: of_title for title, of_title in found.items() if of_title}


def write_commands(group: click.Group, context: click.Context, formatter: click.HelpFormatter) -> None:
    """The commands by their groups, what they do in one column."""
    groups = command_groups(group, context)
    width = max(len(name) for names in groups.values() for name in names)
    for title, names in groups.items():
        with formatter.section(title):
            found = ((name, group.get_command(context, name)) for name in names)
            rows = [(name.ljust(width), command.get_short_help_str()) for name, command in found if command]
            formatter.write_dl(rows, col_max=width)


def option_groups(command: click.Command, context: click.Context) -> dict[str, list[Record]]:
    """The options that the help shows, by the titles of their groups. Raises: KeyError if one has no group"""
    placed = []
    for option in command.get_params(context):
        record = option.get_help_record(context)
        if isinstance(option, click.Option) and record is not None:
            placed.append((place_of(option, command, context), Record(record[0], _without_limits(record[1]))))
    found: dict[str, list[Record]] = {title: [] for title in GROUPS}
    for (title, _), record in sorted(placed, key=lambda each: each[0][1]):
        found[title].append(record)
    return {title: records for title, records in found.items() if records}


def place_of(option: click.Option, command: click.Command, context: click.Context) -> tuple[str, int]:
    """The title of an option's group, and its place there. Raises: KeyError if it has none"""
    name = long_name(option)
    owners = [full_name(context), *(long_name(each) for each in command.params if isinstance(each, click.Option))]
    special = next((f"{owner} {name}" for owner in owners if f"{owner} {name}" in _PLACES), name)
    return _PLACES[special]


def long_name(option: click.Option) -> str:
    return next((name for name in option.opts if name.startswith("--")), option.opts[0])


def full_name(context: click.Context) -> str:
    """`classify train`, of `wordvec classify train`."""
    return context.command_path.removeprefix("wordvec ")


def write_options(command: click.Command, context: click.Context, formatter: click.HelpFormatter) -> None:
    """The groups, their texts all in one column."""
    groups = option_groups(command, context)
    lengths = [len(record.names) for records in groups.values() for record in records]
    width = max((length for length in lengths if length <= WIDEST_NAMES), default=0)
    for title, records in groups.items():
        with formatter.section(title):
            formatter.write_dl([(names.ljust(width), text) for names, text in records], col_max=width)


def _without_limits(text: str) -> str:
    """Without click's limits (`x>=1`), which an error names where one is passed."""
    return _RANGE.sub(lambda match: "]" if match[1] == "; " else "", text)
