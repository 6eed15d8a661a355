"""Connecting to a Ray cluster, or starting one on this machine; and the errors of that in words that help."""

import logging
import os
import secrets
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from wordvec_cli.cluster.address import Address
from wordvec_cli.errors import InputError

SECONDS_TO_END = 2.0  # of processes that are told to
SECONDS_TO_ANSWER = 10.0  # of whoever listens at the address
SECONDS_TO_CONNECT = 30.0  # of Ray, which tries for longer
NO_RAY = "--cluster: needs Ray, which is not installed; install it: pip install 'wordvec-cli[cluster]'"
GIVE_TOKEN = (
    "give the cluster's token: RAY_AUTH_MODE=token, and the token in RAY_AUTH_TOKEN, in the file that "
    "RAY_AUTH_TOKEN_PATH names, or in ~/.ray/auth_token (ray get-auth-token shows it on the head node)"
)
# Ray takes no other address than loopback for its own where it is told not to make clusters of machines.
_ON_THIS_MACHINE = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_AUTH_MODE": "token",
    "RAY_USAGE_STATS_ENABLED": "0",
    "REPORTER_UPDATE_INTERVAL_MS": "3600000",  # of statistics about this machine, which nobody reads
    "RAY_worker_niceness": "0",  # else 15: any other program would have the CPUs first
}
_THERE = {"RAY_NUM_REDIS_GET_RETRIES": "3"}  # of 20, a second and more apart, which all fail for want of a token
_TOKEN = secrets.token_hex(32)  # one for the process, as Ray remembers the first that it is given
LOOPBACK = ("127.0.0.1", "::1")


@contextmanager
def connected(address: Address) -> Iterator[Any]:
    """The module ray, connected; a cluster of this machine ends with the block, or with this process.

    Raises: InputError
    """
    if address.n_local:
        with _environment({**_ON_THIS_MACHINE, "RAY_AUTH_TOKEN": _TOKEN}), _no_process_left(), _ended(_ray()) as ray:
            _start(ray, address.n_local)
            yield ray
    else:
        with _environment(_THERE), _ended(_ray()) as ray:
            _connect(ray, address)
            yield ray


def _ray() -> Any:
    """Raises: InputError if it is not installed"""
    try:
        import ray
    except ImportError as error:
        raise InputError(NO_RAY) from error
    return ray


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Variables for Ray and its processes, as long as they run."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _ended(ray: Any) -> Iterator[Any]:
    """Disconnected at the end of the block."""
    try:
        yield ray
    finally:
        with suppress(Exception):
            ray.shutdown()


@contextmanager
def _no_process_left() -> Iterator[None]:
    """Wait for the processes of a cluster of this machine, some of which may just be starting, and end them."""
    try:
        yield
    finally:
        until = time.monotonic() + SECONDS_TO_END
        while (left := _with_our_token()) and time.monotonic() < until:
            time.sleep(0.05)
        for number in left:
            with suppress(OSError):
                os.kill(number, signal.SIGKILL)


def _with_our_token() -> list[int]:
    """The processes of this user that were started with the token of this process; none where there is no /proc."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if _TOKEN.encode() in path.read_bytes() and int(path.parent.name) != os.getpid():
                found.append(int(path.parent.name))
    return found


def _start(ray: Any, n_workers: int) -> None:
    """A cluster of this machine alone. Raises: InputError"""
    is_main = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGTERM)
    ray.init(address="local", num_cpus=n_workers, include_dashboard=False, **_QUIETLY)
    if is_main:
        signal.signal(signal.SIGTERM, handler)  # Ray's ends the process at once
    if ray.util.get_node_ip_address() not in LOOPBACK:
        raise InputError(
            "--cluster local: Ray was imported before and would listen to other machines; start wordvec in a process "
            "of its own, or set RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER=0 first"
        )


def _connect(ray: Any, address: Address) -> None:
    """To a cluster that is there, in a thread, which can be given up: Ray tries for minutes. Raises: InputError"""
    if address.host_and_port:
        _check_answers(address, *address.host_and_port)
    errors: list[Exception] = []

    def connect() -> None:
        try:
            ray.init(address=address.text, **_QUIETLY)
        except Exception as error:  # noqa: BLE001  of many kinds, which Ray does not list
            errors.append(error)

    logging.getLogger("ray").setLevel(logging.ERROR)  # it warns that in a thread it leaves signals alone
    thread = threading.Thread(target=connect, daemon=True)
    with tempfile.TemporaryFile("w+", errors="replace") as log:
        with _stderr_to(log):
            thread.start()
            thread.join(SECONDS_TO_CONNECT)
        if errors or thread.is_alive():
            error = errors[0] if errors else TimeoutError()
            log.seek(0)
            raise InputError(_why(address, error, log.read())) from error


@contextmanager
def _stderr_to(file: IO[str]) -> Iterator[None]:
    """What Ray's own library writes to the standard error, past Python, goes to a file."""
    sys.stderr.flush()
    stderr = os.dup(2)
    os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


_QUIETLY = {"log_to_driver": False, "configure_logging": False, "logging_level": "ERROR"}


def _check_answers(address: Address, host: str, port: int) -> None:
    """Raises: InputError if nobody listens there"""
    try:
        socket.create_connection((host, port), SECONDS_TO_ANSWER).close()
    except OSError as error:
        raise InputError(
            f"--cluster {address.text}: nobody answers there ({error}); check the address, and that the cluster runs"
        ) from error


def _why(address: Address, error: Exception, log: str = "") -> str:
    """Why there is no connection, and what to do.

    log  what Ray wrote meanwhile
    """
    where, text = f"--cluster {address.text}", " ".join(str(error).split())
    if "InvalidAuthToken" in log + text:
        return f"{where}: the token is missing or wrong; {GIVE_TOKEN}"
    if "ray[client]" in text:
        return f"{where}: needs Ray's client; install it: pip install 'ray[client]'"
    if "ersion mismatch" in text:
        return f"{where}: {text}; install the same versions here and there"
    if "Could not find any running Ray" in text:
        return f"{where}: no cluster runs on this machine; start one (ray start --head), or name its address"
    what = f"no connection within {SECONDS_TO_CONNECT:g} seconds" if isinstance(error, TimeoutError) else text[:200]
    return f"{where}: {what}; the token may be missing or wrong: {GIVE_TOKEN}"
