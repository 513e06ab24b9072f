"""expected.py LOG...: what Inspect itself reads in logs, as JSON: scores per sample, tokens, aggregate metrics."""

import json
import math
import sys
from typing import Any

from inspect_ai.log import EvalLog, read_eval_log
from inspect_ai.scorer import Score, value_to_float

_FLOAT = value_to_float()


def number(value: Any) -> float | None:
    """Return Inspect's own number for a value; None where it counts as not scored."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    return _FLOAT(value)


def values(name: str, score: Score) -> dict[str, float | None]:
    """Return the number of each metric that a score holds."""
    if isinstance(score.value, dict):
        return {f"{name}/{key}": number(value) for key, value in score.value.items()}
    return {name: number(score.value)}


def content(log: EvalLog) -> dict[str, Any]:
    """Return what a log says."""
    samples = []
    for sample in log.samples or []:
        usage = sample.model_usage.get(log.eval.model)
        read = usage and usage.input_tokens + (usage.input_tokens_cache_read or 0)
        samples.append(
            {
                "id": sample.id,
                "epoch": sample.epoch,
                "input": sample.input,
                "target": sample.target,
                "error": sample.error.message if sample.error else "",
                "tokens_in": read,
                "tokens_out": usage and usage.output_tokens,
                "scores": {k: v for name, s in (sample.scores or {}).items() for k, v in values(name, s).items()},
            }
        )
    results = [
        {"scorer": s.scorer, "name": s.name, "reducer": s.reducer, "metric": m.name, "value": m.value}
        for s in (log.results.scores if log.results else [])
        for m in s.metrics.values()
    ]
    about = {"task": log.eval.task, "model": log.eval.model, "status": log.status}
    return {**about, "samples": samples, "results": results}


if __name__ == "__main__":
    logs = {path: content(read_eval_log(path)) for path in sys.argv[1:]}
    sys.stdout.write(json.dumps(logs, separators=(",", ":")) + "\n")
