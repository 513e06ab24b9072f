"""A study, and how far a run of it is, as a card of a notebook."""

from collections.abc import Sequence

from acidtest.report.card import Card, CardTable, Cell
from acidtest.report.safe_text import excerpt, name
from acidtest.study.how_far import Step, real_name
from acidtest.study.schema import StudyFile

_MOST_ROWS = 40
_MOST_MISSING = 20


def study_card(study: StudyFile, run: str, steps: Sequence[Step]) -> Card:
    """Return what is asked of whom, and how far the run is.

    Args:
        study: What is asked for.
        run: The run's name; "" where there is none.
        steps: How far it is, as `steps_of` tells; of no run, none.
    """
    missing = [name(key, 160) + (f": {excerpt(why, 200)}" if why else "") for s in steps for key, why in s.missing]
    more = [f"and {len(missing) - _MOST_MISSING:,} more"] if len(missing) > _MOST_MISSING else []
    return Card(
        kicker=f"study · task {name(study.task)} · seed {study.seed}",
        headline=name(study.study, 160),
        said=tuple(_said(study, run, steps)),
        tables=(_benchmarks(study), _models(study), *([_steps(steps)] if steps else [])),
        notes=(*missing[:_MOST_MISSING], *more),
        notes_title="Not done yet",
    )


def _said(study: StudyFile, run: str, steps: Sequence[Step]) -> list[str]:
    limits = study.limits
    caps = []
    if limits.max_cost is not None:
        caps.append(f"at most ${limits.max_cost:g}")
    if limits.max_calls is not None:
        caps.append(f"at most {limits.max_calls:,} calls")
    lines = [excerpt(study.description, 400)] if study.description else []
    lines += [f"Limits: {', '.join(caps)}."] if caps else []
    if steps:
        done = all(step.done == step.of for step in steps)
        lines.append(f"Run {name(run, 160)}: {'done' if done else 'not done yet'}.")
    return lines


def _benchmarks(study: StudyFile) -> CardTable:
    real = study.real
    source = f"data set {real.dataset}" if real.dataset else str(real.path)
    limit = "" if real.limit is None else f"a sample of {real.limit:,}"
    rows = [("real", real_name(study), name(source, 120), limit)]
    rows += [
        ("synthetic", g.benchmark, f"written by {name(g.model)}, {name(g.strategy)}", f"{g.items:,}")
        for g in study.generators
    ]
    for given in study.synthetic:
        by = f", written by {name(given.generator)}" if given.generator else ""
        rows.append(("synthetic", given.name, f"{name(given.path, 120)}{by}", ""))
    return _table("Benchmarks", ("Kind", "Name", "From", "Items"), rows)


def _models(study: StudyFile) -> CardTable:
    roles: dict[str, list[str]] = {}
    for role, names in (
        ("generator", [g.model for g in study.generators]),
        ("solver", [s.model for s in study.solvers]),
        ("judge of items", study.judges),
        ("judge of answers", [study.judge] if study.judge else []),
    ):
        for model in dict.fromkeys(names):
            roles.setdefault(model, []).append(role)
    rows = [(model, name(study.model_spec(model).use, 120), ", ".join(has)) for model, has in roles.items()]
    return _table("Models", ("Name", "Use", "Role"), rows)


def _table(caption: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> CardTable:
    more = f" (the first {_MOST_ROWS} of {len(rows):,})" if len(rows) > _MOST_ROWS else ""
    cells = tuple(tuple(Cell(text=name(text, 120) if text else "") for text in row) for row in rows[:_MOST_ROWS])
    return CardTable(caption=caption + more, columns=columns, rows=cells)


def _steps(steps: Sequence[Step]) -> CardTable:
    rows = tuple(
        (Cell(text=s.name), Cell(text=f"{s.done:,} of {s.of:,}", share=100 * s.done // max(s.of, 1))) for s in steps
    )
    return CardTable(caption="How far it is", rows=rows)
