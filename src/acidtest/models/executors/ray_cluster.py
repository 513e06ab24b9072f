"""The connection to a Ray cluster: begun when it is first needed, ended with the run. Ray's words become ours here."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import threading
import warnings
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

from acidtest.errors import AcidtestError
from acidtest.models.failure import readable

_REACHED_WITHIN = 5.0
_LAST_PORT = 65535
_OBJECT_STORE = 256 << 20
"""Bytes, of a cluster that is started here: prompts and answers are small."""

_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",  # Ray counts its users unless it is told not to
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # a worker without GPUs keeps its environment as it is
    "RAY_DISABLE_IMPORT_WARNING": "1",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",  # the environment of each node is the user's own affair
}


class WorkerLostError(Exception):
    """A worker, or its node, died, or cannot be reached any more. `why` is Ray's word for it, safe to show."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class RayCluster:
    """A Ray cluster.

    Args:
        address: HOST:PORT of its head; None: what RAY_ADDRESS names, or else a cluster of this machine alone, which
            ends with the run.
    """

    def __init__(self, address: str | None) -> None:
        self.address = address
        self._ray: Any = None
        self._mine = False
        self._head = ""

    def connect(self) -> Any:
        """Return the module `ray`, connected.

        Raises:
            AcidtestError: Ray is not installed, or the cluster cannot be reached from here.
        """
        if self._ray is None:
            address = self.address or os.environ.get("RAY_ADDRESS") or None
            self._check(address)
            os.environ.update({name: value for name, value in _QUIET.items() if name not in os.environ})
            with _in_our_words(self.place), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of Ray, about itself
                self._ray = self._started(address or "local")
                self._head = str(self._ray.get_runtime_context().gcs_address)
        return self._ray

    def disconnect(self) -> None:
        """Leave the cluster; end it where it was started here."""
        if self._ray is not None and self._mine:
            with contextlib.suppress(Exception), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._ray.shutdown()
        self._ray = None

    @property
    def place(self) -> str:
        """Where it is, in words."""
        address = self.address or os.environ.get("RAY_ADDRESS")
        return f"the Ray cluster at {address}" if address else "the Ray cluster of this machine"

    def room(self, cpus: float, gpus: float) -> bool:
        """Tell whether some node could hold a worker of this size if it were empty.

        Raises:
            AcidtestError: The head of the cluster is gone.
        """
        self.need_head()
        with _in_our_words(self.place):
            nodes = [node["Resources"] for node in self.connect().nodes() if node["Alive"]]
        return any(node.get("CPU", 0.0) >= cpus and node.get("GPU", 0.0) >= gpus for node in nodes)

    def need_head(self) -> None:
        """Raise where the head of the cluster is gone; Ray itself would end this process within a minute."""
        if self._ray is not None and not _answers(self._head):
            raise AcidtestError("the head of the cluster is gone", where=self.place, way_out=_START_AGAIN)

    def placing(self, number: int) -> Any:
        """Return where to put the number-th of workers that reserve nothing: by turns on each living node.

        Ray's own "SPREAD", and its softer wish for a node, place what reserves nothing at random.
        """
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        with _in_our_words(self.place):
            nodes = sorted(node["NodeID"] for node in self.connect().nodes() if node["Alive"])
        return NodeAffinitySchedulingStrategy(nodes[number % len(nodes)], soft=False) if nodes else "SPREAD"

    def has_gpus(self) -> bool:
        """Tell whether any node has a GPU."""
        with _in_our_words(self.place):
            return bool(self.connect().cluster_resources().get("GPU"))

    def result(self, reference: Any) -> Any:
        """Wait for the result of a task; tasks that were lost are repeated by Ray itself.

        Raises:
            AcidtestError: It is lost for good.
        """
        try:
            with _in_our_words(self.place):
                return self.connect().get(reference)
        except WorkerLostError as lost:
            raise AcidtestError(
                f"a worker was lost again and again: {lost.why}", where=self.place, way_out=_LOOK_AT_NODES
            ) from None

    async def told(self, reference: Awaitable[Any]) -> Any:
        """Wait for what a worker tells.

        Raises:
            WorkerLostError: It died, or cannot be reached any more.
            AcidtestError: The cluster failed.
        """
        with _in_our_words(self.place):
            return await reference

    def _check(self, address: str | None) -> None:
        """Raise what can be said at once; Ray itself would try for minutes."""
        import importlib.util

        if importlib.util.find_spec("ray") is None:
            way_out = "Install it, here and on every node: pip install 'acidtest[ray]'"
            raise AcidtestError("Ray is not installed here", where="option '--executor ray'", way_out=way_out)
        if address in (None, "auto", "local"):
            return
        host, _, port = (address or "").rpartition(":")
        way_out = "Name the head of the cluster as HOST:PORT, as 'ray start --head' prints it."
        if "/" in host or not port.isdecimal() or not 0 < int(port) <= _LAST_PORT:  # a socket would take it modulo 2^16
            raise AcidtestError(f"'{readable(address or '')}' is no address of a Ray cluster", way_out=way_out)
        if not _answers(address or ""):
            raise AcidtestError(
                f"nothing answers at {readable(address or '')}",
                where="the Ray cluster",
                way_out=f"Start it with 'ray start --head', or leave the address out. {way_out}",
            )
        if not _speaks(address or ""):
            raise AcidtestError(
                f"what answers at {readable(address or '')} is no Ray cluster",
                where="the Ray cluster",
                way_out=f"{way_out} Its port is 6379 unless told otherwise; 8265 is the dashboard's.",
            )

    def _started(self, address: str) -> Any:
        import ray

        self._mine = not ray.is_initialized()
        if self._mine:
            own: dict[str, Any] = {"include_dashboard": False, "object_store_memory": _OBJECT_STORE}
            before = signal.getsignal(signal.SIGTERM)
            ray.init(
                address=address,
                log_to_driver=False,
                logging_level=logging.CRITICAL,
                **(own if address == "local" else {}),
            )
            if threading.current_thread() is threading.main_thread():  # no other one may
                signal.signal(signal.SIGTERM, _as_interrupt if before in (signal.SIG_DFL, None) else before)
        return ray


