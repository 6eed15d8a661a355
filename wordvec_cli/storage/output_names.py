"""What the name of an output says: which layout to write, and which names would say something that is not so."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from wordvec_cli.errors import OptionError
from wordvec_cli.storage.files import COMPRESSORS, STANDARD_STREAM, is_stream

Layout = TypeVar("Layout", bound=str)
# By these endings programs choose how to open a file.
_ENDINGS = (
    *(".npy", ".npz", ".safetensors", ".txt", ".jsonl", ".json", ".csv", ".tsv", ".parquet", ".feather", ".zip"),
    *(".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".mat", ".h5", ".hdf5", ".keras", ".onnx", ".tflite"),
    *COMPRESSORS,
)  # fmt: skip


def chosen_layout(
    output: str, told: Layout | None, endings: Mapping[str, Layout], unnamed: Layout | None = None
) -> Layout:
    """The layout that is told by --to, or that the output's name tells.

    endings  those of names, and the layout for which each stands
    unnamed  what standard output and devices, which have no name that could tell, get by default
    Raises: OptionError if nothing tells it, or if the name is that of another kind of file
    """
    if told is None and not has_name(output):
        told = unnamed
    by_name = next((layout for ending, layout in endings.items() if output.lower().endswith(ending)), None)
    choices = "|".join(dict.fromkeys(endings.values()))
    if told is None and output == STANDARD_STREAM:
        raise OptionError(f"-o -: the format cannot be guessed for standard output; add --to {choices}")
    if told is None and by_name is None:
        check_ending(output, tuple(endings))
        raise OptionError(f"{output}: its name does not say the format; add --to {choices}")
    layout = by_name if told is None else told
    assert layout is not None
    check_ending(output, [ending for ending, each in endings.items() if each == layout])
    return layout


def check_ending(output: str, endings: Sequence[str], others: Iterable[str] = _ENDINGS) -> None:
    """Raises: OptionError if a program would take the file, by its name, for another kind than those of the endings

    others  the endings that are wrong if they are not among these
    """
    name = output.lower()
    wrong = next((ending for ending in others if name.endswith(ending)), None)
    if wrong is None or not has_name(output) or name.endswith(tuple(endings)):
        return
    stem = output[: -len(wrong)]
    right = ".jsonl" if wrong == ".json" and ".jsonl" in endings else next(iter(endings), "")
    suggested = stem if stem.lower().endswith(tuple(endings)) else stem + right
    raise OptionError(f"{output}: would not be a {wrong} file; name the output {suggested}")


def check_not_compressed(output: str, ending: str) -> None:
    """Raises: OptionError if the name promises compression, which is not done. `ending`: of a name that would do"""
    check_ending(output, [ending], COMPRESSORS)


def has_name(output: str) -> bool:
    """Whether an output is a file, by whose name something will open it; no device, nor standard output."""
    return not is_stream(output)
