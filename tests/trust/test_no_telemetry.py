"""Nothing goes out but what a user asks for: addresses in the source are counted, and sockets are watched."""

import ast
import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import acidtest
from crash_study import Trial, crash_server
from mock_study import environment, write_study
from one_process import one_process

SOURCE = Path(acidtest.__file__).parent
ASKED = {
    "api.openai.com": "a provider, where a study names it",
    "api.anthropic.com": "a provider, where a study names it",
    "huggingface.co": "the hub: a model file by its SHA-256, where the package index has none",
    "raw.githubusercontent.com": "data sets by name, checked by SHA-256",
}
"""Hosts that something is sent to, or fetched from."""

WORDS = {
    "json-schema.org": "the name of a format",
    "schema.org": "the name of a format",
    "mlcommons.org": "the name of a format",
    "purl.org": "the name of a format",
    "docs.mlcommons.org": "where a format is described",
    "www.w3.org": "the name of a format",
    "pkware.cachefly.net": "where a format is described",
    "docs.argilla.io": "where a format is described",
    "labelstud.io": "where a format is described",
    "platform.openai.com": "where prices stand",
    "docs.anthropic.com": "where prices stand",
    "github.com": "where a data set comes from, for people to read",
    "review.example.org": "an example",
    "api.example.com": "an example",
    "host.org": "an example",
    "x": "an example",
}
"""Hosts that nothing is sent to."""

NETWORK = {
    "socket": {
        "review/serve.py": "the review app listens",
        "cli/review.py": "the review app listens",
        "models/executors/ray_cluster.py": "is the named cluster there?",
        "models/executors/ray_worker.py": "its host's name",
    },
    "ssl": {"models/aiohttp_client.py": "what its errors mean"},
    "http": {"data/download.py": "data sets and model files by name"},
    "urllib.request": {
        "data/download.py": "data sets and model files by name",
        "models/proxy.py": "which proxy the environment names",
    },
    "aiohttp": {
        "models/aiohttp_client.py": "models behind https",
        "models/batches/exchange.py": "batches of providers",
    },
    "httptools": {"models/http_client.py": "models behind http"},
    "uvicorn": {"review/serve.py": "the review app"},
    "ray": {"models/executors/": "asked for by --executor ray"},
    "huggingface_hub": {"models/weights_folder.py": "models of the hub, where a study names them"},
    "fsspec": {"data/": "addresses that a user names"},
    "mlflow": {"tracking/mlflow.py": "a logger that a user puts in"},
    "wandb": {"tracking/wandb.py": "a logger that a user puts in"},
}
"""Libraries that speak to others, and the files that may use them."""

SPEAKING = frozenset(
    {"socket", "ssl", "http", "ftplib", "smtplib", "telnetlib", "xmlrpc", "socketserver", "aiohttp", "httptools"}
    | {"requests", "httpx", "urllib3", "websockets", "uvicorn", "ray", "huggingface_hub", "fsspec", "mlflow", "wandb"}
    | {"sentry_sdk", "posthog", "segment", "opentelemetry", "boto3", "botocore", "grpc", "paramiko", "openai"}
)
_ADDRESS = re.compile(r"(?:https?|wss?|ftp)://(?:[^\s/@]*@)?([^\s/\"'<>)\]}`,;:?#\\]+)")


def sources() -> list[Path]:
    kinds = (".py", ".md", ".html", ".js", ".css", ".json", ".yaml", ".txt", ".svg", ".toml")
    return [p for p in sorted(SOURCE.rglob("*")) if p.suffix in kinds and "__pycache__" not in p.parts]


def test_every_host_in_the_source_is_known() -> None:
    found: dict[str, set[str]] = {}
    for path in sources():
        for host in _ADDRESS.findall(path.read_text("utf-8", "replace")):
            if re.fullmatch(r"[\w.-]*[a-z]\w*", host):  # others are made of what a user gave
                found.setdefault(host, set()).add(path.relative_to(SOURCE).as_posix())
    local = {"localhost", "host"}
    assert {host: where for host, where in found.items() if host not in {*ASKED, *WORDS, *local}} == {}
    assert set(ASKED) <= set(found)  # what is asked nowhere is not listed either


def test_every_file_that_speaks_to_others_is_known() -> None:
    wrong, used = [], set()
    for path in sources():
        if path.suffix != ".py":
            continue
        name = path.relative_to(SOURCE).as_posix()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            modules = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for module in modules:
                first = module if module == "urllib.request" else module.partition(".")[0]
                if first in SPEAKING or first == "urllib.request":
                    used.add(first)
                    if not any(name.startswith(allowed) for allowed in NETWORK.get(first, {})):
                        wrong.append((name, module))
    assert wrong == []
    assert used == set(NETWORK)


