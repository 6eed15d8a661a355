"""Tables of words and numbers as we, pandas, csv, R and spreadsheets write them: what is read of each."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest

from tests.conftest import run_here
from wordvec_cli.errors import InputError
from wordvec_cli.formats import format_for, open_vectors, write_vectors
from wordvec_cli.formats.reading import ReadOptions, WriteOptions
from wordvec_cli.vectors.embeddings import from_matrix
from wordvec_cli.vocabulary.vocabulary import Vocabulary

WORDS = ["the", "東京", 'say "so", he', "new york"]
MATRIX = np.float32([[1, 2, 3], [0.25, -1, 1e-9], [4, 5, 6], [7, 8, 9.5]])
PLAIN = (["king", "queen"], [[0.5, -1.25], [2, 0.125]])  # of the texts below


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(content: bytes | str, told: str | None = None, **options: object) -> tuple[list[str], list[list[float]]]:
    found, notes = read_with_notes(content, told, **options)
    assert notes == []
    return found


def read_with_notes(
    content: bytes | str, told: str | None = None, **options: object
) -> tuple[tuple[list[str], list[list[float]]], list[str]]:
    Path("v").write_bytes(content.encode() if isinstance(content, str) else content)
    notes: list[str] = []
    found = open_vectors("v", ReadOptions(**options), told, notes.append)  # type: ignore[arg-type]
    return ([word.decode() for word in found.vocabulary], found.matrix.tolist()), notes


FRAME = pandas.DataFrame(MATRIX, index=WORDS)
OF_PANDAS = {
    "an index without a name": FRAME.to_csv(),
    "an index with a name": FRAME.to_csv(index_label="word"),
    "named columns": FRAME.rename(columns=lambda i: f"dim_{i}").to_csv(),
    "no titles": FRAME.to_csv(header=False),
    "numbered rows": FRAME.rename_axis("word").reset_index().to_csv(),
    "no index": FRAME.rename_axis("token").reset_index().to_csv(index=False),
    "all in quotes": FRAME.to_csv(quoting=csv.QUOTE_ALL),
    "text in quotes": FRAME.to_csv(quoting=csv.QUOTE_NONNUMERIC),
    "semicolons": FRAME.to_csv(sep=";"),
    "lines of Windows": FRAME.to_csv(lineterminator="\r\n"),
    "a byte order mark": "\ufeff" + FRAME.to_csv(),
    "tabs": FRAME.rename_axis("word").to_csv(sep="\t"),
    "tabs and named columns": FRAME.rename(columns=lambda i: f"dim_{i}").to_csv(sep="\t"),
}


@pytest.mark.parametrize("kind", OF_PANDAS)
def test_what_pandas_writes_is_read(kind: str) -> None:
    assert read(OF_PANDAS[kind]) == (WORDS, MATRIX.tolist())


OTHERS = {
    # write.table(m), write.table(m, col.names = NA, sep = "\t"), write.csv(m), write.table(m, quote = FALSE)
    "write.table": '"V1" "V2"\n"king" 0.5 -1.25\n"queen" 2 0.125\n',
    "write.table with tabs": '""\t"V1"\t"V2"\n"king"\t0.5\t-1.25\n"queen"\t2\t0.125\n',
    "write.table without titles": '"king" 0.5 -1.25\n"queen" 2 0.125\n',
    "write.table without quotes": "V1 V2\nking 0.5 -1.25\nqueen 2 0.125\n",
    "write.csv": '"","V1","V2"\n"king",0.5,-1.25\n"queen",2,0.125\n',
    "fwrite of a data.table": "rn,V1,V2\nking,0.5,-1.25\nqueen,2,0.125\n",
    "a count before the numbers": None,
    "no line end": "word,v1,v2\nking,0.5,-1.25\nqueen,2,0.125",
    "blanks after commas": "word, v1, v2\nking, 0.5, -1.25\nqueen, 2, 0.125\n",
    "exponents": "word,a,b\nking,5e-1,-1.25\nqueen,2E0,.125\n",
    "tabs and titles": "word\tv1\tv2\nking\t0.5\t-1.25\nqueen\t2\t0.125\n",
}


@pytest.mark.parametrize("kind", [kind for kind, text in OTHERS.items() if text])
def test_what_r_and_others_write_is_read(kind: str) -> None:
    assert read(OTHERS[kind] or "") == PLAIN


COUNTED = {
    "before the numbers": "word,count,v1,v2\nking,7,0.5,-1.25\nqueen,3,2,0.125\n",
    "after them": "word,a,b,freq\nking,0.5,-1.25,7\nqueen,2,0.125,3\n",
    "after them, with an index": ",word,v1,v2,count\n0,king,0.5,-1.25,7\n1,queen,2,0.125,3\n",
    "before the word": "count,word,v1,v2\n7,king,0.5,-1.25\n3,queen,2,0.125\n",
    "quoted": '"word"\t"count"\t"V1"\t"V2"\n"king"\t"7"\t0.5\t-1.25\n"queen"\t"3"\t2\t0.125\n',
    "floats of pandas": "word,v1,v2,count\r\nking,0.5,-1.25,7.0\r\nqueen,2,0.125,3.0\r\n",
    "JSON": '{"word": "king", "vector": [0.5, -1.25], "count": 7}\n'
    '{"count": 3.0, "word": "queen", "vector": [2, 0.125]}\n',
}


def counts_of(text: str, **options: Any) -> tuple[dict[str, int] | None, list[str]]:
    """The words with their counts, and the notes."""
    Path("v").write_bytes(text.encode())
    notes: list[str] = []
    vocabulary = open_vectors("v", ReadOptions(**options), None, notes.append).vocabulary
    counts = vocabulary.counts
    if counts is None:
        return None, notes
    return {word.decode(): int(count) for word, count in zip(vocabulary, counts, strict=True)}, notes


@pytest.mark.parametrize("kind", COUNTED)
def test_counts_are_read_and_are_no_numbers_of_the_vectors(kind: str) -> None:
    assert read_with_notes(COUNTED[kind]) == (PLAIN, [])
    assert counts_of(COUNTED[kind]) == ({"king": 7, "queen": 3}, [])
    assert counts_of(COUNTED[kind], limit=1) == ({"king": 7}, [])
    assert counts_of(COUNTED[kind], words=frozenset([b"queen"])) == ({"queen": 3}, [])


@pytest.mark.parametrize(("kept", "count"), [("first", 7), ("last", 2), ("mean", 7)])
def test_of_a_repeated_word_the_count_of_the_row_that_is_kept_stays(kept: str, count: int) -> None:
    text = "word,count,v1,v2\nking,7,0.5,-1.25\nqueen,3,2,0.125\nking,2,1,1\n"
    counts, _ = counts_of(text, duplicates=kept)
    assert counts == {"king": count, "queen": 3}


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("word,frequency,v1,v2\nking,7,0.5,1\nqueen,0.01,2,1\n", "whose count is not a whole number"),
        ("word,v1,v2,count\nking,0.5,1,7\nqueen,2,1,\n", "whose count is not a whole number"),
        ("word,count,v1,v2\nking,7,0.5,1\nqueen,-1,2,1\n", "whose count is not a whole number"),
        ("word,count,v1,v2\nking,7,0.5,1\nqueen,99999999999999999999,2,1\n", "whose count is not a whole number"),
        ('{"word": "a", "count": 1, "vector": [1]}\n{"word": "b", "vector": [2]}\n', "whose count is not a whole"),
        ('{"word": "a", "count": 1, "vector": [1]}\n{"word": "b", "count": true, "vector": [2]}\n', "not a whole"),
        (
            '{"word": "b", "vector": [2]}\n{"word": "a", "count": 1, "vector": [1]}\n',
            "with a count, where",
        ),
    ],
)
def test_counts_that_are_not_whole_or_not_all_there_are_told_and_none_is_kept(text: str, note: str) -> None:
    counts, notes = counts_of(text)
    n_line = 2 if text.startswith("{") else 3
    assert counts is None
    [told] = notes
    assert note in told
    assert told.endswith(f"no counts are kept: 1, the first on line {n_line}")


def test_counts_that_come_in_many_blocks_are_all_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("table_rows", "json_lines"):
        monkeypatch.setattr(f"wordvec_cli.formats.{module}.BLOCK_BYTES", 400)
    expected = {f"w{i}": 1000 - i for i in range(300)}
    rows = [(f"w{i}", 1000 - i, i) for i in range(300)]
    table = "word,count,v1,v2\n" + "".join(f"{word},{count},{i},1.5\n" for word, count, i in rows)
    lines = "".join(json.dumps({"word": word, "count": count, "vector": [i, 1.5]}) + "\n" for word, count, i in rows)
    for text in (table, lines):
        assert counts_of(text, n_threads=2) == (expected, [])
        assert counts_of(text, limit=250) == ({f"w{i}": 1000 - i for i in range(250)}, [])


def test_a_column_beside_those_that_are_counted_is_told() -> None:
    Path("v").write_text("word,idf,v1,v2\na,9,1,2\nb,9.5,3,4\n")
    notes: list[str] = []
    assert open_vectors("v", ReadOptions(), None, notes.append).matrix.tolist() == [[9, 1, 2], [9.5, 3, 4]]
    told = "columns taken for numbers of the vectors, though their names are not as those of the others: idf"
    assert notes == [f"v: {told}"]


def test_decimal_commas_are_read_where_that_is_asked_for() -> None:
    for text in (
        '"";"V1";"V2"\n"king";0,5;-1,25\n"queen";2;0,125\n',
        "word\ta\tb\nking\t0,5\t-1,25\nqueen\t2\t0,125\n",
    ):
        with pytest.raises(InputError, match=r"^v: its numbers have commas, as 0,25; add --decimal-comma if these"):
            read(text)
        assert read(text, decimal_comma=True) == PLAIN
    Path("v.csv").write_text("w;x;y\nking;0,5;-1,25\n")
    assert run_here("lookup", "v.csv", "king", "--decimal-comma").stdout == b"king 0.5 -1.25\n"


def test_words_between_quotes_hold_line_ends_separators_and_quotes() -> None:
    words = ["a\nb", 'x"', '"', "1,5", "", " c ", "\r\n"]
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(
        [("word", "v1", "v2"), *((word, i, 0.5) for i, word in enumerate(words))]
    )
    found, notes = read_with_notes(text.getvalue())
    assert found == (words, [[i, 0.5] for i in range(len(words))])
    assert notes == ["v: words with line ends in them: 2, the first on line 2"]


def test_a_quote_of_r_has_a_backslash_before_it() -> None:
    assert read('"V1" "V2"\n"say \\"so\\"" 1 2\n"\\" 3 4\n')[0] == ['say "so"', "\\"]


@pytest.mark.parametrize("name", ["v.csv", "v.tsv", "v.jsonl", "v.json"])
def test_what_is_written_in_many_blocks_comes_back(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("table_rows", "json_lines", "json_dictionary"):
        monkeypatch.setattr(f"wordvec_cli.formats.{module}.BLOCK_BYTES", 400)
    matrix = np.random.default_rng(1).normal(size=(300, 5)).astype(np.float32)
    words = [b'w"%d, [x]' % i for i in range(300)]
    write_vectors(name, from_matrix(Vocabulary.from_words(words), matrix, {}), format_for(name), WriteOptions())
    found = open_vectors(name, ReadOptions(n_threads=2), name[2:])
    assert (list(found.vocabulary), found.matrix.tolist()) == (words, matrix.tolist())


def test_lines_that_cannot_be_read_are_left_out_and_counted() -> None:
    text = 'word,v1,v2\na,1,2\nb,1\nc,1,2,3\nd,x,2\ne,,2\nf\n"g",NaN,1\n\nh,5,6\na,1,1\n'
    found, notes = read_with_notes(text)
    assert found[0] == ["a", "g", "h"]
    assert notes == [
        "v: lines that end before their numbers, left out: 1, the first on line 7",
        "v: lines with another number of values, left out: 3, the first on line 3",
        "v: lines with a value that is not a number, left out: 1, the first on line 5",
        "v: rows with numbers that are not finite: 1, the first on line 8",
        "v: repeated words: 1, the first on line 11",
    ]


def test_a_quote_that_does_not_end_is_an_error() -> None:
    with pytest.raises(InputError, match=r"^v:3: a quote does not end; the file is damaged, or cut short"):
        read('word,v1,v2\na,1,2\n"b,1,2\nc,1,2\n')


def test_words_that_are_not_utf8_stay_as_they_are() -> None:
    Path("v").write_bytes(b"word,v1,v2\ncaf\xe9,1,2\na\0b,3,4\n")
    assert list(open_vectors("v", ReadOptions()).vocabulary) == [b"caf\xe9", b"a\0b"]


@pytest.mark.parametrize(
    ("content", "format"),
    [
        (b"2 3\nking 1 2 3\nqueen 4 5 6\n", "word2vec"),
        (b"1 2\nking 3 4\n", "word2vec"),
        (b"2\t1\nking\t1\nqueen\t2\n", "word2vec"),
        (b', 0.1 0.2\n" 0.3 0.4\n1,5 1 2\n', "glove"),
        (b'"a" 0.1 0.2\n" 0.3 0.4\n"x 1 2\n', "glove"),
        (b"\t0\t1\t2\nking\t0.1\t0.2\t0.3\n", "glove"),
        (b"king\t0.1\t0.2\nqueen\t1\t2\n", "glove"),
        (b"a,b 0.1 0.2\nc,d 1 2\n", "glove"),
        (b"1,000 1,5 2\nx,y 1 2\n", "glove"),
    ],
)
def test_text_is_not_taken_for_a_table(content: bytes, format: str) -> None:
    Path("v").write_bytes(content)
    assert open_vectors("v", ReadOptions()).metadata["converted_from"] == format


@pytest.mark.parametrize(
    "content",
    ["word,v1,v2\n", "word,count\nthe,5\n", "a,b\nx,y\n", ",,,\n", '"\n', "x,1\n"],
)
def test_a_table_without_vectors_is_an_error(content: str) -> None:
    for told in (None, "csv"):
        if (content, told) == ("x,1\n", "csv"):
            assert read(content, told) == (["x"], [[1]])
            continue
        with pytest.raises(InputError, match=r"^v: "):
            read(content, told)


# ---------------------------------------------------------------- JSON


def test_json_of_a_dictionary_is_read_with_any_white_space() -> None:
    vectors = dict(zip(WORDS, MATRIX.astype(float).tolist(), strict=True))
    for indent, ascii in ((None, True), (1, False), (4, True)):
        assert read(json.dumps(vectors, indent=indent, ensure_ascii=ascii)) == (WORDS, MATRIX.tolist())
    assert read('{"a\\u0301\\n": [1,2]}') == (["a\u0301\n"], [[1, 2]])


def test_json_that_is_written_json_reads() -> None:
    vectors = from_matrix(Vocabulary.from_words([word.encode() for word in WORDS]), MATRIX, {})
    assert write_vectors("v.json", vectors, format_for("v.json"), WriteOptions()) == []
    found = json.loads(Path("v.json").read_text("utf-8"))
    assert list(found) == WORDS
    np.testing.assert_array_equal(np.array(list(found.values()), np.float32), MATRIX)


@pytest.mark.parametrize("word", [b"caf\xe9", b"nan"])
def test_what_json_cannot_hold_is_refused(word: bytes) -> None:
    vectors = from_matrix(Vocabulary.from_words([word]), np.float32([[1, np.nan if word == b"nan" else 2]]), {})
    with pytest.raises(InputError, match=r"^v.json: the (word|vector of) .*, which JSON cannot hold; "):
        write_vectors("v.json", vectors, format_for("v.json"), WriteOptions())


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ('{"a": [1, 2]', "what comes after 0 words"),
        ('{"a": [1, 2], "b": [3', "what comes after 1 words"),
        ('{"a": [1, 2], "b": {"vector": [3, 4]}}', "what comes after 1 words"),
        ('{"a": [1, 2], "b": [[3, 4]]}', "what comes after 1 words"),
        ('{"a": [1, 2]}\n{"b": [1, 2]}', "goes on after the end of its first object"),
        ('{"a": [1, 2], "\\ux": [1, 2]}', "what comes after 1 words"),
    ],
)
def test_json_that_is_no_dictionary_of_vectors_is_an_error(content: str, text: str) -> None:
    with pytest.raises(InputError, match=f"^v: {text}"):
        read(content)


def test_entries_of_json_that_are_no_vectors_are_left_out_and_counted() -> None:
    found, notes = read_with_notes('{"a": [1, 2], "b": [1], "c": [1, null], "a": [5, 6]}')
    assert found == (["a"], [[1, 2]])
    assert notes == [
        "v: lines with another number of values, left out: 1, the first on word 2",
        "v: lines with a value that is not a number, left out: 1, the first on word 3",
        "v: repeated words: 1, the first on word 4",
    ]


def test_json_lines_are_read_whatever_their_fields() -> None:
    lines = [
        '{"word": "king", "vector": [0.5, -1.25]}',
        '{"vector": [2, 0.125], "word": "[x]", "tags": ["a"], "n": 1}',
        "",
        '{"word": "no", "vector": null}',
        '{"word": "caf\\ufffd", "bytes": "Y2Fm6Q==", "vector": [1, 2]}',
        '{"word": "other", "bytes": "Y2Fm6Q==", "vector": [3, 4]}',
        '{"word": "n", "bytes": 17, "vector": [5, 6]}',
        '{"word": "x\\ufffd", "bytes": "Y2Fm6Q==", "vector": [7, 8]}',
        "broken",
    ]
    Path("v").write_text("\n".join(lines))
    notes: list[str] = []
    found = open_vectors("v", ReadOptions(), None, notes.append)
    assert list(found.vocabulary) == [b"king", b"[x]", b"caf\xe9", b"other", b"n"]
    assert found.matrix.tolist() == [[0.5, -1.25], [2, 0.125], [1, 2], [3, 4], [5, 6]]
    assert notes[0] == "v: lines without a word and its vector, left out: 3, the first on line 4"


def test_what_lookup_prints_is_read(vector_file: Path) -> None:
    for format in ("json", "csv", "tsv"):
        printed = run_here("lookup", vector_file, "monday", "red", "--format", format).stdout
        Path("v").write_bytes(printed)
        found, there = open_vectors("v", ReadOptions()), open_vectors(str(vector_file))
        assert list(found.vocabulary) == [b"monday", b"red"]
        np.testing.assert_array_equal(found.matrix, there.vectors(["monday", "red"])[0])
