"""The benchmark's items as a task for Inspect; `items.jsonl` is looked for in the current folder."""

from inspect_ai import Task, task
from inspect_ai.dataset import FieldSpec, json_dataset
from inspect_ai.scorer import match
from inspect_ai.solver import generate


@task
def cost_of_a_call() -> Task:
    """Return the task: one letter is wanted."""
    items = json_dataset("items.jsonl", FieldSpec(input="text", target="label", id="id"))
    return Task(dataset=items, solver=generate(), scorer=match())
