import json
import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from functools import partialmethod
from pathlib import Path

import pytest

from elastic_pinn.storage import CheckpointError, Checkpoints, LocalFolder, Policy, Store, UnreadableError, folder_at
from elastic_pinn.storage.remote.mirror import OWNER, Mirror
from elastic_pinn.storage.remote.remote_folder import RemoteFolder
from elastic_pinn.storage.remote.retries import MAX_TRIES
from tests.storage.damage import overwrite

CHILD = """
import os
os.environ.update(environment)
from functools import partialmethod
from pathlib import Path
from elastic_pinn.storage.remote import attempts
from elastic_pinn.storage.remote.mirror import Mirror
attempts.FIRST_PAUSE_S = 0.0
if url.startswith("s3"):
    from s3fs import S3FileSystem
    S3FileSystem._pipe_file = partialmethod(S3FileSystem._pipe_file, chunksize=chunk)
with Mirror(url, Path(folder), "a1") as mirror:
    mirror.put_text("summary.json", '{"run_id": "a1"}')
"""
CHUNK = 5 << 20  # the smallest part of a multipart upload that S3 takes
MULTIPART = 10 * (1 << 20) // 8  # float64 that make a checkpoint of two chunks and a bit


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "one" / "checkpoints")


@pytest.fixture
def url(request, tmp_path) -> str:
    """The run's folder on a store of the protocol that the test is parametrized with."""
    if request.param in ("s3", "azure"):
        return request.getfixturevalue("bucket").url if request.param == "s3" else request.getfixturevalue("azure")
    return f"memory:/{tmp_path}/there" if request.param == "memory" else f"file://{tmp_path}/there"


@pytest.fixture
def chunked(monkeypatch) -> Iterator[None]:
    """Uploads to S3 in parts as small as S3 allows."""
    from s3fs import S3FileSystem

    S3FileSystem.clear_instance_cache()  # an instance keeps the method that it was made with
    monkeypatch.setattr(S3FileSystem, "_pipe_file", partialmethod(S3FileSystem._pipe_file, chunksize=CHUNK))
    yield
    S3FileSystem.clear_instance_cache()


def there(url: str) -> Checkpoints:
    return Checkpoints(folder_at(url).inside("checkpoints"))


def checkpoints_in(objects: dict[str, bytes]) -> dict[str, bytes]:
    start = "checkpoints/"
    return {name.removeprefix(start): data for name, data in objects.items() if name.startswith(start)}


def local(store: Store) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in store.folder.glob("*.h5")}


@pytest.mark.parametrize("url", ["s3", "memory", "file"], indirect=True)
def test_what_is_put_arrives_byte_for_byte_and_is_then_no_longer_pending(url, store, small):
    with Mirror(url, store.folder, "a1") as mirror:
        for step in (1, 2):
            mirror.put(store.publish(small(step)))
        for text in ("old", "older", "newest"):
            mirror.put_text("summary.json", text)
        assert mirror.wait() and not mirror.pending and not mirror.failures
    assert {name: bytes(there(url).sealed(name)) for name in there(url).names()} == local(store)
    assert len(local(store)) == 2 and there(url).latest().snapshot.step == 2
    assert folder_at(url).read("summary.json") == b"newest" and folder_at(url).read(OWNER) == b"a1"
    assert sorted(folder_at(url).names()) == ["checkpoints", OWNER, "summary.json"]


def test_a_checkpoint_is_uploaded_in_parts_where_it_is_large(bucket, store, small, chunked):
    path = store.publish(small(1, ballast=MULTIPART))
    with Mirror(bucket.url, store.folder, "a1") as mirror:
        assert mirror.wait()
    assert checkpoints_in(bucket.objects()) == {path.name: path.read_bytes()}
    assert sum(asked.startswith("PUT") and path.name in asked for asked in bucket.faults.asked) > 1


def test_what_is_there_with_the_same_bytes_counts_as_uploaded(bucket, store, small):
    path = store.publish(small(1))
    RemoteFolder(bucket.url).inside("checkpoints").create(path.name, path.read_bytes())
    with Mirror(bucket.url, store.folder, "a1") as mirror:
        mirror.put(path)
        assert mirror.wait() and not mirror.pending and not mirror.failures


