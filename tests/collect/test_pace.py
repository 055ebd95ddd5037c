import pytest

from introspect_bayes.collect.pace import Pace


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def test_a_burst_of_rate_limits_slows_down_once_and_successes_speed_up_again():
    clock = Clock()
    pace = Pace(16, clock=clock)
    for _ in range(16):
        pace.slow_down(began=99.0, wait=None)
    assert pace.allowed == 8
    clock.now = 101.0
    pace.slow_down(began=100.5, wait=3.0)
    assert pace.allowed == 4
    assert pace.remaining() == 3.0
    clock.now = 102.0
    pace.slow_down(began=100.9, wait=1.0)
    assert (pace.allowed, pace.remaining()) == (4, 2.0)
    for _ in range(4 + 5 + 6):
        pace.speed_up()
    assert pace.allowed == 7
    for _ in range(1000):
        pace.speed_up()
    assert pace.allowed == 16


def test_waits_double_up_to_the_longest():
    pace = Pace(1, first_wait=1.0, longest_wait=8.0)
    waits = [pace.backoff(tries) for tries in range(1, 8)]
    for wait, longest in zip(waits, (1, 2, 4, 8, 8, 8, 8), strict=True):
        assert longest / 2 <= wait <= longest


@pytest.mark.parametrize("count", [1, 2, 3])
def test_somebody_may_always_work(count):
    pace = Pace(count, clock=Clock())
    for moment in range(10):
        pace.slow_down(began=1000.0 + moment, wait=None)
    assert pace.allowed == 1
