"""What docs/models.md tells people to write must run."""

from pathlib import Path

from acidtest.models.base import LanguageModel, ModelSettings, ModelSpec
from acidtest.models.build import build
from acidtest.types import Prompt, Sampling
from doc_pages import load_example, page


async def test_the_provider_of_your_own_answers(tmp_path: Path) -> None:
    load_example("models.md", tmp_path)
    model = build(ModelSpec(name="m", use="shout:any"))
    assert isinstance(model, LanguageModel)
    async with model:
        assert (await model.answer(Prompt(text="hello"), Sampling())).text == "HELLO"


def test_every_setting_is_explained() -> None:
    text = page("models.md")
    assert [name for name in ModelSettings.model_fields if f"`{name}`" not in text and f"`{name}:" not in text] == []
