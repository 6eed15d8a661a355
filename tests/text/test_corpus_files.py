"""Which files of a corpus are text, and what is told of those that are none, or no UTF-8."""

import io
import os
import re
import threading
import zipfile
from pathlib import Path

import pytest

from tests.conftest import Run, run_here, start
from wordvec_cli.errors import InputError
from wordvec_cli.storage.file_kinds import kind_of_no_text
from wordvec_cli.storage.files import COMPRESSORS
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.corpus_files import find_sources
from wordvec_cli.text.tokenizer import Tokenizer

TEXT = b"the cat sat on the mat\n" * 10


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def zipped(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, TEXT)
    return file.getvalue()


def compressed(content: bytes, ending: str) -> bytes:
    file = io.BytesIO()
    with COMPRESSORS[ending](file) as writer:
        writer.write(content)
    return file.getvalue()


NO_TEXTS = {
    "utf16.txt": (TEXT.decode().encode("utf-16"), "text in UTF-16"),
    "utf16le.txt": (TEXT.decode().encode("utf-16-le"), "text in UTF-16LE"),
    ".DS_Store": (b"\x00\x00\x00\x01Bud1" + bytes(100), "a .DS_Store of macOS"),
    "wiki.xml.bz2": (compressed(b'<mediawiki xmlns="x">\n', ".bz2"), "a dump of a wiki, in XML"),
    "wiki.sql.gz": (compressed(b"-- MySQL dump 10.19\n", ".gz"), "a dump of a database"),
    "data": (b"PAR1" + bytes(20), "a Parquet file"),
    "a.pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", "a PDF document"),
    "a.docx": (zipped("[Content_Types].xml"), "an Office document (docx, xlsx, pptx)"),
    "b.docx": (zipped("word/document.xml", "[Content_Types].xml"), "an Office document (docx, xlsx, pptx)"),
    "a.7z": (b"7z\xbc\xaf\x27\x1c" + bytes(40), "a 7-Zip archive"),
    "a.pyc": (b"\xa7\x0d\x0d\x0a" + bytes(12) + b"\xe3" + bytes(60) + b"\x01\xf3", "binary data, not text"),
    "floats.bin": (bytes(range(256)) * 4, "binary data, not text"),
}


@pytest.mark.parametrize(("name", "content", "kind"), [(name, *rest) for name, rest in NO_TEXTS.items()])
def test_a_named_file_that_is_no_text_is_an_error(name: str, content: bytes, kind: str) -> None:
    Path(name).write_bytes(content)
    result = run_here("build-vocab", name, "-o", "v.tsv")
    assert (result.returncode, result.stderr.count(b"\n")) == (1, 1)
    assert result.stderr.decode().startswith(f"Error: {name}: is {kind}; ")
    assert not Path("v.tsv").exists()


@pytest.mark.parametrize(
    ("name", "tool"),
    [
        (
            "wiki.xml.bz2",
            "python -m gensim.scripts.segment_wiki -f FILE -o wiki.jsonl.gz (--text-column section_texts)",
        ),
        ("utf16.txt", "--encoding auto"),
        ("a.pdf", "pdftotext FILE"),
        ("a.docx", "libreoffice --convert-to txt:Text FILE"),
        ("data", "--corpus-format parquet and --text-column NAME"),
    ],
)
def test_the_error_names_what_to_do(name: str, tool: str) -> None:
    Path(name).write_bytes(NO_TEXTS[name][0])
    with pytest.raises(InputError, match=re.escape(tool)):
        find_sources([name], Path())


def corpus_folder() -> None:
    Path("corpus").mkdir()
    for name, (content, _) in NO_TEXTS.items():
        Path("corpus", name).write_bytes(content)
    for name in ("a.txt", "z.txt"):
        Path("corpus", name).write_bytes(TEXT)
    Path("corpus/latin1.txt").write_bytes(b"a\nb\xe9b\xe9\n" + b"caf\xe9\n")


