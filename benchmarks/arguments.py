"""The command line of `python -m benchmarks`, with types: mypy sees what a section asks for that it does not have."""

from dataclasses import dataclass, field


@dataclass
class Arguments:
    """The options of all sections, and their defaults; `benchmarks.__main__` says what each is."""

    names: list[str] = field(default_factory=list)
    corpus: str = ""
    raw_corpus: str = ""
    german: str = ""
    chinese: str = ""
    glove_build: str = ""
    fasttext: str = ""
    vectors: str = ""
    labelled: list[str] = field(default_factory=list)
    tune_minutes: float = 0
    eval_set: list[str] = field(default_factory=list)
    epochs: int = 1
    runs: int = 3
    only: str = ""
    rows: int = 400_000
    folder: str = ""
    processor: str = ""
    sizes: str = "1,10"
    threads: str = "1,2"
    axes: str = "text,dimension,vocabulary"
    picture: str = ""
    quality: bool = False
    # of replicas
    replicas: str = "1,4"
    rounds: str = "16"
    rule: list[str] = field(default_factory=list)
    rate: float = 0.05
    seeds: int = 1
    results: str = ""
