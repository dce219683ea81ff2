"""An S3 store of a test's own, over real HTTP on this machine, and a fault injector in front of it; a pytest plugin."""

import os
import re
import socket
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from itertools import count
from typing import Any

import pytest

from elastic_pinn.storage.remote import retries as retries_module

BUCKETS = count()


class Faults:
    """A WSGI application that does something wrong in place of another one, for chosen requests.

    Attributes:
        asked: "METHOD /path" of each request.
        signed: by whom each was signed.
    """

    def __init__(self, app: Callable) -> None:
        self.app = app
        self.heal()

    def heal(self) -> None:
        """From now on do everything right, and forget what was asked."""
        self.asked: list[str] = []
        self.signed: list[str] = []
        self._plans: list[tuple[str, deque[Callable]]] = []
        self._always: list[tuple[str, Callable]] = []
        self._released = threading.Event()

    def once(self, pattern: str, *faults: Callable) -> None:
        """For the next requests whose "METHOD /path" matches, one fault each."""
        self._plans.append((pattern, deque(faults)))

    def always(self, pattern: str, fault: Callable) -> None:
        """For all requests whose "METHOD /path" matches, but for those of `once`."""
        self._always.append((pattern, fault))

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        asked = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
        self.asked.append(asked)
        self.signed.append(environ.get("HTTP_AUTHORIZATION", ""))
        for pattern, faults in self._plans:
            if faults and re.search(pattern, asked):
                return faults.popleft()(environ, start_response)
        for pattern, fault in self._always:
            if re.search(pattern, asked):
                return fault(environ, start_response)
        return self.whole(environ, start_response)

    def whole(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        """Do what was asked, if all of the request came: a store takes no half of a body."""
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length)
        if len(body) < length:
            raise ConnectionResetError("the client is gone")
        return self.app({**environ, "wsgi.input": BytesIO(body)}, start_response)

    def answer(self, status: str, code: str) -> Callable:
        """Answer with an error of S3."""

        def fault(environ: dict, start_response: Callable) -> Iterable[bytes]:
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start_response(status, [("Content-Type", "application/xml")])
            return [f"<Error><Code>{code}</Code><Message>injected</Message></Error>".encode()]

        return fault

    def cut_request(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        """Hang up in the middle of what the client sends."""
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0) // 2)
        return self._hang_up(environ)

    def cut_answer(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        """Hang up in the middle of the answer."""
        data = b"".join(self.whole(environ, start_response))
        yield data[: len(data) // 2]
        self._hang_up(environ)

    def lose_answer(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        """Do what was asked, and hang up without a word."""
        list(self.whole(environ, start_response))
        return self._hang_up(environ)

    def hang(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        """Say nothing until the client has given up."""
        self._released.wait(2)
        return self._hang_up(environ)

    def damage_answer(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        """Answer with one bit flipped."""
        data = bytearray(b"".join(self.whole(environ, start_response)))
        data[-1] ^= 1
        return [bytes(data)]

    def release(self) -> None:
        """Let all that hang go."""
        self._released.set()

    def _hang_up(self, environ: dict) -> Iterable[bytes]:
        environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        raise ConnectionResetError("injected")


class Bucket:
    """An empty bucket of an S3 store that is reached over HTTP, and the faults in front of it."""

    def __init__(self, name: str, faults: Faults) -> None:
        self.name, self.faults = name, faults
        self.url = f"s3://{name}/runs/one"

    def objects(self) -> dict[str, bytes]:
        """Everything in it, by the names below the run's folder; looked at without HTTP."""
        keys = _buckets().buckets[self.name].keys
        return {name.removeprefix("runs/one/"): key.value for name, key in keys.items()}


def _buckets() -> Any:
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.s3.models import s3_backends

    return s3_backends[DEFAULT_ACCOUNT_ID]["global"]


@pytest.fixture(scope="session")
def s3_server() -> Iterator[tuple[str, Faults]]:
    """The endpoint of an S3 store in this process, and its fault injector."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of packages that the tests alone need
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
        from werkzeug.serving import make_server
    faults = Faults(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, faults, threaded=True, request_handler=_Quiet.of(MotoRequestHandler))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", faults
    faults.release()
    server.shutdown()
    thread.join()
    server.server_close()


class _Quiet:
    @staticmethod
    def of(handler: type) -> type:
        return type("Quiet", (handler,), {"log": lambda *_: None})


@pytest.fixture
def bucket(s3_server, monkeypatch, at_once) -> Iterator[Bucket]:
    """A fresh bucket, with credentials for it in the environment, and tries without pauses."""
    endpoint, faults = s3_server
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    environment = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    bucket = Bucket(f"bucket{next(BUCKETS)}", faults)
    _buckets().create_bucket(bucket.name, "us-east-1")
    faults.heal()
    yield bucket
    faults.release()
    faults.heal()


@pytest.fixture
def at_once(monkeypatch) -> None:
    """Tries that follow each other without a pause."""
    monkeypatch.setattr(retries_module, "FIRST_PAUSE_S", 0.0)
