"""Callbacks hear of a run in its order, and none of them can break it."""

from pathlib import Path

import pytest

import acidtest
from acidtest.errors import DataError
from acidtest.study.callbacks import RunEnd, RunStart
from python_study import study_values, write_items
from tracking_run import Listening


class Heard:
    """Keeps what it hears; breaks where it is asked to."""

    def __init__(self, breaks_at: str = "") -> None:
        self.heard: list[str] = []
        self.breaks_at = breaks_at
        self.last: RunStart | RunEnd | BaseException | None = None

    def _hear(self, what: str) -> None:
        self.heard.append(what)
        if what == self.breaks_at:
            raise RuntimeError("the tracker is\x1b[31m gone")

    def begin(self, run: RunStart) -> None:
        self.last = run
        self._hear("begin")

    def stage_done(self, stage: str, seconds: float) -> None:
        assert seconds >= 0
        self._hear(stage)

    def end(self, run: RunEnd) -> None:
        self.last = run
        self._hear("end")

    def fail(self, error: BaseException) -> None:
        self.last = error
        self._hear("fail")


ALL = ["begin", "generate", "evaluate", "compare", "report", "end"]


def test_all_are_told_in_the_order_of_the_run(tmp_path: Path) -> None:
    write_items(tmp_path)
    heard = Heard()
    study = acidtest.Study(study_values(), folder=tmp_path)
    report = study.run(tmp_path / "run", callbacks=[heard], reporter=Listening([]))
    assert heard.heard == ALL
    assert isinstance(heard.last, RunEnd)
    assert heard.last.report == report
    assert set(heard.last.seconds) == set(ALL[1:-1])
    assert heard.last.folder.root == tmp_path / "run"


@pytest.mark.parametrize("at", ALL)
def test_one_that_breaks_is_told_no_more_and_the_run_goes_on(tmp_path: Path, at: str) -> None:
    write_items(tmp_path)
    breaks, other, said = Heard(at), Heard(), list[str]()
    study = acidtest.Study(study_values(), folder=tmp_path)
    report = study.run(tmp_path / "run", callbacks=[breaks, other], reporter=Listening(said))
    assert set(report.fidelity) == {"made.up"}
    assert breaks.heard == ALL[: ALL.index(at) + 1]
    assert other.heard == ALL
    assert [text for text in said if "is told no more" in text] == [
        "Heard failed and is told no more; the run goes on. RuntimeError: the tracker is\x1b[31m gone"
    ]


def test_a_run_that_cannot_go_on_is_told_of(tmp_path: Path) -> None:
    write_items(tmp_path)
    (tmp_path / "made.jsonl").write_text("", "utf-8")
    heard = Heard()
    with pytest.raises(DataError) as raised:
        acidtest.Study(study_values(), folder=tmp_path).run(tmp_path / "run", callbacks=[heard], reporter=Listening([]))
    assert heard.heard == ["fail"]
    assert heard.last is raised.value
