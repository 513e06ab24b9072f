"""Two sides of a run that both went on since they last agreed become one: no line of either is lost."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import orjson

from acidtest.data.run_folder import write_atomically
from acidtest.errors import DataError

RUN_JSON = "run.json"
_GROWING = re.compile(r"(responses|judgements|ratings|levels/[^/]+)/.+\.jsonl|synthetic/[^/]+\.calls\.jsonl")
"""Files of which any line may be kept beside any other: the readers take the last one about an item."""

_MADE = re.compile(r"(scores|levels|adaptive_items)\.parquet|(fidelity|adaptive|levels|lab|harder)\.json|report\.html")
"""Files that are made of others, at no cost."""

_CLOSING = ("scores", "fidelity", "report")
_ANSWERS = ("responses/", "judgements/", "ratings/")


def merged(names: Iterable[str], here: Path, there: Path) -> dict[str, bytes]:
    """Return what each of these files becomes.

    Args:
        names: Files that both sides changed in different ways.
        here: The folder of one side.
        there: The folder of the other side; it wins where a file is made of others.

    Raises:
        DataError: The sides hold work that cannot stand in one folder: of two studies, or two writings of one
            synthetic benchmark.
    """
    found: dict[str, bytes] = {}
    for name in names:
        ours, theirs = (here / name).read_bytes(), (there / name).read_bytes()
        if name == RUN_JSON:
            found[name] = _states(ours, theirs)
        elif name.endswith(".jsonl") and (ours.startswith(theirs) or theirs.startswith(ours)):
            found[name] = max(ours, theirs, key=len)
        elif _GROWING.fullmatch(name):
            found[name] = merged_lines(theirs, ours)
        elif _MADE.fullmatch(name):
            found[name] = theirs
        else:
            raise _apart(name)
    return found


def merged_lines(first: bytes, second: bytes) -> bytes:
    r"""Return all lines of two files of JSON lines, each once; those that tell of an error come before all answers.

    Readers take the last line about an item: an error of one side must not hide the answer of the other. Torn last
    lines are dropped.

    Example:
        >>> merged_lines(b'{"a":1}\n{"b":2}\n', b'{"error":"x"}\n{"a":1}\n{"c"')
        b'{"error":"x"}\n{"a":1}\n{"b":2}\n'
    """
    lines = dict.fromkeys(
        line for side in (first, second) for line in side[: side.rfind(b"\n") + 1].splitlines() if line.strip()
    )
    failed = {line for line in lines if b'"error"' in line and _is_error(line)}
    ordered = [*(line for line in lines if line in failed), *(line for line in lines if line not in failed)]
    return b"".join(line + b"\n" for line in ordered)


def put_merged(found: Mapping[str, bytes], here: Path) -> None:
    """Write what `merged` returned; run.json last."""
    for name in sorted(found, key=lambda name: name == RUN_JSON):
        write_atomically(here / name, found[name])


def _is_error(line: bytes) -> bool:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return isinstance(row, dict) and row.get("error") is not None


def _states(ours: bytes, theirs: bytes) -> bytes:
    """Return one run.json: a unit of answers is done where either side had all; what is made of all is made anew."""
    try:
        mine, other = orjson.loads(ours), orjson.loads(theirs)
        known: dict[str, dict[str, str]] = dict(mine["stages"])
        stages: dict[str, dict[str, str]] = dict(other["stages"])
        for unit in (*known.values(), *stages.values()):
            _ = unit["fingerprint"], unit["status"]
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        raise _apart(RUN_JSON) from None
    for key, unit in known.items():
        if key.startswith(_CLOSING):
            continue
        if key in stages and stages[key]["fingerprint"] != unit["fingerprint"]:
            raise _apart(key)
        if key not in stages or (key.startswith(_ANSWERS) and unit["status"] == "done"):
            stages[key] = unit
    other["stages"] = {key: unit for key, unit in stages.items() if not key.startswith(_CLOSING)}
    return orjson.dumps(other, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def _apart(name: str) -> DataError:
    return DataError(
        f"the run went on in two places, and '{name}' of the two cannot stand in one folder",
        way_out="Keep one of the two: name another address with -o, or delete the working copy, with what it alone "
        "holds.",
    )
