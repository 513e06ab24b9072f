"""Where a solver stands on a set, in a few characters: the letters that it shares, and the ranks it may have."""

from acidtest.types import FidelityReport, Separated

_MOST_LETTERS = 4


def letters_of(report: FidelityReport, benchmark: str, solver: str) -> str:
    """Return the letters that a solver shares with those it cannot be told apart from; only the ends of many."""
    group = report.rank_groups.get(benchmark, {}).get(solver)
    return shortened(group.letters) if group else ""


def ranks_of(report: FidelityReport, benchmark: str, solver: str) -> str:
    """Return "rank 2 to 4", the ranks that a solver may truly have; empty where no items are known."""
    group = report.rank_groups.get(benchmark, {}).get(solver)
    if group is None:
        return ""
    return f"rank {group.low}" if group.low == group.high else f"rank {group.low} to {group.high}"


def shortened(letters: str) -> str:
    """Return a solver's letters, or the first and last of many.

    Example:
        >>> shortened("ab"), shortened("cdefgh"), shortened("y z aa ab ac")
        ('ab', 'c…h', 'y…ac')
    """
    each = letters.split() if " " in letters else list(letters)
    if " " not in letters and len(letters) <= _MOST_LETTERS:
        return letters
    return " ".join(each) if len(each) <= 1 else f"{each[0]}…{each[-1]}"


def separated_sentence(found: Separated | None) -> str:
    """Return how many of the real set's separations a synthetic set shares; empty where no items are known."""
    if found is None:
        return ""
    if found.real == 0:
        return "Single pairs: the real set tells no two solvers apart, once all pairs are tested together."
    pairs = "pair of solvers" if found.real == 1 else "pairs of solvers"
    opposed = f"contradicts {found.contradicted}" if found.contradicted else "contradicts none"
    return (
        f"Single pairs: of {found.real} {pairs} that the real set tells apart, this set tells {found.both} apart the "
        f"same way round, and {opposed}."
    )
