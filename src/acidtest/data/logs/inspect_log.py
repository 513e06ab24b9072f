"""A log of Inspect, whichever of its two formats: what it says of the run, and its samples one by one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acidtest.data.logs.bounded import elements, inside, mapping, name, parsed, text, whole
from acidtest.data.logs.json_parts import json_parts
from acidtest.data.logs.zip_archive import ZipArchive, open_archive
from acidtest.errors import DataError

_SAMPLE = re.compile(r"samples/(.*)_epoch_([0-9]{1,9})\.json", re.DOTALL)
_HEADER, _START = "header.json", "_journal/start.json"


@dataclass(frozen=True, kw_only=True)
class InspectRun:
    """What a log says of its run.

    Attributes:
        spec: Its `eval`: task, model, configuration.
        results: Its `results`: the aggregate metrics; {} where the run did not come so far.
        finished: It came to its end.
    """

    spec: dict[str, Any]
    results: dict[str, Any]
    finished: bool

    @property
    def model(self) -> str:
        """The model's name; "" where the log names none: `none/none` is Inspect's word for that."""
        model = name(self.spec.get("model"))
        return "" if model in ("none", "none/none") else model

    @property
    def task(self) -> str:
        """The task's name; "" where the log has none."""
        return name(self.spec.get("task"))

    @property
    def arguments(self) -> str:
        """The arguments that the task was called with, in words: `subject=law, shots=5`."""
        return called(self.spec, "task")

    @property
    def solver(self) -> str:
        """The solver named when the run was started, with its arguments; "" for the task's own."""
        solver = text(self.spec.get("solver"))
        arguments = called(self.spec, "solver")
        return f"{solver}({arguments})" if solver and arguments else solver

    @property
    def repeated(self) -> bool:
        """Each sample was run several times."""
        return (whole(inside(self.spec, "config", "epochs")) or 1) > 1

    @property
    def scorers(self) -> list[str]:
        """The names of its scorers, as far as the log has them."""
        used = [text(inside(score, "scorer")) for score in elements(self.results.get("scores"))]
        # The specification names their package, too; scores do not.
        listed = [text(inside(one, "name")).rpartition("/")[2] for one in elements(self.spec.get("scorers"))]
        return list(dict.fromkeys(name(scorer) for scorer in used or listed if scorer))


def called(spec: dict[str, Any], what: str) -> str:
    """Return in words the arguments of the task or solver that were given; older logs list all of them."""
    given = spec.get(f"{what}_args_passed")
    arguments = mapping(given if given is not None else spec.get(f"{what}_args"))
    return ", ".join(f"{key}={text(value, 60)}" for key, value in sorted(arguments.items()))


def read_run(path: Path) -> tuple[InspectRun, Iterator[dict[str, Any]]]:
    """Return what a log says of its run, and its samples, of which one is in memory at a time.

    Raises:
        DataError: At once or while samples are read: the log is broken.
    """
    run = _json_run(path) if path.suffix.lower() == ".json" else _archive_run(path)
    samples = _json_samples(path) if path.suffix.lower() == ".json" else _archive_samples(path)
    return run, samples


def _json_run(path: Path) -> InspectRun:
    found: dict[str, Any] = {}
    for key, value in json_parts(path, {"samples"}, {"eval", "results"}):
        # Inspect writes both before the samples; a log without results is one that did not finish.
        if key == "samples" and "eval" in found:
            break
        if key != "samples":
            found[key] = mapping(value)
    return _run(found, path, finished="results" in found)


def _archive_run(path: Path) -> InspectRun:
    with open_archive(path) as archive:
        header = _HEADER if _HEADER in archive.members else _START
        if header not in archive.members:
            raise DataError(
                "an archive without Inspect's header", where=str(path), way_out="Name logs that Inspect wrote."
            )
        found = mapping(_member(archive, header, path))
    return _run(found, path, finished=found.get("status") == "success")


def _run(found: dict[str, Any], path: Path, *, finished: bool) -> InspectRun:
    spec = mapping(found.get("eval"))
    if not spec:
        raise DataError("this log does not say what was run", where=str(path), way_out="Name logs that Inspect wrote.")
    return InspectRun(spec=spec, results=mapping(found.get("results")), finished=finished)


def _json_samples(path: Path) -> Iterator[dict[str, Any]]:
    for _, sample in json_parts(path, {"samples"}):
        if isinstance(sample, dict):
            yield sample


def _archive_samples(path: Path) -> Iterator[dict[str, Any]]:
    """Yield samples in the order of their ids: members stand in the order in which answers came."""
    with open_archive(path) as archive:
        found = [(match, member) for member in archive.members if (match := _SAMPLE.fullmatch(member))]
        for _, member in sorted(found, key=lambda pair: _order(*pair[0].groups())):
            sample = _member(archive, member, path)
            if isinstance(sample, dict):
                yield sample


def _order(sample: str, epoch: str) -> tuple[int, str, int]:
    """Return what to sort by: 2 before 10."""
    digits = len(sample) if sample.isdecimal() else 0
    return digits, sample, int(epoch)


def _member(archive: ZipArchive, member: str, path: Path) -> Any:
    return parsed(archive.read(member), f"{path}, member {text(member, 100)}")
