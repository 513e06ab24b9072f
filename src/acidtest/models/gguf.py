"""Model files: is it one, and exactly which one."""

import os
from pathlib import Path

import orjson

from acidtest.data.cache_folder import cache_folder
from acidtest.data.kept_file import file_sha256
from acidtest.data.run_folder import write_atomically
from acidtest.errors import ModelError

_MAGIC = b"GGUF"


def model_file(model: str) -> Path:
    """Return the file of a local model: a path as it stands, a registered name fetched where it is not here yet.

    Raises:
        ModelError: There is no such file, or it is not GGUF.
        FetchError, UnknownNameError: The registered model cannot be had, or nothing is registered under that name.
    """
    if model.endswith(".gguf") or "/" in model or os.sep in model:
        path = Path(model).expanduser()
    else:
        from acidtest.data.hub import fetch

        path = fetch(model)
    where = f"local:{model}"
    try:
        with path.open("rb") as file:
            start = file.read(len(_MAGIC))
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        way_out = "Give the path of a .gguf file, or a name that 'acidtest list models' shows."
        raise ModelError(f"no model file '{path}': {reason}", where=where, way_out=way_out) from None
    if start != _MAGIC:
        way_out = "Only GGUF files run here; llama.cpp's convert_hf_to_gguf.py makes one."
        raise ModelError(f"'{path}' is not a GGUF file", where=where, way_out=way_out)
    return path


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hex.

    Remembered in the cache folder by path, time of change and size: a gigabyte is not read again for each run.
    """
    memory = cache_folder() / "digests.json"
    stat = path.stat()
    key, stamp = str(path.resolve()), [stat.st_mtime_ns, stat.st_size]
    try:
        known = orjson.loads(memory.read_bytes())
        if known[key]["stamp"] == stamp and isinstance(known[key]["sha256"], str):
            return str(known[key]["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        known = None
    digest = file_sha256(path)
    known = known if isinstance(known, dict) else {}
    known[key] = {"stamp": stamp, "sha256": digest}
    try:
        write_atomically(memory, orjson.dumps(known, option=orjson.OPT_INDENT_2))
    except OSError:
        return digest  # a cache that cannot be written costs time, nothing else
    return digest
