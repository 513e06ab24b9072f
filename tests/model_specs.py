"""How the tests of models make them."""

from typing import Any

from acidtest.models.base import ModelSpec
from acidtest.models.remote import RemoteModel


def spec(base_url: str, **more: Any) -> ModelSpec:
    return ModelSpec(name="m", use=more.pop("use", "openai:any"), base_url=base_url, **more)


def hurry(model: RemoteModel) -> RemoteModel:
    """Make a model retry at once, so that tests need not wait."""
    model.first_backoff = 0.001
    return model


def through_aiohttp(model: RemoteModel) -> RemoteModel:
    """Let a model use the client that it uses for https, also for http."""
    from acidtest.models.aiohttp_client import AiohttpClient

    model._client = AiohttpClient(model.url, model._headers, timeout=model.spec.timeout, connections=model.connections)
    return model
