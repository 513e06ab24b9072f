"""What calls cost: US dollars per million tokens, from a table that the user can extend."""

import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import orjson

from acidtest.errors import StudyFileError
from acidtest.models.base import ModelSpec
from acidtest.types import Prompt

FREE_PROVIDERS = frozenset({"local", "classic"})
_DATE = re.compile(r"-(\d{8}|\d{4}-\d{2}-\d{2}|latest)$")
_TOKENS_PER_MESSAGE = 16


@dataclass(frozen=True, kw_only=True)
class Price:
    """US dollars per million tokens read and written."""

    read: float
    written: float

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        """Return the US dollars for one call.

        Example:
            >>> Price(read=0.15, written=0.60).cost(1_000_000, 500_000)
            0.45
        """
        return (tokens_in * self.read + tokens_out * self.written) / 1e6

    def most(self, prompt: Prompt) -> float:
        """Return what a call costs at most: no token is shorter than a byte, no answer longer than `max_tokens`."""
        return self.cost(most_tokens(prompt), prompt.max_tokens)


def most_tokens(prompt: Prompt) -> int:
    """Return an upper bound of the tokens that a prompt takes."""
    size = len(prompt.text.encode()) + sum(len(text.encode()) for _, text in prompt.messages)
    return size + _TOKENS_PER_MESSAGE * (len(prompt.messages) + 1)


def price_of(spec: ModelSpec, table: Path | None = None) -> Price | None:
    """Return a model's price, or None where nobody knows it: then its costs are unknown, not 0.

    First what the study file says of the model (`price_in`, `price_out`), then the user's table, then ours. Ours holds
    only for the provider's own address, and is halved for batches; what the user states is taken as it stands. A name
    with a date (or `latest`) at its end has the price of the name without.

    Args:
        spec: The model.
        table: A JSON or YAML file: `{"openai:gpt-4o-mini": {"in": 0.15, "out": 0.6}, ...}`.

    Raises:
        StudyFileError: One price is given without the other, or the table cannot be read.
    """
    if spec.provider in FREE_PROVIDERS:
        return Price(read=0.0, written=0.0)
    if (spec.price_in is None) != (spec.price_out is None):
        missing = "price_out" if spec.price_out is None else "price_in"
        raise StudyFileError(f"'{missing}' is missing", where=f"model '{spec.name}'", way_out="Give both prices.")
    if spec.price_in is not None and spec.price_out is not None:
        return Price(read=spec.price_in, written=spec.price_out)
    if table is not None and (known := _look_up(spec.use, _users_table(table), str(table))):
        return known
    if spec.base_url is not None:
        return None
    ours = orjson.loads(resources.files("acidtest.models").joinpath("prices.json").read_bytes())
    listed = _look_up(spec.use, ours["models"], "prices.json")
    if listed is None or not spec.batch:
        return listed
    share = float(ours["batch"])
    return Price(read=listed.read * share, written=listed.written * share)


def _look_up(use: str, table: dict[str, Any], where: str) -> Price | None:
    for name in (use, _DATE.sub("", use)):
        if name in table:
            try:
                read, written = float(table[name]["in"]), float(table[name]["out"])
            except (KeyError, TypeError, ValueError):
                read = written = -1.0
            if not (0 <= read < 1e9 and 0 <= written < 1e9):  # noqa: PLR2004 - also refuses NaN and infinity
                way_out = "Write it as {in: 0.15, out: 0.6}: US dollars per million tokens."
                raise StudyFileError(f"the price of '{name}' cannot be read", where=where, way_out=way_out)
            return Price(read=read, written=written)
    return None


def _users_table(path: Path) -> dict[str, Any]:
    way_out = "Write a JSON or YAML file like {openai:my-model: {in: 0.15, out: 0.6}}."
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = f"the price table cannot be read: {error.strerror}"
        raise StudyFileError(reason, where=str(path), way_out="Check the path.") from None
    try:
        table = orjson.loads(content) if path.suffix == ".json" else _yaml(content)
    except ValueError as error:
        raise StudyFileError(f"the price table cannot be read: {error}", where=str(path), way_out=way_out) from None
    if not isinstance(table, dict):
        raise StudyFileError("the price table is no mapping", where=str(path), way_out=way_out)
    return table


def _yaml(content: bytes) -> Any:
    from ruamel.yaml.error import YAMLError

    from acidtest.data.yaml_text import yaml_value

    try:
        return yaml_value(content.decode("utf-8"))
    except YAMLError as error:
        first = str(error).splitlines()[0]
        raise ValueError(first) from None
