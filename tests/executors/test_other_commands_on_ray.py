"""`levels`, `lab` and `harder` on a Ray cluster: what they find is what they find here, to the byte."""

import socket
from pathlib import Path

import pytest

from mock_study import STUDY, acidtest, write_study
from ray_nodes import TwoNodes
from ray_study import on

COMMANDS = [("levels", "--items", "6"), ("lab", "--prompts", "v1"), ("harder", "--rounds", "2")]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c[0])
def test_the_cluster_that_is_named_is_the_one_that_is_asked(tmp_path: Path, command: tuple[str, ...]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
    study = write_study(tmp_path, "http://127.0.0.1:9", STUDY)
    name, *options = command
    options += ["--executor", "ray", "--ray-address", address]
    done = acidtest(name, study, *options, "-o", tmp_path / "run", cache=tmp_path / "cache")
    assert done.returncode == 2
    assert f"nothing answers at {address}" in done.stderr


@pytest.mark.cluster
@pytest.mark.xdist_group("ray")
@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c[0])
def test_what_is_found_on_a_cluster_is_what_is_found_here(
    tmp_path: Path, mock_url: str, cluster: TwoNodes, command: tuple[str, ...]
) -> None:
    text = STUDY.replace("items: 24", "items: 12").replace("connections", "key_env: OPENAI_API_KEY, connections")
    study = write_study(tmp_path, mock_url, text)
    name, *options = command
    found = []
    for where, more in (("local", []), ("ray", on(cluster))):
        run = tmp_path / where
        done = acidtest(name, study, *options, *more, "-o", run, cache=tmp_path / f"{where}-cache")
        assert done.returncode == 0, done.stderr
        found.append((run / f"{name}.json").read_bytes())
        assert ("workers of 'good'" in done.stderr) == (where == "ray")  # the models really lived there
    assert found[0] == found[1]
