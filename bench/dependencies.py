"""The dependencies, locked with hashes, listed for others, and looked up among known vulnerabilities.

python bench/dependencies.py lock     writes locks/*.txt and locks/sbom.cdx.json, by uv and cyclonedx-bom
python bench/dependencies.py audit    looks locks/*.txt up with pip-audit; exit 1 where one is vulnerable
"""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "locks"
OLDEST = "3.11.5"
"""Python: one library of the tests is for this and newer ones."""

SETS = {
    "study": (["local"], ["pyproject.toml", "locks/build.in"]),
    "package": (["local", "documents", "server", "remote", "ray"], ["pyproject.toml"]),
    "dev": (["local", "documents", "server", "dev"], ["pyproject.toml", "locks/build.in"]),
    "harnesses": ([], ["bench/requirements-harnesses.txt"]),
}
"""Lock -> the extras and files that it is made of. `package` is what users may install; no target here installs it."""

ALONE = {"scorers": ["lm-eval", "transformers"]}
"""Packages whose files alone are installed, without what they need; their versions stand in constraints.txt."""


def main() -> None:
    if sys.argv[1:] == ["lock"]:
        lock()
    elif sys.argv[1:] == ["audit"]:
        sys.exit(audit())
    else:
        sys.exit(__doc__)


def lock() -> None:
    """Write all locks, then the bill of materials."""
    for name, (extras, files) in SETS.items():
        ours = ["--constraint", "constraints.txt"] if "pyproject.toml" in files else []
        _compile(name, [*(word for extra in extras for word in ("--extra", extra)), *files], ours)
    pins = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    for name, packages in ALONE.items():
        wanted = [line for line in pins if line.partition("==")[0].lower().replace("_", "-") in packages]
        source = LOCKS / f"{name}.in"
        source.write_text("".join(f"{line}\n" for line in wanted), "utf-8")
        _compile(name, [str(source.relative_to(ROOT))], ["--no-deps"])
    bill = [_tool("cyclonedx-py"), "requirements", "--output-reproducible", "--output-format", "JSON"]
    bill += ["--pyproject", "pyproject.toml", "--output-file", "locks/sbom.cdx.json", "locks/package.txt"]
    subprocess.run(bill, cwd=ROOT, check=True, stderr=subprocess.DEVNULL)
    _trim(LOCKS / "sbom.cdx.json")


def _trim(path: Path) -> None:
    """Leave out where each file came from: the name, the version and the hashes of the lock say what it is."""
    bill = json.loads(path.read_text("utf-8"))
    bill["metadata"].pop("tools", None)
    for component in bill["components"]:
        component.pop("externalReferences", None)
        component.pop("description", None)
    path.write_text(json.dumps(bill, indent=1, sort_keys=True) + "\n", "utf-8")


def _compile(name: str, asked: list[str], more: list[str]) -> None:
    options = [
        "--universal",
        "--python-version",
        OLDEST,
        "--generate-hashes",
        "--no-header",
        "--no-annotate",
        "--quiet",
    ]
    command = [_tool("uv"), "pip", "compile", *options, *more, *asked, "--output-file", f"locks/{name}.txt"]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def audit() -> int:
    """Return 1 where a locked package has a known vulnerability, 0 where none has or nobody could be asked."""
    vulnerable = 0
    for name in ("package", "dev", "harnesses"):
        command = [_tool("pip-audit"), "--requirement", f"locks/{name}.txt", "--disable-pip", "--require-hashes"]
        done = subprocess.run([*command, "--format", "json"], cwd=ROOT, capture_output=True, text=True, check=False)
        try:
            found = json.loads(done.stdout)["dependencies"]
        except (json.JSONDecodeError, KeyError):
            print(f"{name}: the list of vulnerabilities cannot be reached; nothing was looked up")
            continue
        looked_up = [package for package in found if "skip_reason" not in package]
        if not looked_up:
            print(f"{name}: nobody could be asked about its {len(found)} packages; nothing was looked up")
            continue
        bad = [package for package in looked_up if package["vulns"]]
        print(f"{name}: {len(looked_up)} of {len(found)} packages looked up, {len(bad)} with known vulnerabilities")
        for package in bad:
            print(f"  {package['name']} {package['version']}: {', '.join(v['id'] for v in package['vulns'])}")
        vulnerable += len(bad)
    return int(vulnerable > 0)


def _tool(name: str) -> str:
    return os.fspath(Path(sys.executable).parent / name)


if __name__ == "__main__":
    main()
