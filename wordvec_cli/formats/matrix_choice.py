"""Which of many named matrices is that of the words: of a model's file, which says little of what its parts are."""

from collections.abc import Mapping

from wordvec_cli.errors import InputError

LIKELY = ("embedding", "embed", "emb", "word", "vector", "lookup")  # in the name of a layer, the likeliest first
OPTIMIZER = "optim"  # in the names of what Keras and people who train with torch save of one
MOST_SHOWN = 8


def matrix_of_words(
    path: str, shapes: Mapping[str, tuple[int, ...]], n_words: int, where: str, wanted: str | None = None
) -> str:
    """The name of the only matrix with a row for each word, or of the one that is called an embedding.

    wanted  the only name that will do, if there is one
    What an optimizer keeps, of the same shape and often of a like name, is passed over.

    Raises: InputError that lists what is there
    """
    fitting = [name for name, shape in shapes.items() if len(shape) == 2 and shape[0] == n_words and shape[1]]
    fitting = [name for name in fitting if OPTIMIZER not in name.lower()] or fitting
    if wanted is not None:
        fitting = [name for name in fitting if name == wanted]
    for part in LIKELY:
        named = [name for name in fitting if part in name.lower()]
        if len(named) == 1:
            return named[0]
    if len(fitting) == 1:
        return fitting[0]
    shown = ", ".join(f"{name} {list(shape)}" for name, shape in list(shapes.items())[:MOST_SHOWN])
    more = ", ..." if len(shapes) > MOST_SHOWN else ""
    if fitting:
        raise InputError(
            f"{path}: has several matrices of {n_words} rows ({shown}{more}); name one: {path}#{fitting[0]}"
        )
    what = "no matrix" if wanted is None else f"no matrix {wanted}"
    raise InputError(
        f"{path}: has {what} of {n_words} rows, one for each word of {where} ({shown or 'no arrays'}{more}); name a "
        "file with a word for each row of the embedding, special ones too, with --vocab"
    )
