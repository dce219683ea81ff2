"""Compiled code is kept where no other user can write, or not at all."""

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numba
import pytest
from numba.core import event

from elastic_pinn.networks.dense import kernel, kernel_cache, prepare
from elastic_pinn.networks.progress import reported


@pytest.fixture
def without_a_folder(monkeypatch, tmp_path):
    """As for a user who may write neither into the package nor into a home."""
    monkeypatch.setattr(kernel_cache.config, "CACHE_DIR", "")
    monkeypatch.setattr(kernel_cache, "_numba_finds_a_folder", lambda: bool(kernel_cache.config.CACHE_DIR))
    monkeypatch.setattr(kernel_cache.tempfile, "gettempdir", lambda: str(tmp_path))
    return tmp_path / f"elastic_pinn-{os.getuid()}"


def test_who_may_write_nowhere_else_gets_a_private_folder_below_the_temporary_one(without_a_folder):
    assert kernel_cache.can_keep_compiled_code()
    assert Path(kernel_cache.config.CACHE_DIR) == without_a_folder
    assert stat.S_IMODE(without_a_folder.stat().st_mode) == 0o700


def test_a_folder_that_others_can_write_into_is_not_used_since_its_files_are_executed(without_a_folder, caplog):
    without_a_folder.mkdir()
    without_a_folder.chmod(0o777)
    assert not kernel_cache.can_keep_compiled_code()
    assert kernel_cache.config.CACHE_DIR == "" and "NUMBA_CACHE_DIR" in caplog.text


def test_a_link_to_elsewhere_is_not_used_either(without_a_folder, tmp_path):
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    without_a_folder.symlink_to(tmp_path / "elsewhere")
    assert not kernel_cache.can_keep_compiled_code()


def test_who_has_a_home_keeps_numbas_own_folder(monkeypatch):
    monkeypatch.setattr(kernel_cache.config, "CACHE_DIR", "")
    assert kernel_cache.can_keep_compiled_code() and kernel_cache.config.CACHE_DIR == ""


def test_a_folder_of_another_user_is_not_used(without_a_folder, monkeypatch):
    me = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: me + 1)
    without_a_folder.with_name(f"elastic_pinn-{me + 1}").mkdir(mode=0o700)
    assert not kernel_cache.can_keep_compiled_code()


def test_without_a_home_numba_is_not_left_to_make_a_folder_named_by_a_tilde(without_a_folder, monkeypatch):
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    monkeypatch.setattr(os, "access", lambda *args: False)
    monkeypatch.setattr(kernel_cache, "_numba_finds_a_folder", lambda: True)
    assert kernel_cache.can_keep_compiled_code()
    assert Path(kernel_cache.config.CACHE_DIR) == without_a_folder


def double(x):
    return 2 * x


def nothing(*arguments):
    return 0.0


def test_code_of_others_is_compiled_as_ever_and_not_told_of(caplog):
    caplog.set_level("INFO", logger="elastic_pinn")
    with kernel_cache.compilation_told(numba.njit(nothing)):
        assert numba.njit(double)(4) == 8
    assert caplog.text == ""
    listeners = event._registered["numba:compile"]
    assert not [each for each in listeners if isinstance(each, kernel_cache._Listener)], "only while one is called"


@pytest.mark.parametrize(("is_kept", "once"), [(True, ", once on this machine"), (False, "")])
def test_code_is_told_to_be_compiled_in_any_thread_once_only_where_it_is_kept(
    is_kept, once, caplog, monkeypatch, tmp_path
):
    monkeypatch.setattr(kernel_cache.config, "CACHE_DIR", str(tmp_path))
    caplog.set_level("INFO", logger="elastic_pinn")
    kernel_cache._log.cache_clear()
    function, told = numba.njit(cache=is_kept)(double), []
    with reported(lambda *each: told.append(each)):
        for _ in range(2):
            with kernel_cache.compilation_told(function), ThreadPoolExecutor(1) as threads:
                assert threads.submit(function, 4).result() == 8
    assert told == [(f"compiling the network for this processor{once}", 0.0), ("", 1.0)]
    assert caplog.messages == [f"compiling the network for this processor{once}: 15 s to a minute"]


def test_whoever_calls_the_kernel_is_told_when_it_is_compiled(monkeypatch):
    told = []
    for name in ("sum_of_squares", "jets"):
        monkeypatch.setattr(kernel, name, numba.njit(nothing))
    with reported(lambda *each: told.append(each)):
        prepare()
    assert told == [("compiling the network for this processor", 0.0), ("", 1.0)] * 4, "two functions, two precisions"


COMPILED = """
import logging, numpy
logging.basicConfig(level="INFO", format="%(name)s: %(message)s")
from elastic_pinn.networks.dense.kernel import _decay
from elastic_pinn.networks.dense.kernel_cache import compilation_told
for number in (0.0, numpy.float32(0.0)):
    with compilation_told(_decay):
        print(_decay(number))
"""


@pytest.mark.slow
def test_code_is_told_of_once_before_it_is_compiled_and_not_where_it_was_kept(tmp_path):
    told = []
    for _ in range(2):
        environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
        done = subprocess.run([sys.executable, "-c", COMPILED], env=environment, capture_output=True, text=True)
        assert done.stdout == "1.0\n1.0\n", done.stderr
        told.append([line for line in done.stderr.splitlines() if line.startswith(f"{kernel_cache.__name__}: ")])
    once = "compiling the network for this processor, once on this machine: 15 s to a minute"
    assert told == [[f"{kernel_cache.__name__}: {once}"], []]
