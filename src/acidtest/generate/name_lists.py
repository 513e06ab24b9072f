"""The names that a generator listed, type by type: clean, distinct, and of one type only."""

import random
import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from acidtest.generate.names import KnownNames

_LONGEST = 80
_MOST_WORDS = 8
_NOTE = re.compile(r"\s*(?:\(.*\)|[:;\u2013\u2014]\s.*|\s-\s.*)$")
_STRANGE = re.compile(r"[<>{}\[\]|\\\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


class NameLists:
    """Names per type, in the order in which they came.

    A name that stands under two types, in these lists or in the pool, is dropped: its gold would be a guess. So is a
    name that was shown as an example.

    Args:
        known: Learns every name that is kept; says of which types the pool knows a name.
        kinds: The types.
        wanted: Names per type that are enough.
    """

    def __init__(self, known: KnownNames, kinds: Sequence[str], *, wanted: int) -> None:
        self._known, self._wanted = known, wanted
        self._lists: dict[str, dict[str, None]] = {kind: {} for kind in kinds}

    def of(self, kind: str) -> list[str]:
        """Return the names of a type that are of this type only."""
        return [name for name in self._lists[kind] if self._known.types[name] == {kind}]

    def lacking(self) -> list[str]:
        """Return the types that have too few names."""
        return [kind for kind in self._lists if len(self.of(kind)) < self._wanted]

    def add(self, kind: str, lines: Sequence[str], shown: AbstractSet[str]) -> None:
        """Take the usable names from a generator's list."""
        for line in lines:
            name = clean_name(line)
            if name and name not in shown and (any(map(str.isupper, name)) or not self._known.capitals):
                self._lists[kind].setdefault(name)
                self._known.add(name, kind)

    def draw(self, profile: Sequence[str], rng: random.Random) -> list[tuple[str, str]]:
        """Return one name per entry of the profile, as far as there are names that do not stand inside another."""
        drawn: list[tuple[str, str]] = []
        for kind in profile:
            names = self.of(kind)
            free = [name for name in names if not any(name in other or other in name for other, _ in drawn)]
            if free:
                drawn.append((rng.choice(free), kind))
        return drawn


def clean_name(line: str) -> str:
    """Return the name on a line of a list, or an empty string where it holds none that could be searched for.

    Example:
        >>> clean_name("Angela Merkel (born 1954)"), clean_name("Here are some names:"), clean_name("1")
        ('Angela Merkel', '', '')
    """
    if line.rstrip().endswith(":") or _STRANGE.search(line):
        return ""
    name = _NOTE.sub("", line).strip(" .,;:*_\"'`")
    usable = 1 < len(name) <= _LONGEST and len(name.split()) <= _MOST_WORDS and any(map(str.isalpha, name))
    return name if usable else ""
