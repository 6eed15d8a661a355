"""What is generated from the commands themselves: `make reference` writes it, and a test compares it."""

from pathlib import Path

from wordvec_cli.cli import reference

ROOT = Path(__file__).parent.parent.parent
COMPLETIONS = {
    "bash": "share/bash-completion/completions/wordvec",
    "zsh": "share/zsh/site-functions/_wordvec",
    "fish": "share/fish/vendor_completions.d/wordvec.fish",
}


def files() -> dict[str, str]:
    """The contents of each file, by its path in the repository."""
    pages = {f"share/man/man1/{name}": page for name, page in reference.man_pages().items()}
    scripts = {COMPLETIONS[shell]: script for shell, script in reference.completions().items()}
    return {"docs/commands.md": reference.markdown(), **pages, **scripts}


def main() -> None:
    generated = files()
    for old in (ROOT / "share/man/man1").glob("*.1"):
        if f"share/man/man1/{old.name}" not in generated:
            old.unlink()
    for name, text in generated.items():
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
