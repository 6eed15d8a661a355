"""`load`: the vectors of a file, of any kind that `wordvec` reads."""

import os
import warnings
from collections.abc import Iterable

from wordvec_cli import formats
from wordvec_cli.api.bar import Shown, reporting
from wordvec_cli.api.face import face, in_python
from wordvec_cli.api.options import whole_number
from wordvec_cli.api.vectors import Vectors
from wordvec_cli.messages import counted
from wordvec_cli.pretrained.cache import resolved
from wordvec_cli.text.decoding import as_bytes
from wordvec_cli.training.options import typed
from wordvec_cli.vectors import native


@face()
def load(  # noqa: PLR0913
    path: "str | os.PathLike[str]",
    words: Iterable[str] | None = None,
    *,
    limit: int | None = None,
    vocabulary: "str | os.PathLike[str] | None" = None,
    format: str | None = None,
    allow_pickle: bool = False,
    progress: Shown = False,
) -> Vectors:
    """The vectors of a file, of any kind that `wordvec` reads: a native one is mapped, of others the rows are read.

    path          also the name of pretrained vectors that `wordvec get` has downloaded
    words         only these; None: all
    limit         only the first so many rows
    vocabulary    a file of the words, for a kind that holds none (.npy, GloVe's .bin)
    format        where the content does not tell, as `wordvec export --from` takes it: glove-binary ...
    allow_pickle  whether the file may run code that it brings: gensim's own files are pickles
    progress      True shows a bar; a function is called with each Progress
    Raises: InputError; warns of what is odd about the file, and of how many of `words` it lacks
    """
    name = resolved(os.fspath(path))
    allow_pickle = typed("allow_pickle", allow_pickle, bool)
    limit = None if limit is None else whole_number("limit", limit, 1)
    if words is None and limit is None and format is None and native.is_native(name):
        return Vectors(native.load(name))
    from wordvec_cli.formats.reading import ReadOptions

    wanted = None if words is None else frozenset(map(as_bytes, [words] if isinstance(words, str) else words))
    path_of_words = None if vocabulary is None else os.fspath(vocabulary)
    notes: list[str] = []
    with reporting(progress) as report:
        options = ReadOptions(wanted, limit, path_of_words, allow_pickle=allow_pickle, report=report)
        embeddings = formats.open_vectors(name, options, format, notes.append)
    if wanted and limit is None and (n_missing := len(wanted) - len(embeddings.vocabulary)) > 0:
        notes.append(f"{n_missing} of {counted(len(wanted), 'word')} are not in {name}")
    for note in notes:
        warnings.warn(in_python(note), stacklevel=3)  # where `face` was called
    return Vectors(embeddings)
