"""clean.py RUN OUT: the files of a HELM run folder that matter, without its longest parts, on one line each.

Left out are prompts, most statistics that are no scores, and those of the worst of several copies; all else is as HELM
wrote it.
"""

import json
import sys
from pathlib import Path
from typing import Any

_FILES = ("run_spec.json", "stats.json", "per_instance_stats.json", "scenario_state.json")
_LEFT_OUT = (
    *("training_", "finish_reason_", "batch_size", "num_train_", "num_bytes", "num_perplexity_tokens"),
    *("num_references", "num_completion_tokens", "prompt_truncated", "logprob", "max_prob", "quasi_", "inference_"),
)
_LONG = ("request", "adapter_spec")


def cleaned(value: Any) -> Any:
    """Return a value without the parts that are left out."""
    if isinstance(value, list):
        return [cleaned(v) for v in value if not _name(v).startswith(_LEFT_OUT) and not _derived(v)]
    if isinstance(value, dict):
        return {key: cleaned(v) for key, v in value.items()}
    return value


def _name(value: Any) -> str:
    name = value.get("name") if isinstance(value, dict) else ""
    return str(name.get("name", "")) if isinstance(name, dict) else ""


def _derived(value: Any) -> bool:
    """Tell whether these are statistics of the worst copy of each question, or of questions that have copies."""
    name = value.get("name") if isinstance(value, dict) else None
    copy = name.get("perturbation") if isinstance(name, dict) else None
    return isinstance(copy, dict) and copy.get("computed_on") != "perturbed"


def main(run: Path, out: Path) -> None:
    """Write the files anew."""
    out.mkdir(parents=True, exist_ok=True)
    for name in _FILES:
        value = cleaned(json.loads((run / name).read_text("utf-8")))
        if name == "scenario_state.json":
            states = [{key: v for key, v in state.items() if key not in _LONG} for state in value["request_states"]]
            value = {"request_states": states}
        (out / name).write_text(json.dumps(value, separators=(",", ":")), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
