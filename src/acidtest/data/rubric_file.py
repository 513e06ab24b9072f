"""Rubric files: what makes an item valid, one YAML file per version, named like prompt files.

    guideline: |
      What raters read beside the item.
    criteria:
      - id: answerable
        question: Can the question be answered from the passage alone?
        wanted: yes        # the answer that speaks for the item
        decides: true      # false: counted, but the item stays valid

A published version is never edited: its hash stands in every rating. Write the next version beside it.
"""

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

from pydantic import ValidationError

from acidtest.data.yaml_text import yaml_value
from acidtest.errors import AcidtestError, UnknownNameError
from acidtest.types import Rubric

_FILE = re.compile(r"([a-z0-9_-]{1,80})\.v([0-9]{1,6})\.yaml")
_LONGEST = 200_000


@dataclass(frozen=True, kw_only=True)
class RubricFile:
    """A rubric and the SHA-256 of the file it came from."""

    rubric: Rubric
    sha256: str

    @property
    def reference(self) -> str:
        """Name, version and SHA-256 in one string: what every rating records."""
        return f"{self.rubric.name}.{self.rubric.version} sha256:{self.sha256}"


def load_rubric(name: str | Path) -> RubricFile:
    """Return a rubric that comes with the package, or one of your own.

    Args:
        name: "reading.v1" for exactly that version, "reading" for the newest one, or the path of a `.yaml` file.

    Raises:
        UnknownNameError: No rubric has this name.
        AcidtestError: The file cannot be read as a rubric.

    Example:
        >>> [criterion.id for criterion in load_rubric("reading.v1").rubric.criteria]
        ['sensible', 'answerable', 'right', 'skill']
    """
    if isinstance(name, Path) or name.endswith((".yaml", ".yml")):
        return _of_your_own(Path(name))
    return _packaged(name)


def rubric_names() -> list[str]:
    """Return the names of all rubrics that come with the package, versions included."""
    return sorted(file.removesuffix(".yaml") for file in _known().values())


def parse_rubric(text: str, *, name: str, version: str, where: str = "") -> RubricFile:
    r"""Return the rubric that a YAML text holds.

    Raises:
        AcidtestError: It is no rubric.

    Example:
        >>> text = "criteria:\n  - id: clear\n    question: Is it clear?\n"
        >>> parse_rubric(text, name="mine", version="v1").rubric.criteria[0].wanted
        'yes'
    """
    from ruamel.yaml.error import YAMLError

    where = where or f"{name}.{version}"
    text = text.replace("\r\n", "\n")
    way_out = "See the rubrics that come with the package: 'guideline', then 'criteria' with 'id' and 'question' each."
    try:
        content = yaml_value(text)
    except YAMLError as error:
        raise AcidtestError(f"the rubric is not YAML: {str(error)[:200]}", where=where, way_out=way_out) from None
    if not isinstance(content, dict) or {"name", "version"} & set(content):
        raise AcidtestError(
            "the rubric is no mapping of 'guideline' and 'criteria' (name and version are the file's)",
            where=where,
            way_out=way_out,
        )
    try:
        rubric = Rubric.model_validate({**content, "name": name, "version": version})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"]))
        raise AcidtestError(
            f"the rubric is not right: {first['msg'].removeprefix('Value error, ')}",
            where=f"{where}, key '{key}'" if key else where,
            way_out=way_out,
        ) from None
    return RubricFile(rubric=rubric, sha256=hashlib.sha256(text.encode("utf-8", "replace")).hexdigest())


def _of_your_own(path: Path) -> RubricFile:
    try:
        raw = path.read_bytes()[: _LONGEST + 1]
    except OSError as error:
        raise AcidtestError(
            f"the rubric cannot be read: {error.strerror}", where=str(path), way_out="Name a .yaml file that is there."
        ) from None
    if len(raw) > _LONGEST:
        raise AcidtestError(
            f"the rubric is longer than {_LONGEST} bytes", where=str(path), way_out="Name another file."
        )
    stem, _, version = path.stem.rpartition(".")
    named = bool(stem) and re.fullmatch(r"v[0-9]{1,6}", version) is not None
    return parse_rubric(
        raw.decode("utf-8", "replace"),
        name=stem if named else path.stem,
        version=version if named else "v1",
        where=str(path),
    )


@lru_cache(maxsize=1)
def _known() -> dict[tuple[str, int], str]:
    found = (_FILE.fullmatch(entry.name) for entry in resources.files("acidtest.rubrics").iterdir())
    return {(file[1], int(file[2])): file[0] for file in found if file}


@lru_cache(maxsize=64)
def _packaged(name: str) -> RubricFile:
    known = _known()
    stem, _, version = name.partition(".v")
    exact = [int(version)] if version.isdecimal() else []
    versions = exact or [number for known_stem, number in known if known_stem == name]
    if not versions or (stem, max(versions)) not in known:
        raise UnknownNameError(f"no rubric is called '{name[:80]}'", way_out=f"Known: {', '.join(rubric_names())}.")
    file = known[stem, max(versions)]
    text = (resources.files("acidtest.rubrics") / file).read_text("utf-8")
    return parse_rubric(text, name=stem, version=f"v{max(versions)}")
