"""`levels`, `lab` and `harder` on a Ray cluster: what they find is what they find here, to the byte."""

import secrets
from pathlib import Path

import pytest

from mock_study import STUDY, acidtest, write_study

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("ray")]


@pytest.mark.parametrize(
    "command", [("levels", "--items", "6"), ("lab", "--prompts", "v1"), ("harder", "--rounds", "2")], ids=lambda c: c[0]
)
def test_what_is_found_on_a_cluster_is_what_is_found_here(
    tmp_path: Path, mock_url: str, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
    text = STUDY.replace("items: 24", "items: 12").replace("connections", "key_env: OPENAI_API_KEY, connections")
    study = write_study(tmp_path, mock_url, text)
    name, *options = command
    found = []
    for where in ("local", "ray"):
        run = tmp_path / where
        done = acidtest(name, study, *options, "-o", run, "--executor", where, cache=tmp_path / f"{where}-cache")
        assert done.returncode == 0, done.stderr
        found.append((run / f"{name}.json").read_bytes())
        assert ("workers of 'good'" in done.stderr) == (where == "ray")  # the models really lived there
    assert found[0] == found[1]
