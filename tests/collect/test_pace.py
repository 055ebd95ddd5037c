import random
from collections import deque

import pytest

from introspect_bayes.collect.pace import PATIENCE, Pace
from introspect_bayes.collect.server_limits import ServerLimits


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def limited(pace, began, wait=None):
    pace.put_off(began, wait, too_often=True)


def test_a_burst_of_rate_limits_slows_down_once_and_successes_speed_up_again():
    clock = Clock()
    pace = Pace(16, clock=clock)
    for _ in range(16):
        limited(pace, 99.0)
    assert pace.allowed == 8
    clock.now = 101.0
    limited(pace, 100.5, wait=3.0)
    assert pace.allowed == 4
    assert pace.remaining() == 3.0
    clock.now = 102.0
    limited(pace, 100.9, wait=1.0)
    assert (pace.allowed, pace.remaining()) == (4, 2.0)
    for _ in range(4 + 5 + 6):
        pace.answered(103.0)
    assert pace.allowed == 7
    for _ in range(1000):
        pace.answered(103.0)
    assert pace.allowed == 16


def test_waits_double_up_to_the_longest():
    pace = Pace(1, first_wait=1.0, longest_wait=8.0)
    waits = [pace.backoff(tries) for tries in range(1, 8)]
    for wait, longest in zip(waits, (1, 2, 4, 8, 8, 8, 8), strict=True):
        assert longest / 2 <= wait <= longest


@pytest.mark.parametrize("count", [1, 2, 3])
def test_somebody_may_always_work(count):
    clock = Clock()
    pace = Pace(count, clock=clock)
    for moment in range(10):
        clock.now = 1000.0 + 100 * moment
        pace.timed_out(began=clock.now - 1)
        limited(pace, clock.now - 1)
    assert pace.allowed == 1


def test_rests_grow_without_a_hint_and_a_hint_that_is_too_short_is_not_trusted():
    clock = Clock()
    for wait in (None, 0.0):
        pace = Pace(1, first_wait=0.5, longest_wait=60.0, clock=clock)
        rests = []
        for _ in range(12):
            limited(pace, clock.now, wait)
            rests.append(pace.remaining())
            clock.now += max(pace.remaining(), 0.01)
        assert sum(rests) > 60
        assert max(rests) <= 60
        assert pace.put_off_for() == pytest.approx(sum(rests), rel=0.01)
        pace.answered(clock.now)
        assert pace.put_off_for() == 0
        clock.now += 1
        limited(pace, clock.now - 0.5, 2.0)
        assert pace.remaining() == 2.0


class LimitedServer:
    """Answers `most` calls in any window (or in fixed ones), each after `takes` seconds."""

    def __init__(self, most, window, takes, *, sliding):
        self.most, self.window, self.takes, self.sliding = most, window, takes, sliding
        self.begun = deque()

    def answers(self, now):
        since = now - self.window if self.sliding else now // self.window * self.window
        while self.begun and self.begun[0] < since:
            self.begun.popleft()
        if len(self.begun) >= self.most:
            return False
        self.begun.append(now)
        return True


@pytest.mark.parametrize("sliding", [True, False])
@pytest.mark.parametrize(("most", "window", "takes"), [(10, 60, 0.3), (3, 20, 1.0), (1, 7, 0.1)])
def test_a_rate_limit_without_any_hint_is_found_and_kept(most, window, takes, sliding):
    clock, server = Clock(), LimitedServer(most, window, takes, sliding=sliding)
    pace = Pace(8, clock=clock)
    findings = ServerLimits(pace, 120)
    said, refused, longest = [], 0, 0.0
    wanted = 20 * most
    began_at, answered = clock.now, 0
    while answered < wanted:
        clock.now += pace.until_turn()
        pace.take_turn()
        began = clock.now
        if server.answers(began):
            clock.now += takes
            pace.answered(began)
            answered += 1
        else:
            clock.now += 0.05
            limited(pace, began)
            refused += 1
            longest = max(longest, pace.put_off_for())
        said += findings.new()
    assert longest <= 2 * window
    assert refused <= 0.5 * wanted
    assert clock.now - began_at <= 2 * window * wanted / most
    assert len(said) == 1
    assert "times a minute" in said[0]
    (standing,) = findings.standing()
    stated = float(standing.split("about ")[1].split()[0].replace(",", ""))
    assert 0.4 < stated / (most / window * 60) < 2.5


