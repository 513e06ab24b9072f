"""What docs/models.md tells people to write must run."""

import re
from pathlib import Path

from acidtest import registry
from acidtest.models.base import LanguageModel, ModelSettings, ModelSpec
from acidtest.models.build import build
from acidtest.types import Prompt, Sampling

PAGE = Path(__file__).resolve().parents[2] / "docs" / "models.md"


async def test_the_provider_of_your_own_answers(tmp_path: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    file = tmp_path / "my_provider.py"
    file.write_text(example)
    registry.load_file(file)
    model = build(ModelSpec(name="m", use="shout:any"))
    assert isinstance(model, LanguageModel)
    async with model:
        assert (await model.answer(Prompt(text="hello"), Sampling())).text == "HELLO"


def test_every_setting_is_explained() -> None:
    text = PAGE.read_text("utf-8")
    assert [name for name in ModelSettings.model_fields if f"`{name}`" not in text and f"`{name}:" not in text] == []
