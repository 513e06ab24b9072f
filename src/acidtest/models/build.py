"""From a model's line in the study file to the model."""

from acidtest import registry
from acidtest.errors import ModelError
from acidtest.models.base import ClassicSolver, LanguageModel, ModelSpec


def build(spec: ModelSpec) -> LanguageModel | ClassicSolver:
    """Return the model that `spec.use` names; nothing is sent or loaded yet.

    Raises:
        UnknownNameError: No provider, or no classic solver, has that name.
        ModelError: `use` is not PROVIDER:MODEL, a key is missing, or the provider cannot be used that way.
    """
    if not spec.provider or not spec.model:
        way_out = "Write it as PROVIDER:MODEL, like local:smollm2-135m-instruct-q4_1 or openai:gpt-4o-mini."
        raise ModelError(f"'{spec.use}' names no model", where=f"use of model '{spec.name}'", way_out=way_out)
    if spec.provider == "classic":
        solver: ClassicSolver = registry.get("classic", spec.model)()
        return solver
    model: LanguageModel = registry.get("provider", spec.provider)(spec)
    return model
