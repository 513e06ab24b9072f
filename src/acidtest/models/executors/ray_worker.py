"""What runs on the nodes of a Ray cluster: one model in a process of its own, and classic solvers.

Only plain values come in and go out, and every error goes out as a value: nothing of a study shows in Ray's logs. Keys
come as values of a call to the process itself, never as part of its environment's description or of how it was made:
Ray writes those into its logs and tables.
"""

import asyncio
import os
import socket
import tempfile
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from importlib.metadata import version
from pathlib import Path

from acidtest import registry
from acidtest.errors import AcidtestError, ModelError
from acidtest.models.base import ClassicSolver, LanguageModel, ModelSpec
from acidtest.models.build import build
from acidtest.models.executors.wire import (
    Wire,
    error_to,
    http_reply_to,
    prompt_from,
    reply_to,
    sampling_from,
    unwrapped,
)
from acidtest.models.failure import AttemptError, readable
from acidtest.models.remote import Client, RemoteModel
from acidtest.types import Item

UserFiles = Sequence[tuple[str, str]]
"""Name and text of each file that was loaded with --load."""

_trained: OrderedDict[bytes, ClassicSolver] = OrderedDict()
_MOST_TRAINED = 4
_loaded: set[str] = set()


class Worker:
    """One model of a study in a process of its own."""

    def __init__(self) -> None:
        self._model: LanguageModel | None = None
        self._client: Client | None = None
        self._stack = AsyncExitStack()
        self._keys: Mapping[str, str] = {}

    async def open(self, spec: Wire, keys: Mapping[str, str], files: UserFiles) -> Wire:
        """Build the model and open it; tell where that was, and what exactly answers."""
        return await self._told(self._open(spec, keys, files))

    async def answer(self, prompt: Wire, sampling: Wire) -> Wire:
        """Answer one prompt."""
        return await self._told(self._answer(prompt, sampling))

    async def post(self, body: bytes) -> Wire:
        """Post one body to the model's address."""
        return await self._told(self._post(body))

    async def close(self) -> None:
        """Free the weights, close connections."""
        await self._stack.aclose()

    async def _open(self, spec: Wire, keys: Mapping[str, str], files: UserFiles) -> Wire:
        self._keys = keys
        os.environ.update(keys)
        _load(files)
        model = build(ModelSpec.model_validate(spec))
        if not isinstance(model, LanguageModel):
            raise ModelError(f"'{model}' is no language model")
        self._model = model
        revision = await asyncio.to_thread(model.identify)
        if isinstance(model, RemoteModel):
            self._client = model.own_client()
            self._stack.push_async_callback(self._client.close)
        else:
            await self._stack.enter_async_context(model)
        return {"node": socket.gethostname(), "version": version("acidtest"), "revision": revision}

    async def _answer(self, prompt: Wire, sampling: Wire) -> Wire:
        if self._model is None:
            raise ModelError("the worker holds no model yet")
        return reply_to(await self._model.answer(prompt_from(prompt), sampling_from(sampling)))

    async def _post(self, body: bytes) -> Wire:
        if self._client is None:
            raise ModelError("the worker holds no model yet")
        return http_reply_to(await self._client.post(body))

    async def _told(self, work: Awaitable[Wire]) -> Wire:
        try:
            return await work
        except (AcidtestError, AttemptError) as error:
            return error_to(error)
        except Exception as error:  # noqa: BLE001 - whatever it was, it must not reach Ray's logs
            return error_to(_unexpected(error, self._keys.values()))


def identify(spec: Wire, files: UserFiles) -> Wire:
    """Return what exactly a model is that lives on this node."""

    def found() -> Wire:
        _load(files)
        model = build(ModelSpec.model_validate(spec))
        return {"revision": model.identify() if isinstance(model, LanguageModel) else ""}

    return _plain(found)


def classic_answers(key: bytes, name: str, pool: Wire, items: Sequence[str], files: UserFiles) -> Wire:
    """Let a classic solver answer items; what it learned is kept for the next items.

    Args:
        key: Tells apart what it learns: one key, one solver, pool, labels and seed.
        name: Of the solver.
        pool: Its `items`, as JSON, the `labels` and the `seed`.
        items: What is asked, as JSON.
        files: What was loaded with --load.
    """

    def answered() -> Wire:
        _load(files)
        if key not in _trained:
            solver = build(ModelSpec(name=name, use=f"classic:{name}"))
            if not isinstance(solver, ClassicSolver):
                raise ModelError(f"'{name}' is no classic solver")
            solver.fit([Item.model_validate_json(item) for item in pool["items"]], pool["labels"], pool["seed"])
            _trained[key] = solver
        while len(_trained) > _MOST_TRAINED:
            _trained.popitem(last=False)
        return {"answers": _trained[key].answer([Item.model_validate_json(item) for item in items])}

    return _plain(answered)


def _plain(work: Callable[[], Wire]) -> Wire:
    try:
        return unwrapped(work())
    except AcidtestError as error:
        return error_to(error)
    except Exception as error:  # noqa: BLE001 - whatever it was, it must not reach Ray's logs
        return error_to(_unexpected(error, ()))


def _unexpected(error: Exception, hidden: Iterable[str]) -> ModelError:
    said = str(error)
    for key in filter(None, hidden):
        said = said.replace(key, "***")
    return ModelError(
        f"a worker failed: {type(error).__name__}: {readable(said)}",
        where=f"node {socket.gethostname()}",
        way_out="Check that the same packages are installed there as here.",
    )


def _load(files: UserFiles) -> None:
    """Run a user's files, once each: the study's owner loaded them by name where the run was started."""
    for name, text in files:
        if text in _loaded:
            continue
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / Path(name).name
            path.write_text(text, "utf-8")
            registry.load_file(path)
        _loaded.add(text)
