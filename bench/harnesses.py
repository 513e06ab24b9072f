"""The programs that are measured: each asks every item once, through an endpoint, and scores the answers."""

import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson

from process_cost import Cost, cost_of

HERE = Path(__file__).resolve().parent
PEERS = HERE.parent / ".venv-peers" / "bin"
LABELS = ("A", "B", "C", "D")
WORDS = (
    *("alpha", "beta", "gamma", "delta", "river", "stone", "cloud", "engine", "market", "doctor"),
    *("forest", "signal", "planet", "window", "garden", "copper", "violin", "harbor", "candle", "bridge"),
)
SOLVERS = 2
STUDY = """\
study: cost of a call
task: intent
labels: [A, B, C, D]
real: {{path: items.jsonl, pool: example.jsonl}}
synthetic:
  - {{name: synthetic, path: example.jsonl}}
models:
  first: {{use: "openai:first", base_url: "{url}", connections: {connections}}}
  second: {{use: "openai:second", base_url: "{url}", connections: {connections}}}
solvers:
  - {{model: first, shots: 0}}
  - {{model: second, shots: 0}}
"""


@dataclass(frozen=True, kw_only=True)
class Harness:
    """One program.

    Attributes:
        name: What the page calls it.
        few: Number of answers in the small run, which shows what a run costs before it has answered much.
        many: Number of answers in the large run; the difference shows what an answer costs.
        run: (answers, endpoint, empty folder) -> cost.
    """

    name: str
    few: int
    many: int
    run: Callable[[int, str, Path], Cost]


def write_items(path: Path, count: int) -> None:
    """Write questions of some 45 words with four choices; the same count gives the same items."""
    rng = random.Random(count)
    lines = []
    for number in range(count):
        question = f"Q{number}: {' '.join(rng.choices(WORDS, k=30))}?"
        choices = "\n".join(f"{label}) {rng.choice(WORDS)}" for label in LABELS)
        text = f"{question}\n{choices}\nReply with one letter."
        lines.append(orjson.dumps({"id": f"{path.stem}-{number}", "text": text, "label": LABELS[number % 4]}) + b"\n")
    path.write_bytes(b"".join(lines))


def acidtest(answers: int, url: str, folder: Path, *, connections: int = 64) -> Cost:
    """Evaluate a study: two solvers, a real set, and a synthetic set of one item, since a study needs them.

    The solvers answer side by side and share the connections. Cache, retries and records are as a user has them; the
    progress bars are drawn on a terminal.
    """
    write_items(folder / "items.jsonl", answers // 2 - 1)
    write_items(folder / "example.jsonl", 1)
    (folder / "study.yaml").write_text(STUDY.format(url=url, connections=connections // SOLVERS), "utf-8")
    command = [sys.executable, "-m", "acidtest", "evaluate", "study.yaml", "-o", "run"]
    return cost_of(command, folder=folder, variables={"ACIDTEST_CACHE": str(folder / "cache")}, terminal=True)


def lm_eval(answers: int, url: str, folder: Path) -> Cost:
    """Run lm-evaluation-harness with its model for OpenAI-compatible chat, answers logged."""
    write_items(folder / "items.jsonl", answers)
    settings = {
        "model": "mock",
        "base_url": f"{url}/chat/completions",
        "num_concurrent": 64,
        "max_retries": 3,
        "tokenized_requests": False,
    }
    command: list[str | Path] = [PEERS / "lm_eval", "--model", "local-chat-completions"]
    command += ["--model_args", ",".join(f"{name}={value}" for name, value in settings.items())]
    command += ["--tasks", "cost_of_a_call", "--include_path", HERE / "peers", "--apply_chat_template"]
    command += ["--output_path", "out", "--log_samples"]
    variables = {"HF_HOME": str(folder / "hub"), "HF_HUB_OFFLINE": "1", "OPENAI_API_KEY": "none"}
    return cost_of(command, folder=folder, variables=variables)


def inspect(answers: int, url: str, folder: Path) -> Cost:
    """Run Inspect with its provider for OpenAI-compatible endpoints; it keeps its log, and prints plain lines."""
    write_items(folder / "items.jsonl", answers)
    (folder / "task.py").write_bytes((HERE / "peers" / "inspect_task.py").read_bytes())
    command: list[str | Path] = [PEERS / "inspect", "eval", "task.py", "--model", "openai-api/mock/mock"]
    command += ["--max-connections", "64", "--max-tokens", "4", "--temperature", "0"]
    command += ["--display", "plain", "--log-dir", "logs"]
    variables = {"MOCK_BASE_URL": url, "MOCK_API_KEY": "none", "INSPECT_CACHE_DIR": str(folder / "cache")}
    return cost_of(command, folder=folder, variables=variables)


def bare_aiohttp(answers: int, url: str, folder: Path) -> Cost:
    """Run a loop on aiohttp that does nothing but ask and compare: a floor, not a harness."""
    write_items(folder / "items.jsonl", answers)
    return cost_of([sys.executable, HERE / "peers" / "bare_aiohttp.py", url, "64"], folder=folder, variables={})


OURS = Harness(name="acidtest", few=4, many=10_000, run=acidtest)
OTHERS = (
    Harness(name="lm-evaluation-harness", few=100, many=2_000, run=lm_eval),
    Harness(name="Inspect", few=100, many=1_000, run=inspect),
    Harness(name="bare aiohttp loop", few=64, many=10_000, run=bare_aiohttp),
)