def test_what_is_there_with_other_bytes_is_never_overwritten_and_both_are_named(bucket, store, small, caplog):
    path = store.publish(small(1))
    other = bytes(small(1, ballast=1).image())
    RemoteFolder(bucket.url).inside("checkpoints").create(path.name, other)
    with Mirror(bucket.url, store.folder, "a1") as mirror:
        mirror.put(path)
        assert not mirror.wait() and mirror.pending == {path.name}
        mirror.put(store.publish(small(2)))
        assert not mirror.wait() and mirror.pending == {path.name} and mirror.failures == 1
    assert checkpoints_in(bucket.objects())[path.name] == other
    assert f"{bucket.url}/checkpoints/{path.name}" in caplog.text and str(path) in caplog.text


def test_bytes_that_come_back_otherwise_do_not_count_as_uploaded(bucket, store, small):
    with Mirror(bucket.url, store.folder, "a1") as mirror:
        bucket.faults.always(r"GET .*\.h5", bucket.faults.damage_answer)
        path = store.publish(small(1))
        mirror.put(path)
        assert not mirror.wait() and mirror.pending == {path.name} and mirror.failures == 1


def test_a_damaged_checkpoint_is_not_uploaded(bucket, store, small, caplog):
    path = store.publish(small(1))
    overwrite(path, path.read_bytes()[:-1] + b"\x01")
    with Mirror(bucket.url, store.folder, "a1") as mirror:
        assert not mirror.wait() and mirror.failures
    assert not checkpoints_in(bucket.objects()) and str(path) in caplog.text


@pytest.mark.slow
def test_a_store_that_fails_costs_no_checkpoint_and_stops_nothing(bucket, store, small, caplog):
    with Mirror(bucket.url, store.folder, "a1") as mirror:
        bucket.faults.always("", bucket.faults.answer("503 Slow Down", "SlowDown"))
        first = store.publish(small(1))
        mirror.put(first)
        mirror.put_text("summary.json", "{}")
        assert not mirror.wait() and mirror.failures >= 2 and isinstance(mirror.error, UnreadableError)
        assert f"{first.name} was not uploaded" in caplog.text and f"try {MAX_TRIES - 1} of {MAX_TRIES}" in caplog.text
        bucket.faults.heal()
        second = store.publish(small(2))
        mirror.put(second)
        assert mirror.wait() and not mirror.pending
    assert checkpoints_in(bucket.objects()).keys() == {first.name, second.name}
    assert bucket.objects()["summary.json"] == b"{}"


def test_putting_never_waits_for_the_store_and_retention_waits_for_the_upload(bucket, store, small):
    with Mirror(bucket.url, store.folder, "a1") as mirror:
        bucket.faults.always("PUT", bucket.faults.hang)
        for step in (1, 2, 3, 4):
            mirror.put(store.publish(small(step)))
        assert len(mirror.pending) == 4, "none of the four can have arrived"
        assert store.retain(Policy(2), hold=mirror.pending) == []
        bucket.faults.always("PUT", bucket.faults.whole)
        bucket.faults._always.reverse()
        bucket.faults.release()
        assert mirror.wait()
        assert [path.name for path in store.retain(Policy(2), hold=mirror.pending)] == [
            "step-000000001-g000.h5",
            "step-000000002-g000.h5",
        ]
    assert len(checkpoints_in(bucket.objects())) == 4


def test_what_was_put_before_it_was_removed_is_let_go(store, small, tmp_path, caplog):
    with Mirror(f"file://{tmp_path}/there", store.folder, "a1") as mirror:
        path = store.publish(small(1))
        path.unlink()
        mirror.put(path)
        assert mirror.wait() and "was removed" in caplog.text


def test_a_fault_of_the_program_in_an_upload_does_not_end_uploading(store, small, tmp_path, monkeypatch):
    create = RemoteFolder.create

    def faulty(self: RemoteFolder, name: str, data: bytes) -> bool:
        if "000000001" in name:
            raise ZeroDivisionError
        return create(self, name, data)

    with Mirror(f"file://{tmp_path}/there", store.folder, "a1") as mirror:
        monkeypatch.setattr(RemoteFolder, "create", faulty)
        paths = [store.publish(small(step)) for step in (1, 2)]
        for path in paths:
            mirror.put(path)
        assert not mirror.wait() and mirror.pending == {paths[0].name}


