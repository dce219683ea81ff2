import logging
import sys

import fsspec
import pytest

from elastic_pinn.storage import CheckpointError, Checkpoints, UnreadableError, folder_at
from elastic_pinn.storage.remote import remote_folder as remote
from elastic_pinn.storage.remote.remote_folder import RemoteFolder
from elastic_pinn.storage.remote.retries import MAX_TRIES

PLACES = ["s3", "memory", "file"]


@pytest.fixture
def url(request, tmp_path) -> str:
    """A folder's URL of the protocol that the test is parametrized with."""
    protocol = getattr(request, "param", "s3")
    if protocol == "s3":
        return request.getfixturevalue("bucket").url
    return f"memory:/{tmp_path}" if protocol == "memory" else f"file://{tmp_path}/one"


@pytest.mark.parametrize("url", PLACES, indirect=True)
def test_files_written_come_back_in_names_heads_and_contents(url):
    folder = folder_at(url)
    assert isinstance(folder, RemoteFolder)
    assert folder.create("a.h5", b"0123456789") and folder.inside("deep").create("b.h5", b"")
    assert sorted(folder.names()) == ["a.h5", "deep"] and folder.inside("deep").names() == ["b.h5"]
    assert folder.head("a.h5", 4) == (b"0123", 10) and folder.head("a.h5", 99) == (b"0123456789", 10)
    assert folder.inside("deep").head("b.h5", 4) == (b"", 0) and folder.inside("deep").read("b.h5") == b""
    assert folder.read("a.h5") == b"0123456789" and folder.path("a.h5") == f"{url}/a.h5"


@pytest.mark.parametrize("url", PLACES, indirect=True)
def test_what_is_missing_is_named_and_a_missing_folder_is_empty(url):
    folder = RemoteFolder(url)
    assert folder.names() == []
    for look in (lambda: folder.head("a.h5", 4), lambda: folder.read("a.h5")):
        with pytest.raises(UnreadableError, match="is missing") as caught:
            look()
        assert caught.value.path == f"{url}/a.h5"


@pytest.mark.parametrize("url", PLACES, indirect=True)
def test_a_file_is_never_created_twice_but_may_be_replaced(url):
    folder = RemoteFolder(url)
    assert folder.create("a.h5", b"first") and not folder.create("a.h5", b"second")
    assert folder.read("a.h5") == b"first"
    folder.replace("a.h5", b"second")
    assert folder.read("a.h5") == b"second" and folder.names() == ["a.h5"]


@pytest.mark.parametrize("url", PLACES, indirect=True)
def test_a_folder_is_no_file(url):
    RemoteFolder(url).inside("deep").create("a.h5", b"x")
    with pytest.raises(UnreadableError, match="directory"):
        RemoteFolder(url).read("deep")


@pytest.mark.parametrize("url", PLACES, indirect=True)
def test_no_listing_is_kept(url):
    reader, writer = RemoteFolder(url), RemoteFolder(url)
    assert reader.names() == []
    writer.create("a.h5", b"x")
    assert reader.names() == ["a.h5"]
    fsspec.url_to_fs(reader.path("a.h5"))[0].rm_file(writer._location("a.h5"))
    assert reader.names() == []


@pytest.mark.parametrize("url", ["memory", "file"], indirect=True)
def test_a_write_that_fails_where_files_grow_leaves_nothing(url, monkeypatch):
    folder = RemoteFolder(url)
    folder.create("step-000000001-g000.h5", b"x")

    def fail(*_: object, **__: object) -> None:
        raise PermissionError("injected")

    monkeypatch.setattr(type(folder._store), "mv", fail)
    monkeypatch.setattr(remote, "publish", fail)
    with pytest.raises(UnreadableError, match="injected"):
        folder.create("step-000000002-g000.h5", b"y")
    assert folder.names() == ["step-000000001-g000.h5"]


FAULTS = {
    "500": lambda faults: faults.answer("500 Internal Server Error", "InternalError"),
    "503": lambda faults: faults.answer("503 Slow Down", "SlowDown"),
    "429": lambda faults: faults.answer("429 Too Many Requests", "TooManyRequests"),
    "request cut": lambda faults: faults.cut_request,
    "answer cut": lambda faults: faults.cut_answer,
    "answer lost": lambda faults: faults.lose_answer,
}


def some(*quick: str) -> list:
    """The names of all faults, of which only a few run among all tests."""
    return [pytest.param(name, marks=[] if name in quick else pytest.mark.faults) for name in FAULTS]


@pytest.mark.parametrize("fault", some("503", "answer cut"))
def test_reading_is_tried_again_and_each_try_is_said(bucket, caplog, fault):
    folder = RemoteFolder(bucket.url)
    folder.create("a.h5", bytes(range(256)) * 1000)
    bucket.faults.once(r"GET .*a\.h5", *[FAULTS[fault](bucket.faults)] * (MAX_TRIES - 1))
    assert folder.read("a.h5") == bytes(range(256)) * 1000
    said = [text for text in caplog.messages if f"{bucket.url}/a.h5: try" in text]
    assert said and all(f"try {number} of {MAX_TRIES}" in text for number, text in enumerate(said, 1))


@pytest.mark.parametrize("fault", some("request cut", "answer lost"))
def test_writing_is_tried_again_and_leaves_exactly_what_was_written(bucket, fault):
    bucket.faults.once(r"PUT .*a\.h5", *[FAULTS[fault](bucket.faults)] * (MAX_TRIES - 1))
    RemoteFolder(bucket.url).create("a.h5", bytes(range(256)) * 1000)
    assert bucket.objects() == {"a.h5": bytes(range(256)) * 1000}


