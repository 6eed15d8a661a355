"""What torch's files tell of their tensors, without running anything: a pickle is read by its opcodes, not executed.

Only values are made: dictionaries, lists, tuples, texts, numbers. What a pickle would call or build stands as `Call`:
its name and arguments. So it cannot do anything, whatever is in it.
"""

import pickletools
import re
from types import NoneType
from typing import Any, NamedTuple

MOST_OPCODES = 10_000_000
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_EMPTY: dict[str, type] = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple, "EMPTY_SET": list}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_IGNORED = ("PROTO", "FRAME", "STOP")
_KEYS = (str, bytes, int, float, NoneType)
_LITERALS = ("INT", "LONG", "FLOAT", "STRING", "UNICODE", "BYTES")  # within the names of opcodes that push their value

# Where a pickle of an array without dimensions comes to its only value, which is a dictionary.
_DICTIONARY_IN_ARRAY = re.compile(rb"\](\x94|q.|r.{4})?\}", re.DOTALL)


class Name(NamedTuple):
    """What a pickle would import."""

    module: str
    name: str


class Call(NamedTuple):
    """What a pickle would call, with which arguments."""

    called: Any
    arguments: Any


class Reference(NamedTuple):
    """What a pickle says lies elsewhere."""

    key: Any


def dictionary_refused(loaded: str) -> str:
    """What to say of a dictionary that is a pickle; `loaded`: what opens it in Python."""
    return (
        "a pickled dictionary, and a pickle can run any code when it is opened; if you trust it, write it as JSON in "
        f"Python: json.dump({{word: [float(x) for x in v] for word, v in {loaded}.items()}}, open('v.json', 'w'))"
    )


def is_array_of_dictionary(start: bytes) -> bool:
    """Whether a pickle of numpy's that begins so is of a dictionary, as numpy.save(FILE, dictionary) writes it."""
    return _DICTIONARY_IN_ARRAY.search(start) is not None


def plain_values(content: bytes) -> Any:
    """What the pickle describes. Raises: ValueError if it is damaged, or needs what is not known here"""
    reader = _Reader()
    try:
        for n, (opcode, argument, _) in enumerate(pickletools.genops(content)):
            if n > MOST_OPCODES:
                raise ValueError("it is too long")
            reader.step(opcode.name, argument)
    except (IndexError, KeyError, TypeError, AttributeError, RecursionError, UnicodeError) as error:
        raise ValueError(f"it is damaged ({error!r})") from None
    if len(reader.stack) != 1:
        raise ValueError("it does not end with one value")
    return reader.stack[0]


class _Mark:
    pass


class _Reader:
    def __init__(self) -> None:
        self.stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def step(self, name: str, argument: Any) -> None:
        if name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name])
        elif name in _EMPTY:
            self.stack.append(_EMPTY[name]())
        elif name in _TUPLES:
            self._push(tuple(self._taken(_TUPLES[name])))
        elif name in ("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"):
            self._memo[len(self._memo) if argument is None else int(argument)] = self.stack[-1]
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            self._push(self._memo[int(argument)])
        elif hasattr(self, f"_{name.lower()}"):
            getattr(self, f"_{name.lower()}")(argument)
        elif any(part in name for part in _LITERALS):
            self._push(argument)
        elif name not in _IGNORED:
            raise ValueError(f"it holds {name}, which a file of tensors does not need")

    def _push(self, value: Any) -> None:
        self.stack.append(value)

    def _taken(self, n: int) -> list[Any]:
        if n > len(self.stack):
            raise IndexError(n)
        values = self.stack[len(self.stack) - n :]
        del self.stack[len(self.stack) - n :]
        return values

    def _since_mark(self) -> list[Any]:
        place = len(self.stack) - 1
        while not isinstance(self.stack[place], _Mark):
            place -= 1
            if place < 0:
                raise IndexError(place)
        values = self._taken(len(self.stack) - place)
        return values[1:]

    def _mark(self, _: Any) -> None:
        self._push(_Mark())

    def _pop(self, _: Any) -> None:
        self._taken(1)

    def _tuple(self, _: Any) -> None:
        self._push(tuple(self._since_mark()))

    def _list(self, _: Any) -> None:
        self._push(self._since_mark())

    def _append(self, _: Any) -> None:
        (value,) = self._taken(1)
        self.stack[-1].append(value)

    def _appends(self, _: Any) -> None:
        values = self._since_mark()
        self.stack[-1].extend(values)

    def _dict(self, _: Any) -> None:
        values = self._since_mark()
        self._push({})
        self._set_all(values)

    def _setitem(self, _: Any) -> None:
        self._set_all(self._taken(2))

    def _setitems(self, _: Any) -> None:
        values = self._since_mark()
        self._set_all(values)

    def _set_all(self, values: list[Any]) -> None:
        """Keys and values in a dictionary, or in what would be a subclass of one.

        Keys are plain values alone: to hash tuples in tuples takes all of C's stack, or ages if they share parts.
        """
        target = self.stack[-1]
        for key, value in zip(values[::2], values[1::2], strict=True):
            if isinstance(target, dict) and isinstance(key, _KEYS):
                target[key] = value

    def _global(self, argument: Any) -> None:
        module, _, name = str(argument).partition(" ")
        self._push(Name(module, name))

    def _stack_global(self, _: Any) -> None:
        self._push(Name(*self._taken(2)))

    def _reduce(self, _: Any) -> None:
        called, arguments = self._taken(2)
        self._push({} if called == Name("collections", "OrderedDict") and not arguments else Call(called, arguments))

    def _newobj(self, _: Any) -> None:
        self._push(Call(*self._taken(2)))

    def _build(self, _: Any) -> None:
        self._taken(1)  # what an object would be set to

    def _binpersid(self, _: Any) -> None:
        self._push(Reference(*self._taken(1)))
