"""What may be asked of a comparison: the seed, the interval's level, and where a verdict's limits lie."""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """The limits of the verdict. The defaults are those whose errors were simulated.

    Attributes:
        score: Largest root mean squared true difference at which scores are believed, in units of the metric.
        rank: Least share of solver pairs, among those that truly differ, that must be ordered as on the real set.
        differ: Solvers whose true real scores are closer than this are as good as each other.
        regret: Most that may be lost on the real set by choosing the synthetic set's best solver.
        certainty: Probability at which a choice is called safe; one less this: unsafe.
    """

    score: float = 0.05
    rank: float = 0.90
    differ: float = 0.02
    regret: float = 0.02
    certainty: float = 0.95


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What holds for a whole comparison.

    Attributes:
        seed: Every statistic's stream of chance is derived from it, the statistic's name and the benchmark's.
        level: Of all intervals.
        draws: Posterior draws per pair.
        models_vary: Ask about other solvers like these, not about these.
        thresholds: The verdict's limits.
    """

    seed: int = 0
    level: float = 0.95
    draws: int = 2000
    models_vary: bool = False
    thresholds: Thresholds = field(default_factory=Thresholds)
