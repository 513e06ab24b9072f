"""Prompt files: every text that is sent to a model stands in `prompts/NAME.vVERSION.md`, named, versioned and hashed.

A prompt file is Markdown. What stands before the first `## heading` says what the file is for and is never sent. Each
`## heading` opens a section, whose body is sent as it stands, blank lines at both ends aside.

    # Intent: which label fits a text

    ## chat_system
    You sort texts by what their writer wants.

    ## chat_item
    Text: {text}

Use:

    prompt = load_prompt("intent.v1")          # exactly this version; load_prompt("intent") takes the newest one
    system = prompt["chat_system"]             # a missing section is an error that names the file
    user = fill(prompt["chat_item"], text=item.input["text"])
    provenance = prompt.reference              # "intent.v1 sha256:3f0a..." for run.json and Provenance.prompt

A published version is never edited: its hash is part of what a study records. Write the next version beside it.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from acidtest.errors import AcidtestError, UnknownNameError

_NAME = re.compile(r"[a-z0-9_-]{1,80}(\.v[0-9]{1,6})?")
_FILE = re.compile(r"([a-z0-9_-]+)\.v([0-9]+)\.md")
_HEADING = re.compile(r"^## +([a-z0-9_]+) *$", re.MULTILINE)
_PLACEHOLDER = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
_UNNAMED = re.compile(r"[^A-Za-z0-9_-]")
_LONGEST = 200_000
_LONGEST_NAME = 80


@dataclass(frozen=True, kw_only=True)
class PromptFile:
    """One version of one prompt.

    Attributes:
        name: Without its version: "intent".
        version: "v1", "v2" ...
        sha256: Of the file's UTF-8 text with Unix line ends, so that it is the same on every system.
        sections: Heading -> body, in the order of the file.
    """

    name: str
    version: str
    sha256: str
    sections: Mapping[str, str]

    @property
    def reference(self) -> str:
        """Name, version and SHA-256 in one string: what provenance and run.json record."""
        return f"{self.name}.{self.version} sha256:{self.sha256}"

    def __getitem__(self, section: str) -> str:
        """Return the body of a section.

        Raises:
            UnknownNameError: The file has no such section.
        """
        if section not in self.sections:
            raise UnknownNameError(
                f"the prompt has no section '{section}'",
                where=f"prompts/{self.name}.{self.version}.md",
                way_out=f"Its sections: {', '.join(self.sections) or 'none'}.",
            )
        return self.sections[section]


def load_prompt(name: str | Path) -> PromptFile:
    """Return a prompt that comes with the package, or one of your own.

    Args:
        name: "intent.v1" for exactly that version, "intent" for the newest one, or the path of a `.md` file. A file
            `mine.v2.md` is version v2 of `mine`; one without a version is v1.

    Raises:
        UnknownNameError: No prompt file has this name, and no file this path.
        AcidtestError: The file of your own cannot be read as a prompt.

    Example:
        >>> load_prompt("intent.v1").version
        'v1'
    """
    if is_path(name):
        return _of_your_own(Path(name))
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise UnknownNameError(f"{name!r} is no name of a prompt", way_out="A name looks like 'intent.v1' or 'intent'.")
    return _load(name)


def is_path(name: str | Path) -> bool:
    """Return whether a prompt is named by a path, and not by the name of one that comes with the package."""
    return isinstance(name, Path) or name.endswith(".md")


def placeholders(template: str) -> frozenset[str]:
    """Return the names that stand in braces.

    Example:
        >>> sorted(placeholders('{text} -> {"type": {type}}'))
        ['text', 'type']
    """
    return frozenset(_PLACEHOLDER.findall(template))


def parse_prompt(text: str, *, name: str, version: str) -> PromptFile:
    r"""Return the prompt that a Markdown text holds.

    Raises:
        AcidtestError: The text has no section, or one heading twice.

    Example:
        >>> parse_prompt("About.\n\n## item\n\nText: {text}\n", name="mine", version="v1")["item"]
        'Text: {text}'
    """
    text = text.replace("\r\n", "\n")
    headings = list(_HEADING.finditer(text))
    ends = [*(heading.start() for heading in headings[1:]), len(text)]
    sections: dict[str, str] = {}
    for heading, end in zip(headings, ends, strict=True) if headings else ():
        if heading[1] in sections:
            raise AcidtestError(f"section '{heading[1]}' stands twice in the prompt", where=f"{name}.{version}")
        sections[heading[1]] = text[heading.end() : end].strip("\n")
    if not sections:
        raise AcidtestError(
            "the prompt has no section", where=f"{name}.{version}", way_out="Begin each section with '## name'."
        )
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
    return PromptFile(name=name, version=version, sha256=digest, sections=sections)


def fill(template: str, **values: str) -> str:
    """Return the template with each `{name}` replaced by its value, in one pass: braces inside values stay as they are.

    Other braces of the template, as in a JSON example, are left alone.

    Raises:
        AcidtestError: A placeholder has no value, or a value has no placeholder.

    Example:
        >>> fill('{text} -> {"type": "x"}', text="a {text} of {braces}")
        'a {text} of {braces} -> {"type": "x"}'
    """
    parts, wanted = _parts(template)
    if wanted != values.keys():
        missing, idle = sorted(wanted - values.keys()), sorted(values.keys() - wanted)
        raise AcidtestError(
            f"the prompt's placeholders and its values differ: without a value {missing}, without a place {idle}",
            where=f"template {template[:60]!r}",
            way_out="Use a prompt file that has the placeholders of this version.",
        )
    return "".join([values[part] if place % 2 else part for place, part in enumerate(parts)])


@lru_cache(maxsize=256)
def _parts(template: str) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return a template's texts and the names between them, in turn, and these names: one is filled for every item."""
    parts = tuple(_PLACEHOLDER.split(template))
    return parts, frozenset(parts[1::2])


