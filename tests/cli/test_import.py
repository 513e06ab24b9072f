"""`acidtest import` as a user runs it, up to the audit that it names as the next command; and its page."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import jsonschema
import orjson
import pytest

from acidtest.data.logs.log_files import log_formats
from acidtest.report.import_terminal import print_import
from acidtest.study.published_schemas import schemas
from doc_pages import page
from mock_study import acidtest

LOGS = Path(__file__).parents[1] / "data" / "logs"
LM_EVAL = LOGS / "lm_eval" / "logs"
HOSTILE = "\x1b[31mred\u202e [bold]"


def found(*arguments: object, cache: Path) -> dict[str, Any]:
    done = acidtest("import", *arguments, "--json", "-", cache=cache)
    assert done.returncode == 0, done.stderr
    read: dict[str, Any] = json.loads(done.stdout)
    jsonschema.Draft202012Validator(orjson.loads(schemas()["import.schema.json"])).validate(read)
    return read


def test_logs_become_a_table_that_audit_takes(tmp_path: Path) -> None:
    out = tmp_path / "scores.parquet"
    done = acidtest("import", LM_EVAL, "-o", out, "--groups", "--json", tmp_path / "found.json", cache=tmp_path)
    assert done.returncode == 0, done.stderr
    shown = " ".join(done.stdout.split())
    assert "62 rows" in shown
    assert "Files read: lm_eval 12." in shown
    assert "'chrf' of 'ports' is reckoned over the whole benchmark: no item has a score" in shown
    assert "NAME is the real benchmark, one of: ports, proverb, tools" in shown
    read = json.loads((tmp_path / "found.json").read_text("utf-8"))
    command = shlex.split(read["command"])
    assert command[:2] == ["acidtest", "audit"]
    audit = acidtest(*("tools" if word == "NAME" else word for word in command[1:]), "--json", "-", cache=tmp_path)
    assert audit.returncode == 0, audit.stderr
    compared = json.loads(audit.stdout)
    assert compared["models"] == ["tiny-a", "tiny-b"]
    own = json.loads(next((LM_EVAL / "tiny-a").glob("results_*")).read_text("utf-8"))["groups"]["tools"]["acc,none"]
    assert compared["scores"]["tools"]["tiny-a"]["value"] == pytest.approx(own)


def test_two_tools_in_one_table(tmp_path: Path) -> None:
    renamed = ("--rename", "model:tiny-a=one", "--rename", "benchmark:nature:seas|0=seas")
    folders = (LM_EVAL / "tiny-a", LOGS / "lighteval" / "logs" / "details" / "tiny-a")
    read = found(*folders, "-o", tmp_path / "a.csv", "--metric", "acc", *renamed, cache=tmp_path)
    assert read["files"] == {"lighteval": 2, "lm_eval": 4}
    assert read["models"] == ["one"]
    assert read["benchmarks"] == ["proverb", "tools_hand", "tools_kitchen", "seas", "nature:skies|0"]
    audit = acidtest("audit", tmp_path / "a.csv", "--real", "tools_hand", "--json", "-", cache=tmp_path)
    assert audit.returncode == 0, audit.stderr


def test_an_item_that_failed_and_repeats_reach_the_audit(tmp_path: Path) -> None:
    table = tmp_path / "a.csv"
    rows = [
        f"{b},m{m},{i},{(i + m) % 2},{e},"
        for b in ("real", "made")
        for m in (1, 2, 3)
        for i in range(6)
        for e in (0, 1)
    ]
    table.write_text(
        "benchmark,model,item,score,epoch,error\n" + "\n".join([*rows, "made,m3,6,,0,timeout"]) + "\n", "utf-8"
    )
    read = found(table, "-o", tmp_path / "o.parquet", cache=tmp_path)
    assert [(part["benchmark"], part["rows"], part["unscored"]) for part in read["parts"]] == [
        ("real", 36, 0),
        ("made", 37, 1),
    ]
    audit = acidtest("audit", tmp_path / "o.parquet", "--real", "real", "--json", "-", cache=tmp_path)
    assert audit.returncode == 0, audit.stderr
    assert json.loads(audit.stdout)["scores"]["made"]["m3"]["value"] == 0.5  # 3 of 6: what failed counts nowhere


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((LM_EVAL, "--rename", "tiny-a=x"), "is no WHAT:OLD=NEW"),
        ((LM_EVAL, "--format", "helmet"), "Did you mean 'helm'?"),
        ((LM_EVAL / "nowhere",), "there is no file or folder"),
        ((LM_EVAL, LOGS / "lm_eval" / "run.sh"), "is no log that is known"),
        ((LM_EVAL, "-o", "scores.xlsx"), "ends in no format of tables"),
    ],
)
def test_what_a_user_can_mend(tmp_path: Path, arguments: tuple[object, ...], said: str) -> None:
    done = acidtest("import", "-o", tmp_path / "o.parquet", *arguments, cache=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "way out:" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "o.parquet").exists()


def test_hostile_names_steer_no_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from acidtest.data.logs.import_logs import import_logs

    table = tmp_path / "a.csv"
    table.write_text(f"benchmark,model,item,score\n{HOSTILE},{HOSTILE},1,1\n", "utf-8")
    print_import(import_logs([table], tmp_path / "o.parquet"))
    shown = capsys.readouterr().out
    assert "[bold]" in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_the_page_has_a_section_for_every_tool() -> None:
    sections = set(re.findall(r"^### (.+)$", page("import.md"), re.MULTILINE))
    assert {_heading(form.title) for form in log_formats().values()} == sections


def _heading(title: str) -> str:
    return {"a table of scores": "Tables"}.get(title, title)
