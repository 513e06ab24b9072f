"""How the tests of models make them."""

from typing import Any

from acidtest.models.base import ModelSpec
from acidtest.models.batches.batch import BatchedModel
from acidtest.models.build import build
from acidtest.models.remote import RemoteModel
from batch_server import BatchServer


def spec(base_url: str, **more: Any) -> ModelSpec:
    return ModelSpec(name="m", use=more.pop("use", "openai:any"), base_url=base_url, **more)


def hurry(model: RemoteModel) -> RemoteModel:
    """Make a model retry at once, so that tests need not wait."""
    model.first_backoff, model.patience = 0.001, 0.0
    return model


def through_aiohttp(model: RemoteModel) -> RemoteModel:
    """Let a model use the client that it uses for https, also for http."""
    from acidtest.models.aiohttp_client import AiohttpClient

    model._client = AiohttpClient(model.url, model._headers, timeout=model.spec.timeout, connections=model.connections)
    return model


def batched(server: BatchServer, use: str, **more: Any) -> BatchedModel:
    """Return a model whose calls go out in batches, and that wastes no time."""
    base = server.url if use.startswith("openai") else server.base
    model = build(spec(base, use=use, **{"batch": True, "batch_wait": 0.05, "batch_poll": 0.02, "retries": 3, **more}))
    assert isinstance(model, BatchedModel)
    model.pace.first_look, model.pace.doubt, model.model.first_backoff = 0.01, 0.3, 0.001
    return model
