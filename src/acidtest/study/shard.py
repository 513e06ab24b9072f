"""A part of a run's items, for one of several machines: chosen by what the items say, bundles whole."""

import hashlib
import re
from array import array
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import orjson

from acidtest.data.run_folder import RunFolder, write_atomically
from acidtest.errors import DataError, StudyFileError
from acidtest.study.schema import StudyFile
from acidtest.study.state import read_state
from acidtest.types import Benchmark, Item

MOST_SHARDS = 10_000
SHARED = ("responses/", "judgements/", "ratings/")
"""Starts of the keys of units that each shard does a part of."""

_WRITTEN = re.compile(r"([0-9]{1,5})/([0-9]{1,5})")


@dataclass(frozen=True, kw_only=True)
class Shard:
    """One of several parts.

    Attributes:
        number: Which, from 1.
        of: How many there are.

    Example:
        >>> str(shard_named("2/8"))
        '2/8'
    """

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @property
    def done(self) -> str:
        """What is written down of a unit whose part is done."""
        return f"shard {self} is done"

    def own(self, items: Sequence[Item]) -> tuple[Item, ...]:
        """Return the items that fall to this shard, in their order.

        An item falls to a shard by the SHA-256 of its inputs, choices and target, whatever its id or place; one of a
        bundle by that of the bundle's name and all its members. So each item falls to exactly one shard.
        """
        members: dict[str, list[str]] = defaultdict(list)
        numbers = array("H")
        for item in items:
            digest = item.digest
            if item.bundle is not None:
                members[item.bundle].append(digest)
            numbers.append(self._number(digest))
        bundles = {
            name: self._number(hashlib.sha256(orjson.dumps([name, sorted(digests)])).hexdigest())
            for name, digests in members.items()
        }
        return tuple(
            item
            for item, number in zip(items, numbers, strict=True)
            if (number if item.bundle is None else bundles[item.bundle]) == self.number
        )

    def part(self, benchmark: Benchmark) -> Benchmark:
        """Return the benchmark with the items that fall to this shard."""
        return replace(benchmark, items=self.own(benchmark.items))

    def _number(self, digest: str) -> int:
        return int(digest[:16], 16) % self.of + 1


@dataclass(frozen=True, kw_only=True)
class ShardFolder:
    """What a shard's folder says of itself; `real` is the name of the real benchmark."""

    shard: Shard
    real: str


def shard_named(text: str) -> Shard:
    """Return the shard that K/N names.

    Raises:
        StudyFileError: It is no such text, or K is not one of 1 to N.
    """
    found = _WRITTEN.fullmatch(text.strip())
    number, of = (int(found.group(1)), int(found.group(2))) if found else (0, 0)
    if not 1 <= number <= of <= MOST_SHARDS:
        raise StudyFileError(
            f"'{text[:40]}' names no shard",
            where="--shard",
            way_out=f"Write K/N, K from 1 to N, N at most {MOST_SHARDS:,}: --shard 2/8",
        )
    return Shard(number=number, of=of)


def read_shard(folder: RunFolder) -> ShardFolder | None:
    """Return what a folder says of itself, None where it holds a whole run.

    Raises:
        DataError: The file is broken.
    """
    if not folder.shard.exists():
        return None
    try:
        found = orjson.loads(folder.shard.read_bytes())
        shard = shard_named(f"{found['shard']}/{found['of']}")
        return ShardFolder(shard=shard, real=str(found["real"]))
    except (orjson.JSONDecodeError, KeyError, TypeError, StudyFileError):
        raise DataError(
            "this file tells of no shard", where=str(folder.shard), way_out="Name another folder."
        ) from None


def write_shard(folder: RunFolder, shard: Shard, real: str) -> None:
    """Write down that a folder holds one shard."""
    content = {"schema": 1, "shard": shard.number, "of": shard.of, "real": real}
    write_atomically(folder.shard, orjson.dumps(content, option=orjson.OPT_APPEND_NEWLINE))


def check_shard(folder: RunFolder, study: StudyFile, shard: Shard | None) -> None:
    """Refuse what does not go together: a folder and another shard, or a study that cannot be parted.

    Raises:
        DataError: The folder holds another shard, or a shard where the whole is asked for, or the other way round.
        StudyFileError: The study has adaptive tests, or its synthetic benchmarks are not written yet.
    """
    known, where = read_shard(folder), str(folder.root)
    if shard is None:
        if known is not None:
            raise DataError(
                f"this folder holds shard {known.shard} alone, which says nothing of the whole",
                where=where,
                way_out=f"Put all together: acidtest merge SHARD... -o RUN; or go on with --shard {known.shard}.",
            )
        return
    if known is not None and known.shard != shard:
        raise DataError(
            f"this folder holds shard {known.shard}, not {shard}", where=where, way_out="Name one folder per shard."
        )
    if study.adaptive is not None:
        raise StudyFileError(
            "adaptive tests cannot be parted into shards: which item is asked next rests on the answers before",
            where="--shard",
            way_out="Leave out --shard, or the adaptive tests.",
        )
    before = read_state(folder)
    stages = before.stages if before else {}
    if known is None and any(key.startswith(SHARED) for key in stages):
        raise DataError("this folder holds answers of a whole run", where=where, way_out="Name another folder with -o.")
    unwritten = [g.benchmark for g in study.generators if not _is_written(stages, g.benchmark)]
    if unwritten:
        raise StudyFileError(
            f"the synthetic benchmark '{unwritten[0]}' is not written yet, and every shard would write its own",
            where="--shard",
            way_out="Write it once: acidtest generate STUDY -o BASE. Then start every shard from there: "
            f"acidtest evaluate BASE --shard {shard} -o SHARD",
        )


def _is_written(stages: object, benchmark: str) -> bool:
    unit = stages.get(f"synthetic/{benchmark}") if isinstance(stages, dict) else None
    return unit is not None and unit.status in ("done", "incomplete")
