"""Results as plain JSON values."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from acidtest.stats.estimate import Estimate, none_for_nan

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def plain_fields(result: "DataclassInstance") -> dict[str, object]:
    """Return a result's fields as plain JSON values; NaN and infinities become None."""
    return cast("dict[str, object]", plain_value(result))


def plain_value(x: object) -> object:
    """Return an estimate, a result, or a collection of such, as plain JSON values.

    Example:
        >>> plain_value({"seen": (1.5, float("nan"))})
        {'seen': [1.5, None]}
    """
    if isinstance(x, Estimate):
        return x.as_json()
    if is_dataclass(x) and not isinstance(x, type):
        return {field.name: plain_value(getattr(x, field.name)) for field in fields(x)}
    if isinstance(x, Mapping):
        return {str(key): plain_value(value) for key, value in x.items()}
    if isinstance(x, np.ndarray):
        return [plain_value(value) for value in x.tolist()]
    if isinstance(x, float):
        return none_for_nan(x)
    return [plain_value(value) for value in x] if isinstance(x, tuple | list) else x
