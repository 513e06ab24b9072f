"""What a folder of a HELM run says beside its statistics: what was run, what was answered, and to what."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acidtest.data.logs.bounded import elements, inside, mapping, name, read_json, text, whole
from acidtest.data.logs.json_parts import json_parts

_LONGEST_LABEL = 200
_LONGEST_ANSWER = 200
_NOT_NAMED = ("model", "model_deployment")
_OF_ALL = ("name", "robustness", "fairness", "computed_on")

AnswerKey = tuple[str, str, int]
"""Instance, how it was changed, which trial."""


@dataclass(frozen=True, kw_only=True)
class HelmRun:
    """Names of a run.

    Attributes:
        scenario: What was run, without its arguments: `mmlu`.
        arguments: Its arguments, without the model: `subject=anatomy,method=multiple_choice_joint`.
        model: Who answered; "" where nothing says so.
    """

    scenario: str
    arguments: str
    model: str


@dataclass(frozen=True, kw_only=True, slots=True)
class HelmAnswer:
    """One answer.

    Attributes:
        label: The right answer; "" where there is none, or a long one.
        prediction: What was answered; of a letter, the choice it stands for.
        failure: The answer was none of the letters; None where any answer is one.
    """

    label: str
    prediction: str
    failure: bool | None


def read_run(folder: Path) -> HelmRun:
    """Return the names of the run in a folder, from `run_spec.json` or else from the folder's own name.

    Raises:
        DataError: `run_spec.json` is no JSON.
    """
    file = folder / "run_spec.json"
    spec = mapping(read_json(file)) if file.is_file() else {}
    whole_name = text(spec.get("name")) or folder.name
    scenario, _, listed = whole_name.partition(":")
    arguments = [argument for argument in listed.split(",") if argument]
    kept = [argument for argument in arguments if argument.partition("=")[0] not in _NOT_NAMED]
    # In names of folders a slash is "_": the true name stands in the specification only.
    named = next((value for key, _, value in (a.partition("=") for a in arguments) if key == "model"), "")
    model = text(inside(spec, "adapter_spec", "model")) or named.replace("_", "/", 1)
    return HelmRun(scenario=name(scenario), arguments=",".join(kept), model=name(model))


def read_answers(folder: Path) -> dict[AnswerKey, HelmAnswer]:
    """Return what was answered, from `scenario_state.json`; nothing where there is no such file.

    Raises:
        DataError: The file is broken.
    """
    file = folder / "scenario_state.json"
    if not file.is_file():
        return {}
    return {
        answer_key(mapping(state.get("instance")), state): _answer(state)
        for _, state in json_parts(file, {"request_states"})
        if isinstance(state, dict)
    }


def answer_key(instance: Mapping[str, Any], of: Mapping[str, Any]) -> AnswerKey:
    """Return what tells one answer of a run from others."""
    identity = instance.get("instance_id", instance.get("id"))
    return name(identity), change(instance.get("perturbation")), whole(of.get("train_trial_index")) or 0


def change(perturbation: object) -> str:
    """Return in words how HELM changed an instance; "" for not at all.

    Example:
        >>> change({"name": "misspellings", "robustness": True, "computed_on": "perturbed", "prob": 0.5})
        'misspellings prob=0.5'
    """
    given = mapping(perturbation)
    extra = [f"{key}={text(value, 60)}" for key, value in sorted(given.items()) if key not in _OF_ALL]
    return name(" ".join([text(given.get("name")), *extra])) if given else ""


def _output(reference: object) -> object:
    """Return a reference's text; in version 0.1 it stood there as it is."""
    output = inside(reference, "output")
    return inside(output, "text") if isinstance(output, dict) else output


def _answer(state: dict[str, Any]) -> HelmAnswer:
    right = [
        text(_output(reference), _LONGEST_LABEL + 1)
        for reference in elements(inside(state, "instance", "references"))
        if "correct" in elements(inside(reference, "tags"))
    ]
    label = right[0] if right and len(right[0]) <= _LONGEST_LABEL else ""
    answer = inside(state, "result", "completions", 0, "text")
    letters = mapping(state.get("output_mapping"))
    if state.get("reference_index") is not None or not isinstance(answer, str):
        # Each reference was a question of its own: no single answer was given.
        return HelmAnswer(label=label, prediction="", failure=None)
    meant = letters.get(answer.strip(), answer) if letters else answer
    failure = answer.strip() not in letters if letters else None
    return HelmAnswer(label=label, prediction=text(meant, _LONGEST_ANSWER), failure=failure)