def _as_interrupt(_signal: int, _frame: object) -> None:
    """End as Ctrl-C does, which ends the workers in good order; Ray's own handler prints its stack, in C++."""
    signal.raise_signal(signal.SIGINT)


_START_AGAIN = "Start the cluster and run again: nothing that was answered is asked again."
_LOOK_AT_NODES = "Look at the nodes with 'ray status', and run again: nothing that was answered is asked again."


def _answers(address: str) -> bool:
    """Tell whether anything takes connections at HOST:PORT; Ray itself would try for minutes, and end the process."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_REACHED_WITHIN).close()
    except (OSError, OverflowError, UnicodeError):
        return False
    return True


def _speaks(address: str) -> bool:
    """Tell whether HTTP/2 is spoken at HOST:PORT, as a cluster's head does; Ray itself would try for minutes.

    Both sides begin with a frame of settings (RFC 9113, 3.4). Nothing can be told where the cluster uses TLS.
    """
    if os.environ.get("RAY_USE_TLS", "0").lower() in ("1", "true"):
        return True
    host, _, port = address.rpartition(":")
    got = b""
    with (
        contextlib.suppress(OSError),
        socket.create_connection((host.strip("[]"), int(port)), timeout=_REACHED_WITHIN) as connection,
    ):
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _SETTINGS)
        while len(got) < len(_SETTINGS) and (part := connection.recv(len(_SETTINGS) - len(got))):
            got += part
    return len(got) == len(_SETTINGS) and got[3] == _SETTINGS[3]


_SETTINGS = bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
"""Three bytes of length, the kind of frame, flags, four bytes of a stream's number."""


@contextmanager
def _in_our_words(place: str) -> Iterator[None]:
    """Turn Ray's errors into a lost worker, or into an error that a user can mend."""
    try:
        yield
    except (AcidtestError, WorkerLostError, asyncio.CancelledError):
        raise
    except Exception as error:  # noqa: BLE001 - what Ray raises only `_ours` knows, which imports Ray
        raise _ours(error, place) from None


def _ours(error: Exception, place: str) -> Exception:
    from ray import exceptions

    said = readable(str(error)) or type(error).__name__
    said_last = next((line for line in reversed(str(error).splitlines()) if "Error: " in line), said)
    if isinstance(error, exceptions.RayActorError) and error.actor_init_failed:
        return AcidtestError(
            f"a worker could not be started: {readable(said_last)}",
            where=place,
            way_out=f"Install acidtest {version('acidtest')} with the same extras on every node of the cluster.",
        )
    lost = (
        exceptions.RayActorError,
        exceptions.ActorUnschedulableError,  # the node that it was meant for died meanwhile
        exceptions.WorkerCrashedError,
        exceptions.NodeDiedError,
        exceptions.ObjectLostError,
        exceptions.LocalRayletDiedError,
        exceptions.OutOfMemoryError,
    )
    if isinstance(error, lost):
        return WorkerLostError(said)
    if isinstance(error, exceptions.RayError | ConnectionError | TimeoutError | RuntimeError | ValueError | OSError):
        return AcidtestError(f"Ray says: {said}", where=place, way_out=_LOOK_AT_NODES)
    return error
