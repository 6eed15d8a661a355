"""Folders of static models: model2vec, tokenizers and (if installed) sentence-transformers open what we write."""

import json
import os
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from model2vec import StaticModel
from tokenizers import Tokenizer as OtherTokenizer

from tests.conftest import run_here
from wordvec_cli.errors import InputError, OutputError
from wordvec_cli.formats import FORMATS, check_output_files, open_vectors, write_vectors
from wordvec_cli.formats.reading import ReadOptions, WriteOptions
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vocabulary.vocabulary import Vocabulary

WORDS = ["the", "king", "queen", "don't", "3.14", "²", "naïve", "東京", ",", "é", "", "no\u00a0break"]
MATRIX = np.random.default_rng(1).normal(size=(len(WORDS), 4)).astype(np.float32)
TEXTS = [
    "The KING, don't naïve\n東京 é 3.14² ",
    "the king nowhere queen",
    "e\u0301 the  king\u00a0queen!",
    "no\u00a0break\tthe",
]
FORMAT = FORMATS["sentence-transformers"]
TOKENIZERS = [
    Tokenizer(),
    Tokenizer("words", lowercase=True, normalise="NFC"),
    Tokenizer("words"),
    Tokenizer(lowercase=True),
]


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def vectors(tokenizer: Tokenizer | None = None, words: list[bytes] | None = None) -> Embeddings:
    words = [word.encode() for word in WORDS] if words is None else words
    metadata = {"tokenizer": json.dumps(tokenizer.to_metadata())} if tokenizer else {}
    return from_matrix(Vocabulary.from_words(words), MATRIX[: len(words)], metadata)


@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=Tokenizer.describe)
def test_texts_are_cut_as_the_vectors_tokenizer_cuts_them_and_pooled_by_the_mean(tokenizer: Tokenizer) -> None:
    embeddings = vectors(tokenizer)
    write_vectors("m", embeddings, FORMAT, WriteOptions())
    model, cut = StaticModel.from_pretrained("m"), OtherTokenizer.from_file("m/tokenizer.json")
    for text in TEXTS:
        tokens = tokenizer.tokens(text.encode())
        known = [i for token in tokens if (i := embeddings.vocabulary.find(token)) is not None]
        ids = cut.encode(text, add_special_tokens=False).ids
        assert [i for i in ids if i < len(WORDS)] == known
        assert len(ids) == len(tokens)
        np.testing.assert_allclose(model.encode([text])[0], MATRIX[known].mean(axis=0), rtol=1e-6)


def test_every_character_is_cut_as_we_cut_it() -> None:
    """Of the Basic Multilingual Plane, but for what a newer Unicode than Python's has."""
    tokenizer = Tokenizer("words")
    write_vectors("m", vectors(tokenizer), FORMAT, WriteOptions())
    cut = OtherTokenizer.from_file("m/tokenizer.json")
    codes = [code for code in range(0x80, 0x10000) if unicodedata.category(chr(code)) not in ("Cn", "Cs")]
    text = " ".join(f"a{chr(code)}b" for code in codes)
    pieces = [text[first:last] for first, last in cut.encode(text, add_special_tokens=False).offsets]
    ours = [token.decode() for token in tokenizer.tokens(text.encode())]
    assert pieces == ours


def test_sentence_transformers_opens_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unknown words take part there with their row, which is zeros where the vectors have none."""
    sentence_transformers = pytest.importorskip("sentence_transformers")
    write_vectors("m", vectors(TOKENIZERS[1]), FORMAT, WriteOptions())
    model = sentence_transformers.SentenceTransformer(os.path.abspath("m"))
    np.testing.assert_allclose(model.encode(["the KING"])[0], MATRIX[:2].mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(model.encode(["the nowhere"])[0], MATRIX[0] / 2, rtol=1e-6)


def test_what_is_written_comes_back_with_the_vector_of_unknown_words() -> None:
    write_vectors("m", vectors(), FORMAT, WriteOptions())
    found = open_vectors("m", ReadOptions())
    assert [word.decode() for word in found.vocabulary] == WORDS
    np.testing.assert_array_equal(found.matrix, MATRIX)
    assert found.unknown is None
    unknown = memoryview(np.float32([1, 2, 3, 4])).cast("B").cast("f")
    write_vectors("m", Embeddings(**{**vars(vectors()), "unknown": unknown}), FORMAT, WriteOptions())
    found = open_vectors("m", ReadOptions())
    assert found.unknown is not None
    assert (len(found.vocabulary), list(found.unknown)) == (len(WORDS), [1, 2, 3, 4])
    assert len(open_vectors("m", ReadOptions(limit=3)).vocabulary) == 3


def test_the_command_makes_the_folder_and_refuses_another() -> None:
    Path("v.txt").write_text("the 1 2\ncat 3 4\n")
    first = run_here("export", "v.txt", "m", "--to", "sentence-transformers")
    assert first.returncode == 0
    assert b"m: nothing says how its words were made, so that its tokenizer splits texts at white space" in first.stderr
    assert sorted(os.listdir("m")) == ["config.json", "model.safetensors", "modules.json", "tokenizer.json"]
    assert run_here("export", "v.txt", "m", "--to", "sentence-transformers").returncode == 0
    assert run_here("similar", "m", "the").returncode == 0
    Path("m/notes.txt").write_text("mine")
    refused = run_here("export", "v.txt", "m", "--to", "sentence-transformers")
    assert (refused.returncode, refused.stderr) == (
        1,
        b"Error: m: is a folder that holds notes.txt; name another, which is made\n",
    )
    with pytest.raises(OutputError, match=r"^v.txt: is not a folder"):
        check_output_files("v.txt", FORMAT)


def test_words_that_a_tokenizer_cannot_hold_are_refused_and_leave_nothing() -> None:
    for words in ([b"caf\xe9"], [b"<unk>", b"[UNK]", b"<unknown word>"]):
        with pytest.raises(InputError, match=r"^m: "):
            write_vectors("m", vectors(None, words), FORMAT, WriteOptions())
        assert os.listdir() == []
