"""Keys are planted wherever they can stand, a server sends them back in every way, and then every byte is searched."""

import asyncio
import base64
import io
import itertools
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import quote

import orjson
import pytest
from pyarrow import parquet

from batch_server import BatchServer
from batch_study import a_label
from counting_server import answer_to
from mock_study import LABELS
from one_process import one_process

SECRET = "planted/+"  # noqa: S105 - to be searched for
KEYS = {
    name: f"sk-{SECRET}{name}-{base64.b64encode(name.encode() * 3).decode()}"
    for name in ("WRITER_KEY", "SOLVER_KEY", "OTHER_KEY", "JUDGE_KEY", "FAILING_KEY", "OPENAI_API_KEY")
}
PASSWORD = "hunter-planted-2"  # noqa: S105 - likewise
STUDY = """\
study: keys
task: intent
seed: 5
real: {{path: real.jsonl, pool: pool.jsonl}}
models:
  writer: {{use: "openai:writer", base_url: "{url}", key_env: WRITER_KEY, connections: 2, retries: 0}}
  solver: {{use: "openai:solver", base_url: "{url}", key_env: SOLVER_KEY, connections: 2, retries: 0}}
  other: {{use: "openai:other", base_url: "{url}", key_env: OTHER_KEY, connections: 2, retries: 0}}
  judge: {{use: "openai:judge", base_url: "{url}", key_env: JUDGE_KEY, connections: 2, retries: 0}}
{more}
generators: [{{model: writer, items: 6}}]
solvers: [solver, other, "classic:majority"{failing}]
validity: {{judges: [judge], items: 4}}
"""


def forms(header: str) -> list[str]:
    """Return a header's content as servers and people write it down."""
    key, raw = header.removeprefix("Bearer "), header.encode()
    return [
        header,
        quote(header, safe=""),
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(key.encode()).decode(),
        base64.b64encode(f"me:{key}".encode()).decode(),
        key.encode().hex(),
        "\n".join(key[i : i + 8] for i in range(0, len(key), 8)),
        "".join(f"%{ord(c):02x}" for c in key),
    ]


def failure(how: str, sent: list[str]) -> bytes:
    """Return the body of an error that holds a header's content; `cut` has it where texts are cut."""
    if how == "json":
        error = {"message": f"wrong: {', '.join(sent)}", "code": sent[0], "type": sent[2]}
        return orjson.dumps({"error": error})
    if how == "html":
        return f"<html>{' '.join(sent)}</html>".encode()
    if how == "cut":
        return b" " * 1170 + sent[0].encode() + b" " * 15_190 + sent[0].encode()
    return sent[6].encode()


@contextmanager
def echo_server() -> Iterator[str]:
    """Answer each call with what its Authorization header says: in answers, errors, headers and new addresses."""
    count = itertools.count()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            sent, model = forms(str(self.headers["Authorization"])), orjson.loads(body)["model"]
            if model.startswith("fails-"):
                self.reply(int(model.split("-")[1]), model.split("-")[2], sent)
                return
            answer = orjson.loads(answer_to(body))
            choice, number = answer["choices"][0], next(count)
            if model == "judge" or number % 3:  # the third is an answer as it should be, others are found unreadable
                choice["message"]["content"] += "\n" + sent[number % len(sent)]
            choice["finish_reason"] = sent[0]
            answer["id"] = answer["model"] = sent[1]
            self.send(200, orjson.dumps(answer), {"X-Key": sent[0], "Set-Cookie": sent[2]})

        def reply(self, status: int, how: str, sent: list[str]) -> None:
            content = failure(how, sent)
            self.send(status, content, {"Location": f"http://{sent[1]}@127.0.0.1/{sent[0]}", "Retry-After": sent[0]})

        def send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
            self.send_response(status, headers.get("Location", "OK"))
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()
    thread.join()


FAILS = [f"fails-{status}-{how}" for status in (200, 302, 401, 429) for how in ("json", "html", "plain")]
FAILS += ["fails-500-cut", "fails-200-cut"]


