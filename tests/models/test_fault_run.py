"""Whole runs over a bad network: in the end every item is answered, or listed and asked again by the next run."""

import random
from pathlib import Path

from batch_server import BatchServer
from batch_study import a_label, answers, no_key_is_written, start, to_the_end, write_study

EVERYTHING: list[int | str] = [429, 503, 500, "reset", "html", "cut", "done-reset", "done-500"]


async def undisturbed(folder: Path) -> dict[str, bytes]:
    async with BatchServer(answer=a_label) as server:
        process = await start(write_study(folder, "openai:any", server.url, ""), folder / "run")
        out = await to_the_end(process)
        assert process.returncode == 0, out
        return answers(folder / "run")


async def test_a_run_through_a_storm_ends_with_every_item_answered(tmp_path: Path) -> None:
    """80 refusals that ask for a moment's wait, then everything that can go wrong, in any order."""
    expected = await undisturbed(tmp_path / "calm")
    async with BatchServer(answer=a_label) as server:
        mixed = random.Random(7).sample(EVERYTHING, len(EVERYTHING))
        server.faults["single"] = [*[429] * 80, *mixed]
        process = await start(write_study(tmp_path / "storm", "openai:any", server.url, ""), tmp_path / "storm" / "run")
        out = await to_the_end(process)
        assert process.returncode == 0, out
        assert server.faults["single"] == []
        assert answers(tmp_path / "storm" / "run") == expected
        assert server.calls["single"] == 39 + 80 + 8
        assert sum(server.paid.values()) == 39 + 4  # html, cut and both done: answered, and not heard
        no_key_is_written(tmp_path / "storm", out)


async def test_what_stays_unanswered_is_listed_and_asked_by_the_next_run(tmp_path: Path) -> None:
    expected = await undisturbed(tmp_path / "calm")
    async with BatchServer(answer=a_label) as server:
        server.faults["single"] = ["", "", "", "", "", *[500] * 1000]
        study, run = write_study(tmp_path / "down", "openai:any", server.url, ", retries: 1"), tmp_path / "down" / "run"
        process = await start(study, run)
        out = await to_the_end(process)
        assert "responses/real/far: 19 items stayed without an answer; run again to ask again" in out
        assert "responses/made/far" in out
        assert "Traceback" not in out
        answered = sum(server.paid.values())
        assert answered == 5
        server.faults.clear()
        process = await start(study, run)
        out = await to_the_end(process)
        assert process.returncode == 0, out
        assert answers(run) == expected
        assert set(server.paid.values()) == {1}
        no_key_is_written(tmp_path / "down", out)


async def test_a_dry_run_says_that_batches_go_out_and_sends_none(tmp_path: Path) -> None:
    async with BatchServer() as server:
        study = write_study(tmp_path, "openai:any", server.url)
        process = await start(study, tmp_path / "run", "run", "--dry-run")
        out = await to_the_end(process)
        assert process.returncode == 0, out
        assert "The calls to 'far' go out in batches: their answers may take a day." in out
        assert sum(server.calls.values()) == 0
