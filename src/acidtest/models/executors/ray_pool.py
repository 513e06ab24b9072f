"""The workers of one model on a Ray cluster: who is free, who was lost, who takes the place of the lost."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from acidtest.errors import AcidtestError, ModelError, TransientModelError, counted
from acidtest.models.executors.ray_cluster import RayCluster, WorkerLostError
from acidtest.models.executors.ray_worker import UserFiles, Worker
from acidtest.models.executors.wire import Wire, unwrapped

MOST_SENDS = 3
"""So often a prompt is sent whose worker dies of it: then it is left unanswered, and the others go on."""

MOST_LOST = 8
"""So many workers may be lost for each one that is wanted, before the model is given up."""

_LOOK_EVERY = 3.0
_SAY_AFTER = 4
"""Looks."""

_CLOSE_WITHIN = 5.0


@dataclass(frozen=True, kw_only=True)
class WorkerPlan:
    """What each worker of a model is.

    Attributes:
        name: The model's name in the study.
        spec: The model's settings, as plain values.
        keys: Environment variable -> key, of those that the model uses.
        files: What was loaded with --load.
        workers: How many there are.
        slots: Calls at once of each.
        cpus: Cores that each reserves.
        gpus: GPUs that each gets.
        revision: What exactly must answer; None: whatever it is.
    """

    name: str
    spec: Wire
    keys: Mapping[str, str] = field(repr=False)
    files: UserFiles
    workers: int
    slots: int
    cpus: float
    gpus: float
    revision: str | None


@dataclass(eq=False)
class _Hand:
    """A worker that is ready."""

    actor: Any
    node: str
    busy: int = 0
    emptied: bool = False
    """It takes no further call, so that one may have it alone."""


class WorkerPool:
    """Starts workers, gives each call to the one with least to do, and replaces those that die.

    A call that was under way at a lost worker has no answer: nothing else is ever sent again. Its next worker gets it
    alone, so that a prompt that workers die of takes no other one with it.
    """

    def __init__(self, cluster: RayCluster, plan: WorkerPlan, say: Callable[[str], None]) -> None:
        self.cluster, self.plan, self.say = cluster, plan, say
        self._hands: list[_Hand] = []
        self._actors: set[Any] = set()
        self._starting: set[asyncio.Task[None]] = set()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._lost = self._placed = 0
        self._failure: AcidtestError | None = None
        self._opened = False
        self._alone = 0
        """Calls that wait to have a worker alone."""

    async def call(self, method: str, *values: object) -> Wire:
        """Return what a worker tells; of an in-process model, a call of a lost worker is sent again.

        Raises:
            TransientModelError: Several workers died of it.
            AcidtestError: The workers cannot be had.
        """
        for sent in range(MOST_SENDS):
            try:
                return await self.call_once(method, *values, alone=sent > 0)
            except WorkerLostError as error:
                lost = error
        raise TransientModelError(
            f"{MOST_SENDS} workers were lost while they answered this: {lost.why}",
            where=self._where,
            way_out="Look at the memory of the nodes; the other items go on.",
        )

    async def call_once(self, method: str, *values: object, alone: bool = False) -> Wire:
        """Return what a worker tells; a free one is waited for, one without other calls where it shall be `alone`.

        Raises:
            WorkerLostError: It died under way; another one is being started.
            AcidtestError: The workers cannot be had.
        """
        share = self.plan.slots if alone else 1
        hand = await (self._empty_hand() if alone else self._free_hand())
        hand.busy += share
        try:
            told: Wire = await self.cluster.told(getattr(hand.actor, method).remote(*values))
        except WorkerLostError as lost:
            self._lose(hand, lost)
            raise
        finally:
            hand.busy -= share
            self._wake()
        return told

    async def close(self) -> None:
        """Let workers free what they hold, then end them."""
        for task in self._starting:
            task.cancel()
        await asyncio.gather(*self._starting, return_exceptions=True)
        closing = [asyncio.ensure_future(self.cluster.told(hand.actor.close.remote())) for hand in self._hands]
        if closing:
            await asyncio.wait(closing, timeout=_CLOSE_WITHIN)
        for task in closing:
            task.cancel()
        await asyncio.gather(*closing, return_exceptions=True)
        for actor in list(self._actors):
            self._end(actor)
        self._hands.clear()
        self._opened = False

    def _open(self) -> None:
        if not self._opened:
            self.cluster.connect()
            self._opened, self._lost, self._failure = True, 0, None
            for _ in range(self.plan.workers):
                self._start()

    def _start(self) -> None:
        self._starting.add(asyncio.ensure_future(self._started()))

    async def _started(self) -> None:
        """Bring one worker up. What goes wrong is told to those who wait for it."""
        try:
            self._hands.append(await self._new_hand())
        except WorkerLostError as lost:
            self._replace(lost)
        except AcidtestError as error:
            self._failure = error
            if self._hands:
                self.say(f"A worker of '{self.plan.name}' less: {error.what}")
        except Exception as error:  # noqa: BLE001 - nobody awaits this task, so those who wait for it must be told
            self._failure = AcidtestError(f"a worker cannot be started: {error}", where=self._where)
        finally:
            self._starting = {task for task in self._starting if task is not asyncio.current_task()}
            self._wake_all()

    async def _new_hand(self) -> _Hand:
        plan = self.plan
        if not self.cluster.room(plan.cpus, plan.gpus):
            raise ModelError(
                f"no node can hold a worker, which takes {plan.cpus:g} CPU and {plan.gpus:g} GPU",
                where=self._where,
                way_out="Add a node, or set 'threads' and 'gpus' of the model to what a node has.",
            )
        ray = self.cluster.connect()
        actor = (
            ray.remote(Worker)
            .options(
                num_cpus=plan.cpus,
                num_gpus=plan.gpus,
                max_concurrency=plan.slots + 1,
                max_restarts=0,
                max_task_retries=0,
                scheduling_strategy="SPREAD" if plan.cpus or plan.gpus else self.cluster.placing(self._placed),
            )
            .remote()
        )
        self._placed += 1
        self._actors.add(actor)
        opening = asyncio.ensure_future(self.cluster.told(actor.open.remote(plan.spec, dict(plan.keys), plan.files)))
        try:
            told = unwrapped(await self._opened_or_headless(opening))
            self._check(told)
        except BaseException:
            opening.cancel()
            self._end(actor)
            raise
        return _Hand(actor, told["node"])

    async def _opened_or_headless(self, opening: asyncio.Future[Wire]) -> Wire:
        """Wait for a worker, which may take as long as it will as long as the cluster lives; say so once."""
        rounds = 0
        while not (await asyncio.wait([opening], timeout=_LOOK_EVERY))[0]:
            rounds += 1
            await asyncio.to_thread(self.cluster.need_head)
            if rounds == _SAY_AFTER and not self._hands:
                self.say(f"'{self.plan.name}' waits for a worker on {self.cluster.place}.")
        return await opening

    def _check(self, told: Wire) -> None:
        here = version("acidtest")
        if told["version"] != here:
            raise ModelError(
                f"node {told['node']} has acidtest {told['version']}, here it is {here}",
                where=self._where,
                way_out="Install the same version on every node: answers could differ.",
            )
        if self.plan.revision is not None and told["revision"] != self.plan.revision:
            raise ModelError(
                f"node {told['node']} holds another revision of the model: {told['revision']}",
                where=self._where,
                way_out=f"Put the same files on every node; the run began with {self.plan.revision}.",
            )

    def _lose(self, hand: _Hand, lost: WorkerLostError) -> None:
        """Take a dead worker out, once, and start another one."""
        if hand in self._hands:
            self._hands.remove(hand)
            self.say(
                f"A worker of '{self.plan.name}' on {hand.node} was lost; "
                f"{counted(hand.busy, 'call')} under way there go elsewhere."
            )
            self._end(hand.actor)
            self._replace(lost)

    def _replace(self, lost: WorkerLostError) -> None:
        self._lost += 1
        if self._lost <= MOST_LOST * self.plan.workers:
            self._start()
        elif self._failure is None:
            self._failure = ModelError(
                f"{counted(self._lost, 'worker')} of the model were lost; the last: {lost.why}",
                where=self._where,
                way_out="Look at the nodes' memory and with 'ray status'; what was answered is not asked again.",
            )

    def _end(self, actor: Any) -> None:
        """End a worker's process, also one that only cannot be reached: it must not go on calling."""
        self._actors.discard(actor)
        try:
            self.cluster.connect().kill(actor, no_restart=True)
        except Exception as error:  # noqa: BLE001 - it is gone already, or the cluster is
            del error

    async def _free_hand(self) -> _Hand:
        self._open()
        while True:
            free = min((hand for hand in self._hands if not hand.emptied), key=lambda hand: hand.busy, default=None)
            if free is not None and free.busy < self.plan.slots:
                return free
            await self._turn()

    async def _empty_hand(self) -> _Hand:
        mine: _Hand | None = None
        self._alone += 1
        try:
            while True:
                empty = next((hand for hand in self._hands if not hand.busy), None)
                if empty is not None:
                    return empty
                if mine not in self._hands:
                    mine = min(self._hands, key=lambda hand: hand.busy, default=None)
                if mine is not None:
                    mine.emptied = True
                await self._turn()
        finally:
            self._alone -= 1
            if mine is not None:
                mine.emptied = False
                self._wake_all()

    async def _turn(self) -> None:
        """Wait until something changes; raise why nothing will."""
        if not self._hands and not self._starting:
            raise self._failure or ModelError(
                "no worker is left", where=self._where, way_out="Look at the nodes with 'ray status'."
            )
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        await turn

    def _wake(self) -> None:
        if self._alone:
            self._wake_all()
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    def _wake_all(self) -> None:
        turns: Sequence[asyncio.Future[None]] = list(self._waiting)
        self._waiting.clear()
        for turn in turns:
            if not turn.done():
                turn.set_result(None)

    @property
    def _where(self) -> str:
        return f"model '{self.plan.name}' on {self.cluster.place}"
