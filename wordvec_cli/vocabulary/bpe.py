"""Subwords learnt from a corpus: byte-level BPE, by Hugging Face's `tokenizers`, as a tokenizer.json.

Of the ways that the library knows, this one gives the same file each time (its Unigram and WordPiece do not), and no
text is unknown to it: each byte is a token.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.messages import counted
from wordvec_cli.progress import Note, Progress, Report
from wordvec_cli.storage.files import replacing, spool_folder
from wordvec_cli.storage.output_names import check_ending
from wordvec_cli.storage.sidecar import check_outputs
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.corpus_notes import note_invalid_lines, open_corpus
from wordvec_cli.text.decoding import shown
from wordvec_cli.text.subword_file import PADDING_TOKEN, UNKNOWN_TOKEN
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.vocabulary.build import VocabularyOrder

SPECIAL_TOKENS = (PADDING_TOKEN, UNKNOWN_TOKEN)
LEAST_TOKENS = 256 + len(SPECIAL_TOKENS)


def train_subwords(order: VocabularyOrder, n_tokens: int, report: Report, note: Note) -> None:
    """Learn tokens from a corpus, and write them as a tokenizer.json: padding, unknown, the 256 bytes, then merges.

    n_tokens  at most, special ones counted in
    order     its min_count: how often two tokens come together, at least, that are merged
    Raises: InputError, OptionError, OutputError
    """
    _check(order, n_tokens)
    library = _imported(order.counting.n_threads)
    folder = spool_folder(order.tmp_dir, order.output)
    how = order.tokenizer
    if how.invalid_utf8 == "keep":  # the library takes texts alone
        how = replace(how, invalid_utf8="replace")
    corpus = open_corpus(order.corpus, how, folder, note, order.files)
    corpus.check_not_output(order.output)
    tokenizer = _untrained(library, order.tokenizer)
    trainer = library.trainers.BpeTrainer(
        vocab_size=n_tokens, min_frequency=order.counting.min_count, special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=sorted(library.pre_tokenizers.ByteLevel.alphabet()), show_progress=False,
    )  # fmt: skip
    tokenizer.train_from_iterator(_lines(corpus, report), trainer)
    n_learnt = tokenizer.get_vocab_size()
    if n_learnt == LEAST_TOKENS:
        raise InputError(
            f"{corpus.paths[0]}: no two bytes come together {order.counting.min_count} times; lower --min-count"
        )
    note_invalid_lines(corpus, note)
    fewer = "" if n_learnt == n_tokens else ", as nothing else is frequent enough"
    note(f"{counted(n_learnt, 'token')}{fewer}, with {', '.join(SPECIAL_TOKENS)} as numbers 0 and 1")
    with replacing(order.output) as file:
        file.write(tokenizer.to_str(pretty=True).encode() + b"\n")


def _check(order: VocabularyOrder, n_tokens: int) -> None:
    check_outputs([order.output])
    check_ending(order.output, [".json"])
    if n_tokens < LEAST_TOKENS:
        raise OptionError(
            f"--train-bpe {n_tokens}: has no room for the 256 bytes and {len(SPECIAL_TOKENS)} special tokens; give a "
            f"number above {LEAST_TOKENS}"
        )
    if order.tokenizer.kind != Tokenizer().kind:
        raise OptionError("--train-bpe: finds its own words; leave --tokenizer and --token-pattern out")
    if order.counting.max_vocab is not None:
        raise OptionError("--train-bpe: says itself how many tokens there are; leave --max-vocab out")
    if order.layout != "tsv":
        raise OptionError("--train-bpe: writes a tokenizer.json; leave --to out")


def _imported(n_threads: int) -> Any:
    """The library, with so many threads if it has not run before. Raises: OptionError if it is not installed"""
    os.environ.setdefault("RAYON_NUM_THREADS", str(n_threads))
    try:
        import tokenizers
    except ImportError:
        raise OptionError(
            "--train-bpe: needs tokenizers, which is not installed; pip install 'wordvec-cli[tokenizers]'"
        ) from None
    return tokenizers


def _untrained(library: Any, options: Tokenizer) -> Any:
    tokenizer = library.Tokenizer(library.models.BPE())
    steps = [getattr(library.normalizers, options.normalise)()] if options.normalise else []
    steps += [library.normalizers.Lowercase()] if options.lowercase else []
    if steps:
        tokenizer.normalizer = library.normalizers.Sequence(steps)
    tokenizer.pre_tokenizer = library.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = library.decoders.ByteLevel()
    return tokenizer


def _lines(corpus: Corpus, report: Report) -> Iterator[list[str]]:
    """The lines, some at a time."""
    for block in corpus.raw_blocks():
        report(Progress("reading", block.stored_done, corpus.size_bytes, "B"))
        yield shown(block.text).split("\n")
