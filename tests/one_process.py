"""Commands one after another in one process of their own, which spares starting one for each."""

import json
import sys
from collections.abc import Sequence

_SCRIPT = """
import json, sys
from acidtest.cli.main import main
code = int(sys.argv[1])
for words in json.loads(sys.argv[2]):
    sys.argv = ["acidtest", *words]
    try:
        main()
        ended = 0
    except SystemExit as end:
        ended = end.code or 0
    assert ended == code, (words, ended)
"""


def one_process(commands: Sequence[Sequence[object]], *, code: int = 0) -> list[str]:
    """Return the program that runs these commands of ours; it fails at the first that ends with another code."""
    return [sys.executable, "-c", _SCRIPT, str(code), json.dumps([[str(word) for word in words] for words in commands])]
