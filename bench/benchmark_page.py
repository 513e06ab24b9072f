"""Pages of figures (benchmarks, psychometrics): several programs write one, each a section of its own."""

from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE = DOCS / "benchmarks.md"
PSYCHOMETRICS = DOCS / "psychometrics.md"


def write_section(text: str, page: Path = PAGE) -> None:
    """Put a section into the page: in place of the one of the same title, or behind all others.

    Args:
        text: Markdown that begins with "# Title"; it ends before the next line that begins with "# ".
        page: The page.
    """
    title = text.splitlines()[0]
    if not title.startswith("# "):
        raise ValueError(f"no title: {title}")
    sections: list[list[str]] = []
    for line in page.read_text("utf-8").splitlines() if page.exists() else ():
        if line.startswith("# ") or not sections:
            sections.append([])
        sections[-1].append(line)
    new = text.rstrip("\n").splitlines()
    places = [place for place, lines in enumerate(sections) if lines[0] == title]
    if places:
        sections[places[0]] = new
    else:
        sections.append(new)
    page.write_text("\n\n".join("\n".join(lines).strip("\n") for lines in sections) + "\n", "utf-8")
