"""Tokens of a tokenizer.json: the ids that the library gives, for any kind of tokenizer; files that lie are told."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tokenizers
from tokenizers import models, normalizers, pre_tokenizers, processors, trainers

from tests.conftest import run_here
from wordvec_cli.errors import InputError
from wordvec_cli.layer.encode import EncodeOrder, encode_files
from wordvec_cli.layer.row_options import RowOptions
from wordvec_cli.text.subword_file import load, looks_like, read_subwords
from wordvec_cli.text.tokenizer import Tokenizer, agreed_tokenizer
from wordvec_cli.vocabulary.file import read_vocabulary

TEXT = ["the cat sat on the mat", "the dog and the cat", "das Haus, the house: 東京 é", "a-b c_d 1.5", ""] * 3
NASTY = [*TEXT[:5], "  two  spaces\t and\u00a0others\u3000 ", "unseen wörds 😀\x00", "[PA D] it's", "x" * 300]


def bpe(folder: Path) -> Path:
    text, path = folder / "text.txt", folder / "bpe.json"
    text.write_text("\n".join(TEXT), "utf-8")
    assert run_here("build-vocab", text, "--train-bpe", "300", "--min-count", "2", "-o", path).returncode == 0
    return path


def word_piece(folder: Path) -> Path:
    """As BERT's: [PAD] first, [UNK] later, [CLS] and [SEP] around each line, lines cut and padded."""
    tokenizer = tokenizers.Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[unused0]", "[UNK]", "[CLS]", "[SEP]"]
    tokenizer.train_from_iterator(TEXT, trainers.WordPieceTrainer(vocab_size=80, special_tokens=special))
    tokenizer.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", None, [("[CLS]", 3), ("[SEP]", 4)])
    tokenizer.enable_truncation(8)
    tokenizer.enable_padding(length=20)
    tokenizer.save(str(folder / "bert.json"))
    return folder / "bert.json"


def unigram(folder: Path) -> Path:
    """As T5's: a space is part of a token, unknown characters are one token."""
    tokenizer = tokenizers.Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    options = {"vocab_size": 60, "special_tokens": ["<pad>", "</s>", "<unk>"], "unk_token": "<unk>"}
    tokenizer.train_from_iterator(TEXT, trainers.UnigramTrainer(show_progress=False, **options))
    tokenizer.save(str(folder / "t5.json"))
    return folder / "t5.json"


KINDS = {"bpe": (bpe, ("pad", "unk")), "word piece": (word_piece, ("pad",)), "unigram": (unigram, ("pad",))}


@pytest.mark.parametrize("kind", KINDS)
def test_ids_are_those_of_the_library(kind: str, tmp_path: Path) -> None:
    make, specials = KINDS[kind]
    path = str(make(tmp_path))
    library = tokenizers.Tokenizer.from_file(path)
    library.no_truncation()
    library.no_padding()
    (tmp_path / "nasty.txt").write_text("\n".join(NASTY) + "\n", "utf-8")
    encode_files(EncodeOrder((str(tmp_path / "nasty.txt"),), path, str(tmp_path / "ids.jsonl")))
    ids = [json.loads(line) for line in (tmp_path / "ids.jsonl").read_text().splitlines()]
    assert ids == [library.encode(line).ids for line in NASTY]
    file = read_vocabulary(path)
    assert file.specials == specials
    words = [word.decode() for word in file.vocabulary]
    assert words == [library.id_to_token(id) for id in range(len(specials), library.get_vocab_size())]


def test_padding_is_the_row_of_the_padding_token(tmp_path: Path) -> None:
    path = bpe(tmp_path)
    (tmp_path / "t.txt").write_text("the cat\n[PAD]\n")
    library = tokenizers.Tokenizer.from_file(str(path))
    output = tmp_path / "ids.txt"
    encode_files(EncodeOrder((str(tmp_path / "t.txt"),), str(path), str(output), "text", RowOptions(length="8")))
    rows = [[int(id) for id in line.split()] for line in output.read_text().splitlines()]
    expected = library.encode("the cat").ids
    assert rows[0] == [library.token_to_id("[PAD]")] * (8 - len(expected)) + expected
    library.encode_special_tokens = True  # text that says [PAD] is no padding
    assert rows[1][-len(library.encode("[PAD]").ids) :] == library.encode("[PAD]").ids


def test_other_special_rows_are_refused(tmp_path: Path) -> None:
    path = bpe(tmp_path)
    refused = run_here("encode", tmp_path / "text.txt", "--vocab", path, "--specials", "pad", "-o", tmp_path / "i.npy")
    assert refused.returncode == 1
    assert b"has the special rows pad,unk before its tokens, not pad; leave --specials out" in refused.stderr
    assert run_here("encode", tmp_path / "text.txt", "--vocab", path, "-o", tmp_path / "i.npy").returncode == 0
    matrix = run_here(
        "matrix", "--vocab", path, "--vector-size", "3", "--sequences", tmp_path / "i.npy", "-o", tmp_path / "m.npy"
    )
    assert matrix.returncode == 0, matrix.stderr


