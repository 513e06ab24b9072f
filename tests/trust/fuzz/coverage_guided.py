"""Readers of binary files under atheris, which learns from the branches that an input takes; see `make fuzz`.

    python tests/trust/fuzz/coverage_guided.py TARGET FOLDER [SECONDS]

runs one target in a process of its own, with seeds made in FOLDER, and leaves what broke it there. The last line is
JSON: the target, executions, branches reached, and whether anything but an error for users came out.
"""

import io
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests"))
TARGETS = {
    "archive": ("x.eval", "archives, as Inspect packs its logs"),
    "eval": ("x.eval", "logs of Inspect in such archives"),
    "wheel": ("x.whl", "wheels that a model comes in"),
    "scores": ("x.parquet", "tables of scores, Parquet"),
    "items": ("x.parquet", "files of items, Parquet"),
    "packed": ("x.csv.gz", "tables of scores, packed"),
    "pdf": ("x.pdf", "PDF files, inside of the process that reads them"),
}
"""Target -> the file's name, and what it is, in words."""

SECONDS = 120
PAGE = ROOT / "docs" / "trust.md"
BEGIN, END = "<!-- begin fuzz -->", "<!-- end fuzz -->"
_LONGEST = 20_000


def seeds_of(target: str) -> list[bytes]:
    """Return small whole files of a target."""
    from trust.fuzz import seeds

    if target in ("archive", "eval"):
        return [path.read_bytes() for path in (ROOT / "tests" / "data" / "logs" / "inspect").glob("*.eval")]
    if target == "wheel":
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as wheel:
            wheel.writestr("model/part.gguf", b"GGUF" + bytes(500))
            wheel.writestr("model/METADATA", "Name: model\n")
        return [packed.getvalue()]
    if target == "pdf":
        from document_files import pdf_bytes

        return [pdf_bytes()]
    rows = {"scores": seeds.SCORES, "items": seeds.INTENTS, "packed": seeds.SCORES}[target]
    return [seeds.tables(rows)[".csv.gz" if target == "packed" else ".parquet"]]


def reader_of(target: str) -> Callable[[Path], object]:
    """Return what reads a target's file."""
    if target == "archive":
        from acidtest.data.logs.zip_archive import open_archive

        def archive(path: Path) -> None:
            with open_archive(path) as opened:
                for name in opened.members:
                    opened.read(name)

        return archive
    if target == "eval":
        from acidtest.data.logs.inspect import InspectLog
        from acidtest.data.logs.log_format import LogOptions

        return lambda path: list(InspectLog().read(path, LogOptions(model="m", benchmark="b")))
    if target == "wheel":
        from trust.fuzz.readers import archive_readers

        return archive_readers()[0].read
    if target == "pdf":
        from acidtest.data.documents.pdf_pages import pages_of

        return lambda path: pages_of(path.read_bytes())
    if target == "items":
        from acidtest.data.read import read_items
        from acidtest.types import ItemShape

        return lambda path: read_items(path, ItemShape(inputs=("text",), target="label"))
    from acidtest.data.scores.table import read_scores

    return lambda path: read_scores([path], real="r")


def fuzz(target: str, folder: Path, seconds: int) -> None:
    """Fuzz one target in this process, which ends with it."""
    import atheris

    with atheris.instrument_imports(include=["acidtest.data", "zipfile", "pypdf", "gzip"]):
        read = reader_of(target)
        path = Path(tempfile.mkdtemp(prefix="fuzz-")) / TARGETS[target][0]
        whole = seeds_of(target)
        for seed in whole:  # once here: what readers import where they use it is instrumented, too
            path.write_bytes(seed)
            read(path)
    from acidtest.errors import AcidtestError

    corpus = folder / target
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(whole):
        (corpus / f"seed-{number}").write_bytes(seed)

    def one(content: bytes) -> None:
        path.write_bytes(content)
        try:
            read(path)
        except AcidtestError:
            return
        except Exception:
            if target != "pdf":  # whatever pypdf raises is caught around it, see pdf_pages.main
                raise

    options = [
        f"-max_total_time={seconds}", f"-max_len={_LONGEST}", "-timeout=20", "-rss_limit_mb=2500",
        "-print_final_stats=1", f"-artifact_prefix={folder}/{target}-",
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], *options, str(corpus)], one)
    atheris.Fuzz()


def report(target: str, folder: Path, seconds: int) -> dict[str, object]:
    """Fuzz one target in a process of its own; return what came of it."""
    command = [sys.executable, __file__, target, str(folder), str(seconds), "--here"]
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, check=False, env=one_thread)
    said = (done.stderr + done.stdout).decode("utf-8", "replace")
    runs = re.findall(r"stat::number_of_executed_units:\s*(\d+)", said)
    covered = re.findall(r"cov: (\d+)", said)
    found = {
        "target": target,
        "reads": TARGETS[target][1],
        "executions": int(runs[-1]) if runs else 0,
        "branches": int(covered[-1]) if covered else 0,
        "broke": done.returncode != 0,
    }
    if done.returncode:
        sys.stderr.write(said[-4000:])
    return found


def write_page(found: Sequence[dict[str, object]], seconds: int) -> None:
    """Put what came of all targets into the page of what is promised, between its marks."""
    lines = [
        f"`make fuzz` ({seconds} seconds of each target):",
        "",
        "| target | reads | executions | branches reached | broken by an input |",
        "|---|---|---|---|---|",
    ]
    for one in found:
        broke = "yes" if one["broke"] else "no"
        lines.append(f"| {one['target']} | {one['reads']} | {one['executions']:,} | {one['branches']} | {broke} |")
    page = PAGE.read_text("utf-8")
    before, rest = page.split(BEGIN, 1)
    PAGE.write_text("\n".join([before + BEGIN, *lines, END + rest.split(END, 1)[1]]), "utf-8")


def main() -> None:
    """Fuzz the named target, or all of them; what came of all goes into the page."""
    asked, folder = sys.argv[1], Path(sys.argv[2])
    seconds = int(sys.argv[3]) if len(sys.argv) > 3 else SECONDS
    if "--here" in sys.argv:
        fuzz(asked, folder, seconds)
    found = []
    for target in TARGETS if asked == "all" else [asked]:
        found.append(report(target, folder, seconds))
        sys.stdout.write(json.dumps(found[-1]) + "\n")
        sys.stdout.flush()
    if asked == "all":
        write_page(found, seconds)
    sys.exit(any(one["broke"] for one in found))


if __name__ == "__main__":
    main()
