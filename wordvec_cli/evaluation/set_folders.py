"""Finding sets: a file, a folder of files, or one of the sets that gensim brings along."""

import difflib
import os
from typing import NoReturn

from wordvec_cli.errors import InputError
from wordvec_cli.evaluation.set_files import groups_of, read_eval_set
from wordvec_cli.evaluation.sets import Analogies, EvalSet
from wordvec_cli.storage.files import STANDARD_STREAM, readable

# The sets that gensim brings along, by the names under which they can be asked for.
SHIPPED = {"wordsim353": "wordsim353.tsv", "simlex999": "simlex999.txt", "questions-words": "questions-words.txt"}
ENDINGS_OF_SETS = ("", ".txt", ".tsv", ".csv", ".tab", ".questions")
COMPRESSED = (".gz", ".bz2", ".xz", ".zst")
NO_SETS = ("readme", "licen", "copying")


def read_eval_sets(path: str) -> list[EvalSet]:
    """The sets of a file, of a folder, of standard input (-) or of a name in `SHIPPED`.

    Files of a folder that have no sections of their own make one set, each file a section: so BATS and GloVe's
    questions are shared. Raises: InputError
    """
    if path != STANDARD_STREAM and _is_absent(path):
        path = shipped_path(path) if path in SHIPPED else _refuse(path)
    if not os.path.isdir(path):
        return [read_eval_set(path)]
    files = _files_of_sets(path)
    if not files:
        raise InputError(f"{path}: holds no sets; name a folder of .txt, .tsv or .csv files, or a file")
    sets = [(file, read_eval_set(file)) for file in files]
    parts = {file: each for file, each in sets if isinstance(each, Analogies) and each.section_names == (each.name,)}
    others = [each for file, each in sets if file not in parts]
    return ([_joined(path, parts)] if parts else []) + others


def _is_absent(path: str) -> bool:
    """Whether there is no such file; one that cannot be reached is told of where it is opened."""
    try:
        os.stat(path)
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        pass
    return False


def _refuse(path: str) -> NoReturn:
    """Raises: InputError that tells of the sets with names, and which of them is meant if that can be told"""
    near = difflib.get_close_matches(path.lower(), SHIPPED, n=1)
    hint = f"did you mean the set {near[0]}?" if near else f"sets with names are {', '.join(SHIPPED)}"
    raise InputError(f"{path}: no such file or directory; {hint}")


def shipped_path(name: str) -> str:
    """Where gensim, which is not imported, keeps a set. Raises: InputError"""
    import importlib.util

    spec = importlib.util.find_spec("gensim")
    folders = (spec.submodule_search_locations if spec else None) or []
    for folder in folders:
        if os.path.exists(path := os.path.join(folder, "test", "test_data", SHIPPED[name])):
            return path
    raise InputError(f"{name}: the installed gensim does not include this set; name a file that holds it")


def _files_of_sets(folder: str) -> list[str]:
    """In byte order of their paths; hidden files and those named as readmes or licences are left out."""
    found = []
    with readable(folder):
        for parent, folders, names in os.walk(folder):
            folders[:] = [name for name in folders if not name.startswith(".")]
            found += [os.path.join(parent, name) for name in names if _may_be_set(name)]
    return sorted(found, key=os.fsencode)


def _may_be_set(name: str) -> bool:
    for ending in COMPRESSED:
        name = name.removesuffix(ending)
    is_text = os.path.splitext(name)[1].lower() in ENDINGS_OF_SETS
    return is_text and not name.startswith(".") and not name.lower().startswith(NO_SETS)


def _joined(folder: str, parts: dict[str, Analogies]) -> Analogies:
    """Files of questions as the sections of one set; subfolders are groups, if there are any."""
    starts: list[int] = []
    words: list[tuple[str, ...]] = []
    for part in parts.values():
        starts.append(len(words))
        words += part.words
    parents = tuple(os.path.dirname(os.path.relpath(file, folder)) for file in parts)
    names = tuple(part.name for part in parts.values())
    name = os.path.basename(os.path.abspath(folder))
    return Analogies(name, tuple(words), names, tuple(starts), parents if any(parents) else groups_of(names))
