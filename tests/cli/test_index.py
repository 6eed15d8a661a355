"""`wordvec index`, and the commands that use what it makes."""

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Run, run_here
from wordvec_cli.vectors.native import save
from wordvec_cli.vocabulary.vocabulary import Vocabulary


@pytest.fixture(scope="session")
def wordvec() -> Run:
    return run_here


def rows(seed: int = 3) -> np.ndarray:
    """Some of each direction, as vectors of words are."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(40, 24))
    return (centres[rng.integers(0, 40, 900)] + 0.5 * rng.normal(size=(900, 24))).astype(np.float32)


@pytest.fixture
def vectors(tmp_path: Path) -> Path:
    path = tmp_path / "v.safetensors"
    save(str(path), Vocabulary.from_words((b"w%d" % i for i in range(900)), list(range(900, 0, -1))), rows(), {})
    return path


QUESTIONS = (
    ["similar", "w5", "w7", "-k", "20"],
    ["similar", "--mean", "w5", "w7"],
    ["similar", "-p", "w5", "-n", "w8"],
    ["similar", "w5", "--metric", "dot"],
    ["similar", "w5", "--metric", "euclidean", "--threshold", "3"],
    ["similar", "w5", "--restrict-vocab", "300", "--min-count", "700", "--include-question"],
    ["analogy", "w1", "w2", "w3"],
    ["analogy", "w1", "w2", "w3", "--method", "3cosmul"],
)


def test_answers_by_the_index_are_those_without(wordvec: Run, vectors: Path) -> None:
    made = wordvec("index", vectors)
    assert made.returncode == 0
    assert f"{vectors}.index: an index of ".encode() in made.stderr
    for command, *arguments in QUESTIONS:
        found = wordvec(command, vectors, *arguments)
        assert found.stderr == b""
        assert found.stdout == wordvec(command, vectors, *arguments, "--index", "none").stdout != b""


def test_a_stale_index_is_ignored_aloud_and_refused_if_it_is_named(wordvec: Run, vectors: Path) -> None:
    assert wordvec("index", vectors).returncode == 0
    save(str(vectors), Vocabulary.from_words(b"w%d" % i for i in range(900)), rows(4), {})
    found = wordvec("similar", vectors, "w5")
    assert b"or of what that was before; make it again" in found.stderr
    assert found.stderr.endswith(b"answering without it\n")
    assert found.stdout == wordvec("similar", vectors, "w5", "--index", "none").stdout
    named = wordvec("similar", vectors, "w5", "--index", f"{vectors}.index")
    assert (named.returncode, named.stdout) == (1, b"")
    assert wordvec("index", vectors).returncode == 0
    assert wordvec("similar", vectors, "w5").stderr == b""


def test_what_is_no_index_is_named(wordvec: Run, vectors: Path, tmp_path: Path) -> None:
    for path, what in ((vectors, "is not an index"), (tmp_path / "none.index", "there is no such file")):
        result = wordvec("similar", vectors, "w5", "--index", path)
        assert result.returncode == 2
        assert f"--index {path}: {what}; make one with wordvec index, or give none".encode() in result.stderr
    (tmp_path / "v.txt").write_text("a 1 2\n")
    result = wordvec("index", tmp_path / "v.txt")
    assert result.returncode == 1
    assert b"an index is for a native file; make one with wordvec export" in result.stderr
    result = wordvec("index", vectors, "-o", vectors)
    assert result.returncode != 0


def test_an_index_is_told_and_checked(wordvec: Run, vectors: Path) -> None:
    assert wordvec("index", vectors).returncode == 0
    index = Path(f"{vectors}.index")
    told = wordvec("info", index).stdout.decode()
    assert "format\twordvec index (safetensors)\n" in told
    assert "vectors_checksum\t" in told
    assert wordvec("verify", index).stdout == b"checksum\tholds\n"
    content = bytearray(index.read_bytes())
    content[-3] ^= 1
    index.write_bytes(content)
    damaged = wordvec("verify", index)
    assert damaged.returncode == 1
    assert b"does not hold" in damaged.stdout
    assert b"not one of word vectors" in wordvec("similar", index, "w5").stderr


def test_a_recall_needs_an_index(wordvec: Run, vectors: Path) -> None:
    result = wordvec("similar", vectors, "w5", "--recall-check", "10")
    assert result.returncode == 2
    assert b"--recall-check: there is no index" in result.stderr
    assert wordvec("index", vectors).returncode == 0
    assert (
        b"recall 1.0000: of the 10 nearest of 10 words"
        in wordvec("similar", vectors, "w5", "--recall-check", "10").stderr
    )


# ---------------------------------------------------------------- faiss


def test_where_faiss_is_not_installed_the_extra_is_named(
    wordvec: Run, vectors: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "faiss", None)
    result = wordvec("index", vectors, "--kind", "hnsw")
    assert result.returncode == 2
    assert b"needs faiss, which is not installed; install it with: pip install 'wordvec-cli[faiss]'" in result.stderr
    assert not Path(f"{vectors}.hnsw").exists()


@pytest.mark.parametrize("kind", ["hnsw", "ivf-pq"])
def test_an_index_of_faiss_finds_most_neighbours(wordvec: Run, vectors: Path, kind: str) -> None:
    pytest.importorskip("faiss")
    assert wordvec("index", vectors, "--kind", kind).returncode == 0
    index = f"{vectors}.{kind}"
    found = wordvec("similar", vectors, "w5", "--index", index, "--recall-check", "50")
    assert found.returncode == 0
    told = found.stderr.decode()
    assert f"an index of kind {kind} finds most neighbours, not all" in told
    assert float(told.split("recall ")[1].split(":")[0]) > 0.9
    plain = {line.split(b"\t")[1]: line for line in wordvec("similar", vectors, "w5", "-k", "50").stdout.splitlines()}
    for line in found.stdout.splitlines():  # scores are exact
        assert plain[line.split(b"\t")[1]] == line
    some = wordvec("similar", vectors, "w5", "w6", "--index", index, "--restrict-vocab", "100")
    assert {int(line.split(b"\t")[1][1:]) < 100 for line in some.stdout.splitlines()} == {True}
    assert len(some.stdout.splitlines()) == 20
    assert wordvec("analogy", vectors, "w1", "w2", "w3", "--index", index).returncode == 0
    refused = wordvec("similar", vectors, "w5", "--index", index, "--metric", "dot")
    assert refused.returncode == 2
    assert b"an index of faiss answers by cosine only" in refused.stderr


def test_an_index_of_faiss_that_is_stale_or_damaged_is_refused(wordvec: Run, vectors: Path) -> None:
    pytest.importorskip("faiss")
    assert wordvec("index", vectors, "--kind", "hnsw").returncode == 0
    index = Path(f"{vectors}.hnsw")
    whole = index.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    for content in (whole[:-100], bytes(flipped), whole[:-1] + b"\x55"):
        index.write_bytes(content)
        result = wordvec("similar", vectors, "w5", "--index", index)
        assert (result.returncode, result.stdout) == (1, b"")
        assert b"damaged" in result.stderr
    index.write_bytes(whole)
    save(str(vectors), Vocabulary.from_words(b"w%d" % i for i in range(900)), rows(4), {})
    stale = wordvec("similar", vectors, "w5", "--index", index)
    assert stale.returncode == 1
    assert b"make it again with wordvec index --kind hnsw" in stale.stderr