def test_a_high_rate_is_said_in_plain_digits_and_a_low_one_is_not_nothing():
    for between, said in ((0.0501, " 1,198 times"), (150.0, " 0.4 times"), (8.0, " 7.5 times")):
        pace = Pace(8)
        pace.interval = pace.learned = between
        assert said in next(ServerLimits(pace, 120).new())


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
def test_a_server_that_refuses_a_share_of_all_calls_is_not_asked_ever_less(share):
    clock, chance = Clock(), random.Random(3)
    pace = Pace(8, clock=clock)
    answered, began_at = 0, clock.now
    while answered < 1000:
        clock.now += pace.until_turn()
        pace.take_turn()
        began = clock.now
        clock.now += 0.2
        if chance.random() < share:
            limited(pace, began)
        else:
            pace.answered(began)
            answered += 1
    assert clock.now - began_at < 5 * 1000


class QueueingServer:
    """Answers calls one after the other, each in `takes` seconds; forgets those given up."""

    def __init__(self, at_once, takes, timeout):
        self.at_once, self.takes, self.timeout = at_once, takes, timeout

    def in_time(self, calls):
        """How many of so many calls made together are answered in time."""
        rounds = int(self.timeout / self.takes)
        return min(calls, rounds * self.at_once)


@pytest.mark.parametrize("concurrency", [2, 8, 64])
@pytest.mark.parametrize(("takes", "bears"), [(0.9, 1), (0.4, 2), (0.25, 4)])
def test_how_many_calls_a_server_bears_is_found_after_few_time_outs(concurrency, takes, bears):
    clock, server = Clock(), QueueingServer(1, takes, timeout=1.0)
    pace = Pace(concurrency, clock=clock)
    findings = ServerLimits(pace, 1.0)
    said, timeouts, answered = [], 0, 0
    while answered < 1000:
        clock.now += pace.until_turn() + 0.01
        began, calls = clock.now, pace.allowed
        good = server.in_time(calls)
        for number in range(good):
            clock.now = began + (number + 1) * takes
            pace.answered(began)
            said += findings.new()
        if good < calls:
            clock.now = began + 1.0
            for _ in range(calls - good):
                pace.timed_out(began)
        answered, timeouts = answered + good, timeouts + calls - good
    assert pace.allowed <= bears + 1
    if bears < concurrency:
        assert timeouts <= 2 * concurrency + 12
        assert f"answers {bears} of {concurrency} calls at once within 1 s" in said[-1]
        assert "--concurrency" in said[-1]
        assert "--timeout" in said[-1]
        assert len(said) <= 2
        assert findings.standing() == said[-1:]
    else:
        assert not said
        assert pace.allowed == concurrency


def test_a_single_call_in_time_says_nothing_about_the_calls_at_once():
    clock = Clock()
    pace = Pace(1, clock=clock)
    for _ in range(5):
        clock.now += 1
        pace.timed_out(clock.now - 0.5)
    for _ in range(PATIENCE):
        pace.answered(clock.now)
    assert pace.allowed == 1
    assert not list(ServerLimits(pace, 1.0).new())


def test_a_server_that_loads_is_waited_for_with_all_workers_kept():
    clock = Clock()
    pace = Pace(8, clock=clock)
    for _ in range(6):
        pace.put_off(clock.now, None, too_often=False)
        assert pace.remaining() > 0
        clock.now += pace.remaining() + 0.01
    assert pace.allowed == 8
    assert pace.put_off_for() > 5
    assert not pace.interval
