"""From a model's line in the study file to the model."""

from acidtest import registry
from acidtest.errors import ModelError
from acidtest.models.base import ClassicSolver, LanguageModel, ModelSpec


def build(spec: ModelSpec) -> LanguageModel | ClassicSolver:
    """Return the model that `spec.use` names; nothing is sent or loaded yet.

    Raises:
        UnknownNameError: No provider, or no classic solver, has that name.
        ModelError: A key is missing, or the provider cannot be used that way.
    """
    if spec.provider == "classic":
        solver: ClassicSolver = registry.get("classic", spec.model)()
        return solver
    model: LanguageModel = registry.get("provider", spec.provider)(spec)
    if spec.batch and not model.gathers:
        raise ModelError(
            f"'{spec.provider}' has no batches", where=f"batch of model '{spec.name}'", way_out="Take 'batch' out."
        )
    return model
