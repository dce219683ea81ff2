import threading

import pytest

from elastic_pinn.networks.cancellation import cancellable
from elastic_pinn.networks.work import reported, work


def test_work_is_reported_with_the_part_that_is_done_and_its_end():
    told = []
    with reported(lambda what, part: told.append((what, part))), work("counting") as at:
        at(0.0)
        at(0.5)
    assert told == [("counting", 0.0), ("counting", 0.5), ("", 1.0)]


def test_work_that_is_given_up_is_over():
    told = []

    def give_up():
        raise TimeoutError

    with (
        pytest.raises(TimeoutError),
        cancellable(give_up),
        reported(lambda *each: told.append(each)),
        work("counting") as at,
    ):
        at(0.0)
    assert told == [("", 1.0)]


def test_nobody_has_to_watch_and_another_thread_is_not_watched():
    told = []

    def elsewhere():
        with work("counting") as at:
            at(0.5)

    with reported(lambda *each: told.append(each)):
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    elsewhere()
    assert told == []