def test_in_a_folder_what_is_no_text_is_left_out_aloud() -> None:
    corpus_folder()
    result = run_here("build-vocab", "corpus", "-o", "v.tsv", "--min-count", "1")
    told = result.stderr.decode().splitlines()
    assert result.returncode == 0
    assert Path("v.tsv").read_bytes().splitlines()[0] == b"the\t40"
    assert told[0] == "3 files are read: corpus/a.txt, corpus/latin1.txt, corpus/z.txt"
    left_out = "12 files left out, no text: corpus/.DS_Store (a .DS_Store of macOS), corpus/a.7z (a 7-Zip archive), "
    assert told[1].startswith(left_out)
    assert told[1].endswith("corpus/a.docx (an Office document (docx, xlsx, pptx)) and 9 more")


def test_a_folder_of_other_files_alone_is_an_error() -> None:
    Path("corpus").mkdir()
    Path("corpus/a.pdf").write_bytes(b"%PDF-1.7\n")
    with pytest.raises(InputError, match=r"corpus: the folder holds no text; corpus/a.pdf is a PDF document; turn it"):
        find_sources(["corpus"], Path())


COMMANDS = {
    "build-vocab": ["-o", "out.tsv"],
    "train": ["-o", "out.safetensors", "--epochs", "1", "--min-count", "1", "--vector-size", "2"],
    "train --vocab": [
        "-o",
        "out.safetensors",
        "--sample",
        "0",
        "--vocab",
        "vocab.tsv",
        "--epochs",
        "1",
        "--vector-size",
        "2",
    ],
    "train --dry-run": ["-o", "out.safetensors", "--dry-run"],
    "cooccur": ["-o", "out.safetensors", "--vocab", "vocab.tsv"],
    "encode": ["-o", "out.npy", "--vocab", "vocab.tsv"],
    "phrases": ["-o", "out.txt"],
    "classify train": ["-o", "out.safetensors", "--epochs", "1", "--vector-size", "2"],
}


@pytest.mark.parametrize(("command", "options"), COMMANDS.items(), ids=COMMANDS)
def test_every_command_tells_what_it_leaves_out_and_where_lines_are_no_utf8(command: str, options: list[str]) -> None:
    corpus_folder()
    for path in Path("corpus").glob("?.txt"):
        path.write_bytes(TEXT.replace(b"the cat", b"__label__a the cat") + b"__label__b mat\n")
    Path("vocab.tsv").write_bytes(b"the\t40\ncat\t20\nmat\t20\n")
    result = run_here(*command.split()[: 2 if command.startswith("classify") else 1], "corpus", *options)
    assert result.returncode == 0, result.stderr
    told = result.stderr.decode()
    assert told.count("files left out, no text: corpus/.DS_Store") == 1
    lines = "2 lines are" if command == "phrases" else "2 of 25 lines are"
    expected = (
        f"{lines} not UTF-8 (Latin-1?), the first corpus/latin1.txt:2; kept byte for byte; "
        "to make it UTF-8: iconv -f latin1 -t utf-8 corpus/latin1.txt > NEW\n"
    )
    assert told.count(expected) == 1 or (command == "train --dry-run" and "UTF-8" in told)


@pytest.mark.parametrize("ending", ["", ".gz", ".xz"])
@pytest.mark.parametrize("n_before", [0, 1, 70_000])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_the_first_line_that_is_no_utf8_is_named(ending: str, n_before: int, mark: bytes) -> None:
    Path("good.txt").write_bytes(TEXT)
    content = mark + b"some words that stand before it\n" * n_before + b"caf\xe9\n" + b"x\xff\n"
    Path("c").write_bytes(compressed(content, ending) if ending else content)
    corpus = Corpus.open(["good.txt", "c"], Tokenizer(), Path())
    reading = corpus.read_through()
    assert reading.first_invalid is not None
    assert (reading.n_invalid_lines, reading.first_invalid.place) == (2, f"c:{n_before + 1}")
    with pytest.raises(InputError, match=f"^c:{n_before + 1}: invalid UTF-8"):
        Corpus.open(["good.txt", "c"], Tokenizer(invalid_utf8="error"), Path()).read_through()


