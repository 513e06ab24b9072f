"""A logger for MLflow: one MLflow run per run of a study."""

import os
from typing import Any

from acidtest.errors import AcidtestError
from acidtest.registry import register
from acidtest.study.callbacks import RunEnd, RunStart
from acidtest.tracking import told

_MOST = {"params": 100, "metrics": 1000, "tags": 100}
"""What one request may hold, by MLflow's own limits."""


@register("tracker", "mlflow")
class MlflowLogger:
    """Logs a run of a study to MLflow: parameters, every number with its interval, verdicts, times and files.

    An MLflow run that the program has begun (`mlflow.start_run()`) is used and left open; else one is made, and ended
    with the study. MLflow reports its own use to its makers unless told otherwise: this logger tells it not to, unless
    the variable MLFLOW_DISABLE_TELEMETRY is set.

    Args:
        experiment: The experiment of a run that is made; "acidtest" unless named.
        tracking_uri: The server or store; what MLflow itself is set to unless named.

    Raises:
        AcidtestError: MLflow is not installed.
    """

    name = "mlflow"

    def __init__(self, *, experiment: str = "acidtest", tracking_uri: str | None = None) -> None:
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        try:
            import mlflow  # noqa: F401  # missing, it is said before anything is paid for
        except ModuleNotFoundError as error:
            if error.name != "mlflow":
                raise
            raise AcidtestError("MLflow is not installed", way_out="pip install mlflow") from None
        self._experiment, self._uri = experiment, tracking_uri
        self._client: Any = None
        self.run_id = ""
        self._own = False

    def begin(self, run: RunStart) -> None:
        """Make the MLflow run and log what is asked."""
        import mlflow
        from mlflow.tracking import MlflowClient

        self._client = MlflowClient(tracking_uri=self._uri)
        active = mlflow.active_run()
        if active is not None and self._uri is None:
            self.run_id, self._own = active.info.run_id, False
        else:
            found = self._client.get_experiment_by_name(self._experiment)
            experiment = found.experiment_id if found else self._client.create_experiment(self._experiment)
            name = told.params(run)["study"]
            self.run_id, self._own = self._client.create_run(experiment, run_name=name).info.run_id, True
        self._log(params=told.params(run))

    def stage_done(self, stage: str, seconds: float) -> None:
        """Log how long a stage took."""
        self._client.log_metric(self.run_id, f"seconds/{stage}", seconds)

    def end(self, run: RunEnd) -> None:
        """Log all that was found, and the files."""
        times = {f"seconds/{stage}" for stage in run.seconds}  # these were logged when they were known
        numbers = {name: number for name, number in told.metrics(run).items() if name not in times}
        self._log(metrics=numbers, tags=told.verdicts(run.report))
        for path in told.files(run.folder):
            self._client.log_artifact(self.run_id, str(path))
        if self._own:
            self._client.set_terminated(self.run_id, "FINISHED")

    def fail(self, error: BaseException) -> None:
        """Mark a run of its own as failed, or killed by Ctrl-C; the error's text may name anything, and stays here."""
        if self._own and self._client is not None:
            self._client.set_terminated(self.run_id, "KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED")

    def _log(self, **what: dict[str, Any]) -> None:
        import time

        from mlflow.entities import Metric, Param, RunTag

        now = int(time.time() * 1000)
        for kind, values in what.items():
            made: list[Any] = []
            for name, value in values.items():
                if kind == "metrics":
                    made.append(Metric(name, value, now, 0))
                else:
                    made.append(Param(name, value) if kind == "params" else RunTag(name, value))
            for start in range(0, len(made), _MOST[kind]):
                self._client.log_batch(self.run_id, **{kind: made[start : start + _MOST[kind]]})
