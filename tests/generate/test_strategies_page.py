"""What docs/strategies.md tells people must be so."""

from pathlib import Path

from acidtest import registry
from acidtest.generate.accept import REASONS
from doc_pages import load_example, page
from scripted_generator import LABELS, Scripted, intent_plan, run


async def test_the_strategy_of_your_own_writes_items(tmp_path: Path) -> None:
    load_example("strategies.md", tmp_path)
    outcome = await run(intent_plan(6, strategy="rephrase"), Scripted(), tmp_path)
    assert len(outcome.accepted) == 6
    assert {item.target for item in outcome.accepted} <= set(LABELS)


def test_every_strategy_option_and_reason_is_explained() -> None:
    text = page("strategies.md")
    for name in (
        "few_shot",
        "entity_first",
        "attributes",
        "negation_bundle",
        "discrete_bundle",
        "from_documents",
        "harder",
    ):
        assert f"## {name}" in text
        options = registry.get("strategy", name).Options.model_fields
        assert [option for option in options if f"`{option}`" not in text] == []
    for name in ("to_choices", "to_open"):
        assert f"`{name}`" in text
        assert [
            option for option in registry.get("strategy", name).Options.model_fields if f"`{option}`" not in text
        ] == []
    assert [reason for reason in REASONS if reason not in text] == []
