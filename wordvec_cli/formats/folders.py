"""Folders of vector files: the trainings of one text with other seeds, or on other samples of it."""

import os

from wordvec_cli.errors import InputError
from wordvec_cli.storage.files import readable

CHECKPOINT = ".checkpoint"  # as training calls the folder of what has not ended
STATIC_MODEL = "safetensors"  # the format of the matrix in it
BESIDE = ".json"  # what is written beside vectors, and no vectors


def holds_models(path: str) -> bool:
    """Whether a path is a folder, and not one that is a single model, as model2vec and spaCy write them."""
    if not os.path.isdir(path):
        return False
    from wordvec_cli.formats.foreign_safetensors import model_in

    return model_in(path) is None and format_of_folder(path) == STATIC_MODEL


def format_of_folder(path: str) -> str:
    """The name of the format of a folder that is a single model; a static model is what it is by default."""
    from wordvec_cli.formats.spacy_vectors import folder_in

    return "spacy" if folder_in(path) else STATIC_MODEL


def vector_paths(path: str) -> list[str]:
    """The files of a folder of models in the order of their names, or the path itself if it is no such folder.

    Names that begin with a dot, and what tools write beside vectors (`.json`), are passed over; that the rest are
    vectors is found out when they are read. Raises: InputError if there is none, or a folder among them
    """
    if not holds_models(path):
        return [path]
    real = os.path.realpath(path)
    for whole in (real, os.path.dirname(real)):  # of groups, each of which is a folder
        if os.path.exists(os.path.join(f"{whole}{CHECKPOINT}", "run.safetensors")):
            raise InputError(
                f"{path}: its trainings have not ended; finish them with --resume, or remove {whole}{CHECKPOINT}"
            )
    with readable(path):
        names = sorted(os.listdir(path), key=os.fsencode)
    paths = [os.path.join(path, name) for name in names if not name.startswith(".") and not name.endswith(BESIDE)]
    for each in paths:
        if each.endswith(CHECKPOINT):
            raise InputError(f"{each}: is of a training that has not ended; finish it with --resume, or remove it")
        if os.path.isdir(each):
            raise InputError(f"{each}: is a folder; a folder of models holds vector files alone, move it elsewhere")
    if not paths:
        raise InputError(f"{path}: is a folder without a vector file; name one that has some")
    return paths
