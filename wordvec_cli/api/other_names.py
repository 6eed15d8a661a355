"""Keywords that users' fingers know from other tools, answered with ours."""

import difflib
from collections.abc import Sequence

from wordvec_cli.training.other_tools import OURS, plain

# Plain names, as in `OURS`, of what gensim or another function of ours calls otherwise; in turn, whichever there is.
_KEYWORDS = {
    "corpusfile": ("corpus",),
    "hs": ('loss="hierarchical-softmax"',),
    "input": ("corpus", "texts"),
    "k": ("topn",),
    "maxn": ('subwords="MINN-MAXN"',),
    "minn": ('subwords="MINN-MAXN"',),
    "n": ("topn", "k"),
    "cbow": ('model="cbow"',),
    "sentences": ("corpus", "texts"),
    "sg": ('model="skipgram" (or "cbow")',),
    "shrinkwindows": ("fixed_window=False (or True)",),
    "shrinkingwindow": ("fixed_window=False (or True)",),
    "skipgram": ('model="skipgram"',),
    "cbowsum": ("cbow_mean=False",),
    "topn": ("k",),
    "train": ("corpus",),
}
_NOT_NEEDED = {
    ("load", name): "leave it out, as the content of the file tells the format"
    for name in ("binary", "noheader", "encoding", "unicodeerrors", "datatype")
}
MOST_LISTED = 8  # keywords that fit a line


def hint(function: str, name: str, known: Sequence[str]) -> str:
    """What to do about a keyword that a function does not have, as the end of a sentence."""
    mistaken = plain(name)
    if (function, mistaken) in _NOT_NEEDED:
        return _NOT_NEEDED[function, mistaken]
    same = [each for each in known if plain(each) == mistaken]
    near = same or difflib.get_close_matches(name, known, 3)
    ours = [*_KEYWORDS.get(mistaken, ()), *_of_the_command(mistaken)]
    found = [each for each in ours if each.split()[0].split("=")[0] in known]
    if found and found[0] not in near:
        return f"here it is {found[0]}"
    if near := found[:1] or near:
        return f"did you mean {' or '.join(near)}?"
    if len(known) > MOST_LISTED:
        return f"help(wordvec_cli.{function}) lists the options"
    return f"it takes {', '.join(known)}"


def _of_the_command(name: str) -> list[str]:
    option = OURS.get(name, "")
    return [option.replace("--", "").replace("-", "_")] if option.startswith("--") else []
