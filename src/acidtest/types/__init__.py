"""The words of the project as types: records are read and written, results are computed.

Records are pydantic models: frozen, unknown fields refused. Results are frozen keyword-only dataclasses.
NaN means "not scored" and never becomes 0.
"""

from acidtest.types.asked import Answer, Benchmark, ItemShape, Progress, Prompt, Reading, Reply, Sampling, Style
from acidtest.types.rating import LONGEST_NOTE, Criterion, Mark, Preference, RaterKind, Rating, Rubric
from acidtest.types.record import Check, Evidence, Item, Kind, Provenance, Record, RejectedCandidate, Response, Step
from acidtest.types.report import (
    BiasFactor,
    BundleConsistency,
    Decision,
    FidelityReport,
    OrderTest,
    PairTest,
    RankGroup,
    Separated,
    Use,
    Verdict,
)
from acidtest.types.scores import BenchmarkScores, Blocks, Predicted, Scores
from acidtest.types.validity import (
    BenchmarkValidity,
    JudgeValidity,
    PromptValidity,
    PromptVersion,
    RaterWork,
    ValidityReport,
)

__all__ = [
    "LONGEST_NOTE",
    "Answer",
    "Benchmark",
    "BenchmarkScores",
    "BenchmarkValidity",
    "BiasFactor",
    "Blocks",
    "BundleConsistency",
    "Check",
    "Criterion",
    "Decision",
    "Evidence",
    "FidelityReport",
    "Item",
    "ItemShape",
    "JudgeValidity",
    "Kind",
    "Mark",
    "OrderTest",
    "PairTest",
    "Predicted",
    "Preference",
    "Progress",
    "Prompt",
    "PromptValidity",
    "PromptVersion",
    "Provenance",
    "RankGroup",
    "RaterKind",
    "RaterWork",
    "Rating",
    "Reading",
    "Record",
    "RejectedCandidate",
    "Reply",
    "Response",
    "Rubric",
    "Sampling",
    "Scores",
    "Separated",
    "Step",
    "Style",
    "Use",
    "ValidityReport",
    "Verdict",
]