def test_templates_ask_for_nothing_elsewhere() -> None:
    """What a page loads: scripts, styles, pictures, fonts."""
    loads = re.compile(r"(?:src|href|action)\s*=\s*[\"']?(?:https?:)?//|url\(\s*[\"']?(?:https?:)?//|@import")
    pages = [p for p in sources() if p.suffix in (".html", ".css", ".js", ".svg")]
    assert len(pages) > 5
    assert [p.name for p in pages if loads.search(p.read_text("utf-8"))] == []


WATCH = """
import os, sys

def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.bind"):
        place = arguments[1] if event in ("socket.connect", "socket.sendto", "socket.bind") else arguments[0]
        place = place[0] if isinstance(place, tuple) else place
        with open(os.environ["WATCHED"], "a") as file:
            file.write(f"{event} {place}\\n")
        if place not in ("127.0.0.1", "::1", "localhost"):
            raise PermissionError(f"nothing goes out here: {place}")

sys.addaudithook(watch)
sys.modules["uvloop"] = None  # it asks the system itself, unseen; asyncio's own loop is watched
"""


class Watched:
    """Runs commands of which every socket is written down, those of other Python processes that they start, too."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder, folder / "sockets.log"
        (folder / "watch").mkdir(parents=True)
        (folder / "watch" / "sitecustomize.py").write_text(WATCH, "utf-8")

    def run(self, *words: object, code: int = 0, **more: str) -> list[str]:
        """Return what the command spoke to."""
        return self.run_all(words, code=code, **more)

    def run_all(self, *commands: Sequence[object], code: int = 0, **more: str) -> list[str]:
        """Return what commands spoke to that ran one after another and ended alike."""
        self.log.write_text("", "utf-8")
        watching = {"PYTHONPATH": str(self.folder / "watch"), "WATCHED": str(self.log), **more}
        done = subprocess.run(
            one_process(commands, code=code),
            cwd=self.folder,
            env={**environment(self.folder / "cache"), **watching},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, (done.stdout, done.stderr)
        return sorted(set(self.log.read_text("utf-8").splitlines()))


LOCAL = """\
study: local
task: intent
real: {path: real.jsonl, pool: pool.jsonl, limit: 3}
synthetic: [{name: made, path: pool.jsonl}]
solvers: ["local:smollm2-135m-instruct-q4_1", "classic:majority"]
"""


def test_commands_that_need_nobody_open_no_socket(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    with crash_server() as server:
        trial = Trial(tmp_path / "study", server)
        trial.write()
        spoke = watched.run("run", "study/study.yaml", "-o", "run")
        assert spoke == ["socket.connect 127.0.0.1"]  # the watch sees what a run speaks to
    logs = Path(__file__).parents[1] / "data" / "logs" / "lm_eval"
    assert (
        watched.run_all(
            ("run", "run"),
            ("compare", "run"),
            ("report", "run"),
            ("validity", "run"),
            ("audit", "run/scores.parquet", "--real", "real", "--html", "a.html", "--json", "a.json"),
            ("export", "run", "--to", "jsonl", "-o", "exported"),
            ("import", logs, "-o", "imported.parquet"),
            ("list", "models"),
        )
        == []
    )


def test_a_local_model_speaks_to_nobody_once_its_file_is_here(tmp_path: Path, smollm2: Path) -> None:
    watched = Watched(tmp_path)
    write_study(tmp_path, "http://127.0.0.1:9", LOCAL.replace("{", "{{").replace("}", "}}"))
    assert watched.run("run", "study.yaml", "-o", "run", ACIDTEST_MODELS=str(smollm2.parent)) == []


def test_a_missing_model_file_is_asked_for_at_its_sources_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ACIDTEST_MODELS", raising=False)
    for name in [name for name in os.environ if name.lower().endswith("_proxy") or name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    watched = Watched(tmp_path)
    write_study(tmp_path, "http://127.0.0.1:9", LOCAL.replace("{", "{{").replace("}", "}}"))
    index = {"PIP_INDEX_URL": "https://index.example/simple", "PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "0"}
    spoke = watched.run("run", "study.yaml", "-o", "run", code=2, **index)
    hosts = {line.split(" ")[1] for line in spoke} - {"::1"}  # pip looks whether this machine has that kind of address
    assert hosts == {"index.example", urlsplit("https://huggingface.co").hostname}
