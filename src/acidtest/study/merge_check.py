"""Are these folders shards of one study? Everything that could make their answers differ must be the same."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from acidtest.data.run_folder import RunFolder
from acidtest.errors import DataError
from acidtest.study.schema import StudyFile
from acidtest.study.shard import Shard, read_shard
from acidtest.study.state import RunState, read_state


@dataclass(frozen=True, kw_only=True)
class Part:
    """One of the folders; `shard` is None where it holds what an earlier merge put together."""

    folder: RunFolder
    state: RunState
    study: StudyFile
    shard: Shard | None
    real: str

    @property
    def name(self) -> str:
        """The folder, as it was named."""
        return str(self.folder.root)


def opened_parts(roots: Sequence[Path]) -> list[Part]:
    """Return what each folder says of itself.

    Raises:
        DataError: One is no run's folder, or no shard is among them.
    """
    found = []
    real = ""
    for root in roots:
        folder = RunFolder(root)
        state, known = read_state(folder), read_shard(folder)
        if state is None:
            raise DataError("this is no shard: it holds no run.json", where=str(root), way_out="Name folders of runs.")
        try:
            study = StudyFile.model_validate(state.study)
        except ValidationError as error:
            what = f"its run.json holds no study: {error.errors(include_url=False)[0]['msg']}"
            raise DataError(what, where=str(root), way_out="Make the shard anew.") from None
        real = real or (known.real if known else "")
        shard = known.shard if known else None
        found.append((folder, state, study, shard))
    if not real:
        raise DataError(
            "none of these folders is a shard",
            where=", ".join(map(str, roots)),
            way_out="Make them by: acidtest evaluate BASE --shard K/N -o SHARD",
        )
    return [
        Part(folder=folder, state=state, study=study, shard=shard, real=real) for folder, state, study, shard in found
    ]


def check_parts(parts: Sequence[Part]) -> None:
    """Refuse folders that are not of one study, and one partition of its items.

    Raises:
        DataError: They differ in what is named.
    """
    first = parts[0]
    fingerprints(parts)
    for other in parts[1:]:
        for what, one, two in (
            ("study", _asked(first.study), _asked(other.study)),
            ("version of acidtest", first.state.version, other.state.version),
            ("models", _revisions(first.state), _revisions(other.state)),
            ("prompts", first.state.prompts, other.state.prompts),
        ):
            if one != two:
                raise _differ(f"the {what}{_where_two_differ(one, two)}", first, other)
        for name in sorted(_written(first) | _written(other)):
            if _digest(first.folder.root / name) != _digest(other.folder.root / name):
                raise _differ(f"the file {name}", first, other)
    counts = {part.shard.of for part in parts if part.shard is not None}
    if len(counts) > 1:
        first, other = (next(p for p in parts if p.shard and p.shard.of == of) for of in sorted(counts)[:2])
        raise _differ(f"how many shards there are ({first.shard} and {other.shard})", first, other)


def fingerprints(parts: Sequence[Part]) -> dict[str, str]:
    """Return unit -> the hash of all that its result depends on.

    Raises:
        DataError: Two folders have different ones for one unit.
    """
    found: dict[str, tuple[str, Part]] = {}
    for part in parts:
        for key, unit in part.state.stages.items():
            known, other = found.setdefault(key, (unit.fingerprint, part))
            if known != unit.fingerprint:
                raise _differ(f"what '{key}' is made of", other, part)
    return {key: fingerprint for key, (fingerprint, _) in found.items()}


def _asked(study: StudyFile) -> dict[str, object]:
    """Return what a study asks for; what it may cost, and how fast it is, does not decide any answer."""
    return study.model_dump(mode="json", exclude={"limits", "cache", "prices"})


def _revisions(state: RunState) -> dict[str, object]:
    return {name: about.get("revision") for name, about in state.models.items()}


def _written(part: Part) -> set[str]:
    """Return the names of the files that were written before any answer; recorded calls aside, which nobody scores."""
    paths = [part.folder.real, part.folder.pool, *(part.folder.root / "synthetic").glob("*.jsonl")]
    return {
        path.relative_to(part.folder.root).as_posix()
        for path in paths
        if path.exists() and not path.name.endswith(".calls.jsonl")
    }


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def _where_two_differ(one: object, two: object) -> str:
    """Return, in brackets, the first key in which two mappings differ."""
    if not isinstance(one, dict) or not isinstance(two, dict):
        return f" ({one} and {two})"[:200]
    different = next((key for key in {**one, **two} if one.get(key) != two.get(key)), "")
    return f" ('{different}')"[:200]


def _differ(what: str, one: Part, two: Part) -> DataError:
    return DataError(
        f"these are not shards of one run: {what} differs",
        where=f"{one.name} and {two.name}",
        way_out="Make all shards of one study, from one base, with one version of acidtest and the same models.",
    )
