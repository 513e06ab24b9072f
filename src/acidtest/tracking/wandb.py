"""A logger for Weights & Biases: one W&B run per run of a study."""

import os
from typing import Any

from acidtest.errors import AcidtestError
from acidtest.registry import register
from acidtest.study.callbacks import RunEnd, RunStart
from acidtest.tracking import told


@register("tracker", "wandb")
class WandbLogger:
    """Logs a run of a study to Weights & Biases: parameters, every number with its interval, verdicts, times and files.

    A W&B run that the program has begun (`wandb.init()`) is used and left open; else one is made, and ended with the
    study: without the terminal's output, the state of git and measures of the machine, which W&B gathers by itself.
    With WANDB_MODE=offline everything stays in a folder, and nothing is sent. W&B reports its own errors to its
    makers unless told otherwise: this logger tells it not to, unless the variable WANDB_ERROR_REPORTING is set.

    Args:
        project: The project of a run that is made; "acidtest" unless named.
        folder: Where W&B keeps its files; where W&B itself does unless named.

    Raises:
        AcidtestError: W&B is not installed.
    """

    name = "wandb"

    def __init__(self, *, project: str = "acidtest", folder: str | None = None) -> None:
        os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
        try:
            import wandb
        except ModuleNotFoundError as error:
            if error.name != "wandb":
                raise
            raise AcidtestError("W&B is not installed", way_out="pip install wandb") from None
        self._wandb: Any = wandb
        self._project, self._folder = project, folder
        self._run: Any = None
        self._own = False

    def begin(self, run: RunStart) -> None:
        """Make the W&B run and log what is asked."""
        config = told.params(run)
        if self._wandb.run is not None:
            self._run, self._own = self._wandb.run, False
            self._run.config.update(config, allow_val_change=True)
            return
        quiet = self._wandb.Settings(  # what W&B would gather by itself, and nobody asked for
            console="off", disable_git=True, save_code=False, x_disable_meta=True, x_disable_stats=True
        )
        self._run = self._wandb.init(
            project=self._project, name=config["study"], config=config, dir=self._folder, settings=quiet
        )
        self._own = True

    def stage_done(self, stage: str, seconds: float) -> None:
        """Log how long a stage took."""
        self._run.summary[f"seconds/{stage}"] = seconds

    def end(self, run: RunEnd) -> None:
        """Log all that was found, and the files."""
        self._run.summary.update(
            {**told.metrics(run), **{f"{k}/decision": v for k, v in told.verdicts(run.report).items()}}
        )
        short = told.safe_names([run.folder.root.name or "run"])
        artifact = self._wandb.Artifact(name=f"acidtest-{next(iter(short.values()))}", type="evaluation")
        for path in told.files(run.folder):
            artifact.add_file(str(path), name=path.name)
        self._run.log_artifact(artifact)
        if self._own:
            self._run.finish()

    def fail(self, error: BaseException) -> None:
        """End a run of its own as failed; the error's text, which may name anything, stays here."""
        del error
        if self._own and self._run is not None:
            self._run.finish(exit_code=1)
