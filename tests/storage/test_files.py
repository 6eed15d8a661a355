import bz2
import gzip
import io
import lzma
import os
import stat
from pathlib import Path

import pytest
from backports import zstd

from wordvec_cli.errors import InputError, OutputError
from wordvec_cli.storage.files import check_free_space, check_output, decompressed, readable, replacing
from wordvec_cli.storage.spool import spool_stream

TEXT = "a line\nanother 東京\n".encode() * 5000
COMPRESSIONS = {"gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress, "zstd": zstd.compress}


@pytest.mark.parametrize("name", COMPRESSIONS)
def test_compressed_input_is_told_by_its_content(name: str) -> None:
    assert decompressed(io.BytesIO(COMPRESSIONS[name](TEXT))).read() == TEXT


@pytest.mark.parametrize("name", COMPRESSIONS)
def test_parts_that_follow_each_other_are_all_read(name: str) -> None:
    compress = COMPRESSIONS[name]
    assert decompressed(io.BytesIO(compress(TEXT) + compress(b"more"))).read() == TEXT + b"more"


@pytest.mark.parametrize("name", COMPRESSIONS)
@pytest.mark.parametrize("keep", [0.5, 0.9])
def test_compressed_input_that_is_cut_short_is_an_error_and_not_an_end(name: str, keep: float) -> None:
    whole = COMPRESSIONS[name](TEXT)
    with pytest.raises(InputError, match=r"here.gz: .*broken or cut short"), readable("here.gz"):
        decompressed(io.BytesIO(whole[: int(len(whole) * keep)])).read()


@pytest.mark.parametrize("name", COMPRESSIONS)
def test_nothing_compressed_is_read_as_nothing(name: str) -> None:
    assert decompressed(io.BytesIO(COMPRESSIONS[name](b""))).read() == b""


@pytest.mark.parametrize("level", range(1, 10))
@pytest.mark.parametrize("text", [b"", b"text"])
def test_every_level_of_bzip2_is_told(text: bytes, level: int) -> None:
    assert decompressed(io.BytesIO(bz2.compress(text, level))).read() == text


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"\x1f", b"plain", b"\x00\xff"),
        *(b"BZh", b"BZhang is a name", b"BZh9 is a word", b"BZh01AY&SY", b"BZh91AY&S", b"BZh9\x17rE8P\n"),
        *(b"\x1f\x8b", b"\x1f\x8b text", b"a BZh91AY&SY", b"\n\x1f\x8b\x08"),
    ],
)
def test_other_content_is_read_as_it_is(content: bytes) -> None:
    assert decompressed(io.BytesIO(content)).read() == content


def test_a_file_is_replaced_only_when_the_new_one_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.write_bytes(b"old")
    with pytest.raises(RuntimeError), replacing(str(target)) as file:
        file.write(b"half of the new")
        raise RuntimeError
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["out"]
    with replacing(str(target)) as file:
        file.write(b"new")
        assert target.read_bytes() == b"old"
    assert target.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["out"]


def test_a_replaced_file_keeps_its_mode_and_a_new_one_honours_the_umask(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.write_bytes(b"")
    old.chmod(0o640)
    previous = os.umask(0o027)
    try:
        for name in ("old", "new"):
            with replacing(str(tmp_path / name)) as file:
                file.write(b"x")
    finally:
        os.umask(previous)
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640


def test_a_symbolic_link_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    with replacing(str(tmp_path / "link")) as file:
        file.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_a_device_is_written_straight_through() -> None:
    with replacing("/dev/null") as file:
        file.write(b"gone")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_device_is_an_error_of_one_line() -> None:
    full = pytest.raises(OutputError, match=r"^/dev/full: no space left on device; free some space$")
    with full, replacing("/dev/full") as file:
        file.write(b"x" * 100_000)


def test_an_output_that_cannot_be_written_is_found_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is not a file; name a file"):
        check_output(str(tmp_path))
    with pytest.raises(OutputError, match="does not exist; make it first"):
        check_output(str(tmp_path / "missing" / "out"))
    check_output(str(tmp_path / "out"))
    assert os.listdir(tmp_path) == []


def test_too_little_free_space_is_told_with_numbers(tmp_path: Path) -> None:
    check_free_space(tmp_path, 1, "the test")
    with pytest.raises(
        OutputError, match=r"^the test: needs 1e\+06 TB and the disk of .* has .*B left; free some space"
    ):
        check_free_space(tmp_path, 10**18, "the test")


def test_a_spool_leaves_no_name_behind(tmp_path: Path) -> None:
    with spool_stream(io.BytesIO(TEXT), tmp_path) as copy:
        assert copy.read() == TEXT
        assert os.listdir(tmp_path) == []
