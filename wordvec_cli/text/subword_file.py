"""A tokenizer.json of Hugging Face's `tokenizers`: which tokens it knows, and how it cuts text.

Its tokens are words like any others: that which has the id i is word i, less the rows of padding and of unknown words
where these come first, as in files that `wordvec build-vocab --train-bpe` writes.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from wordvec_cli.errors import InputError
from wordvec_cli.storage.files import readable
from wordvec_cli.text.decoding import as_bytes

PADDING_TOKEN, UNKNOWN_TOKEN = "[PAD]", "[UNK]"
_SPECIAL = {PADDING_TOKEN: "pad", "<pad>": "pad", UNKNOWN_TOKEN: "unk", "<unk>": "unk"}
_LOOK = re.compile(rb'\s*\{(?=.*"model"\s*:\s*\{)(?=.*"vocab"\s*:)', re.DOTALL)
_WHITE_SPACE = re.compile(r"[ \t\n\r\v\f]")


class Subwords(NamedTuple):
    """The tokens of a file.

    tokens    by id
    specials  the names of the special rows, as of --specials, that the first ids are
    """

    tokens: list[str]
    specials: tuple[str, ...]

    @property
    def words(self) -> list[bytes]:
        return [as_bytes(token) for token in self.tokens[len(self.specials) :]]


def looks_like(content: bytes) -> bool:
    return _LOOK.match(content) is not None


def read_subwords(path: str, content: bytes) -> Subwords:
    """Raises: InputError if the file is not one, or contradicts itself"""
    try:
        table = json.loads(content)
        tokens = _by_id(_ids(table))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise _not_one(path, f"{type(error).__name__}: {error}") from None
    except InputError as error:
        raise _not_one(path, str(error)) from None
    if table["model"].get("dropout"):
        raise InputError(f"{path}: cuts text at random (dropout); set the dropout of its model to null")
    return Subwords(tokens, _first_specials(tokens))


def _not_one(path: str, reason: str) -> InputError:
    return InputError(
        f"{path}: is not a tokenizer.json that can be used: {reason}; name a file that Tokenizer.save of the library "
        "tokenizers, or wordvec build-vocab --train-bpe, has written"
    )


def _ids(table: Any) -> dict[str, int]:
    """The ids of all tokens. Raises: InputError, or another error, if it is not what the library writes"""
    vocabulary = table["model"]["vocab"]
    is_unigram = isinstance(vocabulary, list)  # with a logarithm of the probability of each
    ids = {token: id for id, (token, _) in enumerate(vocabulary)} if is_unigram else dict(vocabulary)
    for added in table.get("added_tokens") or ():
        token, id = added["content"], added["id"]
        if ids.setdefault(token, id) != id:
            raise InputError(f"the token {token!r} has the ids {ids[token]} and {id}")
    return ids


def _by_id(ids: dict[str, int]) -> list[str]:
    tokens: list[str | None] = [None] * len(ids)
    if not tokens:
        raise InputError("it has no tokens")
    for token, id in ids.items():
        if type(token) is not str or type(id) is not int or not 0 <= id < len(ids):
            raise InputError(f"{token!r} has the id {id!r}, and {len(ids)} tokens have ids from 0 to {len(ids) - 1}")
        if tokens[id] is not None:
            raise InputError(f"the tokens {tokens[id]!r} and {token!r} have the same id, {id}")
        if not token or _WHITE_SPACE.search(token):
            raise InputError(f"the token {token!r} is empty or holds white space, which no word does")
        as_bytes(token)  # raises UnicodeEncodeError, a ValueError, for a surrogate
        tokens[id] = token
    return [token for token in tokens if token is not None]


def _first_specials(tokens: list[str]) -> tuple[str, ...]:
    names: list[str] = []
    for token in tokens[:2]:
        if (name := _SPECIAL.get(token)) is None or name in names:
            break
        names.append(name)
    return tuple(names)


def read_content(path: str) -> bytes:
    with readable(path):
        return Path(path).read_bytes()


def fingerprint(path: str) -> str:
    """What decides the words of a file: "SHA-256 0123456789abcdef". Raises: InputError"""
    return f"SHA-256 {hashlib.sha256(read_content(path)).hexdigest()[:16]}"


def load(path: str) -> Callable[[str], Iterable[str]]:
    """The function that gives the tokens of a line, whole, as `Tokenizer.encode` does; special tokens that a text has
    written out are text there. Raises: InputError; ImportError
    """
    import tokenizers

    content = read_content(path)
    tokens = read_subwords(path, content).tokens
    try:
        tokenizer = tokenizers.Tokenizer.from_str(content.decode())
        tokenizer.no_truncation()
        tokenizer.no_padding()
        tokenizer.encode_special_tokens = True
        tokenizer.encode("a b")
    except Exception as error:  # noqa: BLE001  the library raises no other kind
        raise _not_one(path, str(error)) from None
    if tokenizer.get_vocab_size() != len(tokens):
        raise _not_one(path, f"the library finds {tokenizer.get_vocab_size()} tokens, and it lists {len(tokens)}")
    encode = tokenizer.encode
    return lambda line: [tokens[id] for id in encode(line).ids]
