"""What `acidtest irt` writes and prints once all is computed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from acidtest.cli.addresses import in_addresses
from acidtest.cli.json_out import echo_json
from acidtest.compare.irt.calibrate import Calibration
from acidtest.types.irt import IrtReport

if TYPE_CHECKING:
    from rich.console import RenderableType

    from acidtest.compare.irt.flaws import FlawAudit
    from acidtest.compare.irt.from_text import TextReport
    from acidtest.compare.irt.model_check import ModelCheck


@dataclass(frozen=True, kw_only=True)
class IrtFiles:
    """Where to write; None: nowhere. The names of tables are checked before anything is computed.

    Attributes:
        json: - is the terminal.
        scores: The tables that were read.
    """

    json: str | None
    html: Path | None
    bank: Path | None
    items: Path | None
    scores: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        from acidtest.data.table_file import check_ending

        for path in (self.bank, self.items):
            if path is not None:
                check_ending(path)


def audit_of(
    found: Calibration, paths: Sequence[Path], benchmark: Sequence[str], *, fdr: float, seed: int
) -> "FlawAudit":
    """Return the audit of flawed items; the answers themselves take part where the files hold them."""
    from acidtest.compare.irt.flaws import audit_items
    from acidtest.data.scores.answers import read_answers

    answers = read_answers(paths, benchmark=benchmark, only=found.matrix.benchmarks)
    return audit_items(found.matrix, found.fit, fdr=fdr, seed=seed, answers=answers)


def check_of(found: Calibration, *, seed: int) -> "ModelCheck":
    """Return the checks of the model."""
    from acidtest.compare.irt.model_check import model_report

    return model_report(found.matrix, found.fit, seed=seed)


def texts_of(
    found: Calibration, texts: Sequence[Path], predict: Path | None, demands: Sequence[Path], *, embed: bool, seed: int
) -> "TextReport":
    """Return what the items' texts, and ratings of what they demand, tell of their difficulty."""
    from acidtest.compare.irt.from_text import text_report
    from acidtest.data.item_texts import read_item_texts
    from acidtest.data.rating_files import read_rating_files
    from acidtest.data.rubric_file import load_rubric
    from acidtest.judge.demand import RUBRIC, demand_table
    from acidtest.models.difficulty.features import sentence_encoder

    rated = None
    if demands:
        rubric = load_rubric(RUBRIC)
        rated = demand_table(read_rating_files(demands, rubric).ratings, rubric.rubric)
    known = [one for path in texts for one in read_item_texts(path)]
    new = read_item_texts(predict) if predict else ()
    encoder = sentence_encoder() if embed else None
    return text_report(found.matrix, found.fit, known, new, ratings=rated, embed=encoder, seed=seed)


def flags_by_item(found: Calibration, audit: "FlawAudit | None") -> dict[tuple[str, str], tuple[str, ...]]:
    """Return (benchmark, item) -> what the audit says against it."""
    if audit is None:
        return {}
    from acidtest.compare.irt.flaws import flags_of

    matrix = found.matrix
    named = zip(matrix.benchmark, matrix.items, flags_of(audit), strict=True)
    return {(benchmark, item): (flag,) for benchmark, item, flag in named if flag}


def show_irt(
    report: IrtReport,
    found: Calibration,
    *,
    audit: "FlawAudit | None",
    check: "ModelCheck | None",
    files: IrtFiles,
    texts: "TextReport | None" = None,
) -> None:
    """Print what was found, and write the files that were asked for."""
    _write_tables(report, found, files)
    if files.html is not None:
        from acidtest.report.irt_page import write_irt_page

        write_irt_page(files.html, report, title=", ".join(report.sets), flaws=audit, check=check)
    if files.json:
        content = _json(report, audit, check, texts)
        if files.json == "-":
            echo_json(content)
        else:
            from acidtest.data.run_folder import write_atomically

            write_atomically(Path(files.json), content)
    if files.json != "-":
        from acidtest.report.irt_terminal import print_irt

        print_irt(report, more=_parts(audit, check, texts))
        for what, path in (("Bank", files.bank), ("Items", files.items), ("Page", files.html)):
            if path is not None:
                typer.echo(f"{what}: {in_addresses(str(path))}")


def _parts(audit: "FlawAudit | None", check: "ModelCheck | None", texts: "TextReport | None") -> "list[RenderableType]":
    parts: list[RenderableType] = []
    if audit is not None:
        from acidtest.report.flaws_terminal import flaw_lines

        parts.append(flaw_lines(audit))
    if check is not None:
        from acidtest.report.irt_check_terminal import check_lines

        parts.append(check_lines(check))
    if texts is not None:
        from rich.text import Text

        from acidtest.report.irt_text_terminal import text_lines

        parts.append(Text("\n".join(["", *text_lines(texts)])))
    return parts


def _json(
    report: IrtReport, audit: "FlawAudit | None", check: "ModelCheck | None", texts: "TextReport | None"
) -> bytes:
    from acidtest.compare.irt.contract import dumps
    from acidtest.compare.plain_values import plain_fields

    flaws = None
    if audit is not None:
        from acidtest.report.flaws_terminal import flaws_json

        flaws = flaws_json(audit)
    return dumps(
        report,
        flaws=flaws,
        check=None if check is None else plain_fields(check),
        texts=texts.as_json() if texts else None,
    )


def _write_tables(report: IrtReport, found: Calibration, files: IrtFiles) -> None:
    if files.bank is not None:
        from acidtest.data.item_bank import bank_of, write_bank
        from acidtest.data.item_content import contents_beside

        matrix = found.matrix
        content = contents_beside(files.scores, matrix.kinds, matrix.benchmark, matrix.items)
        write_bank(files.bank, bank_of(found.fit, benchmark=matrix.benchmark, items=matrix.items, content=content))
    if files.items is not None:
        from acidtest.data.table_file import write_table

        write_table(
            files.items,
            {
                "benchmark": [item.benchmark for item in report.items],
                "item": [item.item for item in report.items],
                "difficulty": [item.difficulty for item in report.items],
                "difficulty_se": [item.difficulty_se for item in report.items],
                "discrimination": [item.discrimination for item in report.items],
                "discrimination_se": [item.discrimination_se for item in report.items],
                "right": [item.right for item in report.items],
                "answers": [item.answers for item in report.items],
                "flags": [" ".join(item.flags) for item in report.items],
            },
        )
