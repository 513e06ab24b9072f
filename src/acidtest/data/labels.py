"""The labels, or entity types, that items have as their targets."""

from collections.abc import Iterable

from acidtest.data.spans import spans_of
from acidtest.types import Item


def labels_in(item: Item) -> list[str]:
    """Return the label of an item, or the types of its spans; nothing where the target is a number.

    Example:
        >>> labels_in(Item(id="1", input={"text": "In Rome"}, target=[["city", 3, 7]]))
        ['city']
    """
    return [item.target] if isinstance(item.target, str) else [kind for kind, _, _ in spans_of(item)]


def labels_of(items: Iterable[Item]) -> tuple[str, ...]:
    """Return all labels, or entity types, that occur, sorted."""
    return tuple(sorted({label for item in items for label in labels_in(item)}))