class Place:
    """A folder in which all that commands write stands, with all that they say."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.said = folder, list[str]()
        for name in ("tmp", "home"):
            (folder / name).mkdir(parents=True)
        for name, count in (("real", 9), ("pool", 6)):
            rows = [{"id": f"{name}{i}", "text": f"{name} number {i}", "label": LABELS[i % 3]} for i in range(count)]
            (folder / f"{name}.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
        entry = (
            '  {name}: {{use: "openai:{name}", base_url: "{url}", key_env: FAILING_KEY, retries: 0, connections: 1}}'
        )
        more = "\n".join(entry.format(name=name, url=url) for name in FAILS)
        self.study("study.yaml", url=url, more="", failing="")
        self.study("failing.yaml", url=url, more=more, failing="".join(f", {name}" for name in FAILS))

    def study(self, name: str, **values: str) -> None:
        (self.folder / name).write_text(STUDY.format(**values), "utf-8")

    def run(self, *words: str, code: int = 0) -> str:
        """Run a command; return what it said."""
        return self.start([sys.executable, "-m", "acidtest", *words], code=code)

    def run_all(self, *commands: tuple[str, ...], code: int = 0) -> str:
        """Run commands one after another; all must end alike."""
        return self.start(one_process(commands, code=code))

    def start(self, command: list[str], *, code: int = 0) -> str:
        """Run a program; return what it said."""
        environment = {
            **os.environ,
            **KEYS,
            "ACIDTEST_CACHE": str(self.folder / "cache"),
            "TMPDIR": str(self.folder / "tmp"),
            "HOME": str(self.folder / "home"),
            "OMP_NUM_THREADS": "1",
            "PYTHONASYNCIODEBUG": "1",
        }
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        self.said.append(done.stdout + done.stderr)
        assert done.returncode == code, (command[-1], done.stdout[-1500:], done.stderr[-3000:])
        return self.said[-1]

    def everything(self) -> Iterator[tuple[str, bytes]]:
        """Give what was said and every file that was written, packed ones also unpacked."""
        for number, said in enumerate(self.said):
            yield f"output {number}", said.encode()
        for path in sorted(p for p in self.folder.rglob("*") if p.is_file()):
            yield str(path), path.read_bytes()
            yield str(path), str(path).encode()
            if path.suffix == ".parquet":
                yield f"{path}, unpacked", repr(parquet.read_table(io.BytesIO(path.read_bytes())).to_pylist()).encode()


def found(place: Place) -> list[str]:
    """Return where a key stands, in whatever form: the part of it that all keys here share is looked for, too."""
    parts = [SECRET, *(key[3 + len(SECRET) :] for key in KEYS.values())]
    needles = {PASSWORD.encode()}
    for part in parts:
        needles |= {part.encode(), quote(part, safe="").encode(), part.encode().hex().encode()}
        needles |= {"".join(f"%{ord(c):02x}" for c in part).encode()}
        for before in range(3):
            coded = base64.b64encode(b"\0" * before + part.encode())
            coded = coded[-(-before * 8 // 6) : (before + len(part)) * 8 // 6]
            needles |= {coded, coded.replace(b"+", b"-").replace(b"/", b"_")}
    places = []
    for where, content in place.everything():
        flat = re.sub(rb"\s|\\n", b"", content)
        if any(needle in content or needle in flat or needle.upper() in content for needle in needles):
            places.append(where)
    return places


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with echo_server() as url:
        yield Place(tmp_path_factory.mktemp("keys") / "place", url)


def test_what_is_searched_for_would_be_found(tmp_path: Path) -> None:
    key = KEYS["SOLVER_KEY"]
    for number, form in enumerate(forms(f"Bearer {key}")):
        place = Place(tmp_path / str(number), "http://127.0.0.1:1")
        (place.folder / "file").write_text(f"so: {form}", "utf-8")
        assert found(place) == [str(place.folder / "file")], form


def test_no_command_writes_or_says_a_key(place: Place) -> None:
    place.run("run", "study.yaml", "-o", "run")
    assert (place.folder / "run" / "responses" / "real" / "solver.jsonl").read_text("utf-8").count("***") >= 3
    said = place.run("run", "failing.yaml", "-o", "failing")
    assert said.count(" failed: ") == 6  # 302 and 401; after the others the next item may fare better
    assert said.count("stayed without an answer") >= 2 * 8
    assert said.count("***") >= 4
    place.run_all(
        ("run", "study.yaml", "--dry-run"),
        ("rate", "run"),
        ("lab", "study.yaml", "--prompts", "v1", "--items", "3", "-o", "lab"),
        ("levels", "study.yaml", "-o", "levels"),
        ("audit", "run/scores.parquet", "--real", "real", "--json", "audit.json", "--html", "audit.html"),
        ("export", "run", "--to", "jsonl", "-o", "exported"),
        ("validity", "run"),
        ("harder", "study.yaml", "--rounds", "2", "-o", "harder"),
        ("evaluate", "run", "--shard", "1/1", "-o", "shard"),
        ("rate", "run", "--shard", "1/1", "-o", "shard"),
        ("merge", "shard", "-o", "merged"),
        ("plan", "run", "--quick", "--rounds", "2", "--json", "plan.json"),
        ("review", "run", "--export"),
        ("import", "run/scores.parquet", "-o", "imported.parquet"),
    )
    assert found(place) == []


def test_no_failure_says_a_key(place: Place) -> None:
    url = "http://127.0.0.1:1/v1"
    for number, base in enumerate(
        (
            f"https://me:{PASSWORD}@127.0.0.1/v1",
            f"http://me:{PASSWORD}@[::1/v1",
            f"https:/me:{PASSWORD}@127.0.0.1:x/v1",
            f"ftp://{PASSWORD}@127.0.0.1",
            f"me:{PASSWORD}@127.0.0.1",
        )
    ):
        place.study(f"bad{number}.yaml", url=base, more="", failing="")
    bad = [f"bad{number}" for number in range(5)]
    said = place.run_all(*[("run", f"{name}.yaml", "-o", name) for name in bad], code=2)
    assert said.count("way out") == 5
    for name in bad:
        (place.folder / f"{name}.yaml").unlink()  # here it stands of course
    (place.folder / "mine.py").write_text(
        "from acidtest import registry\n"
        "from acidtest.registry import register\n"
        '@register("classic", "breaks")\n'
        'class Breaks(registry.get("classic", "majority")):\n'
        '    """Breaks."""\n'
        "    def fit(self, pool, labels, seed):\n"
        "        import os\n"
        '        key = os.environ["OPENAI_API_KEY"]\n'
        '        raise RuntimeError(f"broke with {len(key)} letters")\n',
        "utf-8",
    )
    place.study("breaks.yaml", url=url, more="", failing=', "classic:breaks"')
    text = (place.folder / "breaks.yaml").read_text("utf-8")
    text = text.replace("generators: [{model: writer, items: 6}]", "synthetic: [{name: made, path: pool.jsonl}]")
    (place.folder / "breaks.yaml").write_text(text, "utf-8")
    said = place.run("run", "breaks.yaml", "-o", "breaks", "--load", "mine.py", code=1)
    assert "Traceback" in said
    place.study("nobody.yaml", url=f"{url}?key={PASSWORD}", more="", failing="")
    said = place.run("run", "nobody.yaml", "-o", "nobody", code=2)
    assert PASSWORD not in said
    for path in (place.folder / "nobody.yaml", place.folder / "nobody" / "run.json"):
        path.unlink()  # a query is a part of the address: it stands where addresses do
    assert found(place) == []


async def test_no_batch_writes_or_says_a_key(tmp_path: Path) -> None:
    def echoes(prompt: str) -> str:
        return f"{a_label(prompt)} {KEYS['FAILING_KEY']}" if "1" in prompt[-2:] else a_label(prompt)

    async with BatchServer(answer=echoes) as server:
        place = Place(tmp_path / "batch", server.url)
        entry = '  fails: {{use: "openai:any", base_url: "{url}", key_env: FAILING_KEY, batch: true'
        entry += ", batch_wait: 0.1, batch_poll: 0.05}}"
        text = STUDY.format(url=server.url, more=entry.format(url=server.url), failing="")
        text = text.replace("generators: [{model: writer, items: 6}]", "synthetic: [{name: made, path: pool.jsonl}]")
        text = text.replace('[solver, other, "classic:majority"]', '[fails, "classic:majority"]').split("validity")[0]
        (place.folder / "study.yaml").write_text(text, "utf-8")
        await asyncio.to_thread(place.run, "run", "study.yaml", "-o", "run")
        assert b"***" in (place.folder / "run" / "responses" / "real" / "fails.jsonl").read_bytes()
        assert found(place) == []
