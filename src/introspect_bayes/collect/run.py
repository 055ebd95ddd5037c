"""One run: workers that ask what is left, and the reasons why they stop."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from introspect_bayes.collect.asking import Result, Server, now
from introspect_bayes.collect.failures import FORBIDDEN
from introspect_bayes.collect.model_names import is_same_model, named
from introspect_bayes.collect.pace import Pace
from introspect_bayes.collect.refusals import Refusals
from introspect_bayes.collect.refused_options import option_instead
from introspect_bayes.collect.server_limits import ServerLimits
from introspect_bayes.collect.settings import Ending, RunCounts, RunSettings
from introspect_bayes.collect.waiting import Waiting
from introspect_bayes.collect.writing import StorageFailed, Writer
from introspect_bayes.store import POSSIBLY_BILLED, Attempt, Outcome, Refusal, Store

EXHAUSTED_IN_ROW: Final = 3
"""Requests given up one after the other, with no answer in between, that end a run."""

_PEACEFUL: Final = {"complete", "limit reached", "interrupted", "warning sign"}
"""Endings that no failure brought about."""

_LOOK_AGAIN: Final = 0.05
_FORBIDDEN: Final = 403


class Run:
    """Asks requests until all are answered or something stops it.

    Parameters
    ----------
    store
        Open store; read from this thread only.
    number
        Of the run, in the store.
    model
        Name of the model that is asked.
    server
        Who is asked.
    settings
        See `RunSettings`.
    on_answer
        Called with each stored answer; returns warning signs that just appeared.
    on_refusal
        Called with each stored refusal of a request.
    on_finding
        Called with what is found of the server's limits, in words.
    """

    def __init__(  # noqa: PLR0913 - who is asked, how, and who is told
        self,
        store: Store,
        number: int,
        model: str,
        server: Server,
        settings: RunSettings,
        *,
        on_answer: Callable[[Outcome], Sequence[str]],
        on_refusal: Callable[[Refusal], None],
        on_finding: Callable[[str], None],
    ) -> None:
        self.store, self.number, self.model, self.server = store, number, model, server
        self.settings, self.on_answer, self.on_refusal = settings, on_answer, on_refusal
        self.on_finding = on_finding
        self.counts = RunCounts()
        self.ending: Ending = "complete"
        self.message = ""
        self.pace = Pace(settings.concurrency, settings.first_wait, settings.longest_wait)
        self.limits = ServerLimits(self.pace, settings.timeout)
        self._answering = store.answering_model(model)
        self._billed = store.possibly_billed(model)
        self._next_attempt = store.next_attempt()
        self._refusals = Refusals(store.answered_tasks(model), store.refused_before_answers(model))
        self._exhausted_in_row = 0
        self._timeouts_in_row = 0
        self._tries: Counter[str] = Counter()
        self._reason = ""
        self._asking: dict[asyncio.Task[None], float] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._workers: list[int] = []

    async def ask_all(self, requests: Sequence[str]) -> None:
        """Ask the requests, by id, the first one alone before all others."""
        self._left = deque(requests[: self.settings.limit])
        self._stopping = asyncio.Event()
        self._preflight = asyncio.Event()
        if len(self._left) < len(requests):
            self.ending = "limit reached"
        with Writer(self.store.path) as self._writer:
            self._tasks = [
                asyncio.create_task(self._work(worker))
                for worker in range(min(self.settings.concurrency, len(self._left)))
            ]
            ends = await asyncio.gather(*self._tasks, return_exceptions=True)
            if self.ending in _PEACEFUL:
                self._refusals.end()
            await self._save(None)
        await self.server.client.close()
        for end in ends:
            if isinstance(end, BaseException):
                raise end

    def stop(self, ending: Ending, message: str = "") -> None:
        """Start no further call; calls in progress may end. The first reason counts."""
        if not self._stopping.is_set():
            self.ending, self.message = ending, message
            self._stopping.set()
            self._preflight.set()

    def abandon(self) -> None:
        """Give up the calls in progress too; they are stored as abandoned."""
        self.stop("interrupted")
        # Only calls: a commit in progress is awaited, so that no reply is lost or miscounted.
        for task in self._asking:
            task.cancel()

    def waiting(self) -> Waiting:
        """Return what the run waits for just now."""
        begun = self._asking.values()
        longest = time.monotonic() - min(begun) if begun else 0.0
        return Waiting(len(begun), longest, self.pace.until_turn(), self._reason)

    async def _work(self, worker: int) -> None:
        self._workers.append(worker)
        try:
            await self._take_turns(worker)
        except BaseException:
            self.stop("failed")
            raise
        finally:
            self._workers.remove(worker)
            if not worker:
                self._preflight.set()

    async def _take_turns(self, worker: int) -> None:
        if worker:
            await self._preflight.wait()
        unsaved: Outcome | None = None
        while not self._stopping.is_set() and self._left:
            if not self._may_ask(worker):
                await self._save(unsaved)
                unsaved = None
                await self._wait_for_turn(worker)
                continue
            self.pace.take_turn()
            unsaved = await self._persist(worker, self._left.popleft(), unsaved)
        await self._save(unsaved)

    def _may_ask(self, worker: int) -> bool:
        """Return whether the server's rests and limits let a worker ask now."""
        if self.pace.until_turn():
            return False
        # Counted are those still at work, so that the last ones are never kept waiting.
        return worker < self.pace.allowed or self._workers.index(worker) < self.pace.allowed

    async def _wait_for_turn(self, worker: int) -> None:
        while not self._may_ask(worker) and not self._stopping.is_set():
            await self._rest(max(_LOOK_AGAIN, self.pace.until_turn()))

    async def _persist(self, worker: int, request: str, unsaved: Outcome | None) -> Outcome | None:
        """Ask until there is an answer, or leave it for later.

        Return an outcome that is not yet stored.
        """
        content = self.store.content(request)
        while True:
            attempt = Attempt(self._next_attempt, request, self.number, now())
            self._next_attempt += 1
            # A call may only begin once its attempt is stored; the outcome before goes with it.
            if not await self._save(unsaved, attempt):
                return None
            if self._stopping.is_set() or self.pace.remaining():
                unsaved = Outcome(attempt.number, request, now(), "not sent")
                if self._stopping.is_set():
                    return unsaved
                await self._wait_for_turn(worker)
                continue
            result = await self._call(attempt, content)
            unsaved = result.outcome
            if self._stopping.is_set() or not result.again:
                return unsaved
            if self._tries[request] >= self.settings.attempts:
                await self._save(unsaved)
                self._give_up(result.outcome)
                return None
            if result.put_off or (unsaved.kind == "timeout" and self._preflight.is_set()):
                # Last, so that one which the server never answers holds up no other.
                self._left.append(request)
                return unsaved
            await self._save(unsaved)
            unsaved = None
            await self._rest(self.pace.backoff(self._tries[request]))
            await self._wait_for_turn(worker)
            if self._stopping.is_set():
                return None
            self.pace.take_turn()

    async def _call(self, attempt: Attempt, content: str) -> Result:
        """Make a call, and take note of how it ended."""
        request, began, others = attempt.request, time.monotonic(), len(self._asking)
        if request in self._billed:
            self.counts.asked_again.add(request)
        self.counts.attempts += 1
        result = self._judged(await self._ask(attempt, content))
        if result.outcome.kind == "answered":
            self._answered(result.outcome, began)
            return result
        # Among others it may be their number that took a call its time, alone it is not.
        alone = not others and not self._asking
        if not result.put_off and (alone or result.outcome.kind != "timeout"):
            self._tries[request] += 1
        self._failed(result, began, alone=alone)
        return result

    async def _ask(self, attempt: Attempt, content: str) -> Result:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - only workers, which are tasks, ask
        self._asking[task] = time.monotonic()
        try:
            return await self.server.ask(attempt, content)
        except asyncio.CancelledError:
            error = "abandoned by the user before the answer"
            return Result(Outcome(attempt.number, attempt.request, now(), "abandoned", error=error))
        finally:
            del self._asking[task]

    def _judged(self, result: Result) -> Result:
        """Turn an answer by another model into a failure."""
        outcome = result.outcome
        if outcome.kind != "answered":
            return result
        same = (
            outcome.model is not None and named(outcome.model) == named(self._answering)
            if self._answering is not None
            else is_same_model(self.model, outcome.model)
        )
        if same or outcome.model in {None, self.settings.answers_as}:
            self._answering = self._answering or outcome.model
            return result
        expected = self._answering or self.model
        name = repr(outcome.model)[:100]
        error = f"answered as {name}, not as {expected!r}"
        return Result(
            replace(outcome, kind="other model", text=None, error=error),
            mend=(
                f"the server {error}; if that is the model that you mean, say so with "
                f"--answers-as {name}"
            ),
        )

    def _answered(self, outcome: Outcome, began: float) -> None:
        self.pace.answered(began)
        self._say_limits()
        self._preflight.set()
        self._exhausted_in_row = self._timeouts_in_row = 0
        self._refusals.answered(self._task(outcome.request), began)
        self.counts.prompt_tokens += outcome.prompt_tokens or 0
        self.counts.completion_tokens += outcome.completion_tokens or 0

    def _say_limits(self) -> None:
        for text in self.limits.new():
            self.on_finding(text)

    def _failed(self, result: Result, began: float, *, alone: bool) -> None:
        outcome = result.outcome
        self._reason = outcome.kind
        self.counts.failed[outcome.kind] += 1
        if outcome.kind in POSSIBLY_BILLED:
            self._billed.add(outcome.request)
        if result.put_off:
            self._put_off(result, began)
        elif outcome.kind == "timeout":
            self._timed_out(began, alone=alone)
        if result.mend:
            self.stop("needs mending", result.mend)
        elif result.concern in {"request", "perhaps request"}:
            self._refused(outcome, clear=result.concern == "request")

    def _refused(self, outcome: Outcome, *, clear: bool) -> None:
        reason = f"{outcome.error or 'no reason given'} ({outcome.status})"
        refusal = Refusal(outcome.request, outcome.attempt, reason)
        task, status = self._task(outcome.request), outcome.status
        if self._refusals.too_many(refusal, task, clear=clear, status=status):
            said = f"the server refuses one {task} after the other: {reason}"
            if status == _FORBIDDEN and not clear:
                said = f"{FORBIDDEN}: {outcome.error}" if outcome.error else FORBIDDEN
            instead = option_instead(outcome.error or "")
            self.stop("needs mending", f"{said}; {instead}" if instead else said)

    def _task(self, request: str) -> str:
        return self.store.trial(request).partition("/")[0]

    def _put_off(self, result: Result, began: float) -> None:
        kind, longest = result.outcome.kind, self.settings.longest_pause
        self.pace.put_off(began, result.wait, too_often=kind != "loading")
        self._say_limits()
        if (result.wait or 0) > longest:
            self.stop("server failing", f"the server asks to wait {result.wait:,.0f} seconds")
        elif self.pace.put_off_for() > longest:
            for_long = f"for {self.pace.put_off_for():,.0f} s, with no answer"
            self.stop("server failing", f"{kind} {for_long}: {result.outcome.error}")

    def _timed_out(self, began: float, *, alone: bool) -> None:
        self.pace.timed_out(began)
        self._timeouts_in_row += alone
        if self._timeouts_in_row >= max(self.settings.attempts, EXHAUSTED_IN_ROW):
            said = (
                f"{self._timeouts_in_row} calls in a row, one at a time, had no answer within "
                f"{self.settings.timeout:g} s; --timeout SECONDS gives each call longer"
            )
            self.stop("server failing", said)

    def _give_up(self, outcome: Outcome) -> None:
        self._exhausted_in_row += 1
        times = f"{self.settings.attempts} attempts, the last one: {outcome.kind}"
        detail = f" ({outcome.error})" if outcome.error else ""
        if outcome.kind == "timeout":
            detail += "; --timeout SECONDS gives each call longer"
        if not self._preflight.is_set() and outcome.kind == "connection failed":
            said = f"no server answers at {self.server.address}{detail}; is it running?"
            self.stop("needs mending", said)
        elif not self._preflight.is_set() or self._exhausted_in_row >= EXHAUSTED_IN_ROW:
            self.stop("server failing", f"no answer in {times}{detail}")
        elif not self._stopping.is_set():
            self.message = f"of one request no answer in {times}{detail}"

    async def _save(self, outcome: Outcome | None, attempt: Attempt | None = None) -> bool:
        """Store an outcome, a new attempt and settled refusals together; False if that failed."""
        refusals = self._refusals.take()
        if outcome is None and attempt is None and not refusals:
            return True
        attempts = [] if attempt is None else [attempt]
        outcomes = [] if outcome is None else [outcome]
        try:
            await self._writer.commit(attempts, outcomes, refusals)
        except StorageFailed as failure:
            self.stop("store failing", str(failure))
            return False
        for refusal in refusals:
            self.on_refusal(refusal)
        if outcome is not None:
            self._refusals.saved(outcome.attempt)
            if outcome.kind == "answered":
                self.counts.answered += 1
                signs = self.on_answer(outcome)
                if signs and self.settings.stop_on_warning:
                    self.stop("warning sign", signs[0])
        return True

    async def _rest(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
