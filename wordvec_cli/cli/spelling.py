"""Options that users' fingers know from other tools, answered with ours."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click

# What word2vec.c, GloVe, fastText and gensim call it (lower case, no dashes or underscores): what we call it.
OURS = {
    "alpha": "--learning-rate (word2vec's alpha) or --weight-exponent (GloVe's)",
    "bucket": "--buckets",
    "cbow": "--model cbow (or skipgram)",
    "cbowmean": "--cbow-mean",
    "dim": "--vector-size",
    "epoch": "--epochs",
    "eta": "--learning-rate",
    "gradclip": "--gradient-clip",
    "hs": "--loss hierarchical-softmax (or negative-sampling)",
    "input": "an argument: wordvec train CORPUS...",
    "inputfile": "--pairs",
    "iter": "--epochs",
    "label": "--label-prefix",
    "lr": "--learning-rate",
    "maxfinalvocab": "--max-vocab",
    "maxvocab": "--max-vocab",
    "maxvocabsize": "--max-vocab",
    "minalpha": "--min-learning-rate",
    "mincount": "--min-count",
    "mincountlabel": "--min-count-label",
    "neg": "--negative",
    "nsexponent": "--noise-exponent",
    "overflowfile": "--tmp-dir",
    "pretrainedvectors": "--init",
    "readvocab": "--vocab",
    "savefile": "--output",
    "savevocab": "wordvec build-vocab CORPUS -o FILE",
    "sg": "--model skipgram (or cbow)",
    "shrinkwindows": "--shrinking-window",
    "size": "--vector-size",
    "skipgram": "--model skipgram",
    "t": "--sample",
    "tempfile": "--tmp-dir",
    "thread": "--threads",
    "topn": "-k",
    "train": "an argument: wordvec train CORPUS...",
    "useunkvec": "--unknown-vector",
    "vectorsize": "--vector-size",
    "vocabfile": "--vocab",
    "windowsize": "--window",
    "wordngrams": "--word-ngrams",
    "workers": "--threads",
    "ws": "--window",
    "zipf": "--noise-exponent",
}
_SINGLE_DASH = re.compile(r"-([A-Za-z][A-Za-z_-]+)(=.*)?", re.DOTALL)


def check_single_dashes(arguments: Sequence[str], commands: click.Group) -> None:
    """Catch `-output FILE` before click reads it as `-o utput`. Raises: click.UsageError."""
    command = commands.get_command(click.Context(commands), arguments[0]) if arguments else None
    if command is None:
        return
    long_names = {name for parameter in command.params for name in parameter.opts if name.startswith("--")}
    if isinstance(command, click.Group):
        check_single_dashes(arguments[1:], command)
        return
    for argument in arguments[1:]:
        if argument == "--":
            return
        if not (match := _SINGLE_DASH.fullmatch(argument)):
            continue
        name = match[1]
        ours = f"--{name.replace('_', '-')}"
        known = ours if ours in long_names else OURS.get(_plain(name), "")
        if known:
            raise click.UsageError(f"no such option: -{name}; here it is {known}")


@contextmanager
def suggestions() -> Iterator[None]:
    """Add our name to click's complaint about an option that another tool has."""
    try:
        yield
    except click.NoSuchOption as error:
        if known := OURS.get(_plain(error.option_name)):
            raise click.UsageError(f"no such option: {error.option_name}; here it is {known}", error.ctx) from None
        raise


def _plain(name: str) -> str:
    return re.sub("[-_]", "", name).lower()
