"""Reading labelled text: fastText's notation, tables, and the examples that are made of them."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from tests import reference_classify as reference
from tests.conftest import run_here
from tests.reference import NASTY_PIECES, lines_of
from wordvec_cli.classify import model as classifier
from wordvec_cli.classify.examples import ExampleOptions, Examples, make_examples
from wordvec_cli.classify.labelled import LabelledText, read_labelled
from wordvec_cli.classify.lines import LabelLayout, LineParser
from wordvec_cli.classify.trainer import ClassifierConfig, ClassifierTrainer
from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.lines import whole_lines
from wordvec_cli.text.ngram_lengths import NO_NGRAMS, NgramLengths
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.text.words import back_to_back

TSV = LabelLayout(None, "text", "label")


def read(path: Path, layout: LabelLayout = LabelLayout(), tokenizer: Tokenizer = Tokenizer()) -> LabelledText:  # noqa: B008
    return read_labelled(Corpus.open([str(path)], tokenizer, path.parent), layout)


def lines_as_read(text: LabelledText) -> list[tuple[list[bytes], list[bytes]]]:
    """The labels and the tokens of each line."""
    labels, tokens = (
        [bytes(table.text[table.offsets[i] : table.offsets[i + 1]]) for i in range(len(table))]
        for table in (text.numbering.labels, text.numbering.tokens)
    )
    return [
        (
            [labels[number] for number in text.labels[text.label_offsets[i] : text.label_offsets[i + 1]]],
            [tokens[number] for number in text.tokens[text.token_offsets[i] : text.token_offsets[i + 1]]],
        )
        for i in range(text.n_lines)
    ]


def nasty_text(seed: int) -> bytes:
    rng = np.random.default_rng(seed)
    pieces = [*NASTY_PIECES, b" ", b"\n", b"__label__a ", b" __label__b", b"__label__", b"x__label__c", b"__LABEL__d "]
    return b"".join(pieces[i] for i in rng.integers(0, len(pieces), 2000))


@pytest.mark.parametrize("seed", range(3))
def test_labels_are_words_that_begin_with_the_prefix_wherever_they_stand(tmp_path: Path, seed: int) -> None:
    (tmp_path / "text").write_bytes(nasty_text(seed))
    expected = [reference.labels_and_words(line) for line in lines_of([nasty_text(seed)])]
    assert lines_as_read(read(tmp_path / "text")) == expected


@pytest.mark.parametrize(
    "tokenizer", [Tokenizer("words", lowercase=True), Tokenizer("pattern", r"\w+"), Tokenizer(normalise="NFKC")]
)
def test_labels_are_found_before_the_text_becomes_tokens(tmp_path: Path, tokenizer: Tokenizer) -> None:
    text = nasty_text(9)
    (tmp_path / "text").write_bytes(text)
    for (labels, tokens), line in zip(
        lines_as_read(read(tmp_path / "text", tokenizer=tokenizer)), lines_of([text]), strict=True
    ):
        expected, words = reference.labels_and_words(line)
        assert labels == expected
        of_text = tokenizer.tokens(b" ".join(words))
        if tokenizer.kind != "pattern":  # which may match across what stands between words
            assert tokens == of_text


def test_a_line_that_is_longer_than_a_block_is_one_line(tmp_path: Path) -> None:
    words = b" ".join(b"w%d" % i for i in range(500_000))
    (tmp_path / "text").write_bytes(b"__label__a " + words + b" __label__b\n__label__c x\n")
    text = read(tmp_path / "text")
    assert np.diff(text.token_offsets).tolist() == [500_000, 1]
    assert np.diff(text.label_offsets).tolist() == [2, 1]
    (tmp_path / "table").write_bytes(b"label\ttext\na\t" + words + b"\nc\tx\n")
    text = read(tmp_path / "table", TSV)
    assert np.diff(text.token_offsets).tolist() == [0 + 500_000, 1]


# ---------------------------------------------------------------- tables


def test_a_table_of_tabs_has_a_line_of_names(tmp_path: Path) -> None:
    (tmp_path / "table").write_bytes(
        b"\xef\xbb\xbfid\tlabel\ttext\r\n1\tNew York\ta __label__b\r\n2\t\tno label\r\n\r\n3\t0\t\r\n"
    )
    expected = [([b"New York"], [b"a", b"__label__b"]), ([], [b"no", b"label"]), ([], []), ([b"0"], [])]
    assert lines_as_read(read(tmp_path / "table", TSV)) == expected


def test_a_header_that_comes_again_is_none(tmp_path: Path) -> None:
    """Several files are read, or were joined."""
    (tmp_path / "folder").mkdir()
    for name in "ab":
        (tmp_path / "folder" / name).write_bytes(b"text\tlabel\nx\t%b" % name.encode())
    assert lines_as_read(read(tmp_path / "folder", TSV)) == [([b"a"], [b"x"]), ([b"b"], [b"x"])]


def test_a_table_of_objects_may_have_several_labels(tmp_path: Path) -> None:
    rows = [
        {"text": "a\nb\tc", "label": "New York", "other": 1},
        {"label": ["x", "y"], "text": ""},
        {"text": "東京", "label": None},
        {"text": "caf\udce9", "label": 3},
        {"text": "t", "label": True},
    ]
    (tmp_path / "table").write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    expected = [
        ([b"New York"], [b"a", b"b", b"c"]),
        ([b"x", b"y"], []),
        ([], ["東京".encode()]),
        ([b"3"], [b"caf\xe9"]),
        ([b"true"], [b"t"]),
        ([], []),
    ]
    assert lines_as_read(read(tmp_path / "table", TSV)) == expected


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"text\ta\ttext\nx\ty\tz\n", ":1: 2 columns are named 'text'; give each a name of its own"),
        (b"a\tb\nx\ty\n", ":1: no column is named 'text'; the columns, with tabs between them, are: a, b"),
        (b"text\tlabel\nx\n", ":2: has 1 cells, but the line of column names has 2"),
        (b'{"text": "x", "label": "y"}\n{"text"\n', ":2: is not JSON"),
        (b'{"text": "x", "label": "y"}\n[1]\n', ":2: is not a JSON object"),
        (b'{"text": "x"}\n', ":1: has no 'label'; its keys are: text"),
        (b'{"text": 3, "label": "y"}\n', ":1: 'text' is not a text"),
        (b'{"text": "x", "label": {"y": 1}}\n', ":1: 'label' is not a label"),
        (b'{"text": "x", "label": NaN}\n', ":1: 'label' is not a label"),
        (b'{"text": "x", "label": "a\\tb"}\n', ":1: a label holds a tab"),
    ],
)
def test_a_table_that_cannot_be_read_is_told_with_its_line(tmp_path: Path, content: bytes, error: str) -> None:
    (tmp_path / "table").write_bytes(content)
    with pytest.raises(InputError) as raised:
        read(tmp_path / "table", TSV)
    assert str(raised.value).startswith(f"{tmp_path / 'table'}{error}")


def test_columns_belong_together() -> None:
    with pytest.raises(OptionError):
        LabelLayout(None, None, "label")


@pytest.mark.parametrize("as_json", [False, True])
def test_a_model_is_trained_applied_and_scored_on_tables(tmp_path: Path, as_json: bool) -> None:
    rows = [("red green", "colours"), ("monday friday", "days")] * 50
    as_tsv = "text\tlabel\n" + "".join(f"{text}\t{label}\n" for text, label in rows)
    lines = "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in rows)
    (tmp_path / "table").write_text(lines if as_json else as_tsv)
    columns = ["--text-column", "text", "--label-column", "label"]
    run_here(
        "classify", "train", tmp_path / "table", "-o", tmp_path / "m", *columns, "--vector-size", "8", "--epochs", "30"
    )
    assert classifier.load(str(tmp_path / "m")).task.label_prefix is None
    result = run_here("classify", "predict", tmp_path / "m", tmp_path / "table", "--text-column", "text")
    assert [line.split(b"\t")[0].decode() for line in result.stdout.splitlines()] == [label for _, label in rows]
    result = run_here("classify", "test", tmp_path / "m", tmp_path / "table", *columns, "--format", "json")
    assert json.loads(result.stdout)["f1"] == 1
    assert run_here("classify", "test", tmp_path / "m", tmp_path / "table").returncode == 2
    with_prefix = run_here(
        "classify", "train", tmp_path / "table", "-o", tmp_path / "n", *columns, "--label-prefix", "_"
    )
    assert with_prefix.returncode == 2


LABELLED = ('red, "green"', "colours"), ("monday\nfriday", "days")


def written_as(folder: Path, ending: str) -> Path:
    path = folder / f"t{ending}"
    if ending == ".parquet":
        pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        texts, labels = zip(*LABELLED * 50, strict=True)
        pq.write_table(pa.table({"id": list(range(100)), "label": labels, "text": texts}), path)
    else:
        with path.open("w", newline="", encoding="utf-16" if ending == ".tab" else "utf-8") as file:
            csv.writer(file, delimiter="\t" if ending == ".tab" else ",").writerows(
                [("id", "label", "text"), *((i % 2, label, text) for i, (text, label) in enumerate(LABELLED * 50))]
            )
    return path


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".tab"])
def test_a_model_is_trained_applied_and_scored_on_csv_and_parquet(tmp_path: Path, ending: str) -> None:
    """Cells hold what ends cells and lines in other files; UTF-16 with tabs is what spreadsheets call Unicode text."""
    path, columns = written_as(tmp_path, ending), ["--text-column", "text", "--label-column", "label"]
    how = ["--encoding", "auto", "--corpus-format", "csv"] if ending == ".tab" else []
    options = ["--vector-size", "8", "--epochs", "30", "--threads", "1", *columns]
    rows = [f"{label}\t{text}\n".replace("\ny", " y").replace("\nf", " f") for text, label in LABELLED * 50]
    (tmp_path / "t.tsv").write_text("label\ttext\n" + "".join(rows))
    assert run_here("classify", "train", path, "-o", tmp_path / "m", *options, *how).returncode == 0
    assert run_here("classify", "train", tmp_path / "t.tsv", "-o", tmp_path / "n", *options).returncode == 0
    mine, theirs = (classifier.load(str(tmp_path / name)) for name in "mn")
    assert np.array_equal(mine.words.matrix, theirs.words.matrix)
    result = run_here("classify", "predict", tmp_path / "m", path, "--text-column", "text", *how)
    assert [line.split(b"\t")[0] for line in result.stdout.splitlines()] == [b"colours", b"days"] * 50
    result = run_here("classify", "test", tmp_path / "m", path, *columns, "--format", "json", *how)
    assert json.loads(result.stdout)["f1"] == 1
    if ending != ".tab":
        refused = run_here("classify", "train", path, "-o", tmp_path / "x")
        assert b"is a table; name the column of its text with --text-column (columns: 'id', 'label'" in refused.stderr


def test_a_row_of_a_csv_without_its_cells_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("text,label\nred,a\ngreen\nblue,b,c\nred,a\n")
    columns = ["--text-column", "text", "--label-column", "label"]
    refused = run_here("classify", "train", tmp_path / "t.csv", "-o", tmp_path / "m", *columns)
    assert b"t.csv:3: has more or fewer cells than the line of column names" in refused.stderr
    (tmp_path / "good.csv").write_text("text,label\n" + "red,a\nblue,b\n" * 20)
    assert run_here("classify", "train", tmp_path / "good.csv", "-o", tmp_path / "m", *columns).returncode == 0
    result = run_here("classify", "predict", tmp_path / "m", tmp_path / "t.csv", "--text-column", "text")
    assert result.returncode == 1
    assert [bool(line) for line in result.stdout.splitlines()] == [True, True, False, True]
    assert result.stderr.count(b"t.csv:4: has more or fewer") == 1


# ---------------------------------------------------------------- lines in pieces


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_lines_come_whole_from_any_pieces(size: int) -> None:
    text = b"ab\n\ncdef\n\n\ng"
    pieces = [text[i : i + size] for i in range(0, len(text), size)]
    assert [line for lines in whole_lines(pieces) for line in lines] == text.split(b"\n")


def test_rows_know_their_number_in_errors_over_several_calls() -> None:
    parser = LineParser(TSV, "pipe")
    assert parser.parse([b"text\tlabel", b"a\tb"]) == [([b"b"], b"a")]
    with pytest.raises(InputError, match=r"^pipe:4: "):
        parser.parse([b"c\td", b"e"])


# ---------------------------------------------------------------- examples


def examples_of(path: Path, options: ExampleOptions) -> Examples:
    return make_examples(read(path), options, path.parent, None)


@pytest.mark.parametrize(
    "options",
    [
        ExampleOptions(),
        ExampleOptions(word_ngrams=2, buckets=50),
        ExampleOptions(word_ngrams=4, min_count=3, min_count_label=2),
        ExampleOptions(word_ngrams=3, buckets=2**30, min_count=4),
    ],
)
def test_examples_have_the_words_ngrams_and_labels_of_their_lines(tmp_path: Path, options: ExampleOptions) -> None:
    text = nasty_text(4) + b"\n__label__a __label__a twice\n__label__once x\n__label__b\n"
    (tmp_path / "text").write_bytes(text)
    examples = examples_of(tmp_path / "text", options)
    lines = [reference.labels_and_words(line) for line in lines_of([text])]
    counts: dict[bytes, int] = {}
    label_counts: dict[bytes, int] = {}
    for labels, words in lines:
        for word in [*words, b"</s>"]:
            counts[word] = counts.get(word, 0) + 1
        for label in labels:
            label_counts[label] = label_counts.get(label, 0) + 1
    kept = {word for word, count in counts.items() if count >= options.min_count}
    words_by_id, labels_by_id = list(examples.vocabulary), list(examples.label_vocabulary)
    assert words_by_id == sorted(kept, key=lambda word: (-counts[word], word))
    assert set(labels_by_id) == {label for label, count in label_counts.items() if count >= options.min_count_label}
    expected = [
        (set(labels) & set(labels_by_id), [word for word in [*words, b"</s>"] if word in kept],
         reference.ngram_buckets(words, options.word_ngrams, options.buckets))
        for labels, words in lines if set(labels) & set(labels_by_id)
    ]  # fmt: skip
    assert examples.buckets.tolist() == sorted({bucket for _, _, buckets in expected for bucket in buckets})
    assert examples.n == len(expected)
    for i, (labels, words, buckets) in enumerate(expected):
        rows = examples.rows[examples.row_offsets[i] : examples.row_offsets[i + 1]].tolist()
        own = examples.labels[examples.label_offsets[i] : examples.label_offsets[i + 1]].tolist()
        assert sorted(labels_by_id[label] for label in own) == sorted(labels)
        assert [words_by_id[row] for row in rows if row < len(words_by_id)] == words
        assert [int(examples.buckets[row - len(words_by_id)]) for row in rows if row >= len(words_by_id)] == buckets
    assert examples.n_unlabelled == len(lines) - len(expected)
    assert examples.n_without_text == sum(not words for labels, words in lines if labels)


@pytest.mark.parametrize("word_ngrams", [1, 2])
@pytest.mark.parametrize("lengths", [NgramLengths(1, 3), NgramLengths(3, 6), NgramLengths(2, 2)])
def test_examples_have_the_subwords_of_their_words_even_of_those_that_are_dropped(
    tmp_path: Path, lengths: NgramLengths, word_ngrams: int
) -> None:
    text = "__label__a the cafe café café the the\n__label__b 東京 x </s> once\nno label xyzxyz\n__label__b\n"
    (tmp_path / "text").write_text(text)
    examples = examples_of(tmp_path / "text", ExampleOptions(word_ngrams, 10_000, min_count=2, subwords=lengths))
    words = list(examples.vocabulary)
    assert set(words) == {b"the", "café".encode(), b"</s>"}
    lines = [line.encode().split() for line in ("the cafe café café the the", "東京 x </s> once", "")]
    expected = []
    for line in lines:
        buckets = [
            bucket for word in line for bucket in reference.subword_buckets(word, *lengths, n_buckets=10_000)
        ] + reference.ngram_buckets(line, word_ngrams, 10_000)
        expected.append(([word for word in [*line, b"</s>"] if word in words], buckets))
    assert examples.buckets.tolist() == sorted({bucket for _, buckets in expected for bucket in buckets})
    for i, (own, buckets) in enumerate(expected):
        its = slice(*examples.row_offsets[i : i + 2])
        rows = np.repeat(examples.rows[its], examples.row_counts[its]).tolist()
        assert sorted(words[row] for row in rows if row < len(words)) == sorted(own)
        assert sorted(int(examples.buckets[row - len(words)]) for row in rows if row >= len(words)) == sorted(buckets)


@pytest.mark.parametrize("lengths", [NO_NGRAMS, NgramLengths(1, 3)])
def test_slices_of_a_long_text_join(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lengths: NgramLengths) -> None:
    (tmp_path / "text").write_bytes(nasty_text(5))
    options = ExampleOptions(word_ngrams=3, subwords=lengths)
    whole = examples_of(tmp_path / "text", options)
    for name in ("TOKENS_AT_ONCE", "ROWS_AT_ONCE"):
        monkeypatch.setattr(f"wordvec_cli.classify.examples.{name}", 7)
    sliced = examples_of(tmp_path / "text", options)
    for name in ("rows", "row_offsets", "row_counts", "labels", "label_offsets", "buckets"):
        assert getattr(whole, name).tolist() == getattr(sliced, name).tolist()


def test_a_training_that_begins_again_is_rid_of_what_is_no_number(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"__label__a x\n__label__b y\n")
    examples = examples_of(tmp_path / "text", ExampleOptions())
    trainer = ClassifierTrainer(examples, ClassifierConfig(vector_size=5))
    trainer.initialise()
    before = trainer.inputs.copy()
    for matrix in (trainer.inputs, trainer.outputs):
        matrix[:] = np.nan  # the padding too
    trainer.initialise()
    assert trainer.inputs.tolist() == before.tolist()
    assert not trainer.outputs.any()


def test_hashes_are_those_of_the_reference() -> None:
    from wordvec_cli.classify.ngrams import hashes_of, signed_hash

    words = [b"", b"a", "東京".encode(), b"caf\xe9", b"x" * 1000, b"</s>"]
    expected = [int(reference.word_hash(word)) for word in words]
    assert hashes_of(*back_to_back(words)).tolist() == expected
    assert [signed_hash(word) % 2**32 for word in words] == expected