def test_at_the_start_what_the_store_lacks_is_uploaded(tmp_path, store, small):
    url = f"file://{tmp_path}/there"
    for step in (1, 2, 3):
        path = store.publish(small(step))
    RemoteFolder(url).inside("checkpoints").create(path.name, path.read_bytes())
    with Mirror(url, store.folder, "a1") as mirror:
        assert mirror.wait() and not mirror.pending
    assert there(url).names() == store.names()


@pytest.mark.parametrize("sign", ["owner", "summary", "checkpoint"])
def test_a_copy_of_another_run_is_refused_and_stays_as_it_is(tmp_path, store, small, sign):
    url = f"file://{tmp_path}/there"
    if sign == "owner":
        Mirror(url, store.folder, "b2").close()
    elif sign == "summary":
        RemoteFolder(url).replace("summary.json", json.dumps({"run_id": "b2"}).encode())
    else:
        Store(tmp_path / "there" / "checkpoints").publish(small(7, run_id="b2"))
    before = sorted(path for path in (tmp_path / "there").rglob("*"))
    store.publish(small(1))
    with pytest.raises(CheckpointError, match=r"holds another run.*b2.*a1"):
        Mirror(url, store.folder, "a1")
    assert sorted(path for path in (tmp_path / "there").rglob("*")) == before


def test_of_two_runs_that_start_at_once_one_is_refused(tmp_path, store, monkeypatch):
    url = f"file://{tmp_path}/there"
    create = RemoteFolder.create

    def late(self: RemoteFolder, name: str, data: bytes) -> bool:
        monkeypatch.setattr(RemoteFolder, "create", create)
        Mirror(url, store.folder, "b2").close()
        return create(self, name, data)

    monkeypatch.setattr(RemoteFolder, "create", late)
    with pytest.raises(CheckpointError, match="holds another run"):
        Mirror(url, store.folder, "a1")


@pytest.mark.parametrize("goes_on", [False, True])
def test_a_store_that_cannot_be_written_to_is_refused_at_the_start(bucket, store, goes_on):
    if goes_on:
        Mirror(bucket.url, store.folder, "a1").close()
    bucket.faults.always("PUT", bucket.faults.answer("403 Forbidden", "AccessDenied"))
    with pytest.raises(CheckpointError, match="AWS_ACCESS_KEY_ID"):
        Mirror(bucket.url, store.folder, "a1")


@pytest.mark.slow
def test_a_bucket_that_is_missing_is_refused_at_the_start(bucket, store):
    with pytest.raises(CheckpointError, match="bucket or container must have been made"):
        Mirror("s3://nowhere/runs/one", store.folder, "a1")


def test_the_end_says_what_has_not_arrived(bucket, store, small, caplog):
    with Mirror(bucket.url, store.folder, "a1") as mirror:
        bucket.faults.always("PUT", bucket.faults.hang)
        path = store.publish(small(1))
        mirror.put(path)
        with caplog.at_level(logging.INFO):
            assert not mirror.wait(timeout=0)
        bucket.faults.release()
        bucket.faults.heal()
    assert f"lacks {path.name}" in caplog.text


def killed(work: multiprocessing.Process, arm: Callable[[int], None]) -> bool:
    """Whether a child process was killed, by what `arm` sets up with its number, before it came to its end."""
    work.start()
    arm(work.pid)
    work.join()
    return work.exitcode == -signal.SIGKILL


