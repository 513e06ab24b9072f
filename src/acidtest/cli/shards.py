"""`--shard K/N`: one of several machines answers its part of the items."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from acidtest.study.shard import Shard
    from acidtest.study.under_way import Run

SHARD = typer.Option(
    "--shard",
    metavar="K/N",
    help="Answer only part K of N of the items, into a folder of its own; 'acidtest merge' puts parts together.",
    show_default=False,
)
NO_SHARD = typer.Option("--shard", metavar="K/N", hidden=True)


def asked_shard(named: str | None, folder: Path | None, known: Path | None) -> "Shard | None":
    """Return the shard that was asked for, with its folder made from the run it starts from; None: the whole.

    Args:
        named: What `--shard` says.
        folder: What `-o` says.
        known: The run that was named instead of a study file.

    Raises:
        StudyFileError: It is no shard, or its folder is not named.
    """
    if named is None:
        return None
    from acidtest.errors import StudyFileError
    from acidtest.study.shard import shard_named
    from acidtest.study.shard_run import start_from

    shard = shard_named(named)
    root = folder or known
    if root is None:
        raise StudyFileError(
            "the shard's folder is not named", where="--shard", way_out="Name one folder per shard: -o SHARD"
        )
    if known is not None:
        start_from(known, root)
    return shard


def refuse_shard(named: str | None, why: str) -> None:
    """Refuse `--shard` where work cannot be parted by items.

    Raises:
        StudyFileError: It is named.
    """
    if named is not None:
        from acidtest.errors import StudyFileError

        raise StudyFileError(f"this cannot be parted into shards: {why}", where="--shard", way_out="Leave it out.")


def answer_part(run: "Run", shard: "Shard") -> None:
    """Answer, and have rated, what falls to a shard; say what is done, and that a part says nothing alone."""
    from acidtest.study.run import answer_benchmarks, rate_benchmarks

    answer_benchmarks(run)
    if run.prepared.study.judges:
        rate_benchmarks(run)
    end_shard(run, shard)


def end_shard(run: "Run", shard: "Shard") -> None:
    """Say what a shard has done; exit with 2 where something is missing."""
    from acidtest.report.safe_text import clean
    from acidtest.study.shard_run import shard_summary

    for key, why in run.failed.items():
        typer.echo(clean(f"not done: {key}: {why}"), err=True)
    typer.echo(shard_summary(run, shard))
    if run.failed:
        raise typer.Exit(2)
