"""Matrices in safetensors files of other tools; the safetensors library writes them, or bytes by hand where it cannot.

`model2vec_folder` makes what model2vec.StaticModel.save_pretrained leaves: model.safetensors, tokenizer.json and more.
"""

import json
import struct
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from wordvec_cli.errors import InputError
from wordvec_cli.formats.foreign_safetensors import looks_like, read
from wordvec_cli.formats.reading import NOT_FINITE, Oddities, ReadOptions
from wordvec_cli.vectors import native
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vocabulary.vocabulary import Vocabulary

MATRIX = np.random.default_rng(1).standard_normal((6, 4)).astype(np.float32)
TOKENS = ["[PAD]", "[UNK]", "the", "##ing", "東京", "Ġnew york"]


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def save(path: str, **tensors: np.ndarray) -> None:
    safetensors.numpy.save_file({name.replace("__", "."): tensor for name, tensor in tensors.items()}, path)


def save_by_hand(path: str, dtype: str, array: np.ndarray) -> None:
    """A file of one tensor, of a type that numpy has not."""
    tensor = {"dtype": dtype, "shape": array.shape, "data_offsets": [0, array.nbytes]}
    header = json.dumps({"embeddings": tensor}).encode()
    header += b" " * (-len(header) % 8)
    Path(path).write_bytes(struct.pack("<Q", len(header)) + header + array.tobytes())


def opened(path: str = "m.safetensors", oddities: Oddities | None = None, **options: object) -> Embeddings:
    return read(path, ReadOptions(**options), oddities or Oddities())


def words_file(words: Iterable[bytes] = tuple(token.encode() for token in TOKENS)) -> None:
    Path("m.safetensors.words").write_bytes(b"".join(word + b"\n" for word in words))


