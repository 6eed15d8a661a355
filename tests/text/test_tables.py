"""Columns of tables as lines of text, held to the csv and json modules and to pyarrow."""

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import run_here
from wordvec_cli.errors import InputError
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.file_options import FileOptions
from wordvec_cli.text.tables import delimited
from wordvec_cli.text.tables.columns import Columns, TableRows
from wordvec_cli.text.tokenizer import Tokenizer

HEADER = 'one,two,"th,ree"\n'
PIECES = [
    "a",
    'bc"',
    '"',
    ",",
    "\n",
    "\r",
    "\r\n",
    '"x"',
    '"' + "y" * 70 + '"',
    "é",
    '""',
    ',"q\n,w",',
    "a long text of words " * 7,
    "\0",
]
TABLE = 'id,text,year\n1,"hello, ""world""\nof words",1990\n\n2,the sea,1991\n3,a,b,c\n4\n'


def lines_of(path: str, *columns: str, **options: str) -> bytes:
    return text_of(corpus_of(path, *columns, **options))


def corpus_of(path: str, *columns: str, **options: str) -> Corpus:
    return Corpus.open([path], Tokenizer(), Path.cwd(), FileOptions(text_columns=columns, **options))  # type: ignore[arg-type]


def text_of(corpus: Corpus) -> bytes:
    return b"".join(block.text for block in corpus.blocks())


def by_csv(text: str, places: list[int], n_columns: int) -> list[str]:
    """The lines of a table as the csv module reads it."""
    rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row][1:]
    cells = [[row[place] for place in places] if max(places) < len(row) <= n_columns else [] for row in rows]
    return [" ".join(row).replace("\n", " ").replace("\r", " ") for row in cells]


@pytest.mark.parametrize("block_bytes", [1, 40, 1 << 18])
@settings(max_examples=300, deadline=None)
@given(
    body=st.lists(st.sampled_from(PIECES), max_size=14).map("".join),
    places=st.lists(st.sampled_from(range(3)), min_size=1, max_size=3, unique=True),
)
def test_a_csv_is_read_as_the_csv_module_reads_it(block_bytes: int, body: str, places: list[int]) -> None:
    columns, rows = Columns("t.csv", tuple(("one", "two", "th,ree")[place] for place in places)), TableRows("t.csv")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "BLOCK_BYTES", block_bytes)
        patch.setattr(delimited, "HEADER_BYTES", len(HEADER) if block_bytes == 1 else block_bytes + len(HEADER))
        pieces = delimited.lines_of(io.BytesIO((HEADER + body).encode()), columns, True, rows)
        try:
            found = b"".join(map(bytes, pieces)).decode()
        except InputError as error:
            assert "not closed" in str(error)
            with pytest.raises(csv.Error):
                list(csv.reader(io.StringIO(HEADER + body, newline=""), strict=True))
            return
    expected = by_csv(HEADER + body, places, 3)
    assert found == "".join(f"{line}\n" for line in expected)
    assert rows.n == len(expected)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text(TABLE)
    return tmp_path


def test_rows_that_cannot_be_read_are_empty_lines_and_counted(folder: Path) -> None:
    corpus = corpus_of("t.csv", "year", "text")
    assert text_of(corpus).split(b"\n") == [b'1990 hello, "world" of words', b"1991 the sea", b"", b"", b""]
    (rows,) = corpus.tables
    assert (rows.n, rows.n_unreadable, rows.first) == (4, 2, 3)
    assert rows.reason == "4 cells, where the header has 3"


def test_a_table_without_its_column_is_an_error_that_lists_its_columns(folder: Path) -> None:
    with pytest.raises(InputError, match=r"t\.csv: is a table; name .* \(columns: 'id', 'text', 'year'\)"):
        lines_of("t.csv")
    with pytest.raises(InputError, match=r"t\.csv: has no column 'txt'; its columns are: 'id', 'text', 'year'"):
        lines_of("t.csv", "txt")
    assert lines_of("t.csv", format="text") == TABLE.encode()


def test_a_quote_that_is_never_closed_is_an_error(folder: Path) -> None:
    Path("t.csv").write_text('a,b\n1,2\n"3,4\n5,6\n')
    with pytest.raises(InputError, match=r"t\.csv: row 2: the quote of a cell is not closed"):
        lines_of("t.csv", "b")


