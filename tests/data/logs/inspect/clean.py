"""clean.py LOG OUT: the same log without events, messages and tracebacks, and without the path of the model's file.

What a reader of scores looks at stays byte for byte as Inspect wrote it; members of an archive keep their order and are
compressed as Inspect compresses them.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from inspect_ai._util.zipfile import zipfile_compress_kwargs

_EMPTIED: dict[str, Any] = {"events": [], "messages": [], "events_data": None}


def cleaned(value: Any) -> Any:
    """Return a value of the log with paths taken out and long parts emptied."""
    if isinstance(value, dict):
        if "traceback" in value:
            value = {**value, "traceback": "", "traceback_ansi": ""}
        empty = {key: nothing for key, nothing in _EMPTIED.items() if value.get(key)}
        return {key: cleaned(inner) for key, inner in (value | empty).items()}
    if isinstance(value, list):
        return [cleaned(inner) for inner in value]
    return re.sub(r"/\S+/(\w+)[-\w.]*\.gguf", r"\1", value) if isinstance(value, str) else value


def main(log: Path, out: Path) -> None:
    """Write the log anew."""
    if log.suffix == ".json":
        out.write_text(json.dumps(cleaned(json.loads(log.read_text())), separators=(",", ":")), "utf-8")
        return
    with ZipFile(log) as old, ZipFile(out, "w", **zipfile_compress_kwargs) as new:
        for member in old.infolist():
            new.writestr(member.filename, json.dumps(cleaned(json.loads(old.read(member))), separators=(",", ":")))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
