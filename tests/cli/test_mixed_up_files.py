"""A file of the wrong kind is refused by name, not taken for something that it is not."""

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import run_here

WRITTEN = (
    "build-vocab corpus.txt --min-count 1 -o vocab.tsv",
    "encode corpus.txt --vocab vocab.tsv -o sequences.npy",
    "encode corpus.txt --vocab vocab.tsv -o sequences.safetensors",
    "encode corpus.txt --vocab vocab.tsv --as count -o counts.npz",
    "matrix --vocab vocab.tsv --vector-size 4 -o matrix.npy",
)


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("corpus.txt").write_text("b a a\n\na c\n")
    for command in WRITTEN:
        assert run_here(*command.split()).returncode == 0
    Path("vectors.txt").write_text("a 1 2\nb 3 4\n")


def refused(command: str, status: int = 1) -> str:
    result = run_here(*command.split())
    assert result.returncode == status, result.stderr
    assert not result.stdout
    return result.stderr.decode()


@pytest.mark.parametrize(
    ("vocabulary", "kind"),
    [
        ("sequences.npy", "is a numpy array"),
        ("matrix.npy", "is a numpy array"),
        ("sequences.safetensors", "is a safetensors file, not a vocabulary"),
        ("counts.npz", "is a zip archive"),
    ],
)
@pytest.mark.parametrize("command", ["encode corpus.txt -o new.npy", "matrix -o new.npy", "decode sequences.npy"])
def test_a_file_of_numbers_is_no_vocabulary(command: str, vocabulary: str, kind: str) -> None:
    assert f"{vocabulary}: {kind}" in refused(f"{command} --vocab {vocabulary}")
    assert not Path("new.npy").exists()


def test_sequences_are_no_matrix_and_a_matrix_no_sequences() -> None:
    told = refused("embed --matrix sequences.npy --sequences sequences.npy -o new.npy")
    assert (
        "sequences.npy: is a file of sequences, as sequences.npy.json says; name what wordvec matrix has written"
        in told
    )
    np.save("whole.npy", np.ones((2, 2), np.int32))
    Path("whole.npy.json").write_bytes(Path("matrix.npy.json").read_bytes())
    told = refused("embed --matrix matrix.npy --sequences matrix.npy -o new.npy")
    assert "matrix.npy: holds float32 values" in told


@pytest.mark.parametrize(
    "command",
    [
        "encode corpus.txt --vocab vocab.tsv --as count -o counts.npy|counts.npz",
        "encode corpus.txt --vocab vocab.tsv --to text -o new.npy|new.txt",
        "encode corpus.txt --vocab vocab.tsv -o new.npy --lengths new.txt|new.npy",
        "encode corpus.txt --vocab vocab.tsv -o new.json|new.jsonl",
        "encode corpus.txt --vocab vocab.tsv --to text -o new.txt.gz|new.txt",
        "matrix --vocab vocab.tsv --to torch -o new.pt|new.safetensors",
        "matrix --vocab vocab.tsv --to torch -o New.PTH|New.safetensors",
        "matrix --vocab vocab.tsv --to keras -o new.safetensors|new.npy",
        "matrix --vocab vocab.tsv -o new.h5|new.npy",
        "embed --matrix matrix.npy --sequences sequences.npy -o new.csv|new.npy",
        "cooccur corpus.txt --vocab vocab.tsv -o new.npz|new.safetensors",
        "classify train corpus.txt -o new.pt|new.safetensors",
        "export vectors.txt --to native new.json|new.safetensors",
        "export vectors.txt --to native new.pt|new.safetensors",
        "export vectors.txt new.pt|new.safetensors",
        "export vectors.txt --to word2vec new.npy.gz|new.vec",
        "build-vocab corpus.txt -o new.tsv.gz|new.tsv",
        "phrases corpus.txt -o new.txt.xz|new.txt",
        "train corpus.txt --to native -o new.h5|new.safetensors",
    ],
)
def test_a_name_of_another_kind_is_refused(command: str) -> None:
    command, _, better = command.rpartition("|")
    told = refused(command, 2)
    assert told.endswith(f" file; name the output {better}\n")
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize(
    ("command", "output"),
    [
        ("encode corpus.txt --vocab vocab.tsv --to npy", "v1.2"),
        ("matrix --vocab vocab.tsv --to torch", "matrix"),
        ("encode corpus.txt --vocab vocab.tsv --to text", "a.npy.txt"),
    ],
)
def test_a_name_that_says_nothing_of_a_kind_is_left_to_the_user(command: str, output: str) -> None:
    assert run_here(*command.split(), "-o", output).returncode == 0
    assert Path(output).is_file()


@pytest.mark.parametrize(
    "command",
    [
        "encode corpus.txt --vocab vocab.tsv -o - --to npy --length 3 --mask -",
        "matrix --vocab vocab.tsv --vectors vocab.tsv -o - --to npy --report -",
    ],
)
def test_standard_output_takes_one_output(command: str) -> None:
    assert "standard output is named for two outputs" in refused(command, 2)


def test_a_padding_that_is_not_the_recorded_one_is_refused() -> None:
    told = refused("decode sequences.npy --vocab vocab.tsv --value 3")
    assert "sequences.npy: was padded with 0, as its record says, not with --value 3" in told


def test_a_length_that_is_none_is_told_before_the_corpus_is_read() -> None:
    told = refused("encode corpus.txt --vocab vocab.tsv --length abc -o new.npy", 2)
    assert told.startswith("Error: --length abc: must be a number")


@pytest.mark.parametrize("command", ["decode --vocab vocab.tsv", "classify predict model"])
def test_a_compressed_pipe_is_refused(command: str) -> None:
    import gzip

    Path("labelled.txt").write_text("__label__x a\n__label__y b\n" * 9)
    assert run_here(*["classify", "train", "labelled.txt", "-o", "model", "--epochs", "1", "--quiet"]).returncode == 0
    result = run_here(*command.split(), "--quiet", stdin=gzip.compress(b"0 1\n", mtime=0))
    assert result.returncode == 1
    assert (
        result.stderr == b"Error: standard input: is compressed; pipe it through zcat, bzcat, xzcat or zstdcat first\n"
    )


def test_a_minimum_that_no_word_reaches_is_told_before_training() -> None:
    Path("labelled.txt").write_text("__label__x a\n__label__y b\n" * 9)
    told = refused("classify train labelled.txt -o model --min-count 500")
    assert "--min-count 500: no word of the text occurs that often; lower it" in told


def test_a_threshold_that_is_no_number_is_refused() -> None:
    assert "is not a number" in refused("classify predict model --threshold nan", 2)
    assert "is not a number" in refused("similar vectors --threshold nan", 2)


def test_a_row_with_more_cells_than_names_is_refused() -> None:
    Path("table.tsv").write_text("text\tlabel\na\tx\nb\ty\tz\n")
    told = refused("classify train table.tsv --text-column text --label-column label -o model")
    assert "table.tsv:3: has 3 cells" in told
