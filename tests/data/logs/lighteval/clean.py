"""Keep the tool's output small and nameable on every system: the same rows, packed; names without `:` and `|`."""

import json
import re
import sys
from pathlib import Path

from pyarrow import parquet

source, target = Path(sys.argv[1]), Path(sys.argv[2])
for path in sorted(source.rglob("*")):
    plain = target / path.relative_to(source).with_name(re.sub("[:|]", "_", path.name))
    if path.suffix == ".parquet":
        plain.parent.mkdir(parents=True, exist_ok=True)
        options = {"compression": "zstd", "store_schema": False, "write_statistics": False, "use_dictionary": False}
        parquet.write_table(parquet.read_table(path), plain, **options)
    elif path.suffix == ".json":
        plain.parent.mkdir(parents=True, exist_ok=True)
        plain.write_text(json.dumps(json.loads(path.read_text("utf-8"))), "utf-8")
