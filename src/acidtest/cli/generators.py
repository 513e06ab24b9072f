"""Which model wrote which benchmark, as --generator BENCHMARK=MODEL says."""

from collections.abc import Sequence

from acidtest.errors import AcidtestError


def generators_of(given: Sequence[str]) -> dict[str, str]:
    """Read BENCHMARK=MODEL; the first = parts them, so that a model's name may hold one."""
    found: dict[str, str] = {}
    for text in given:
        benchmark, equals, model = text.partition("=")
        if not (benchmark and equals and model):
            raise AcidtestError(
                f"--generator '{text[:80]}' is not BENCHMARK=MODEL", way_out="Write --generator my_set=gpt-4o."
            )
        if found.setdefault(benchmark, model) != model:
            raise AcidtestError(f"--generator names two models for '{benchmark[:80]}'", way_out="Name one.")
    return found
