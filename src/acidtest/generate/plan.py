"""What one generation is asked for, and what it gives back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pydantic import JsonValue

from acidtest.tasks.base import Task
from acidtest.types import Item, Prompt, RejectedCandidate, Reply, Sampling

ATTEMPTS = 10
"""Attempts at each item that the calls suffice for, unless a study says how many calls there may be."""


class Call(Protocol):
    """Sends one prompt to the generator. Retries, limits and prices are its business."""

    async def __call__(self, prompt: Prompt, sampling: Sampling, repeat: int = 0) -> Reply:
        """Return the generator's reply.

        Raises:
            TransientModelError: No answer came; another prompt may fare better.
            ModelError: The generator refuses and will go on refusing.
            BudgetError: The call could cost more than the study allows.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class GenerationPlan:
    """One synthetic benchmark to be written: by whom, how, and how much.

    Attributes:
        benchmark: Its name; every draw of the strategy comes from `seed` and this name.
        generator: The model that writes it.
        revision: What exactly the generator is: a file's SHA-256, a provider's model version.
        identity: Its provider and name there, its address, style and context: what else decides a reply. Recorded calls
            of another generator that the study called by the same name are not used.
        strategy: A registered strategy's name.
        options: That strategy's options.
        task: The task that the items are for, with its labels.
        pool: Items that may be shown as examples. They are never evaluated.
        n: Accepted items wanted.
        seed: The study's seed.
        budget: Most calls, those that gave nothing included; None: `ATTEMPTS` times those that the items take at best.
        near_copy: Two texts at least this much alike are near copies; 1 finds equal texts only, see `near_copy.py`.
        folder: Where relative paths among the options start: the study file's folder.
    """

    benchmark: str
    generator: str
    revision: str
    strategy: str
    task: Task
    pool: Sequence[Item]
    n: int
    budget: int | None = None
    seed: int = 0
    options: Mapping[str, JsonValue] = field(default_factory=dict)
    temperature: float = 0.99
    top_p: float = 0.95
    min_p: float = 0.05
    near_copy: float = 0.9
    folder: Path | None = None
    identity: tuple[JsonValue, ...] = ()


@dataclass(frozen=True, kw_only=True)
class GenerationOutcome:
    """What a generation gave.

    `accepted`, `rejected`, `calls` and `why_short` are the same for the same plan and the same replies, whatever the
    concurrency and however often it was killed and started again. The other numbers say what this took.

    Attributes:
        accepted: At most n items, in the order of the calls that wrote them.
        rejected: Every candidate that was not accepted, with its reason.
        calls: Calls whose replies were read.
        recorded: How many of them had been recorded before and were not sent again.
        unused: Replies that came after the last item was found.
        why_short: Why there are fewer than n items; empty where there are n.
        notes: What else should be known, one sentence each.
    """

    accepted: tuple[Item, ...]
    rejected: tuple[RejectedCandidate, ...]
    calls: int
    recorded: int
    unused: int
    why_short: str
    notes: tuple[str, ...]
