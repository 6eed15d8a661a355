"""Archives as corpora: the files in them as those of a folder, and archives that are refused."""

import io
import json
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.conftest import run_here
from wordvec_cli.errors import InputError
from wordvec_cli.storage import archives
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.file_options import FileOptions
from wordvec_cli.text.tokenizer import Tokenizer

FILES = {
    "b/two.txt": b"zwei\n", "a.txt": b"eins\nEINS", "t.csv": b"id,text\n1,drei\n", "x.pdf": b"%PDF-1.7\n",
    "in.zip": b"PK\x05\x06" + bytes(18),
}  # fmt: skip


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def archive(name: str, files: dict[str, bytes], *others: tarfile.TarInfo) -> str:
    if name.endswith(".zip"):
        with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as zipped:
            for path, content in files.items():
                zipped.writestr(path, content)
        return name
    with tarfile.open(name, f"w:{name.rpartition('.')[2]}" if name.count(".") > 1 else "w") as tar:
        for path, content in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        for other in others:
            tar.addfile(other)
    return name


def opened(path: str, files: FileOptions = FileOptions()) -> Corpus:  # noqa: B008
    return Corpus.open([path], Tokenizer(), Path.cwd(), files)


def text_of(corpus: Corpus) -> bytes:
    return b"".join(block.text for block in corpus.blocks())


@pytest.mark.parametrize("name", ["c.tar", "c.tar.gz", "c.tar.xz", "c.tar.bz2", "c.zip"])
def test_an_archive_is_read_as_the_folder_of_its_files(name: str) -> None:
    corpus = opened(archive(name, FILES), FileOptions(exclude=("*.csv",)))
    assert text_of(corpus) == b"eins\nEINS\nzwei\n" == text_of(corpus)
    assert [source.name for source in corpus.sources] == [f"{name}/a.txt", f"{name}/b/two.txt"]
    assert [file.name for file in corpus.left_out] == [f"{name}/in.zip", f"{name}/x.pdf"]
    with pytest.raises(
        InputError, match=rf"{name}/t.csv: is a table; name the column .*, or .* --exclude '\*\.csv\*'$"
    ):
        opened(name)
    assert text_of(opened(name, FileOptions(exclude=("*.csv*",)))) == text_of(corpus)
    assert text_of(opened(name, FileOptions(text_columns=("text",), include=("*.csv",)))) == b"drei\n"


def test_archives_in_folders_and_pipes_are_read_too() -> None:
    Path("c").mkdir()
    archive("c/x.tar.gz", {"1.txt": b"a \xff\n", "2.txt": b"b\n"})
    Path("c/y.txt").write_text("c\n")
    result = run_here("build-vocab", "c", "-o", "v.tsv", "--min-count", "1")
    assert b"3 files are read: c/x.tar.gz/1.txt, c/x.tar.gz/2.txt, c/y.txt" in result.stderr
    assert b"the first c/x.tar.gz/1.txt:1" in result.stderr
    by_pipe = run_here("build-vocab", "-", "-o", "w.tsv", "--min-count", "1", stdin=Path("c/x.tar.gz").read_bytes())
    assert by_pipe.returncode == 0, by_pipe.stderr
    assert Path("w.tsv").read_bytes() == b"a\t1\nb\t1\n\xff\t1\n"
    assert json.loads(Path("v.tsv.json").read_bytes())["corpus"]["n_tokens"] == 4


def test_parquet_in_an_archive_is_read() -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    table = io.BytesIO()
    pq.write_table(pa.table({"text": ["a b", "c"]}), table)
    name = archive("c.tar.gz", {"0.txt": b"before" * 99, "t.parquet": table.getvalue()})
    assert text_of(opened(name, FileOptions(text_columns=("text",), include=("*.parquet",)))) == b"a b\nc\n"


@pytest.mark.parametrize("path", ["../up.txt", "/etc/passwd", "a/../../b", "C:\\x.txt", "..\\x"])
@pytest.mark.parametrize("name", ["c.tar", "c.zip"])
def test_paths_that_lead_out_of_an_archive_are_refused(name: str, path: str) -> None:
    with pytest.raises(InputError, match=r"a path that leads out of it; unpack it yourself"):
        opened(archive(name, {"a.txt": b"a\n", path: b"b\n"}))


def test_links_and_devices_are_refused() -> None:
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
        member = tarfile.TarInfo("odd")
        member.type, member.linkname = kind, "a.txt"
        with pytest.raises(InputError, match="holds odd, a link or device"):
            opened(archive("c.tar.gz", {"a.txt": b"a\n"}, member))
    link = zipfile.ZipInfo("odd")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile("c.zip", "w") as zipped:
        zipped.writestr(link, "a.txt")
    with pytest.raises(InputError, match="holds odd, a link or device"):
        opened("c.zip")


def test_bombs_are_refused_before_they_fill_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "FEWEST_BYTES", 1 << 16)
    for name in ("c.zip", "c.tar.gz", "c.tar.xz"):
        archive(name, {"a.txt": b"a " * (1 << 22)})
        with pytest.raises(InputError, match=r"unpacks to more than .*, 250 times its size"):
            opened(name)
    monkeypatch.setattr(archives, "MOST_MEMBERS", 3)
    with pytest.raises(InputError, match="holds more than 3 files"):
        opened(archive("many.zip", {str(i): b"a" for i in range(4)}))


@pytest.mark.parametrize("name", ["c.tar", "c.tar.gz", "c.zip"])
def test_archives_that_are_cut_short_are_errors_and_never_a_shorter_corpus(name: str) -> None:
    whole = Path(archive(name, {"a.txt": b"a\n" * 400, "b.txt": b"b\n" * 400})).read_bytes()
    for size in (512 * 3, 512 * 4, 2000) if name == "c.tar" else (len(whole) // 2, len(whole) - 3):
        Path(name).write_bytes(whole[:size])
        with pytest.raises(InputError, match=r"broken|cut short|missing"):
            opened(name)


def test_an_archive_with_nothing_to_read_is_an_error() -> None:
    with pytest.raises(InputError, match=r"c.zip: the archive holds no files that are to be read"):
        opened(archive("c.zip", {"a.md": b"a"}), FileOptions(include=("*.txt",)))
    with pytest.raises(InputError, match=r"d.zip: the archive holds no text; d.zip/x.pdf is a PDF document"):
        opened(archive("d.zip", {"x.pdf": b"%PDF-1.7\n"}))
