"""Prices: whose counts first, what is unknown, and that the bound is one."""

from pathlib import Path

import pytest

from acidtest.errors import StudyFileError
from acidtest.models.base import ModelSpec
from acidtest.models.price import Price, most_tokens, price_of
from acidtest.types import Prompt


def named(use: str, **more: object) -> ModelSpec:
    return ModelSpec.model_validate({"name": "m", "use": use, **more})


def test_the_providers_list_price() -> None:
    # https://platform.openai.com/docs/pricing: $0.15 and $0.60 per million tokens
    assert price_of(named("openai:gpt-4o-mini")) == Price(read=0.15, written=0.60)
    assert price_of(named("openai:gpt-4o-mini-2024-07-18")) == Price(read=0.15, written=0.60)
    # https://docs.anthropic.com/en/docs/about-claude/pricing: $0.80 and $4
    assert price_of(named("anthropic:claude-3-5-haiku-20241022")) == Price(read=0.80, written=4.0)


def test_what_nobody_knows_is_unknown_and_not_free() -> None:
    assert price_of(named("openai:my-own")) is None
    assert price_of(named("openai:gpt-4o-mini", base_url="http://localhost:8000/v1")) is None  # not OpenAI's prices


def test_own_machines_are_free() -> None:
    assert price_of(named("local:any")) == price_of(named("classic:majority")) == Price(read=0, written=0)


def test_the_study_file_comes_first_then_the_users_table(tmp_path: Path) -> None:
    as_json, as_yaml = tmp_path / "p.json", tmp_path / "p.yaml"
    as_json.write_text('{"openai:gpt-4o-mini": {"in": 1, "out": 2}}')
    as_yaml.write_text("openai:mine: {in: 3, out: 4}\n")
    assert price_of(named("openai:gpt-4o-mini"), as_json) == Price(read=1, written=2)
    assert price_of(named("openai:mine", base_url="http://localhost:8000/v1"), as_yaml) == Price(read=3, written=4)
    assert price_of(named("openai:gpt-4o"), as_yaml) == Price(read=2.5, written=10)  # falls back to ours
    assert price_of(named("openai:mine", price_in=5, price_out=0), as_yaml) == Price(read=5, written=0)


@pytest.mark.parametrize(
    "content",
    ["[1]", "openai:m: 3", "openai:m: {in: 1}", "openai:m: {in: -1, out: 1}", "openai:m: {in: .nan, out: 1}", "a: ["],
)
def test_a_wrong_table_is_said(tmp_path: Path, content: str) -> None:
    table = tmp_path / "p.yaml"
    table.write_text(content)
    with pytest.raises(StudyFileError) as raised:
        price_of(named("openai:m"), table)
    assert raised.value.where == str(table)


def test_half_a_price_and_a_missing_table_are_said(tmp_path: Path) -> None:
    with pytest.raises(StudyFileError, match="price_out"):
        price_of(named("openai:m", price_in=1))
    with pytest.raises(StudyFileError, match="cannot be read"):
        price_of(named("openai:m"), tmp_path / "none.json")


def test_the_bound_counts_bytes() -> None:
    # Byte-level BPE: a token is at least one byte; "☃" has three. 16 per message for the markers around it.
    assert most_tokens(Prompt(messages=(("user", "☃☃"),))) == 6 + 32
    assert Price(read=1.0, written=2.0).most(Prompt(text="abcd", max_tokens=10)) == pytest.approx((4 + 16 + 20) / 1e6)
