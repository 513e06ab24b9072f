"""The card of a data set folder: what the items are, who wrote them and how, what they are worth, and what not."""

import html
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import PureWindowsPath

from pydantic import JsonValue

from acidtest.errors import counted
from acidtest.export.contract import ExportSet
from acidtest.export.item_table import columns
from acidtest.tasks.answer_text import one_line

_HUB_LICENCES = frozenset(
    {"mit", "apache-2.0", "cc0-1.0", "bsd-3-clause", "gpl-3.0", "odc-by", "odbl", "unknown"}
    | {f"cc-by-{version}" for version in ("2.0", "2.5", "3.0", "4.0")}
    | {f"cc-by-{kind}-{version}" for kind in ("sa", "nc", "nc-sa") for version in ("3.0", "4.0")}
)
"""Those of ours that the hub has a word for; any other is `other`, with its name."""

_CATEGORIES = {
    "intent": "text-classification",
    "similarity": "text-classification",
    "ner": "token-classification",
    "reading": "question-answering",
    "math": "question-answering",
    "multiple_choice": "multiple-choice",
    "open_qa": "question-answering",
}
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_WHOLE_FROM = 1_000
"""Numbers from here on are shown without decimals."""

_PATH = re.compile(r"[/~.\\]|[A-Za-z]:[/\\]")
"""How a path begins, here or under Windows."""
_MARKS = re.compile(r"([\\`*_{}\[\]()#+\-.!|~$])")
_USES = {"score": "believe the numbers", "rank": "believe the order", "choose": "pick the best by it"}
_STATISTICS = {
    "gap": "mean difference of scores (above 0: easier than the real set)",
    "srcc": "rank correlation with the real set",
    "pairwise_agreement": "share of solver pairs that are ordered alike",
    "worth_score": "real labelled items that it is worth, for levels",
    "worth_rank": "real labelled items that it is worth, for orders",
}


def card(exported: Sequence[ExportSet], tasks: Mapping[str, str]) -> str:
    """Return the card in Markdown, with the header that the hub reads. Texts of others are shown, never rendered.

    Args:
        exported: The benchmarks.
        tasks: Benchmark -> its name in the folder.
    """
    parts = [_header(exported, tasks), "# " + ", ".join(_plain(one.name) for one in exported), _ABOUT]
    for one in exported:
        parts += [f"## {_plain(one.name)}", _facts(one, tasks[one.name]), _how(one), _worth(one), _columns(one)]
    return "\n\n".join([*filter(None, parts), _LIMITS]) + "\n"


_ABOUT = (
    "Benchmarks that acidtest exported. It tells whether a synthetic benchmark can stand in for a real one, by running "
    "the same solvers on both."
)
_LIMITS = """## Limits

- A verdict speaks of the solvers that were compared. A set that orders these well may fail among others.
- Where a model wrote the items, that model and its relatives may be favoured by them.
- Models that are trained on these items tell nothing by their scores on them."""


def _header(exported: Sequence[ExportSet], tasks: Mapping[str, str]) -> str:
    from ruamel.yaml import YAML

    licences = {one.licence for one in exported}
    licence = licences.pop() if len(licences) == 1 else "several, see below"
    known = licence.lower() in _HUB_LICENCES
    items = sum(len(one.items) for one in exported)
    content: dict[str, object] = {
        "license": licence.lower() if known else "other",
        **({} if known else {"license_name": licence}),
        "pretty_name": ", ".join(one.name for one in exported)[:200],
        "tags": sorted(
            {"benchmark", "acidtest", *(["synthetic"] if any(o.kind == "synthetic" for o in exported) else [])}
        ),
        "task_categories": sorted({_CATEGORIES.get(one.task.name, "other") for one in exported}),
        "size_categories": [next((size for most, size in _SIZES if items < most), "n>1M")],
        "configs": [
            {"config_name": task, "data_files": [{"split": "test", "path": f"{task}.parquet"}]}
            for task in tasks.values()
        ],
    }
    out = StringIO()
    yaml = YAML()
    yaml.width = 10_000
    yaml.dump(content, out)
    return f"---\n{out.getvalue()}---"


def _facts(one: ExportSet, task: str) -> str:
    about = _mapping(one.about.get("models")).get(one.generator or "")
    model = _mapping(about)
    rows = {
        "config": task,
        "kind": one.kind,
        "items": f"{len(one.items):,}",
        "task": one.task.name,
        "metric": one.metric.name,
        "labels": ", ".join(one.task.labels),
        "licence": one.licence,
        "generator": one.generator or ("people" if one.kind == "real" else "not known"),
        "its model": _shared_name(str(model.get("use") or "")),
        "its revision": str(model.get("revision") or ""),
        "strategy": one.strategy or "",
    }
    lines = [f"| {name} | {_plain(value)[:2000]} |" for name, value in rows.items() if value]
    return "\n".join(["| | |", "|---|---|", *lines])


