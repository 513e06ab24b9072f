"""Texts with one label: one line each."""

from collections.abc import Sequence

from acidtest.generate.forms import Form, list_lines
from acidtest.generate.strategy import Draft
from acidtest.types import Item


class IntentForm(Form):
    """The cell is the label."""

    def cells_of(self, item: Item) -> Sequence[str]:
        """Return the item's label."""
        return (str(item.target),)

    def cells(self) -> Sequence[str]:
        """Return all labels of the task."""
        return self.plan.task.labels

    def show(self, item: Item) -> str:
        """Return the text as a line of a list."""
        return f"- {' '.join(item.input['text'].split())}"

    def read(self, text: str, cell: str) -> list[Draft]:
        """Return every line as a text with the drawn label."""
        return [Draft(text=line, input={"text": line}, target=cell) for line in list_lines(text)]
