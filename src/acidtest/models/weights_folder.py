"""Models as Hugging Face keeps them: a folder of weights, configuration and tokenizer, or a name on the hub."""

import hashlib
import os
from pathlib import Path

from acidtest.errors import ModelError
from acidtest.models.gguf import digest_of

WANTED = ("*.safetensors", "*.safetensors.index.json", "*.json", "*.jinja", "*.txt", "*.model")
"""What is fetched and hashed. Never pickled weights (.bin, .pt): to load those is to run what they say."""


def weights_folder(model: str, revision: str | None, *, where: str) -> tuple[Path, str]:
    """Return the folder of a model, and what exactly it is: a commit of the hub, or the hash of the folder's files.

    A name on the hub is looked up in the hub's cache on this machine first; it is fetched where it is not there yet,
    unless HF_HUB_OFFLINE is set.

    Raises:
        ModelError: It cannot be had, holds no safetensors, or is not the revision that is asked for.
    """
    path = Path(model).expanduser()
    if path.is_dir():
        found = _hash_of(path)
        if revision and revision != found:
            raise ModelError(
                f"the folder '{path}' is not the revision that is asked for",
                where=where,
                way_out=f"Its hash is {found}: set 'revision' to it, or leave 'revision' out.",
            )
    else:
        path = _from_hub(model, revision, where)
        found = path.name
    if not any(path.glob("*.safetensors")):
        raise ModelError(
            f"'{path}' holds no .safetensors",
            where=where,
            way_out="Only safetensors are loaded: other weights can run code. save_pretrained writes them.",
        )
    return path, found


def _from_hub(model: str, revision: str | None, where: str) -> Path:
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")  # read when the hub's library is imported
    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        raise not_installed("huggingface_hub", where) from None
    offline = bool(os.environ.get("HF_HUB_OFFLINE"))
    wanted = list(WANTED)
    for local in (True, False):
        try:
            return Path(snapshot_download(model, revision=revision, allow_patterns=wanted, local_files_only=local))
        except (OSError, ValueError) as error:  # the hub's own errors are of these kinds
            if not local or offline:
                said = str(error).strip().split("\n", 1)[0][:300]
                raise ModelError(
                    f"the model '{model}' cannot be had: {said}",
                    where=where,
                    way_out="Name a folder, or ORGANISATION/NAME on the hub; unset HF_HUB_OFFLINE to fetch it.",
                ) from None
    raise AssertionError  # the loop returns or raises


def _hash_of(folder: Path) -> str:
    """Return the SHA-256 over names and contents of all files that decide an answer."""
    whole = hashlib.sha256()
    for path in sorted({path for pattern in WANTED for path in folder.glob(pattern)}):
        whole.update(f"{path.name}\0{digest_of(path)}\n".encode())
    return whole.hexdigest()


def not_installed(package: str, where: str) -> ModelError:
    """Return the error for a library that is missing."""
    extra = "vllm" if package == "vllm" else "hf"
    return ModelError(
        f"the package {package} is not installed",
        where=where,
        way_out=f"Install it where the model shall run: pip install 'acidtest[{extra}]'",
    )
