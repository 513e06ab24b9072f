"""What trackers are told: names that they can hold, and nothing of an address but host and path."""

import re
import sys
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acidtest import registry
from acidtest.errors import AcidtestError
from acidtest.tracking.told import _server, safe_names
from mock_study import acidtest
from python_study import study_values, write_items
from tracking_run import KEY


@given(st.lists(st.text(max_size=80), max_size=8))
def test_names_are_safe_and_different(names: list[str]) -> None:
    safe = safe_names(names)
    assert list(safe) == list(dict.fromkeys(names))
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,70}", name) for name in safe.values())
    assert len({name.lower() for name in safe.values()}) == len(safe)  # stores on disk may know no capitals


@pytest.mark.parametrize(("tracker", "shown"), [("mlflow", "MLflow"), ("wandb", "W&B")])
def test_a_tracker_that_is_not_installed_is_named_before_anything_is_done(
    tracker: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, tracker, None)  # as Python marks a module that must not be found
    with pytest.raises(AcidtestError, match=f"{shown} is not installed") as raised:
        registry.get("tracker", tracker)()
    assert raised.value.way_out == f"pip install {tracker}"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--log-to", "mlfow"], "no tracker is called 'mlfow'"),
        (["--log-to", "mlflow", "--shard", "1/2", "-o", "part"], "--log-to is for whole runs"),
    ],
)
def test_what_cannot_be_logged_to_is_refused(options: list[str], said: str, tmp_path: Path) -> None:
    write_items(tmp_path)
    study = tmp_path / "study.yaml"
    study.write_bytes(orjson.dumps(study_values()))
    done = acidtest("run", study, *options, cache=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert not (tmp_path / "part").exists()


def test_an_address_keeps_host_and_path_alone() -> None:
    assert _server(f"https://ann:{KEY}@host.org:8443/v1?key={KEY}#{KEY}") == "https://host.org:8443/v1"
    assert _server("http://[::1") == ""
    assert _server("http://host:port/") == ""
    assert _server(None) == ""
