"""Items to look at with one's own eyes: a few real ones beside a few synthetic ones."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from acidtest.report.safe_text import excerpt, name
from acidtest.types import Benchmark, Item, Kind

SHOWN = 10


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One item as a reader sees it: its target in words, and its text."""

    benchmark: str
    kind: Kind
    target: str
    text: str


@dataclass(frozen=True, kw_only=True)
class SampleRow:
    """A real and a synthetic item side by side; None where one side has no more."""

    real: Sample | None
    synthetic: Sample | None


@dataclass(frozen=True, kw_only=True)
class SampleTable:
    """The rows for one synthetic benchmark."""

    benchmark: str
    rows: tuple[SampleRow, ...]


def draw_samples(
    benchmarks: Iterable[Benchmark], *, rng: np.random.Generator, count: int = SHOWN
) -> tuple[Sample, ...]:
    """Draw up to `count` items of each benchmark at random: no picking of good ones."""
    drawn: list[Sample] = []
    for benchmark in benchmarks:
        chosen = rng.permutation(len(benchmark.items))[:count]
        drawn.extend(sample_of(benchmark, benchmark.items[i]) for i in sorted(chosen))
    return tuple(drawn)


def sample_of(benchmark: Benchmark, item: Item) -> Sample:
    """Return one item in words: a lone input as it is, several each after its name."""
    texts = item.input
    text = next(iter(texts.values())) if len(texts) == 1 else "\n".join(f"{key}: {texts[key]}" for key in texts)
    return Sample(benchmark=benchmark.name, kind=benchmark.kind, target=_target_in_words(item), text=text)


def _target_in_words(item: Item) -> str:
    """Return a label as it is, spans as `type: text`, anything else as JSON."""
    if isinstance(item.target, str):
        return item.target
    if isinstance(item.target, list) and len(item.input) == 1:
        (text,) = item.input.values()
        spans = [_span_in_words(span, text) for span in item.target]
        if all(spans):
            return "; ".join(spans) or "none"
    return json.dumps(item.target, ensure_ascii=False)


def _span_in_words(span: object, text: str) -> str:
    match span:
        case [str(kind), int(start), int(end)] if 0 <= start < end <= len(text):
            return f"{kind}: {text[start:end]}"
    return ""


def side_by_side(samples: Sequence[Sample], count: int = SHOWN) -> tuple[SampleTable, ...]:
    """Return a table per synthetic benchmark: like targets beside each other first, in the order they came."""
    real = [_shown(s) for s in samples if s.kind == "real"][:count]
    names = dict.fromkeys(s.benchmark for s in samples if s.kind == "synthetic")
    tables = []
    for benchmark in names:
        synthetic = [_shown(s) for s in samples if s.kind == "synthetic" and s.benchmark == benchmark][:count]
        tables.append(SampleTable(benchmark=name(benchmark), rows=_paired(real, synthetic)))
    if real and not tables:
        tables.append(SampleTable(benchmark="", rows=_paired(real, [])))
    return tuple(tables)


def _paired(real: Sequence[Sample], synthetic: Sequence[Sample]) -> tuple[SampleRow, ...]:
    left = list(synthetic)
    partners: list[Sample | None] = []
    for sample in real:
        partner = next((s for s in left if s.target == sample.target), None)
        if partner is not None:
            left.remove(partner)
        partners.append(partner)
    partners = [p if p is not None or not left else left.pop(0) for p in partners]
    rows = [SampleRow(real=r, synthetic=s) for r, s in zip(real, partners, strict=True)]
    return (*rows, *(SampleRow(real=None, synthetic=s) for s in left))


def _shown(sample: Sample) -> Sample:
    return Sample(
        benchmark=name(sample.benchmark),
        kind=sample.kind,
        target=excerpt(sample.target, 120),
        text=excerpt(sample.text),
    )