@pytest.fixture(scope="session")
def nursery() -> Iterator[multiprocessing.context.BaseContext]:
    """Where children start in a moment: from a process that has imported everything, and has no threads."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["elastic_pinn.storage.remote.mirror", "s3fs"])
    return context


def child(nursery: multiprocessing.context.BaseContext, url: str, store: Store) -> multiprocessing.Process:
    environment = {name: value for name, value in os.environ.items() if name.startswith(("AWS_", "AZURE_", "NO_PROXY"))}
    names = {"url": url, "folder": str(store.folder), "environment": environment, "chunk": CHUNK}
    return nursery.Process(target=exec, args=(CHILD, names))


class Killer:
    """A fault that kills a process at its n-th request: before the store has it, in mid-body, or after it was done."""

    def __init__(self, faults, at: int, moment: str) -> None:
        self._faults, self._at, self._moment = faults, at, moment
        self._lock, self._armed = threading.Lock(), threading.Event()
        self._pid = 0

    def arm(self, pid: int) -> None:
        self._pid = pid
        self._armed.set()

    def __call__(self, environ, start_response):
        self._armed.wait(30)
        with self._lock:
            self._at -= 1
            now = self._at == 0
        if not now:
            return self._faults.whole(environ, start_response)
        if self._moment == "after":
            done = list(self._faults.whole(environ, start_response))
            os.kill(self._pid, signal.SIGKILL)
            return done
        if self._moment == "within":
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0) // 2)
        os.kill(self._pid, signal.SIGKILL)
        return self._faults.cut_request(environ, start_response)


def moments() -> list:
    """(request, moment) pairs: one among all tests, every one where faults are asked for."""
    quick = {(9, "within")}
    return [
        pytest.param(at, moment, id=f"{at}-{moment}", marks=[] if (at, moment) in quick else pytest.mark.faults)
        for at in range(1, 26)
        for moment in ("before", "within", "after")
    ]


@pytest.mark.parametrize(("at", "moment"), moments())
def test_a_kill_in_mid_upload_leaves_nothing_partial_and_the_next_start_uploads_the_rest(
    bucket, store, small, nursery, at, moment
):
    for step in (1, 2):
        store.publish(small(step))
    store.publish(small(3, ballast=MULTIPART))
    killer = Killer(bucket.faults, at, moment)
    bucket.faults.always("", killer)
    was_killed = killed(child(nursery, bucket.url, store), killer.arm)
    asked = len(bucket.faults.asked)
    bucket.faults.heal()
    require_only_whole(bucket.url, store)
    assert was_killed or at > asked
    with Mirror(bucket.url, store.folder, "a1") as mirror:
        assert mirror.wait()
    assert checkpoints_in(bucket.objects()) == local(store)


def require_only_whole(url: str, store: Store) -> None:
    """On the store there is nothing but whole checkpoints that are here too, and the newest of them is chosen."""
    names = there(url).names()
    assert all(bytes(there(url).sealed(name)) == (store.folder / name).read_bytes() for name in names)
    found = there(url).latest()
    assert (Path(found.path).name if found else None) == (names[-1] if names else None)
    assert not found or not found.faults


@pytest.mark.faults
@pytest.mark.parametrize("url", ["file"], indirect=True)
@pytest.mark.parametrize("step", range(1, 6))
def test_a_kill_while_writing_into_a_folder_leaves_nothing_partial(url, store, small, nursery, step, tmp_path):
    for number in range(1, 6):
        store.publish(small(number, ballast=100_000))
    pipe = tmp_path / "there" / "checkpoints"
    work = child(nursery, url, store)
    work.start()
    while work.is_alive() and not len(list(pipe.glob("*.h5"))) >= step:
        pass
    work.kill()
    work.join()
    require_only_whole(url, store)
    with Mirror(url, store.folder, "a1") as mirror:
        assert mirror.wait()
    assert there(url).names() == store.names()


@pytest.mark.faults
@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")  # adlfs gives aiohttp bytes, not a stream
@pytest.mark.parametrize("url", ["azure"], indirect=True)
def test_azure_has_what_is_put_and_never_overwrites(url, store, small, caplog):
    path = store.publish(small(1))
    with Mirror(url, store.folder, "a1") as mirror:
        mirror.put_text("summary.json", "{}")
        assert mirror.wait()
        RemoteFolder(url).inside("checkpoints").create("step-000000002-g000.h5", b"other")
        mirror.put(store.publish(small(2)))
        assert not mirror.wait() and mirror.failures == 1
    assert there(url).latest().path.endswith(path.name), "the other file is passed over"
    with pytest.raises(CheckpointError, match="holds another run"):
        Mirror(url, store.folder, "b2")


@pytest.mark.faults
@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")  # adlfs gives aiohttp bytes, not a stream
@pytest.mark.parametrize("url", ["azure"], indirect=True)
@pytest.mark.parametrize("step", range(1, 6))
def test_a_kill_in_mid_upload_to_azure_leaves_nothing_partial(url, store, small, nursery, step):
    for number in range(1, 6):
        store.publish(small(number, ballast=1_000_000))
    work = child(nursery, url, store)
    work.start()
    while work.is_alive() and len(there(url).names()) < step:
        pass
    work.kill()
    work.join()
    require_only_whole(url, store)
    with Mirror(url, store.folder, "a1") as mirror:
        assert mirror.wait()
    assert LocalFolder(store.folder).names() and there(url).names() == store.names()