@pytest.mark.parametrize(
    ("text", "encoding", "expected"),
    [("Le café est près de l'hôtel", "latin1", True), ("привет мир", "koi8-r", False), ("你好世界", "gb18030", False)],
)
def test_latin1_is_guessed_where_single_letters_have_accents(text: str, encoding: str, expected: bool) -> None:
    Path("c").write_bytes(text.encode(encoding))
    invalid = Corpus.open(["c"], Tokenizer(), Path()).read_through().first_invalid
    assert invalid is not None
    assert invalid.may_be_latin1 == expected


@pytest.mark.parametrize(
    "text",
    [
        "Ünïcödé tëxt\n" * 20,
        "日本語のテキスト\n" * 20,
        "привет\n" * 20,
        "tab\tand\x0cfeed\r\n" * 20,
        "a\0b words\n" * 20,
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "cp1251", "latin1", "iso2022_jp", "shift_jis", "koi8-r"])
def test_texts_are_texts_in_any_encoding_of_bytes(text: str, encoding: str) -> None:
    try:
        content = text.encode(encoding)
    except UnicodeEncodeError:
        return
    if b"\0" not in content or content.count(0) * 20 <= len(content):
        assert kind_of_no_text(content) is None


def test_a_fifo_and_the_name_of_standard_input_are_corpora(wordvec: Run) -> None:
    os.mkfifo("pipe")
    writer = threading.Thread(target=Path("pipe").write_bytes, args=(TEXT,))
    writer.start()
    piped = run_here("build-vocab", "pipe", "-o", "-", "--quiet")
    writer.join()
    named = start("build-vocab", "/dev/stdin", "-o", "-", "--quiet", stdin=TEXT)
    dashed = start("build-vocab", "-", "-o", "-", "--quiet", stdin=TEXT)
    assert piped.stdout == named.stdout == dashed.stdout
    assert piped.stdout.startswith(b"the\t20\n")
    refused = start("build-vocab", "-", "-o", "-", stdin=b"%PDF-1.7\n")
    assert refused.stderr.startswith(b"Error: standard input: is a PDF document; ")
    assert refused.returncode == 1


@pytest.mark.parametrize("command", [["build-vocab"], ["phrases"], ["train"]])
def test_a_folder_that_may_not_be_listed_is_an_error(command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    Path("corpus").mkdir()
    Path("corpus/a.txt").write_bytes(TEXT)

    def refuse(path: object) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", refuse)  # for root, who runs tests in containers, may list any folder
    result = run_here(*command, "corpus", "-o", "out.safetensors")
    assert (result.returncode, result.stderr) == (1, b"Error: corpus: permission denied\n")


def test_a_small_corpus_is_told_what_the_default_min_count_drops() -> None:
    Path("c").write_bytes(b"one two three four five six the the the the the\n")
    told = run_here("build-vocab", "c", "-o", "v.tsv").stderr.decode().splitlines()
    assert told == [
        "11 tokens in 1 line",
        "kept 1 word (5 tokens)",
        "dropped 6 words (6 tokens) below --min-count 5",
        "--min-count 5 drops more than half of so small a corpus; --min-count 1 keeps every word",
    ]
    Path("c").write_bytes(TEXT)
    assert "drops more" not in run_here("build-vocab", "c", "-o", "v.tsv").stderr.decode()


def test_a_text_whose_words_keep_their_marks_is_told_of_the_tokenizer_that_takes_them_off() -> None:
    Path("c").write_text("the sea, the ship and the harbour of the town; we saw it.\n" * 60)
    told = run_here("build-vocab", "c", "-o", "v.tsv").stderr.decode()
    assert "many words have a mark at their end ('sea,', 'town;', 'it.' ...)" in told and "--tokenizer words" in told
    assert "mark" not in run_here("build-vocab", "c", "-o", "v.tsv", "--tokenizer", "words").stderr.decode()
    Path("c").write_text("the sea , the ship and the harbour of the town ; we saw it .\n" * 60)
    assert "mark" not in run_here("build-vocab", "c", "-o", "v.tsv").stderr.decode()
