"""Text without spaces between words: told as such, and no other."""

from pathlib import Path

import pytest

from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.spacing import lacks_spaces
from wordvec_cli.text.tokenizer import Tokenizer

from tests.conftest import run_here  # isort: skip

# Article 1 of the Universal Declaration of Human Rights; `|` where a dictionary ends a word.
CHINESE = (
    "人人|生而|自由|,|在|尊严|和|权利|上|一律|平等|。|他们|赋有|理性|和|良心|,|并|应以|兄弟|关系|的|精神|相|对待|。"
)
JAPANESE = (
    "すべて|の|人間|は|、|生まれ|ながら|に|して|自由|で|あり|、|かつ|、|尊厳|と|権利|と|に|ついて|平等|で|ある|。"
)
THAI = "มนุษย์|ทั้งหลาย|เกิด|มา|มี|อิสระ|และ|เสมอภาค|กัน|ใน|เกียรติศักดิ์|และ|สิทธิ"
ENGLISH = "All human beings are born free and equal in dignity and rights. They are endowed with reason and conscience"
GERMAN = "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und Gewissen begabt"
KOREAN = "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다."


@pytest.mark.parametrize("tokenizer", ["whitespace", "words"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((text.replace("|", ""), True) for text in (CHINESE, JAPANESE, THAI)),
        *((text.replace("|", " "), False) for text in (CHINESE, JAPANESE, THAI)),
        *((text, False) for text in (ENGLISH, GERMAN, KOREAN, f"{ENGLISH} 人人生而自由,在尊严和权利上")),
    ],
)
def test_unsegmented_text_is_told_from_all_other(text: str, expected: bool, tokenizer: str, tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text(f"{text}\n" * 3, "utf-8")
    kind = Tokenizer(tokenizer)  # type: ignore[arg-type]
    assert lacks_spaces(Corpus.open([str(path)], kind, tmp_path)) == expected


@pytest.mark.parametrize("options", [[], ["--tokenizer", "words"]])
def test_it_is_told_to_segment_first_and_not_to_lower_min_count(options: list[str], tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text(CHINESE.replace("|", "") + "\n", "utf-8")
    result = run_here("build-vocab", path, "-o", tmp_path / "v.tsv", *options)
    assert result.returncode == 1
    assert "the text has no spaces between words" in result.stderr.decode()
    assert "segment it first" in result.stderr.decode()
    assert "lower --min-count" not in result.stderr.decode()


def test_it_is_told_too_where_some_phrases_are_frequent_enough(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text(
        CHINESE.replace("|", "") + "\n" + "\n".join(f"第{chr(0x4E00 + i)}条人人有资格享受" for i in range(99)), "utf-8"
    )
    result = run_here("build-vocab", path, "-o", tmp_path / "v.tsv", "--tokenizer", "words", "--min-count", "2")
    assert b"segment it first" in result.stderr


def test_characters_as_the_remedy_says(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text(CHINESE.replace("|", "") + "\n", "utf-8")
    options = "--token-pattern", r"\w", "--min-count", "1"
    result = run_here("build-vocab", path, "-o", tmp_path / "v.tsv", *options)
    assert result.returncode == 0
    assert b"segment" not in result.stderr
    assert "人\t2\n" in (tmp_path / "v.tsv").read_text("utf-8")
