"""What trackers are told: names that they can hold, and nothing of an address but host and path."""

import re

from hypothesis import given
from hypothesis import strategies as st

from acidtest.tracking.told import _server, safe_names
from tracking_run import KEY


@given(st.lists(st.text(max_size=80), max_size=8))
def test_names_are_safe_and_different(names: list[str]) -> None:
    safe = safe_names(names)
    assert list(safe) == list(dict.fromkeys(names))
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,70}", name) for name in safe.values())
    assert len({name.lower() for name in safe.values()}) == len(safe)  # stores on disk may know no capitals


def test_an_address_keeps_host_and_path_alone() -> None:
    assert _server(f"https://ann:{KEY}@host.org:8443/v1?key={KEY}#{KEY}") == "https://host.org:8443/v1"
    assert _server("http://[::1") == ""
    assert _server("http://host:port/") == ""
    assert _server(None) == ""