def _of_your_own(path: Path) -> PromptFile:
    way_out = "Name a Markdown file with '## section' headings, such as those that come with the package."
    try:
        with path.open("rb") as file:
            raw = file.read(_LONGEST + 1)
        text = raw.decode("utf-8")
    except FileNotFoundError:
        known = _NAME.fullmatch(path.stem) is not None and f"{path.stem}.md" in _known().values()
        if known:
            way_out = f"'{path.stem}', without '.md', is the one that comes with the package."
        raise UnknownNameError(
            "the prompt cannot be read: there is no such file", where=str(path), way_out=way_out
        ) from None
    except OSError as error:
        raise AcidtestError(f"the prompt cannot be read: {error.strerror}", where=str(path), way_out=way_out) from None
    except UnicodeDecodeError as error:
        raise AcidtestError(
            f"the prompt is not UTF-8 text (byte {error.start})", where=str(path), way_out="Save it as UTF-8."
        ) from None
    if len(raw) > _LONGEST:
        raise AcidtestError(f"the prompt is longer than {_LONGEST} bytes", where=str(path), way_out=way_out)
    stem, _, version = path.stem.rpartition(".")
    named = bool(stem) and re.fullmatch(r"v[0-9]{1,6}", version) is not None
    name = _UNNAMED.sub("_", stem if named else path.stem)[:_LONGEST_NAME]
    return parse_prompt(text, name=name, version=version if named else "v1")


def _folder() -> Traversable:
    return resources.files("acidtest.prompts")


def _known() -> dict[tuple[str, int], str]:
    """Return (name, version) -> file, of the prompts that come with the package."""
    found = (_FILE.fullmatch(entry.name) for entry in _folder().iterdir())
    return {(file[1], int(file[2])): file[0] for file in found if file}


@lru_cache(maxsize=256)
def _load(name: str) -> PromptFile:
    known = _known()
    stem, _, version = name.partition(".v")
    versions = [int(version)] if version else [number for known_stem, number in known if known_stem == stem]
    if not versions or (stem, max(versions)) not in known:
        listed = ", ".join(sorted(file.removesuffix(".md") for file in known.values()))
        raise UnknownNameError(f"no prompt is called '{name}'", way_out=f"Known: {listed or 'none'}.")
    newest = max(versions)
    text = (_folder() / known[stem, newest]).read_text("utf-8")
    return parse_prompt(text, name=stem, version=f"v{newest}")