def _how(one: ExportSet) -> str:
    """Say how the items were made, as far as they carry it themselves."""
    made = [item.provenance for item in one.items if item.provenance]
    if not made:
        return "How each item was made is not recorded." if one.kind == "synthetic" else ""
    prompts = sorted({provenance.prompt for provenance in made})
    asked = ", ".join(map(_plain, prompts))
    lines = [f"{len(made):,} of {counted(len(one.items), 'item')} say in the column `provenance` how they were made."]
    lines.append(f"The generator was asked with {asked}.")
    passed = Counter(check.check for provenance in made for check in provenance.checks if check.passed)
    failed = Counter(check.check for provenance in made for check in provenance.checks if not check.passed)
    if passed or failed:
        lines += ["", "| filter | items that passed it | items that did not, and were kept |", "|---|---|---|"]
        lines += [f"| {_plain(name)} | {passed[name]:,} | {failed[name]:,} |" for name in sorted({*passed, *failed})]
    return "\n".join(lines)


def _shared_name(use: str) -> str:
    """Return what a model is called for everybody: where it lies on somebody's disk is nobody's business."""
    provider, _, model = use.partition(":")
    return f"{provider}:{PureWindowsPath(model).name}" if _PATH.match(model) else use


def _worth(one: ExportSet) -> str:
    """Say what the comparison with the real set found, with intervals; that there was none where that is so."""
    if one.kind == "real":
        return ""
    verdict = _mapping(_mapping(one.about.get("verdict")).get(one.name))
    found = _mapping(_mapping(one.about.get("fidelity")).get(one.name))
    if not verdict:
        return "It was not compared with a real benchmark: nobody knows what it is worth."
    level, solvers = one.about.get("level"), one.about.get("solvers")
    count = len(solvers) if isinstance(solvers, list) else 0
    real, measured = _plain(one.about.get("real")), _plain(one.about.get("metric") or "")
    by = f"{counted(count, 'solver')}, measured by {measured}" if measured else counted(count, "solver")
    lines = [f"Compared with the real benchmark {real} by {by}:", ""]
    lines += ["| may I | verdict | because |", "|---|---|---|"]
    for use, words in _USES.items():
        told = _mapping(verdict.get(use))
        lines.append(f"| {words} | {_plain(told.get('decision'))} | {_plain(told.get('because'))} |")
    lines += ["", f"| statistic | seen | {_percent(level)} interval of the true value |", "|---|---|---|"]
    for name, words in _STATISTICS.items():
        told = _mapping(found.get(name))
        if told:
            interval = f"{_number(told.get('low'))} to {_number(told.get('high'))}"
            lines.append(f"| {words} | {_number(told.get('value'))} | {interval} |")
    lines += ["", "Intervals are for the true values, without the noise of few items: what was seen may lie outside."]
    return "\n".join([*lines, *_rated(one)])


def _rated(one: ExportSet) -> list[str]:
    """Say how many items are valid to those who rated some; nothing where nobody did."""
    told = _mapping(_mapping(_mapping(one.about.get("validity")).get("benchmarks")).get(one.name))
    valid = _mapping(told.get("valid"))
    if not valid.get("n"):
        return []
    known = valid.get("low") is not None and valid.get("high") is not None
    interval = f", {_number(valid.get('low'))} to {_number(valid.get('high'))}" if known else ""
    how = f"{_plain(valid.get('method'))}; {_plain(valid.get('n'))} rated"
    warnings = valid.get("warnings")
    noted = [_plain(f"Mind: {warning}.") for warning in warnings] if isinstance(warnings, list) else []
    return ["", f"Share of valid items: {_number(valid.get('value'))}{interval} ({how}).", *noted]


def _columns(one: ExportSet) -> str:
    lines = [f"| {_plain(name)} | {about} |" for name, about in columns(one.items).items()]
    return "\n".join(["| column | holds |", "|---|---|", *lines])


def _mapping(value: JsonValue) -> Mapping[str, JsonValue]:
    return value if isinstance(value, dict) else {}


def _number(value: JsonValue) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "not known"
    return f"{value:,.3g}" if abs(value) < _WHOLE_FROM else f"{value:,.0f}"


def _percent(level: JsonValue) -> str:
    return f"{level:.0%}" if isinstance(level, float) else ""


def _plain(value: JsonValue) -> str:
    """Return a text that Markdown and HTML show as it is, on one line."""
    shown = _MARKS.sub(r"\\\1", one_line(str(value if value is not None else "")).strip())
    return html.escape(shown, quote=False)
