"""The pages for users, and the one example of Python that each of some holds."""

import re
from pathlib import Path

from acidtest import registry

ROOT = Path(__file__).resolve().parents[1]


def page(name: str) -> str:
    """Return a page's text: `README.md`, or one of docs/ by its name."""
    return (ROOT / name if name == "README.md" else ROOT / "docs" / name).read_text("utf-8")


def example(name: str) -> str:
    """Return the Python that a page shows."""
    (code,) = re.findall(r"```python\n(.*?)```", page(name), re.DOTALL)
    return str(code)


def load_example(name: str, folder: Path) -> None:
    """Load the Python that a page shows, as `--load` does."""
    file = folder / f"{name.partition('.')[0]}_example.py"
    file.write_text(example(name), "utf-8")
    registry.load_file(file)
