"""What a user can meet: every error says what is wrong, where, and the way out."""

from collections.abc import Sequence

LONGEST = 1_600
"""Characters of each part of an error: names in it may be a stranger's, and as long as that one likes."""


class AcidtestError(Exception):
    r"""The base of all errors that a user can mend; the command line prints it and exits with 2.

    Args:
        what: One sentence that names the wrong value.
        where: The place: a file and line, a key of the study file, an address.
        way_out: What to do now.

    Example:
        >>> str(AcidtestError("'sport' is not a label", where="real.jsonl line 3", way_out="Add it to 'labels'."))
        "'sport' is not a label\n  where: real.jsonl line 3\n  way out: Add it to 'labels'."
    """

    def __init__(self, what: str, *, where: str = "", way_out: str = "") -> None:
        self.what, self.where, self.way_out = (_bounded(part) for part in (what, where, way_out))
        lines = [self.what]
        if where:
            lines.append(f"  where: {self.where}")
        if way_out:
            lines.append(f"  way out: {self.way_out}")
        super().__init__("\n".join(lines))


class StudyFileError(AcidtestError):
    """The study file asks for something that cannot be."""


class DataError(AcidtestError):
    """A file of items or scores cannot be read as what it claims to be."""


class FetchError(AcidtestError):
    """A model or data set could not be had, or is not the file that was expected."""


class TransientModelError(AcidtestError):
    """No answer came after all retries; the item stays unanswered, other items go on."""


class ModelError(AcidtestError):
    """A model refuses to answer, and will go on refusing: a wrong key, an unknown model."""


class BudgetError(AcidtestError):
    """The next call could cost more than the study allows."""


class UnknownNameError(AcidtestError):
    """A name that nothing is registered under."""


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """Return the start of a way out: the known name that is nearest to a wrong one, or nothing where none is near.

    Example:
        >>> did_you_mean("labl", ["text", "label"]), did_you_mean("x", ["text", "label"])
        ("Did you mean 'label'? ", '')
    """
    import difflib

    near = difflib.get_close_matches(name, known, n=1)
    return f"Did you mean '{near[0]}'? " if near else ""


def _bounded(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def counted(n: int, word: str) -> str:
    """Return a number with its word, which takes an s but for one.

    Example:
        >>> counted(1, "solver"), counted(2000, "solver pair")
        ('1 solver', '2,000 solver pairs')
    """
    return f"{n:,} {word}" if n == 1 else f"{n:,} {word}s"
