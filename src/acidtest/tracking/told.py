"""What a tracker is told of a run, whichever it is: parameters, numbers, words and files, under names it can hold.

Only what is named here is told. Keys are not, nor is anything of an address but its host and path.
"""

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from acidtest.data.clean_text import clean
from acidtest.data.run_folder import RunFolder
from acidtest.stats.estimate import Estimate
from acidtest.study.callbacks import RunEnd, RunStart
from acidtest.study.how_far import real_name
from acidtest.types import Decision, FidelityReport

DECIDED: dict[Decision, float] = {"GO": 1.0, "INCONCLUSIVE": 0.0, "NO-GO": -1.0}
"""A verdict as a number, so that trackers can draw it beside others."""

LONGEST_VALUE = 500
_LONGEST_NAME = 60
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")
_PARTS = ("value", "true", "low", "high")


def safe_names(names: Iterable[str]) -> dict[str, str]:
    """Return each name as letters, digits, `_` and `-`, which every tracker takes; two that would meet get a hash.

    Example:
        >>> safe_names(["gpt-4.few_shot", "a.b", "a/b"])
        {'gpt-4.few_shot': 'gpt-4_few_shot', 'a.b': 'a_b-2e7336dc', 'a/b': 'a_b-c14cddc0'}
    """
    every = list(dict.fromkeys(names))
    plain = {name: _UNSAFE.sub("_", name)[:_LONGEST_NAME] or "_" for name in every}
    often = Counter(short.lower() for short in plain.values())
    return {name: short if often[short.lower()] == 1 else f"{short}-{_hash(name)}" for name, short in plain.items()}


def params(run: RunStart) -> dict[str, str]:
    """Return what a run is asked: the study, and every model with what exactly answers."""
    study = run.study
    found = {
        "study": study.study,
        "task": study.task,
        "seed": str(study.seed),
        "level": str(study.level),
        "real": real_name(study),
        "solvers": ", ".join(solver.model for solver in study.solvers),
        "folder": run.folder.root.name,
    }
    if study.metric:
        found["metric"] = study.metric
    made = safe_names([g.benchmark for g in study.generators] + [s.name for s in study.synthetic])
    for generator in study.generators:
        start = f"synthetic/{made[generator.benchmark]}"
        about = {"model": generator.model, "strategy": generator.strategy, "items": str(generator.items)}
        found |= {f"{start}/{name}": value for name, value in about.items()}
    for given in study.synthetic:
        found[f"synthetic/{made[given.name]}/model"] = given.generator or "not known"
    short = safe_names(run.models)
    for model, known in run.models.items():
        told = {name: known.get(name) for name in ("use", "revision", "family")}
        told["server"] = _server(study.model_spec(model).base_url)
        found |= {f"model/{short[model]}/{name}": str(value) for name, value in told.items() if value}
    return {name: clean(value)[:LONGEST_VALUE] for name, value in found.items()}


def metrics(run: RunEnd) -> dict[str, float]:
    """Return every number of the comparison that is known, times of stages, and what was spent."""
    report = run.report
    found = dict(_estimates("fidelity", report.fidelity))
    found |= _estimates("scores", report.scores)
    found |= _estimates("ensemble", report.ensemble)
    found |= _estimates("bias_factor", {g: {"all": bias.estimate} for g, bias in report.bias_factor.items()})
    short = safe_names(report.verdict)
    for benchmark, uses in report.verdict.items():
        for use, verdict in uses.items():
            found[f"verdict/{short[benchmark]}/{use}"] = DECIDED[verdict.decision]
    for stage, seconds in run.seconds.items():
        found[f"seconds/{stage}"] = seconds
    found["cost"] = run.cost
    return found


def verdicts(report: FidelityReport) -> dict[str, str]:
    """Return the verdicts in words: `verdict/BENCHMARK/USE` -> GO, NO-GO or INCONCLUSIVE."""
    short = safe_names(report.verdict)
    return {
        f"verdict/{short[benchmark]}/{use}": verdict.decision
        for benchmark, uses in report.verdict.items()
        for use, verdict in uses.items()
    }


def files(folder: RunFolder) -> list[Path]:
    """Return the files of a run that a tracker keeps, those that are there."""
    return [path for path in (folder.fidelity, folder.report, folder.scores) if path.exists()]


def _estimates(start: str, of: Mapping[str, Mapping[str, Estimate]]) -> Iterator[tuple[str, float]]:
    outer = safe_names(of)
    for name, estimates in of.items():
        inner = safe_names(estimates)
        for key, estimate in estimates.items():
            for part in _PARTS:
                number = float(getattr(estimate, part))
                if math.isfinite(number):
                    yield f"{start}/{outer[name]}/{inner[key]}/{part}", number


def _server(base_url: str | None) -> str:
    """Return where a model is served: an address may hold a password or a key, its host and path hold none."""
    if base_url is None:
        return ""
    try:
        parts = urlsplit(base_url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
