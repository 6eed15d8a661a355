"""The errors that a user can do something about; anything else is a bug and keeps its traceback.

A message is one line: where, what, and what to do.
"""


class WordvecError(Exception):
    """An error shown to the user in one line; `exit_status` is the command's."""

    exit_status = 1


class InputError(WordvecError):
    """A file, an option or a value that cannot be used as it is."""


class OptionError(InputError):
    """An option with a value that it cannot have."""

    exit_status = 2


class NoWantedWordsError(InputError):
    """A vector file that has none of the words that are wanted of it."""


class OutputError(WordvecError):
    """A result that could not be written whole; the old file, if any, is untouched."""


class UnknownWordError(WordvecError):
    """A word that the vectors do not hold."""

    exit_status = 3


class DivergedError(WordvecError):
    """Training that left the finite numbers."""
