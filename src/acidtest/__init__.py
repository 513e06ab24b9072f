"""acidtest tells whether a synthetic benchmark can stand in for a real one.

These are the public names. Each is imported when it is first asked for, so `import acidtest` itself loads nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from acidtest.cli.progress import TerminalReporter
    from acidtest.compare.fidelity import compare as compare_scores
    from acidtest.compare.planning.plan import plan as plan_scores
    from acidtest.compare.thresholds import Thresholds
    from acidtest.data.datasets.catalogue import load_dataset
    from acidtest.data.read import read_items
    from acidtest.data.scores.table import read_scores
    from acidtest.errors import AcidtestError
    from acidtest.frames.of_results import fidelity_frame, scores_frame, verdict_frame
    from acidtest.frames.open_run import OpenedRun, open_run
    from acidtest.notebook.study import Study
    from acidtest.registry import register
    from acidtest.report.page import write_page
    from acidtest.stats.estimate import Estimate
    from acidtest.study.load import load_study
    from acidtest.study.run import run_study
    from acidtest.types import Benchmark, FidelityReport, Item, Scores, Verdict

__all__ = [
    "AcidtestError",
    "Benchmark",
    "Estimate",
    "FidelityReport",
    "Item",
    "OpenedRun",
    "Scores",
    "Study",
    "TerminalReporter",
    "Thresholds",
    "Verdict",
    "compare_scores",
    "fidelity_frame",
    "load_dataset",
    "load_study",
    "open_run",
    "plan_scores",
    "read_items",
    "read_scores",
    "register",
    "run_study",
    "scores_frame",
    "verdict_frame",
    "write_page",
]

_HOMES = {
    "AcidtestError": "acidtest.errors:AcidtestError",
    "Benchmark": "acidtest.types:Benchmark",
    "Estimate": "acidtest.stats.estimate:Estimate",
    "FidelityReport": "acidtest.types:FidelityReport",
    "Item": "acidtest.types:Item",
    "OpenedRun": "acidtest.frames.open_run:OpenedRun",
    "Scores": "acidtest.types:Scores",
    "Study": "acidtest.notebook.study:Study",
    "TerminalReporter": "acidtest.cli.progress:TerminalReporter",
    "Thresholds": "acidtest.compare.thresholds:Thresholds",
    "Verdict": "acidtest.types:Verdict",
    "compare_scores": "acidtest.compare.fidelity:compare",  # `acidtest.compare` is the package of that name
    "fidelity_frame": "acidtest.frames.of_results:fidelity_frame",
    "load_dataset": "acidtest.data.datasets.catalogue:load_dataset",
    "load_study": "acidtest.study.load:load_study",
    "open_run": "acidtest.frames.open_run:open_run",
    "plan_scores": "acidtest.compare.planning.plan:plan",
    "read_items": "acidtest.data.read:read_items",
    "read_scores": "acidtest.data.scores.table:read_scores",
    "register": "acidtest.registry:register",
    "run_study": "acidtest.study.run:run_study",
    "scores_frame": "acidtest.frames.of_results:scores_frame",
    "verdict_frame": "acidtest.frames.of_results:verdict_frame",
    "write_page": "acidtest.report.page:write_page",
}
"""Public name -> where it lives."""


def __getattr__(name: str) -> Any:
    """Import a public name (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'acidtest' has no attribute {name!r}")
    module, _, attribute = _HOMES[name].partition(":")
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    """Return the public names."""
    return __all__
