"""Loggers that tell a tracker of experiments what a run was asked and what it found: only where one is asked for.

from acidtest.tracking import mlflow_logger
acidtest.Study("study.yaml").run(callbacks=[mlflow_logger()])
"""

from acidtest.tracking.mlflow import MlflowLogger as mlflow_logger  # noqa: N813  # called like a function, in one line
from acidtest.tracking.wandb import WandbLogger as wandb_logger  # noqa: N813

__all__ = ["mlflow_logger", "wandb_logger"]