def test_a_file_may_move_but_not_change(tmp_path: Path) -> None:
    path = bpe(tmp_path)
    made = Tokenizer(f"tokenizers:{path}")
    moved = tmp_path / "moved.json"
    moved.write_bytes(path.read_bytes())
    assert agreed_tokenizer(Tokenizer(f"tokenizers:{moved}"), made, "x").kind == f"tokenizers:{moved}"
    recorded = Tokenizer.from_metadata(json.loads(json.dumps(made.to_metadata())))
    assert recorded.tokens(b"the") == [b"the"]
    path.write_text(path.read_text().replace("the", "teh"))
    with pytest.raises(InputError, match="was built with the tokenizer tokenizers:"):
        agreed_tokenizer(Tokenizer(f"tokenizers:{path}"), made, "x: was built")
    with pytest.raises(InputError, match="made by a file with the SHA-256"):
        Tokenizer(f"tokenizers:{path}", version=f"{made.version}0").tokens(b"the")
    with pytest.raises(InputError, match="no such file"):
        Tokenizer(f"tokenizers:{tmp_path}/none.json")


LIES: dict[str, tuple[Callable[[Any], object], str]] = {
    "a hole": (lambda table: table["model"]["vocab"].update(the=5000), "'the' has the id 5000"),
    "an id twice": (lambda table: table["model"]["vocab"].update(new=5), "have the same id, 5"),
    "an id below 0": (lambda table: table["model"]["vocab"].update(new=-5), "'new' has the id -5"),
    "no number": (lambda table: table["model"]["vocab"].update(new="5"), "'new' has the id '5'"),
    "white space": (
        lambda table: table["model"]["vocab"].update({"a b": len(table["model"]["vocab"])}),
        "holds white space",
    ),
    "two ids": (lambda table: table["added_tokens"][0].update(id=7), r"'\[PAD\]' has the ids 0 and 7"),
    "no tokens": (lambda table: table.update(model={"vocab": {}}, added_tokens=[]), "it has no tokens"),
    "chance": (lambda table: table["model"].update(dropout=0.1), "cuts text at random"),
    "merges": (lambda table: table["model"]["merges"].append(["q", "zzz"]), "`zzz` out of vocabulary"),
    "no merge": (lambda table: table["model"].update(merges=[["h"]]), "did not match"),
    "type": (lambda table: table["model"].update(type="New"), "did not match"),
    "regex": (lambda table: table.update(pre_tokenizer={"type": "Split", "pattern": "(("}), "unknown variant"),
    "list": (lambda table: table["model"].update(vocab=[["a"]]), "ValueError"),
}  # fmt: skip


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> str:
    return bpe(tmp_path_factory.mktemp("bpe")).read_text()


@pytest.mark.parametrize("lie", LIES)
def test_a_file_that_lies_is_one_line(lie: str, table: str, tmp_path: Path) -> None:
    change, message = LIES[lie]
    content = json.loads(table)
    change(content)
    path = tmp_path / "t.json"
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=message) as raised:
        load(str(path))
    assert str(raised.value).startswith(str(path)) and "\n" not in str(raised.value)


def test_a_file_that_is_cut_is_one_line(table: str) -> None:
    for size in range(0, len(table), 997):
        with pytest.raises(InputError, match=r"t.json: is not a tokenizer.json"):
            read_subwords("t.json", table.encode()[:size])


def test_a_list_of_words_is_no_tokenizer() -> None:
    assert not looks_like(b'{ 5\nmodel 3\n"model" 2\n')
    assert not looks_like(b'the\t5\n{"model": {"vocab"')


def test_what_becomes_of_bytes_that_are_not_text_is_told(tmp_path: Path) -> None:
    """The library takes texts alone, so that they cannot be kept."""
    (tmp_path / "c.txt").write_bytes(b"caf\xe9 caf\xe9 cafe\n" * 9)
    made = []
    for options in ([], ["--invalid-utf8", "replace"]):
        result = run_here("build-vocab", tmp_path / "c.txt", "--train-bpe", "265", "-o", tmp_path / "t.json", *options)
        assert result.returncode == 0, result.stderr
        assert b"9 lines are not UTF-8 (Latin-1?)" in result.stderr
        assert b"their bad bytes replaced by U+FFFD" in result.stderr
        made.append((tmp_path / "t.json").read_bytes())
    assert made[0] == made[1]


def test_the_same_text_gives_the_same_file(tmp_path: Path) -> None:
    first = bpe(tmp_path).read_bytes()
    assert bpe(tmp_path).read_bytes() == first
    assert json.loads(first)["added_tokens"][1]["content"] == "[UNK]"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--train-bpe", "100"], "has no room for the 256 bytes"),
        (["--train-bpe", "300", "--tokenizer", "words"], "finds its own words"),
        (["--train-bpe", "300", "--max-vocab", "9"], "leave --max-vocab out"),
        (["--train-bpe", "300", "--to", "word2vec"], "leave --to out"),
        (["--train-bpe", "300", "--min-count", "99"], "come together 99 times; lower --min-count"),
    ],
)
def test_options_without_an_effect_are_refused(options: list[str], message: str, tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("ab ab ab\n")
    result = run_here("build-vocab", tmp_path / "t.txt", *options, "-o", tmp_path / "t.json")
    assert result.returncode != 0
    assert message.encode() in result.stderr


def test_lower_case_and_normal_forms_are_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("THE the ﬁn\n" * 5, "utf-8")
    options = "--train-bpe", "270", "--min-count", "2", "--lowercase", "--normalise", "NFKC"
    assert run_here("build-vocab", tmp_path / "t.txt", *options, "-o", tmp_path / "t.json").returncode == 0
    tokenizer = tokenizers.Tokenizer.from_file(str(tmp_path / "t.json"))
    assert tokenizer.encode("The ﬁn").ids == tokenizer.encode("the fin").ids
    assert read_vocabulary(str(tmp_path / "t.json")).tokenizer == Tokenizer(f"tokenizers:{tmp_path}/t.json")
