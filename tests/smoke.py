"""The installed package at work: `make dist` runs this, with the Python of an environment that holds nothing else.

It imports nothing of the tests and runs in a folder of its own, so that all it finds is what was installed.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

PREFIX = Path(sys.prefix)
COMMAND = str(PREFIX / "bin" / "wordvec")
CORPUS = Path(__file__).parent.parent / "sample_data" / "state-of-the-union.txt.xz"
FILES = [
    "share/man/man1/wordvec.1",
    "share/man/man1/wordvec-train.1",
    "share/bash-completion/completions/wordvec",
    "share/zsh/site-functions/_wordvec",
    "share/fish/vendor_completions.d/wordvec.fish",
]


def wordvec(*arguments: str) -> str:
    return subprocess.run([COMMAND, *arguments], check=True, capture_output=True, text=True).stdout


def main() -> None:
    missing = [name for name in FILES if not (PREFIX / name).is_file()]
    assert not missing, missing
    with tempfile.TemporaryDirectory() as folder:
        vocabulary, vectors = f"{folder}/vocab.tsv", f"{folder}/vectors.safetensors"
        wordvec("build-vocab", str(CORPUS), "--lowercase", "--tokenizer", "words", "-o", vocabulary)
        wordvec("train", str(CORPUS), "--vocab", vocabulary, "--epochs", "1", "-o", vectors)
        assert len(wordvec("similar", vectors, "war", "-k", "3").splitlines()) == 3
        assert wordvec("lookup", vectors, "peace").startswith("peace ")
        assert "checksum" in wordvec("verify", vectors)
        code = "import sys, wordvec_cli; print('peace' in wordvec_cli.load(sys.argv[1]))"
        printed = subprocess.run(
            [sys.executable, "-I", "-c", code, vectors], check=True, capture_output=True, text=True
        ).stdout
    assert printed == "True\n", printed
    import wordvec_cli

    assert (Path(wordvec_cli.__file__).parent / "py.typed").is_file()
    print(f"{wordvec('--version').strip()}: installed whole")


if __name__ == "__main__":
    main()
