"""The report as one HTML file that opens from disk: it loads nothing, runs nothing, and sends nothing."""

import base64
import hashlib
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from acidtest.data.run_folder import write_atomically
from acidtest.report.bundle_panel import bundle_panel
from acidtest.report.pair_panels import neighbours
from acidtest.report.panels import describe
from acidtest.report.pictures import draw
from acidtest.report.safe_text import excerpt, name
from acidtest.report.samples import Sample, side_by_side
from acidtest.report.validity_panel import validity_panel
from acidtest.types import FidelityReport

if TYPE_CHECKING:
    import jinja2


def write_page(
    path: Path,
    report: FidelityReport,
    *,
    title: str,
    samples: tuple[Sample, ...] = (),
    notes: tuple[str, ...] = (),
) -> None:
    """Write the report page, whole or not at all.

    Args:
        path: Where to; folders that are missing are made.
        report: What a comparison found.
        title: The study's name, shown above the verdict and in the window's title.
        samples: Items to show side by side, as `draw_samples` draws them.
        notes: What else a reader should know about this run: models, data, dates.
    """
    page = render_page(report, title=title, samples=samples, notes=notes)
    write_atomically(path, page.encode("utf-8"))


def render_page(
    report: FidelityReport,
    *,
    title: str,
    samples: tuple[Sample, ...] = (),
    notes: tuple[str, ...] = (),
) -> str:
    """Return the page as a string; the same input gives the same bytes. See `write_page` for the arguments."""
    from markupsafe import Markup

    style = _style()
    panels, pictures = describe(report), draw(report)
    return (
        environment()
        .get_template("page.html")
        .render(
            title=name(title, 160),
            style=Markup(style),  # noqa: S704 - our own file
            policy=policy(style),
            panels=panels,
            pictures=pictures,
            sets=tuple(zip(panels.detailed, pictures.pairs, strict=True)),
            neighbours=neighbours(report),
            bundles=bundle_panel(report),
            validity=validity_panel(report.validity),
            samples=side_by_side(samples),
            notes=tuple(excerpt(note) for note in notes),
        )
    )


def policy(style: str) -> str:
    """Return the content security policy: nothing may load or run; the one style sheet is known by its hash."""
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


@cache
def _style() -> str:
    return resources.files("acidtest.report").joinpath("templates", "page.css").read_text("utf-8")


@cache
def environment() -> "jinja2.Environment":
    """Return what renders our templates: everything is escaped but charts, which escape for themselves."""
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        autoescape=True,
        loader=jinja2.PackageLoader("acidtest.report", "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Charts come from ElementTree, which has escaped every text and attribute in them.
    environment.filters["svg"] = Markup
    return environment
