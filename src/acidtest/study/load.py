"""Read a study file; say of every slip where it stands and what would be right."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from acidtest.data.yaml_text import yaml_value
from acidtest.errors import StudyFileError, did_you_mean
from acidtest.study.schema import StudyFile

_LONGEST = 1_000_000
_MOST_NODES = 100_000  # a short file of nested aliases could unfold into more than any memory holds


def load_study(path: Path) -> StudyFile:
    """Return the study that a YAML file describes.

    Raises:
        StudyFileError: No such file, no YAML, an unknown key, a wrong value; with line, key and the way out.
    """
    if not path.is_file():
        raise StudyFileError(
            f"there is no study file '{path}'", way_out="Check the path, or make one: acidtest init intent > study.yaml"
        )
    if path.stat().st_size > _LONGEST:
        raise StudyFileError(f"'{path}' is larger than any study file", way_out="Name the study's YAML file.")
    tree = _parse(path)
    if not isinstance(tree, CommentedMap):
        raise StudyFileError(
            f"'{path}' holds no study: its top level must be 'key: value' lines",
            way_out="Start from a working file: acidtest init intent > study.yaml",
        )
    return _checked(tree, path)


def study_from(values: Mapping[str, Any]) -> StudyFile:
    """Return the study that Python values describe: the keys of a study file, in dicts and lists.

    Raises:
        StudyFileError: An unknown key, a wrong value; with key and the way out.
    """
    return _checked(_as_parsed(values), Path("the study given"))


def _checked(tree: CommentedMap, path: Path) -> StudyFile:
    _refuse_bare_models(tree, path)
    try:
        return StudyFile.model_validate(_plain(tree, path))
    except ValidationError as error:
        raise _explain(error, tree, path) from None


def _as_parsed(value: Any) -> Any:
    """Return dicts and lists as the classes that the parser makes, so that both are checked alike."""
    if isinstance(value, Mapping):
        return CommentedMap((str(key), _as_parsed(inner)) for key, inner in value.items())
    if isinstance(value, list | tuple):
        return CommentedSeq(_as_parsed(inner) for inner in value)
    return value


def _parse(path: Path) -> Any:
    try:
        return yaml_value(path.read_text("utf-8"), "rt")
    except UnicodeDecodeError as error:
        raise StudyFileError(f"'{path}' is not UTF-8 text (byte {error.start})", way_out="Save it as UTF-8.") from None
    except MarkedYAMLError as error:
        line = f" line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise StudyFileError(
            f"this is not YAML: {error.problem or error.context}",
            where=f"{path}{line}",
            way_out="Check quotes, colons and indentation near that line.",
        ) from None
    except YAMLError as error:
        raise StudyFileError(f"this is not YAML: {error}", where=str(path), way_out="Check the file.") from None
    except (ValueError, OverflowError) as error:  # a number or date that is none
        raise StudyFileError(f"a value cannot be read: {error}"[:200], where=str(path), way_out="Mend it.") from None
    except RecursionError:
        raise StudyFileError("the file is nested too deeply", where=str(path), way_out="Check its brackets.") from None


def _plain(tree: CommentedMap, path: Path) -> Any:
    """Return plain dicts, lists and scalars: the round-trip classes of the parser carry positions we need no more."""
    left = _MOST_NODES

    def plain(node: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise StudyFileError(
                f"the file unfolds into more than {_MOST_NODES:,} values", where=str(path), way_out="Use fewer aliases."
            )
        if isinstance(node, CommentedMap):
            return {str(key): plain(value) for key, value in node.items()}
        if isinstance(node, CommentedSeq):
            return [plain(value) for value in node]
        if isinstance(node, bool) or node is None:
            return node
        kind = next((kind for kind in (int, float) if isinstance(node, kind)), str)
        return kind(node)

    return plain(tree)


def _refuse_bare_models(tree: CommentedMap, path: Path) -> None:
    """Refuse a solver, generator or judge that is neither under `models:` nor of the form `provider:model`."""
    models = tree.get("models") or {}
    for place, entry in _named_models(tree):
        name = entry.get("model") if isinstance(entry, CommentedMap) else entry
        if isinstance(name, str) and name not in models and ":" not in name:
            hint = did_you_mean(name, [str(model) for model in models])
            key = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).lstrip(".")
            raise StudyFileError(
                f"'{name}' is no model of this study",
                where=f"{path}{_line(tree, place)}, {key}",
                way_out=f"{hint}Describe it under 'models:', or write provider:model, such as classic:majority.",
            )


def _named_models(tree: CommentedMap) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Yield the places of a study file that name a model, and what stands there."""
    validity = tree.get("validity")
    judges = validity.get("judges") if isinstance(validity, CommentedMap) else None
    for place, entries in (
        (("solvers",), tree.get("solvers")),
        (("generators",), tree.get("generators")),
        (("validity", "judges"), judges),
    ):
        if isinstance(entries, CommentedSeq):
            yield from (((*place, position), entry) for position, entry in enumerate(entries))
    yield ("judge",), tree.get("judge")


def _explain(error: ValidationError, tree: CommentedMap, path: Path) -> StudyFileError:
    # A misspelt key is also a missing one: the misspelling is what the user wants to hear of.
    first = min(error.errors(include_url=False), key=lambda e: e["type"] != "extra_forbidden")
    place = tuple(p for p in first["loc"] if p not in ("function-before", "SolverSpec"))
    key = ".".join(str(p) for p in place)
    where = f"{path}{_line(tree, place)}" + (f", key '{key}'" if key else "")
    more = error.error_count() - 1
    others = f" {more} more to mend after this one." if more else ""
    if first["type"] == "extra_forbidden":
        known = _keys_at(StudyFile, place[:-1])
        hint = did_you_mean(str(place[-1]), known)
        return StudyFileError(
            f"unknown key '{place[-1]}'", where=where, way_out=f"{hint}Known here: {', '.join(known)}.{others}"
        )
    if first["type"] == "missing":
        return StudyFileError(f"the key '{place[-1]}' is missing", where=where, way_out=f"Add it.{others}")
    message = first["msg"].removeprefix("Value error, ")
    value = first.get("input")
    shown = f" (it is {value!r:.80})" if isinstance(value, str | int | float | bool) else ""
    return StudyFileError(
        f"{message}{shown}", where=where, way_out=f"Mend the value; 'acidtest init' shows a working file.{others}"
    )


def _keys_at(model: type[BaseModel], place: Sequence[str | int]) -> list[str]:
    """Return the keys that are known at a place of the study file."""
    current: Any = model
    for step in place:
        if isinstance(step, int):
            continue
        fields = getattr(current, "model_fields", {})
        current = _inner_record(fields[step].annotation) if step in fields else current
    return sorted(getattr(current, "model_fields", {}))


def _inner_record(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in getattr(annotation, "__args__", ()):
        found = _inner_record(part)
        if found is not None:
            return found
    return None


def _line(tree: Any, place: Sequence[str | int]) -> str:
    """Return ` line N` of the deepest part of a place that stands in the file."""
    line, node = "", tree
    for step in place:
        try:
            if isinstance(node, CommentedMap) and step in node:
                line = f" line {node.lc.key(step)[0] + 1}"
            elif isinstance(node, CommentedSeq) and isinstance(step, int):
                line = f" line {node.lc.item(step)[0] + 1}"
            node = node[step]
        except (KeyError, IndexError, TypeError, AttributeError):
            break
    return line
