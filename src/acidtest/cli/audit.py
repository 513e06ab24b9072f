"""`acidtest audit`: from scores that one has already, nothing is called."""

from pathlib import Path
from typing import Annotated

import typer

from acidtest.cli.generators import generators_of
from acidtest.cli.score_options import BENCHMARK, FRACTION, LOWER, METRIC, PERCENT, SYNTHETIC

_FILES = typer.Argument(
    metavar="SCORES...", help="CSV, TSV, JSON lines (each also .gz) or Parquet; long or wide.", show_default=False
)
_REAL = typer.Option("--real", metavar="NAME", help="The real benchmark.", show_default=False)
_GENERATOR = typer.Option("--generator", metavar="BENCHMARK=MODEL", help="Which model wrote a synthetic benchmark.")
_JSON = typer.Option("--json", metavar="FILE", help="Write the comparison as JSON, - for the terminal.")
_HTML = typer.Option("--html", metavar="FILE", help="Write the report as one HTML file.")
_LEVEL = typer.Option("--level", help="Of all intervals.")
_GATE = typer.Option("--gate", metavar="USE", help="score, rank or choose: exit 0 for GO, 10 NO-GO, 11 INCONCLUSIVE.")
_RIGHT_AT = typer.Option(
    "--right-at",
    metavar="SCORE",
    help="For bundles: an item is right from this score on; 1 where all scores are 0 or 1, else .8, unless given.",
    show_default=False,
)
_MODELS_VARY = typer.Option("--models-vary", help="Ask about other solvers like these, not about these.")

_JUDGE = typer.Option(
    "--judge",
    metavar="BENCHMARK",
    help="BENCHMARK holds a judge's scores of the real benchmark's items, labelled and not; the labelled ones are a "
    "random part of them.",
)


_BLOCKS = typer.Option(
    "--blocks",
    metavar="N",
    help="Sum items up in N blocks instead of keeping them, as is done by itself where Parquet files hold more scores "
    "than fit into memory; 0: by itself only. Parquet only.",
)


def audit(  # noqa: PLR0913  # one argument per option
    scores: Annotated[list[Path], _FILES],
    *,
    real: Annotated[str, _REAL],
    synthetic: Annotated[list[str] | None, SYNTHETIC] = None,
    generator: Annotated[list[str] | None, _GENERATOR] = None,
    json_file: Annotated[str | None, _JSON] = None,
    html: Annotated[Path | None, _HTML] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same numbers.")] = 0,
    level: Annotated[float, _LEVEL] = 0.95,
    gate: Annotated[str | None, _GATE] = None,
    percent: Annotated[bool | None, PERCENT] = None,
    fraction: Annotated[list[str] | None, FRACTION] = None,
    lower_is_better: Annotated[list[str] | None, LOWER] = None,
    metric: Annotated[str, METRIC] = "",
    benchmark: Annotated[list[str] | None, BENCHMARK] = None,
    models_vary: Annotated[bool, _MODELS_VARY] = False,
    judge: Annotated[list[str] | None, _JUDGE] = None,
    right_at: Annotated[float | None, _RIGHT_AT] = None,
    blocks: Annotated[int, _BLOCKS] = 0,
) -> None:
    """Compare synthetic benchmarks with a real one from scores that you have already."""
    from acidtest.cli.outcome import check_gate, show_outcome
    from acidtest.compare.fidelity import compare
    from acidtest.data.scores.blocks.large import read_any_size

    check_gate(gate)
    read = read_any_size(
        scores,
        blocks=blocks,
        real=real,
        synthetic=synthetic or (),
        generators=generators_of(generator or ()),
        metric=metric,
        percent=percent,
        fractions=fraction or (),
        lower_is_better=lower_is_better or (),
        benchmark=benchmark or (),
        judged=judge or (),
    )
    report = compare(read, seed=seed, level=level, models_vary=models_vary, right_at=right_at)
    if html is not None:
        from acidtest.report.page import write_page

        write_page(html, report, title=f"{real}: can synthetic benchmarks stand in for it?")
    show_outcome(report, page=html, json_file=json_file, gate=gate)
