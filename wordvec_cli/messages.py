"""How numbers of things stand in messages."""


def counted(n: int, thing: str, things: str | None = None) -> str:
    """`1 word`, `2 words`; `things` where the plural is not the singular and an s."""
    return f"{n} {thing if n == 1 else things or thing + 's'}"
