"""For which arguments each kernel is compiled: `signatures.json`, so that it can be done before the first call.

Written by `make signatures`, which runs the commands; a test runs them too, and finds nothing left to compile. What it
lacks is compiled when it is called, what it has too many is compiled in vain: nothing else depends on it.
"""

import importlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numba import from_dtype, types
from numba.np.numpy_support import as_dtype

FILE = Path(__file__).with_name("signatures.json")
_ARRAY: Any = types.Array
_TUPLE: Any = types.BaseTuple
PACKAGE = __name__.rpartition(".")[0]

NONE = "none"  # how numba writes the type of None

Spelling = str | list[Any] | dict[str, Any]  # of one type, in JSON


def known() -> dict[str, list[list[Spelling]]]:
    """The signatures of each kernel, "module.name", those first that take longest to compile."""
    signatures: dict[str, list[list[Spelling]]] = json.loads(FILE.read_text())
    return signatures


def write(signatures: dict[str, list[list[Spelling]]]) -> None:
    lines = (
        f"{json.dumps(name)}: [\n    " + ",\n    ".join(map(json.dumps, each)) + "\n  ]"
        for name, each in signatures.items()
    )
    FILE.write_text("{\n  " + ",\n  ".join(lines) + "\n}\n")


def kernel_named(name: str) -> Any:
    """The dispatcher that numba has made of a function "module.name" of this package."""
    module, function = name.split(".")
    return getattr(importlib.import_module(f"{PACKAGE}.{module}"), function)


def spelled(kind: Any) -> Spelling:
    """A number by its name; an array as [dtype, dimensions, layout, whether it can be written]; tuples as objects."""
    if isinstance(kind, _ARRAY):
        dtype = as_dtype(kind.dtype)
        fields = [list(field) for field in dtype.descr]
        return [fields if dtype.names else dtype.str, kind.ndim, kind.layout, kind.mutable]
    if isinstance(kind, _TUPLE):
        of = getattr(kind, "instance_class", None)  # of named ones
        name = f"{of.__module__.rpartition('.')[2]}.{of.__name__}" if of and of is not tuple else ""
        return {name: [spelled(item) for item in kind.types]}
    return str(kind)


def type_of(spelling: Spelling) -> Any:
    if isinstance(spelling, str):
        return types.boolean if spelling == "bool" else getattr(types, spelling)
    if isinstance(spelling, list):
        dtype, n_dimensions, layout, is_mutable = spelling
        dtype = np.dtype(dtype if isinstance(dtype, str) else [tuple(field) for field in dtype])
        return types.Array(from_dtype(dtype), n_dimensions, layout, readonly=not is_mutable)
    ((name, items),) = spelling.items()
    kinds = [type_of(item) for item in items]
    if name:
        return types.BaseTuple.from_types(kinds, kernel_named(name))
    return types.BaseTuple.from_types(kinds)


def variant(name: str, absent: Sequence[str]) -> list[list[Spelling]]:
    """The signatures of a kernel where just these parameters are None."""
    parameters = kernel_named(name).py_func.__code__.co_varnames
    is_absent = [parameter in absent for parameter in parameters]
    return [
        signature
        for signature in known()[name]
        if all((kind == NONE) == wanted for kind, wanted in zip(signature, is_absent, strict=False))
    ]


def compile_kernel(name: str, signatures: Sequence[Sequence[Spelling]]) -> None:
    """Compile it into the cache, or load it from there, for each of the signatures."""
    for signature in signatures:
        kernel_named(name).compile(tuple(map(type_of, signature)))
