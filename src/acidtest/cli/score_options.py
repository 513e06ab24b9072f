"""How score tables are read: the options that every command on them has."""

import typer

SYNTHETIC = typer.Option("--synthetic", metavar="NAME", help="A synthetic benchmark; all others unless named.")
PERCENT = typer.Option(
    "--percent/--no-percent",
    help="All benchmarks are percentages, unless no score of any is above 1; or none is.",
    show_default=False,
)
FRACTION = typer.Option("--fraction", metavar="NAME", help="A benchmark of fractions where all others are percentages.")
LOWER = typer.Option("--lower-is-better", metavar="METRIC", help="A metric of which less is better.")
METRIC = typer.Option("--metric", metavar="NAME", help="Which metric to compare, where the table holds several.")
BENCHMARK = typer.Option(
    "--benchmark", metavar="NAME", help="Benchmark of a file that names none; once per such file, in their order."
)
