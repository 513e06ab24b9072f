"""Files that an export holds as they are: they run inside other tools, and no text of a benchmark is put into them."""

from importlib import resources


def copied_file(name: str) -> str:
    """Return the content of one of the files in `templates/`."""
    return (resources.files("acidtest.export") / "templates" / name).read_text("utf-8")
