"""All files of a table in blocks as one: who scored what, who wrote it, and what each item counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from acidtest.data.scores.blocks.profile import Profile, Told, joined
from acidtest.data.scores.blocks.session import Session
from acidtest.data.scores.blocks.source import Source
from acidtest.errors import DataError
from acidtest.stats.metric import Metric

_LONGEST_REASON = 200


class NeedsItemsError(DataError):
    """What is asked for needs single items, whatever the table."""


@dataclass(frozen=True)
class ScoreRange:
    """The range of one benchmark's scores."""

    told: Mapping[str, Told]

    def highest(self) -> float:
        """Return the highest score, or 0 where there is none."""
        return float(np.nanmax([0.0, *(one.high for one in self.told.values())]))

    def lowest(self) -> float:
        """Return the lowest score, or 0 where none is below."""
        return float(np.nanmin([0.0, *(one.low for one in self.told.values())]))


@dataclass(frozen=True)
class BlockTable:
    """All files as one table.

    Attributes:
        session: The open DuckDB.
        sources: The files.
        profiles: What each file holds.
    """

    session: Session
    sources: tuple[Source, ...]
    profiles: list[Profile]

    @property
    def benchmarks(self) -> list[str]:
        """The benchmarks, in the order of the files."""
        return list(dict.fromkeys(name for profile in self.profiles for name in profile))

    def of(self, name: str, *, long: bool | None = None) -> list[Source]:
        """Return the files that hold rows of a benchmark; of one form where `long` says so."""
        paired = zip(self.sources, self.profiles, strict=True)
        return [one for one, profile in paired if name in profile and long in (None, one.long)]

    def is_in(self, sources: Sequence[Source], name: str, model: str) -> bool:
        """Return whether a solver has rows of a benchmark in one of these files."""
        return any(model in self.profiles[source.place].get(name, {}) for source in sources)

    def refuse_overlap(self, name: str, items: str) -> None:
        """Refuse a solver whose items stand in a wide file and, again or perhaps again, in another one.

        Args:
            name: The benchmark.
            items: Table of its items.
        """
        sources = self.of(name)
        for k, one in enumerate(sources):
            for other in sources[:k]:
                both = sorted(set(self.profiles[one.place][name]) & set(self.profiles[other.place][name]))
                if both and not (one.long and other.long) and self._meet(one, other, name, items):
                    raise DataError(
                        f"'{both[0][:80]}' has scores on one item of '{name[:80]}' in two files",
                        where=f"{other.path}, {one.path}",
                        way_out="Write all scores of an item in one file.",
                    )

    def _meet(self, one: Source, other: Source, name: str, items: str) -> bool:
        sides = []
        parameters: list[object] = []
        for source in (one, other):
            where, more = source.rows_of(name)
            sides.append(f"SELECT {source.text('item')} AS item FROM {source.table} {where}")
            parameters += [self.session.paths[source.place], *more]
        sql = f"SELECT count(*) FROM {items} SEMI JOIN ({sides[0]}) USING (item) SEMI JOIN ({sides[1]}) USING (item)"
        return bool(self.session.rows(sql, parameters)[0][0])

    def told(self, name: str) -> dict[str, Told]:
        """Return what is told of each solver on one benchmark, all files together."""
        found: dict[str, Told] = {}
        for profile in self.profiles:
            for model, told in profile.get(name, {}).items():
                found[model] = joined(found[model], told) if model in found else told
        return found

    def word(self, name: str, which: str) -> str:
        """Return a benchmark's kind, generator or strategy, "" where the table says none."""
        words = {word for one in self.told(name).values() for word in one.words.get(which, ("", ""))}
        if len(words) > 1:
            raise DataError(
                f"benchmark '{name[:80]}' has more than one {which}",
                way_out=f"Give all rows of a benchmark the same {which}, or name the parts as benchmarks of their own.",
            )
        word = next(iter(words), "")
        if which == "kind" and word not in ("", "real", "synthetic"):
            raise DataError(f"kind is '{word[:60]}'", way_out="A benchmark is 'real' or 'synthetic'.")
        return word

    def families(self) -> dict[str, str]:
        """Return solver -> family, for those that the table names one of."""
        told = [(m, one) for profile in self.profiles for by in profile.values() for m, one in by.items()]
        return {m: family for m, one in told if (family := one.words.get("family", ("", ""))[1])}

    def numbers(self, chosen: Sequence[str], metric: Metric) -> int:
        """Return how many numbers a block takes: of all solvers of the benchmark that has most."""
        each = {name: self.statistics(name, metric) for name in chosen}
        return max(len(self.told(name)) * (max(k, 1) + 2) for name, k in each.items())

    def statistics(self, name: str, metric: Metric) -> int:
        """Return how many sufficient statistics an item has; 0 where its score is all that is needed."""
        if metric.is_mean:
            return 0
        k = max(one.stats[0] for one in self.told(name).values())
        if not k or metric.finish is None:
            if metric.finish is None:
                raise NeedsItemsError(
                    f"metric '{metric.name}' is no function of sums, so its items cannot be summed up in blocks",
                    way_out="Audit a part of the items, without --blocks.",
                )
            raise DataError(
                f"metric '{metric.name}' is no mean of items' scores, and '{name[:80]}' has no sufficient statistics",
                way_out="Add the column 'stats', or rename the metric to have the items' scores averaged.",
            )
        return k

    def weights(self, name: str) -> bool:
        """Return whether a benchmark's items count differently.

        Raises:
            DataError: Only some scored rows have a weight, or one is below 0, or all are 0.
        """
        told = [one for one in self.told(name).values() if one.scored]
        if not any(one.weights[0] for one in told):
            return False
        low, high = min(one.weights[1] for one in told), max(one.weights[2] for one in told)
        if any(one.weights[0] != one.scored for one in told) or not low >= 0:
            raise DataError(
                f"a weight of '{name[:80]}' is missing or below 0", way_out="Give each row a weight, or none."
            )
        if high <= 0:
            raise DataError(f"the weights of '{name[:80]}' are all 0", way_out="Give some items a weight above 0.")
        return low < high

    def reasons(self, name: str) -> dict[str, str]:
        """Return why solvers have no score on a benchmark."""
        found = {}
        for model, one in self.told(name).items():
            if not one.scored:
                error = " ".join("".join(c if c.isprintable() else " " for c in one.error).split())
                found[model] = f"every item failed: {error[:_LONGEST_REASON]}" if error else "no score"
        return found