@pytest.mark.parametrize("block_bytes", [40, 1 << 18])
@pytest.mark.parametrize("text", ['"lost, {0}\n{1},x\n{2},"y"', '"x"lost', '"a ""b"" c"lost', '"x" '])
def test_rows_that_may_have_run_together_are_counted(
    text: str, block_bytes: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A quote that is missing takes all to the next one into its cell, which then goes on after that."""
    monkeypatch.setattr(delimited, "BLOCK_BYTES", block_bytes)
    monkeypatch.setattr(delimited, "HEADER_BYTES", block_bytes)
    whole = "".join(f'{i},"a, ""b"" {i}"\n{i},c\n' for i in range(9))
    Path("t.csv").write_text(f"id,text\n{whole}1,{text.format(1, 2, 3)}\n{whole}7,{text.format(7, 8, 9)}\n{whole}")
    text_of(corpus := corpus_of("t.csv", "text"))
    (rows,) = corpus.tables
    assert (rows.n, rows.n_misquoted, rows.first_misquoted) == (56, 2, 19)
    Path("t.csv").write_text(f"id,text\n{whole}")
    text_of(corpus := corpus_of("t.csv", "text"))
    assert corpus.tables[0].n_misquoted == 0


def test_a_header_that_comes_again_is_counted_and_a_column_that_does_is_an_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = "1,text,1\n2,id,3\n" * 20
    for block_bytes in (40, 1 << 18):
        monkeypatch.setattr(delimited, "BLOCK_BYTES", block_bytes)
        Path("t.csv").write_text(f"id,text,n\n{body}id,text,n\n{body}id,text,n\n")
        text_of(corpus := corpus_of("t.csv", "text"))
        assert (corpus.tables[0].n, corpus.tables[0].n_headers) == (82, 2)
    Path("t.csv").write_text("text\ntext\n")
    text_of(corpus := corpus_of("t.csv", "text"))
    assert corpus.tables[0].n_headers == 0
    Path("t.csv").write_text("text,n,text\na,1,b\n")
    assert lines_of("t.csv", "n") == b"1\n"
    with pytest.raises(InputError, match=r"t\.csv: has 2 columns 'text'; give each a name of its own"):
        lines_of("t.csv", "text")


@pytest.mark.parametrize("header_bytes", [4, 7, 8, 40])
def test_a_header_of_any_length_is_read(header_bytes: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "HEADER_BYTES", header_bytes)
    names = ",".join(f"c{i}" for i in range(1000))
    Path("t.csv").write_text(f'id,text,{names},"the, last"\n1,a,{"x," * 1000}b\n')
    assert lines_of("t.csv", "text", "c999", "the, last") == b"a x b\n"
    Path("t.csv").write_text("id,text")
    assert lines_of("t.csv", "text") == b""
    monkeypatch.setattr(delimited, "MOST_ROW_BYTES", 100)
    Path("t.csv").write_text(f"id,text,{names}\n")
    with pytest.raises(InputError, match=r"t\.csv: its header is longer than 100 bytes; is it a table\?"):
        lines_of("t.csv", "text")


def test_a_row_beyond_the_limit_is_an_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "MOST_ROW_BYTES", 1 << 19)
    Path("t.csv").write_text('a\n"' + "x" * (1 << 21) + '"\n')
    with pytest.raises(InputError, match=r"t\.csv: row 1: is longer than"):
        lines_of("t.csv", "a")


def test_quotes_of_a_tsv_are_letters_and_semicolons_separate_where_the_header_says(folder: Path) -> None:
    Path("t.tsv").write_text('a\tb\n"x\ty"\n')
    assert lines_of("t.tsv", "a", "b") == b'"x y"\n'
    Path("t.csv").write_text('a;b\n"x;1";"y,2"\n')
    assert lines_of("t.csv", "b") == b"y,2\n"


def test_json_lines_are_read_as_the_json_module_reads_them(folder: Path) -> None:
    rows = [{"m": {"t": "né\n🙂"}, "k": ["a", 1, None]}, {"m": None}, {"m": {"t": 2.5}}, {"m": 3}, [1]]
    Path("t.jsonl").write_text("".join(json.dumps(row) + "\n\n" for row in rows) + "{cut\n")
    corpus = corpus_of("t.jsonl", "m.t", "k")
    assert text_of(corpus).decode().split("\n") == ["né 🙂 a 1 ", " ", "2.5 ", "", "", "", ""]
    assert [(rows.n, rows.n_unreadable, rows.first) for rows in corpus.tables] == [(6, 3, 4)]
    Path("n.jsonl").write_text('{"t": NaN, "m": {"k": 1}}\n{"t": "a", "m": NaN}\n')  # as pandas leaves what is missing
    assert lines_of("n.jsonl", "t") == b"\na\n"
    assert lines_of("n.jsonl", "m.k") == b"1\n\n"
    with pytest.raises(InputError, match=r"has no column 'text'; its columns are: 'm.t', 'k', 'm'"):
        lines_of("t.jsonl", "text")


def test_parquet_has_empty_lines_for_nulls_and_blanks_between_the_parts_of_lists(folder: Path) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    columns = {
        "t": ["a\nb", None, "x"], "l": [["a", "b"], None, ["c", None]], "n": [1, None, 3], "s": [{"t": "q"}, None, {}],
    }  # fmt: skip
    pq.write_table(pa.table(columns), "t.parquet")
    assert lines_of("t.parquet", "t") == b"a b\n\nx\n"
    assert lines_of("t.parquet", "n", "l", "s.t") == b"1 a b q\n  \n3 c  \n"
    with pytest.raises(InputError, match=r"has no column 'x'; its columns are: 't', 'l', 'n', 's.t'"):
        lines_of("t.parquet", "x")


def test_other_encodings_are_read_where_they_are_named_or_told_by_their_mark(folder: Path) -> None:
    Path("t.csv").write_text(TABLE, encoding="utf-16")
    with pytest.raises(InputError, match="UTF-16; read it so with --encoding auto"):
        lines_of("t.csv", "text")
    for encoding in ("auto", "utf-16"):
        assert lines_of("t.csv", "text", encoding=encoding).startswith(b'hello, "world" of words\nthe sea\n')
    Path("l.txt").write_bytes("déjà\n".encode("latin-1"))
    assert lines_of("l.txt", encoding="latin-1") == "déjà\n".encode()
    with pytest.raises(InputError, match=r"l\.txt: is not ascii \(at byte 2: "):
        lines_of("l.txt", encoding="ascii")
    with pytest.raises(InputError, match=r"l\.txt: is not utf-16 \(UTF-16 stream does not start with BOM\); name"):
        lines_of("l.txt", encoding="utf-16")


def test_files_of_folders_are_chosen_by_name_or_path(folder: Path) -> None:
    for name in ("c/a.txt", "c/b.md", "c/old/d.txt"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(f"{name}\n")
    chosen = FileOptions(include=("*.txt",), exclude=("old/*",))
    assert text_of(Corpus.open(["c"], Tokenizer(), folder, chosen)) == b"c/a.txt\n"
    with pytest.raises(InputError, match="none of its 3 files is left by --include and --exclude"):
        Corpus.open(["c"], Tokenizer(), folder, FileOptions(include=("*.csv",)))


def test_a_command_says_what_may_have_run_together(folder: Path) -> None:
    Path("t.csv").write_text('id,text\n1,"a, 1\n2,b\n3,"c",4\n5,d\nid,text\n')
    result = run_here("build-vocab", "t.csv", "--text-column", "text", "-o", "v.tsv", "--min-count", "1")
    assert b"text follows a closing quote in 1 row, the first row 1: perhaps a quote is missing there" in result.stderr
    assert b"t.csv: has its header once more, as a row, 1 time; take it out" in result.stderr


def test_a_command_says_how_many_rows_there_are(folder: Path) -> None:
    result = run_here("build-vocab", "t.csv", "--text-column", "text", "-o", "v.tsv", "--min-count", "1")
    assert result.returncode == 0, result.stderr
    assert b"t.csv: 4 rows; 2 of them could not be read and give empty lines, the first row 3" in result.stderr
    assert json.loads(Path("v.tsv.json").read_bytes())["corpus"]["text_column"] == ["text"]