def model2vec_folder(vocabulary: object = None, folder: str = "model", **tensors: np.ndarray) -> str:
    """A folder; `vocabulary` is what tokenizer.json has there."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    save(f"{folder}/model.safetensors", **({"embeddings": MATRIX} | tensors))
    vocabulary = {token: id for id, token in enumerate(TOKENS)} if vocabulary is None else vocabulary
    tokenizer = {
        "version": "1.0",
        "added_tokens": [{"id": 0, "content": "[PAD]", "special": True}],
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": vocabulary},
    }
    Path(folder, "tokenizer.json").write_text(json.dumps(tokenizer), "utf-8")
    Path(folder, "config.json").write_text('{"model_type": "model2vec", "normalize": true}')
    return folder


@pytest.mark.parametrize("dtype", ["<f4", "<f2", "<f8"])
def test_a_matrix_of_floats_is_read_as_float32(dtype: str) -> None:
    save("m.safetensors", anything=MATRIX.astype(dtype), steps=np.arange(3))
    words_file()
    embeddings = opened()
    assert list(embeddings.vocabulary) == [token.encode() for token in TOKENS]
    np.testing.assert_array_equal(embeddings.matrix, MATRIX.astype(dtype).astype(np.float32))


def test_a_tensor_of_a_type_that_is_not_read_does_not_hide_the_matrix() -> None:
    torch = pytest.importorskip("torch")
    import safetensors.torch

    matrix = torch.arange(6, dtype=torch.float32).reshape(3, 2)
    others = {"f8": torch.ones(4, 4).to(torch.float8_e4m3fn), "complex": torch.ones(2, dtype=torch.complex64)}
    safetensors.torch.save_file({"a": matrix, **others}, "m.safetensors")
    words_file([b"a", b"b", b"c"])
    assert opened().matrix.tolist() == matrix.tolist()


def test_bfloat16_is_the_upper_half_of_float32() -> None:
    """Exactly the values whose lower 16 bits are zeros, with those that are not finite."""
    values = np.array([[1.0, -2.5, 3.140625, 1e38], [0.0, -0.0, np.inf, np.nan]], np.float32)
    values = (values.view(np.uint32) & 0xFFFF0000).view(np.float32)
    save_by_hand("m.safetensors", "BF16", (values.view(np.uint32) >> 16).astype("<u2"))
    words_file([b"a", b"b"])
    oddities = Oddities()
    assert opened(oddities=oddities).matrix.tobytes() == values.tobytes()
    assert (oddities.counts, oddities.first) == ({NOT_FINITE: 1}, {NOT_FINITE: 2})


@pytest.mark.parametrize("name", ["embeddings", "embedding", "vectors", "embedding__weight", "weight"])
def test_of_several_matrices_a_known_name_is_taken(name: str) -> None:
    save("m.safetensors", **{"aaa": MATRIX[:3], name: MATRIX, "zzz": MATRIX[:2], "aa": np.zeros(6, np.float32)})
    words_file()
    np.testing.assert_array_equal(opened().matrix, MATRIX)


def test_words_and_counts_of_a_vocabulary() -> None:
    save("m.safetensors", x=MATRIX)
    words = [b"the", "東京".encode(), b"caf\xe9", b"a\x00b", b"new york", b"no\xc2\xa0break"]
    Path("vocab.tsv").write_bytes(b"".join(b"%b\t%d\n" % (word, 9 - i) for i, word in enumerate(words)))
    embeddings = opened(vocabulary="vocab.tsv")
    assert list(embeddings.vocabulary) == words
    assert np.asarray(embeddings.vocabulary.counts).tolist() == [9, 8, 7, 6, 5, 4]


@pytest.mark.parametrize("inner", ["", "/0_StaticEmbedding"])
def test_a_folder_of_model2vec_has_the_tokens_as_words(inner: str) -> None:
    name = "embedding__weight" if inner else "embeddings"
    Path("model").mkdir()
    model2vec_folder(folder=f"model{inner}", **{name: MATRIX})
    if inner:
        save(f"model{inner}/model.safetensors", embedding__weight=MATRIX)
    for path in ("model", f"model{inner}/model.safetensors"):
        embeddings = opened(path)
        assert list(embeddings.vocabulary) == [token.encode() for token in TOKENS]
        np.testing.assert_array_equal(embeddings.matrix, MATRIX)


def test_unigram_tokenizers_have_a_list_and_added_tokens_may_come_after_it() -> None:
    folder = model2vec_folder([[token, -1.5] for token in TOKENS])
    assert list(opened(folder).vocabulary) == [token.encode() for token in TOKENS]
    folder = model2vec_folder({token: id for id, token in enumerate(TOKENS) if id})
    assert list(opened(folder).vocabulary) == [token.encode() for token in TOKENS]


PIECES = ["<unk>", "\u2581war", "war", "\u2581king", "s", "\u2581", "\u2581the"]


def sentence_piece_folder(**parts: object) -> str:
    """A folder whose tokenizer is a Unigram one: words begin with the mark, pieces inside words do not."""
    folder = model2vec_folder([[token, -float(i)] for i, token in enumerate(PIECES)], embeddings=MATRIX_OF_PIECES)
    path = Path(folder, "tokenizer.json")
    tokenizer = json.loads(path.read_text())
    tokenizer["model"] |= {"type": "Unigram", "unk_id": 0}
    path.write_text(json.dumps(tokenizer | {"added_tokens": []} | parts))
    return folder


MATRIX_OF_PIECES = np.random.default_rng(2).standard_normal((len(PIECES), 4)).astype(np.float32)
METASPACE = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True}


@pytest.mark.parametrize(
    "parts",
    [
        {"pre_tokenizer": METASPACE},
        {"pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, METASPACE]}},
        {"normalizer": {"type": "Prepend", "prepend": "\u2581"}},
    ],
)
def test_a_word_of_a_sentence_piece_tokenizer_has_the_row_of_its_own_token_and_not_of_the_piece(parts: object) -> None:
    embeddings = opened(sentence_piece_folder(**parts))
    assert list(embeddings.vocabulary) == [b"<unk>", b"war", b"##war", b"king", b"##s", "\u2581".encode(), b"the"]
    np.testing.assert_array_equal(embeddings.vector("war"), MATRIX_OF_PIECES[1])
    np.testing.assert_array_equal(embeddings.matrix, MATRIX_OF_PIECES)


@pytest.mark.parametrize("choice", [{"prepend_scheme": "never"}, {"prepend_scheme": None, "add_prefix_space": False}])
def test_tokens_stay_as_they_are_where_words_get_no_mark(choice: dict[str, object]) -> None:
    embeddings = opened(sentence_piece_folder(pre_tokenizer=METASPACE | choice))
    assert list(embeddings.vocabulary) == [piece.encode() for piece in PIECES]


def test_the_model2vec_library_gives_words_of_a_sentence_piece_tokenizer_the_same_vectors() -> None:
    model2vec = pytest.importorskip("model2vec")
    folder = sentence_piece_folder(pre_tokenizer=METASPACE)
    theirs = model2vec.StaticModel.from_pretrained(folder, normalize=False).encode(["war", "king", "the"])
    matrix, is_known = opened(folder).vectors([b"war", b"king", b"the"])
    assert is_known.all()
    np.testing.assert_allclose(matrix, theirs, rtol=1e-5)


@pytest.mark.parametrize("dtype", ["<f4", "<f2", "|i1"])
def test_a_quantized_vocabulary_gives_each_token_its_row_times_its_weight(dtype: str) -> None:
    rows = (MATRIX[:2] * 20).astype(dtype)
    mapping, weights = np.array([0, 1, 1, 0, 1, 0]), np.linspace(0.5, 2, 6)
    embeddings = opened(model2vec_folder(embeddings=rows, mapping=mapping, weights=weights))
    expected = [[float(value) * weights[i] for value in rows[mapping[i]]] for i in range(6)]
    np.testing.assert_allclose(embeddings.matrix, expected, rtol=1e-6)
    np.testing.assert_allclose(opened(model2vec_folder(weights=weights)).matrix, MATRIX * weights[:, None], rtol=1e-6)


def test_a_name_of_the_unknown_word_that_is_no_text_is_none() -> None:
    folder = model2vec_folder()
    tokenizer = json.loads(Path(folder, "tokenizer.json").read_text("utf-8"))
    tokenizer["model"] |= {"type": "WordLevel", "unk_token": [[]]}
    Path(folder, "tokenizer.json").write_text(json.dumps(tokenizer), "utf-8")
    assert len(opened(folder).vocabulary) == len(TOKENS)


def test_the_model2vec_library_has_the_same_vectors() -> None:
    pytest.importorskip("model2vec")
    from model2vec import StaticModel
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece

    tokenizer = Tokenizer(WordPiece({token: id for id, token in enumerate(TOKENS)}, unk_token="[UNK]"))
    mapping, weights = np.array([0, 1, 1, 0, 1, 0]), np.linspace(0.5, 2, 6)
    models = {
        "plain": StaticModel(MATRIX, tokenizer, {}),
        "mapped": StaticModel(MATRIX[:2], tokenizer, {}, weights=weights, token_mapping=mapping),
    }
    for name, model in models.items():
        model.save_pretrained(name)
        embeddings = opened(name)
        assert [word.decode() for word in embeddings.vocabulary] == list(StaticModel.from_pretrained(name).tokens)
        np.testing.assert_allclose(embeddings.matrix, model._encode_helper(list(range(6))), rtol=1e-6)


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"a": MATRIX, "b": MATRIX}, "has 2 matrices (a F32 [6, 4], b F32 [6, 4]); save the vectors alone"),
        ({"a": MATRIX[0]}, "has no matrix of F32, F16, BF16 or F64 (a F32 [4])"),
        ({"a": np.zeros((2, 2), np.int32)}, "has no matrix of F32, F16, BF16 or F64 (a I32 [2, 2])"),
        ({}, "has no matrix of F32, F16, BF16 or F64 (nothing)"),
        ({"a": MATRIX[:, :0]}, "its tensor a is empty, (6, 0)"),
        ({"a": MATRIX[:5]}, "holds 5 vectors and m.safetensors.words 6 words"),
    ],
)
def test_a_file_without_one_matrix_is_one_line(tensors: dict[str, np.ndarray], message: str) -> None:
    save("m.safetensors", **tensors)
    words_file()
    assert_one_line("m.safetensors", message)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not a tokenizer with a vocabulary"),
        (b"[1]", "is not a tokenizer with a vocabulary"),
        (b'{"model": {"vocab": 3}}', "is not a tokenizer with a vocabulary"),
        (b'{"model": {"vocab": [["a"]]}}', "is not a tokenizer with a vocabulary"),
        (b'{"model": {"vocab": {"a": "b", "c": 1}}}', "is not a tokenizer with a vocabulary"),
        (b'{"model": {"vocab": {"\\ud800": 0}}}', "is not a tokenizer with a vocabulary"),
        (b'{"model": {"vocab": {"a": 0, "b": 2}}}', "no token has the id 1"),
        (b"[" * 100_000, "is not a tokenizer with a vocabulary"),
    ],
)
def test_a_tokenizer_that_cannot_be_used_is_one_line(content: bytes, message: str) -> None:
    folder = model2vec_folder()
    Path(folder, "tokenizer.json").write_bytes(content)
    assert_one_line(folder, message, "model/tokenizer.json")


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"embeddings": MATRIX[:5]}, "holds 5 vectors and model/tokenizer.json 6 words"),
        ({"mapping": np.arange(5)}, "its tensor mapping is I64 [5], not one value for each of 6 tokens"),
        ({"mapping": np.ones(6)}, "its tensor mapping is F64 [6]"),
        ({"mapping": np.arange(1, 7)}, "its tensor mapping points beyond the 6 rows"),
        ({"mapping": -np.arange(6)}, "its tensor mapping points beyond the 6 rows"),
        ({"weights": np.ones(7)}, "its tensor weights is F64 [7], not one value"),
        ({"weights": np.arange(6)}, "its tensor weights is I64 [6]"),
    ],
)
def test_tensors_of_model2vec_that_do_not_match_are_one_line(tensors: dict[str, np.ndarray], message: str) -> None:
    assert_one_line(model2vec_folder(**tensors), message, "model/model.safetensors")


def test_what_is_missing_is_named() -> None:
    Path("empty").mkdir()
    assert_one_line("empty", "is a folder without model.safetensors and tokenizer.json")
    save("m.safetensors", x=MATRIX)
    assert_one_line("m.safetensors", "holds no words, and there is no m.safetensors.words; name")
    assert_one_line("missing", "no such file")


def test_a_file_cut_short_anywhere_is_one_line() -> None:
    save("whole", x=MATRIX[:2])
    content = Path("whole").read_bytes()
    words_file([b"a", b"b"])
    for size in range(len(content)):
        Path("m.safetensors").write_bytes(content[:size])
        assert_one_line("m.safetensors", "")


def assert_one_line(path: str, message: str, named: str | None = None) -> None:
    with pytest.raises(InputError) as caught:
        opened(path)
    text = str(caught.value)
    assert text.startswith(f"{named or path}: "), text
    assert message in text
    assert "\n" not in text


def test_our_own_files_are_told_from_others() -> None:
    save("m.safetensors", x=MATRIX)
    native.save("ours", Vocabulary.from_words([b"a", b"b"]), MATRIX[:2], {"config": "x" * 5000})
    assert looks_like(Path("m.safetensors").read_bytes())
    assert not looks_like(Path("ours").read_bytes())
    for start in (b"", b"\x00" * 8, b"the 0.1 0.2\n", b"\x93NUMPY\x01\x00{"):
        assert not looks_like(start)
