"""The one place that knows what stands where in a run's folder."""

import hashlib
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_UNSAFE = re.compile(r"[^A-Za-z0-9._+-]")
_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_LONGEST = 120
_PARTIAL = re.compile(r"^\..+\.(\d{1,10})\.partial$")
_DAY = 86_400.0

BESIDE = ("rejected", "calls")
"""Ends of the files that stand beside those of a synthetic benchmark."""


def safe_name(name: str) -> str:
    """Return a name that is safe as a file name on every system; `/` becomes `__`.

    The true name stands inside the file. Names that are cut, or whose letters are not those of ASCII, end in a part of
    their hash, so that they stay different. Others can still meet (`a/b` and `a__b`): a study refuses them.

    Example:
        >>> safe_name("mistralai/Mixtral-8x7B")
        'mistralai__Mixtral-8x7B'
    """
    safe = _UNSAFE.sub("_", name.replace("/", "__").replace(":", "."))
    safe = safe.strip(".") or "_"
    safe = "_" + safe if _RESERVED.match(safe) else safe
    if name.isascii() and len(safe) <= _LONGEST:
        return safe
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{safe[: _LONGEST - 9]}-{digest}"


class RunFolder:
    """Paths of one run."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def run_json(self) -> Path:
        """What was asked for, and how far each stage is."""
        return self.root / "run.json"

    @property
    def lock(self) -> Path:
        """Held by the process that works in this folder."""
        return self.root / ".lock"

    @property
    def shard(self) -> Path:
        """Which part of the items this folder is about, as JSON; not there where it is about all."""
        return self.root / "shard.json"

    @property
    def real(self) -> Path:
        """Items of the real benchmark."""
        return self.root / "real.jsonl"

    @property
    def pool(self) -> Path:
        """Items that may be shown as examples; never evaluated."""
        return self.root / "pool.jsonl"

    @property
    def scores(self) -> Path:
        """All scores, long form."""
        return self.root / "scores.parquet"

    @property
    def fidelity(self) -> Path:
        """The comparison as JSON."""
        return self.root / "fidelity.json"

    @property
    def report(self) -> Path:
        """The report that opens from disk."""
        return self.root / "report.html"

    @property
    def people(self) -> Path:
        """What people said of items, written by the review app; one `Rating` per line."""
        return self.root / "ratings" / "people.jsonl"

    @property
    def choices(self) -> Path:
        """Which of two items people chose, written by the review app; one `Preference` per line."""
        return self.root / "ratings" / "choices.jsonl"

    @property
    def review(self) -> Path:
        """The review app's database, where no other is named."""
        return self.root / "review.sqlite"

    def judged(self, judge: str) -> Path:
        """What one judge said of items; one `Rating` per line."""
        return self.root / "ratings" / f"judge.{safe_name(judge)}.jsonl"

    @property
    def lab(self) -> Path:
        """What a lab found, as JSON."""
        return self.root / "lab.json"

    @property
    def levels(self) -> Path:
        """At which prompting level solvers first solve items, as JSON."""
        return self.root / "levels.json"

    @property
    def level_scores(self) -> Path:
        """The same, item by item, as a table of scores."""
        return self.root / "levels.parquet"

    @property
    def level_units(self) -> Path:
        """What the answers at each level depend on, hashed."""
        return self.root / "levels" / "units.json"

    def level_answers(self, level: str, benchmark: str, solver: str) -> Path:
        """One solver's responses to one benchmark at a prompting level, or `LEVEL.NOTE`: in a call before the last."""
        return self.root / "levels" / safe_name(level) / safe_name(benchmark) / f"{safe_name(solver)}.jsonl"

    def all_level_answers(self) -> list[Path]:
        """Return all responses at prompting levels that are there: one call per line."""
        return sorted((self.root / "levels").glob("*/*/*.jsonl"))

    @property
    def bank(self) -> Path:
        """The items that this run calibrated for its adaptive tests."""
        return self.root / "bank.jsonl"

    @property
    def adaptive(self) -> Path:
        """What adaptive tests asked and found, as JSON."""
        return self.root / "adaptive.json"

    @property
    def adaptive_items(self) -> Path:
        """Scores item by item, long form, of the benchmarks of which adaptive tests asked some items only."""
        return self.root / "adaptive_items.parquet"

    def all_judged(self) -> list[Path]:
        """Return the ratings of all judges that are there."""
        return sorted((self.root / "ratings").glob("judge.*.jsonl"))

    def judgements(self, benchmark: str, solver: str) -> Path:
        """What the judge of answers said of one solver's answers to one benchmark; one `Rating` per line."""
        return self.root / "judgements" / safe_name(benchmark) / f"{safe_name(solver)}.jsonl"

    def synthetic(self, benchmark: str) -> Path:
        """Accepted items of a synthetic benchmark, named `<generator>.<strategy>`."""
        return self.root / "synthetic" / f"{safe_name(benchmark)}.jsonl"

    def rejected(self, benchmark: str) -> Path:
        """Rejected candidates of a synthetic benchmark, with reasons."""
        return self.root / "synthetic" / f"{safe_name(benchmark)}.rejected.jsonl"

    def calls(self, benchmark: str) -> Path:
        """Every answer of the generator, as it came: what a restart reads instead of calling again."""
        return self.root / "synthetic" / f"{safe_name(benchmark)}.calls.jsonl"

    def responses(self, benchmark: str, solver: str) -> Path:
        """One solver's responses to one benchmark."""
        return self.root / "responses" / safe_name(benchmark) / f"{safe_name(solver)}.jsonl"


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file so that a reader, or a restart after a kill, sees the old content or the new one, never a half.

    A device or pipe is written to and not replaced: /dev/null must stay what it is.
    """
    with written_atomically(path) as out:
        out.write(content)


@contextmanager
def written_atomically(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write to part by part, which replaces `path` at the end as `write_atomically` does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.parent == Path("/dev") or (path.exists() and not path.is_file() and not path.is_symlink()):
        with path.open("wb") as out:
            yield out
        return
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        partial.replace(path)
    except BaseException as error:  # a full disk must not be filled further by what cannot be used
        if isinstance(error, OSError):
            error.filename = str(path)
        partial.unlink(missing_ok=True)
        raise


def clear_partials(root: Path) -> None:
    """Remove what processes that were killed had begun to write; what living ones write is left alone."""
    for folder, _, names in os.walk(root):
        for name in names:
            found = _PARTIAL.match(name)
            path = Path(folder, name)
            if found and not path.is_symlink() and _is_left(path, int(found[1])):
                path.unlink(missing_ok=True)


def _is_left(path: Path, process: int) -> bool:
    """Return whether the process that wrote a file is gone; Windows cannot be asked, there a day must have passed."""
    if sys.platform == "win32":
        return path.exists() and time.time() - path.stat().st_mtime > _DAY
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:
        return False
    return False
