"""How numbers of things, and lists of them, stand in messages."""

from collections.abc import Sequence


def counted(n: int, thing: str, things: str | None = None) -> str:
    """`1 word`, `2 words`; `things` where the plural is not the singular and an s."""
    return f"{n} {thing if n == 1 else things or thing + 's'}"


def rounded(n: int) -> str:
    """`850`, `145 thousand`, `1.4 million`: as many digits as tell a size."""
    for size, name in ((10**9, "thousand million"), (10**6, "million"), (10**3, "thousand")):
        if n >= 0.9995 * size:
            return f"{n / size:.0f} {name}" if n >= 9.95 * size else f"{n / size:.1f} {name}"
    return str(n)


def listed(names: Sequence[str], most: int) -> str:
    """`a, b and 3 more`: the first names, and how many are left."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"