def test_a_store_that_says_nothing_is_given_up(bucket, monkeypatch):
    impatient = {**remote.S3_OPTIONS["config_kwargs"], "read_timeout": 0.1}
    monkeypatch.setitem(remote.OPTIONS, "s3", {"config_kwargs": impatient})
    bucket.faults.always("GET", bucket.faults.hang)
    with pytest.raises(UnreadableError, match=f"in {MAX_TRIES} tries .*[Tt]imeout"):
        RemoteFolder(bucket.url).names()
    assert len(bucket.faults.asked) == MAX_TRIES


def test_the_number_of_tries_is_what_is_said(bucket):
    folder = RemoteFolder(bucket.url)
    bucket.faults.always("HEAD|GET", bucket.faults.answer("503 Slow Down", "SlowDown"))
    with pytest.raises(UnreadableError, match=f"in {MAX_TRIES} tries"):
        folder.names()
    assert len(bucket.faults.asked) == MAX_TRIES


def test_an_error_that_would_only_come_again_is_not_tried_again(bucket):
    folder = RemoteFolder(bucket.url)
    bucket.faults.always("PUT", bucket.faults.answer("403 Forbidden", "AccessDenied"))
    with pytest.raises(UnreadableError, match="credentials") as caught:
        folder.create("a.h5", b"x")
    assert "AWS_ACCESS_KEY_ID" in caught.value.advice and len(bucket.faults.asked) == 1


def test_missing_credentials_are_named(bucket, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(UnreadableError, match="AWS_ACCESS_KEY_ID"):
        RemoteFolder(bucket.url).names()


def test_a_connection_is_used_again(bucket):
    assert RemoteFolder(bucket.url)._store is RemoteFolder(bucket.url)._store
    RemoteFolder(bucket.url).create("a.h5", b"x")
    assert RemoteFolder(bucket.url)._store is RemoteFolder(f"{bucket.url}/checkpoints")._store


def test_other_credentials_are_used_at_once(bucket, monkeypatch):
    RemoteFolder(bucket.url).create("a.h5", b"x")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "another")
    RemoteFolder(bucket.url).read("a.h5")
    assert "Credential=another/" in bucket.faults.signed[-1] and "Credential=test/" in bucket.faults.signed[0]


def test_a_missing_bucket_is_said_on_writing(bucket):
    with pytest.raises(UnreadableError, match=r"is missing.*bucket or container"):
        RemoteFolder("s3://nowhere/run").create("a.h5", b"x")


@pytest.mark.faults
def test_a_bad_bucket_name_is_refused_at_once(bucket, caplog):
    with pytest.raises(UnreadableError, match="Check the URL"):
        RemoteFolder("s3://Not A Bucket/run").names()
    assert "try 1" not in caplog.text


def test_a_package_that_is_not_installed_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(CheckpointError, match=r'pip install "elastic_pinn\[gcs\]"'):
        RemoteFolder("gs://bucket/run")


def test_an_unknown_protocol_is_refused_with_the_legal_ones():
    with pytest.raises(CheckpointError, match=r"nothing.*abfs.*gs.*s3.*file"):
        RemoteFolder("nothing://bucket/run")


@pytest.mark.faults  # since adlfs takes seconds to import
def test_azure_without_credentials_says_which_to_set(monkeypatch):
    monkeypatch.delenv("AZURE_STORAGE_CONNECTION_STRING", raising=False)
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT_NAME", raising=False)
    with pytest.raises(CheckpointError, match="AZURE_STORAGE_CONNECTION_STRING"):
        RemoteFolder("abfs://container/run")


def test_each_protocol_with_an_extra_is_one_that_never_shows_half_a_file():
    assert remote.EXTRAS.keys() == remote.ATOMIC
    assert all(protocol in fsspec.available_protocols() for protocol in remote.ATOMIC)


@pytest.mark.parametrize("url", PLACES, indirect=True)
def test_checkpoints_are_found_and_verified_on_a_store(url, small, caplog):
    folder = RemoteFolder(url)
    good, bad = bytes(small(1).image()), bytearray(small(2).image())
    bad[-1] ^= 1
    folder.create("step-000000001-g000.h5", good)
    folder.create("step-000000002-g000.h5", bytes(bad))
    folder.create("step-000000003-g000.h5", good[: len(good) // 2])
    checkpoints = Checkpoints(folder)
    with caplog.at_level(logging.WARNING):
        found = checkpoints.latest()
    assert found.path == f"{url}/step-000000001-g000.h5" and found.snapshot.step == 1
    assert [fault.path for fault in found.faults] == [f"{url}/step-00000000{step}-g000.h5" for step in (3, 2)]
    assert [entry.name for entry in checkpoints.entries()] == ["step-000000001-g000.h5", "step-000000002-g000.h5"]


@pytest.mark.faults
def test_azure_gives_back_what_was_written(azure, small):
    folder = RemoteFolder(azure)
    assert folder.names() == []
    data = bytes(small(1).image())
    inner = folder.inside("checkpoints")
    assert inner.create("step-000000001-g000.h5", data) and not inner.create("step-000000001-g000.h5", b"other")
    folder.replace("summary.json", b"{}")
    folder.replace("summary.json", b"[]")
    assert sorted(folder.names()) == ["checkpoints", "summary.json"] and folder.read("summary.json") == b"[]"
    assert inner.head("step-000000001-g000.h5", 16) == (data[:16], len(data))
    assert Checkpoints(inner).latest().snapshot.step == 1
    with pytest.raises(UnreadableError, match="is missing"):
        folder.read("nothing.json")
