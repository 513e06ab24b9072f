"""What benchmarks are called in other tools: names that are safe as file, task and Python function at once."""

import hashlib
import keyword
import re
from collections.abc import Collection, Sequence

_UNSAFE = re.compile(r"[^A-Za-z0-9]+")
_LONGEST = 80


def task_names(benchmarks: Sequence[str], taken: Collection[str] = ()) -> dict[str, str]:
    """Return benchmark -> a lower-case Python identifier of ASCII letters, different for each.

    Names that are cut, that lose letters outside ASCII, or that would meet another end in a part of their hash.

    Args:
        benchmarks: Their true names, each once.
        taken: Identifiers that stand for something else.

    Example:
        >>> task_names(["smollm2.few_shot", "2 fast", "class"])
        {'smollm2.few_shot': 'smollm2_few_shot', '2 fast': 'set_2_fast', 'class': 'set_class'}
    """
    plain = {name: _identifier(name) for name in benchmarks}
    found = list(plain.values())
    return {
        name: plain[name] + _mark(name)
        if not name.isascii() or found.count(plain[name]) > 1 or plain[name] in taken or len(name) > _LONGEST
        else plain[name]
        for name in benchmarks
    }


def _identifier(name: str) -> str:
    plain = _UNSAFE.sub("_", name[:_LONGEST]).strip("_").lower()
    whole = plain if plain[:1].isalpha() and not keyword.iskeyword(plain) else f"set_{plain}"
    return whole.rstrip("_")


def _mark(name: str) -> str:
    return "_" + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
