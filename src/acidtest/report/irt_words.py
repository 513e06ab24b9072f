"""What a scale says, in plain sentences: where a synthetic set lost its difficulty, and for whom it is easier."""

import math

from acidtest.errors import counted
from acidtest.report import number
from acidtest.report.safe_text import name
from acidtest.stats.estimate import Estimate
from acidtest.types.irt import FamilyDifference, IrtReport, ItemSet, SetDifference

_ONE = 1.0
_ALIKE = 1.5
"""Information that surely lies within this factor of a real item's is about as much."""


def sentences(report: IrtReport) -> tuple[str, ...]:
    """Return what to read first: each synthetic set against the real one; without a real one, each set alone."""
    if not report.differences:
        return tuple(set_sentence(key, one) for key, one in report.sets.items())
    said = [set_sentence(report.real, report.sets[report.real])]
    for key, difference in report.differences.items():
        said.append(difference_sentence(key, report.sets[key], report.sets[report.real], difference))
        own = next((family for family in report.families.get(key, ()) if family.own), None)
        if own is not None:
            said.append(family_sentence(key, own))
    return tuple(said)


def set_sentence(key: str, one: ItemSet) -> str:
    """Return where one set's items lie.

    The words for a share of items speak of what solvers do, not of parameters.
    """
    ends = [f"{share(one.share['below'])} are so easy that even the weakest solver is likelier right than wrong"]
    if one.share["above"].value >= 0.005:  # noqa: PLR2004  # half a percent: else it is 0 % to read
        ends.append(f"{share(one.share['above'])} are so hard that even the best is likelier wrong")
    return (
        f"{name(key)}: {counted(one.items, 'item')} of mean difficulty {value(one.difficulty['mean'])} (0: the average "
        f"solver is right half the time; 1: one standard deviation of ability); {', and '.join(ends)}."
    )


def difference_sentence(key: str, one: ItemSet, real: ItemSet, difference: SetDifference) -> str:
    """Return how much easier a synthetic set is, where the difficulty was lost, and what its items still tell."""
    easier = difference.easier_by
    if excludes(easier, 0.0):
        way = "easier" if easier.value > 0 else "harder"
        size = Estimate(
            value=abs(easier.value),
            low=min(abs(easier.low), abs(easier.high)),
            high=max(abs(easier.low), abs(easier.high)),
            n=easier.n,
            method="",
        )
        first = f"its items are {way} by {value(size)} sd of ability{_where(one, real, easier.value)}"
    else:
        first = f"not clearly easier or harder (by {value(easier, signed=True)} sd of ability)"
    below = (
        f"{share(one.share['below'])} of them are easier than the weakest solver can miss (real: "
        f"{_percent(real.share['below'].value)} %)"
    )
    return f"{name(key)}: {first}; {below}; {_tells(difference)}.{_apart(difference)}"


def _where(one: ItemSet, real: ItemSet, easier: float) -> str:
    """Return at which end the difficulty was lost, where the ends differ."""
    hard = real.difficulty["q90"].value - one.difficulty["q90"].value
    easy = real.difficulty["q10"].value - one.difficulty["q10"].value
    if max(abs(hard), abs(easy)) < 2 * min(abs(hard), abs(easy)) and hard * easy > 0:
        return ", all along"
    end = "hard" if hard * math.copysign(1, easier) > easy * math.copysign(1, easier) else "easy"
    return f", most at the {end} end (the hardest tenth begins {_moved(hard)}, the easiest ends {_moved(easy)})"


def _moved(by: float) -> str:
    return f"{number.number(abs(by))} {'lower' if by > 0 else 'higher'}"


def _tells(difference: SetDifference) -> str:
    ratio = difference.information_ratio
    if not excludes(ratio, _ONE):
        if ratio.low > 1 / _ALIKE and ratio.high < _ALIKE:
            return f"one of its items tells about as much of these solvers as a real one ({value(ratio)})"
        return f"one of its items tells {value(ratio)} times as much of these solvers as a real one: not sure to differ"
    return f"one of its items tells as much of these solvers as {value(ratio)} real ones"


def _apart(difference: SetDifference) -> str:
    floor = number.number(difference.distance_floor.value)
    return (
        f" The distributions of difficulty lie {value(difference.distance)} apart; two such sets of real items alone "
        f"would lie {floor} apart."
    )


def family_sentence(key: str, own: FamilyDifference) -> str:
    """Return whether a set is easier for the family that wrote it."""
    ability = own.ability
    score = value(own.score, 3, signed=True)
    how = f"by {value(ability, signed=True)} sd of ability, {score} of score, p {p_text(own.p)}"
    spread = ""
    if math.isfinite(own.p_spread) and own.p < 0.05 <= own.p_spread:  # noqa: PLR2004  # the usual level of a test
        spread = "; but other solvers differ as much between the sets"
    if excludes(ability, 0.0):
        way = "easier" if ability.value > 0 else "harder"
        return f"{name(key)} is {way} for {name(own.family)}, which wrote it, than its real scores say: {how}{spread}."
    return f"{name(key)} is not clearly easier for {name(own.family)}, which wrote it, than its real scores say: {how}."


def value(estimate: Estimate, digits: int = 2, *, signed: bool = False) -> str:
    """Return a number with its interval."""
    return f"{number.number(estimate.value, digits, signed=signed)} {number.interval(estimate, digits, signed=signed)}"


def share(estimate: Estimate) -> str:
    """Return a share in percent with its interval."""
    ends = f"[{_percent(estimate.low)}, {_percent(estimate.high)}]"
    return f"{_percent(estimate.value)} % {ends}"


def p_text(p: float) -> str:
    """Return a p value as people write it."""
    if math.isnan(p):
        return "-"
    return "< .001" if p < 0.001 else f"{p:.3f}".lstrip("0")  # noqa: PLR2004


def excludes(estimate: Estimate, x: float) -> bool:
    """Return whether an interval leaves a number out."""
    return estimate.low > x or estimate.high < x


def _percent(x: float) -> str:
    if math.isnan(x):
        return "?"
    whole = f"{100 * x:.0f}"
    return f"{100 * x:.1f}" if whole == "0" and round(100 * x, 1) > 0 else whole
