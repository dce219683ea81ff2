import threading

import pytest

from elastic_pinn.networks.cancellation import cancellable
from elastic_pinn.networks.progress import reported, work


def test_work_is_reported_with_the_part_that_is_done_and_its_end():
    reports = []
    with reported(lambda what, part: reports.append((what, part))), work("counting") as at:
        at(0.0)
        at(0.5)
    assert reports == [("counting", 0.0), ("counting", 0.5), ("", 1.0)]


def test_work_that_never_began_ends_no_other():
    reports = []
    with reported(lambda *each: reports.append(each)), work("counting") as at:
        at(0.5)
        with work("compiling"):
            pass
        assert reports == [("counting", 0.5)]


def test_cancelled_work_is_reported_as_over():
    reports = []

    def cancel():
        raise TimeoutError

    with (
        pytest.raises(TimeoutError),
        cancellable(cancel),
        reported(lambda *each: reports.append(each)),
        work("counting") as at,
    ):
        at(0.0)
    assert reports == [("", 1.0)]


def test_work_needs_no_report_and_another_thread_is_not_reported():
    reports = []

    def count():
        with work("counting") as at:
            at(0.5)

    with reported(lambda *each: reports.append(each)):
        thread = threading.Thread(target=count)
        thread.start()
        thread.join()
    count()
    assert reports == []
