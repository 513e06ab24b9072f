"""The one way to make SVG here: elements whose every text and attribute is escaped on the way out."""

import xml.etree.ElementTree as ET

Element = ET.Element


def chart(width: float, height: float, *, ident: str, title: str, description: str) -> Element:
    """Return the root of a chart: a picture with a title and a description for those who cannot see it.

    Args:
        width: Of the drawing, in its own units; the page scales it.
        height: Likewise.
        ident: Unique in the page; only letters, digits and hyphens.
        title: What it shows, in a few words.
        description: What there is to see in it.
    """
    root = ET.Element(
        "svg",
        {
            "viewBox": f"0 0 {number(width)} {number(height)}",
            "width": number(width),
            "height": number(height),
            "role": "img",
            "aria-labelledby": f"{ident}-title {ident}-desc",
        },
    )
    add(root, "title", title, id=f"{ident}-title")
    add(root, "desc", description, id=f"{ident}-desc")
    return root


def add(parent: Element, tag: str, content: str = "", /, **attributes: float | str) -> Element:
    """Add an element and return it. `cls` is the class; an underscore in a name becomes a hyphen.

    Example:
        >>> text(add(chart(9, 9, ident="a", title="t", description="d"), "text", "<b>", x=1.23456, text_anchor="end"))
        '<text x="1.23" text-anchor="end">&lt;b&gt;</text>'
    """
    named = {("class" if key == "cls" else key.replace("_", "-")): value for key, value in attributes.items()}
    written = {key: value if isinstance(value, str) else number(value) for key, value in named.items() if value != ""}
    child = ET.SubElement(parent, tag, written)
    if content:
        child.text = content
    return child


def text(root: Element) -> str:
    """Return the chart as a string to put into a page."""
    return ET.tostring(root, encoding="unicode")


def number(x: float) -> str:
    """Return a coordinate, to a hundredth of a unit."""
    return f"{round(x, 2):.2f}".rstrip("0").rstrip(".")
