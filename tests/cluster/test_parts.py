"""The corpus of a cluster in shards: together they hold every line once, whatever the file looks like."""

import gzip
import random
from pathlib import Path

import pytest

from wordvec_cli.cluster import parts
from wordvec_cli.cluster.address import parsed
from wordvec_cli.cluster.parts import Part, cut, listed
from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.file_options import FileOptions
from wordvec_cli.text.tokenizer import Tokenizer

TEXTS = {
    "lines of many lengths": b"".join(b"w" * (i % 37) + b"\n" for i in range(400)),
    "no end of the last line": b"a b\nc d\ne",
    "one long line": b"word " * 300,
    "empty lines": b"\n" * 300,
    "a mark of byte order, also within": b"\xef\xbb\xbfa b\n\xef\xbb\xbfc\n" * 40,
    "magic of compression within": b"x y\n" * 2000 + b"\x1f\x8b\x08 z\nBZh91AY&SY\n" * 40,
}


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "FEWEST_BYTES", 100)


def text_of(sources: tuple[Part, ...], folder: Path) -> bytes:
    corpus = Corpus((), Tokenizer(), folder, 0, _sources=sources)
    return b"".join(block.text for block in corpus.blocks(64))


@pytest.mark.usefixtures("small_shards")
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_shards_of_a_file_are_its_lines(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "c.txt"
    path.write_bytes(text)
    shards = cut(listed([str(path)], tmp_path).files)
    assert len(shards) > (1 if len(text) > 100 else 0)
    whole = b"".join(block.text for block in Corpus.open([str(path)], Tokenizer(), tmp_path).blocks())
    assert b"".join(text_of(shard.parts, tmp_path) for shard in shards) == whole
    for shard in shards:
        for part in shard.parts:
            assert text_of((part,), tmp_path).endswith(b"\n") or not text_of((part,), tmp_path)


@pytest.mark.usefixtures("small_shards")
def test_tables_and_other_encodings_stay_whole_and_are_read_as_one_machine_reads_them(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,text\n" + '1,"a\nb"\n2\n' * 50, "utf-16")
    options = FileOptions(text_columns=("text",), encoding="auto")
    (shard,) = cut(listed([str(tmp_path)], tmp_path, options).files)
    assert text_of(shard.parts, tmp_path) == b"a b\n\n" * 50
    with pytest.raises(InputError, match="name the column of its text"):
        listed([str(tmp_path)], tmp_path, FileOptions(encoding="utf-16"))


@pytest.mark.usefixtures("small_shards")
def test_compressed_files_stay_whole_and_small_files_share_a_shard(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress("".join(random.Random(1).choices("abcdefgh ", k=900)).encode()))
    for name in "bcd":
        (tmp_path / f"{name}.txt").write_bytes(b"one two\n" * 5)
    shards = cut(listed([str(tmp_path)], tmp_path).files)
    assert [[Path(part.name).name for part in shard.parts] for shard in shards] == [
        ["a.gz"],
        ["b.txt", "c.txt"],
        ["d.txt"],
    ]
    assert all(part.is_whole for shard in shards for part in shard.parts)


@pytest.mark.usefixtures("small_shards")
def test_the_place_of_a_bad_line_is_counted_from_the_start_of_its_file(tmp_path: Path) -> None:
    path = tmp_path / "c.txt"
    path.write_bytes(b"good line\n" * 30 + b"bad \xff\n" + b"good line\n" * 30)
    places = []
    for shard in cut(listed([str(path)], tmp_path).files):
        corpus = Corpus((), Tokenizer(), tmp_path, 0, _sources=shard.parts)
        reading = corpus.read_through()
        places += [reading.first_invalid.place] if reading.first_invalid else []
    assert places == [f"{path}:31"]


@pytest.mark.parametrize(
    ("text", "address", "n_local"),
    [
        ("local:3", None, 3),
        ("auto", "auto", 0),
        ("head.example.org:6379", "head.example.org:6379", 0),
        ("ray://10.0.0.1:10001", "ray://10.0.0.1:10001", 0),
        ("[::1]:6379", "[::1]:6379", 0),
    ],
)
def test_an_address_is_what_it_says(text: str, address: str | None, n_local: int) -> None:
    assert (parsed(text).text, parsed(text).n_local) == (address, n_local)


@pytest.mark.parametrize("text", ["", "local", "local:", "local:0", "local:-1", "local:²", "host", "http://h:1", "h:p"])
def test_what_is_not_an_address_is_refused(text: str) -> None:
    with pytest.raises(OptionError, match="--cluster"):
        parsed(text)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.txt"):
        listed([str(tmp_path / "nowhere.txt")], tmp_path)
