"""
Debian's Orthanc for the tests of our client side, kept off every network.

Orthanc listens for DICOM on all interfaces and cannot be told otherwise, so it runs in a network
namespace of its own, where loopback is all there is. The test's thread enters that namespace
too; threads it starts inherit it.
"""

import contextlib
import ctypes
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from accord.domain.wires import DicomWire

DICOM_PORT, HTTP_PORT, MOVE_PORT = 4242, 8042, 11112
CLONE_NEWNET = 0x40000000
START_S = 20.0
_LIBC = ctypes.CDLL(None, use_errno=True)


def require_orthanc() -> None:
    """Skip without Orthanc or root; fail instead where CI promised both."""
    reason = ""
    if shutil.which("Orthanc") is None:
        reason = "Orthanc is not installed (Debian package orthanc)"
    elif os.geteuid() != 0:
        reason = "Orthanc needs a network namespace of its own, which takes root"
    elif _namespace_works() != 0:
        reason = "this machine does not allow network namespaces (unshare -n)"
    if reason:
        _skip_or_fail(reason)


def require_dcmtk() -> None:
    """Skip without DCMTK; fail instead where CI promised it."""
    if shutil.which("dcm2pdf") is None:
        _skip_or_fail("DCMTK is not installed (Debian package dcmtk)")


def _skip_or_fail(reason: str) -> None:
    if os.environ.get("ACCORD_REQUIRE_SERVERS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def _namespace_works() -> int:
    command = ["unshare", "-n", "ip", "link", "set", "lo", "up"]
    return subprocess.run(command, capture_output=True, check=False).returncode


@contextmanager
def running(folder: Path, **settings: Any) -> Iterator[DicomWire]:
    """Run Orthanc on an empty storage in `folder`; give the wire to it."""
    configuration = folder / "orthanc.json"
    configuration.write_text(json.dumps(_configuration(folder) | settings))
    command = f"ip link set lo up && exec Orthanc {configuration}"
    log = (folder / "orthanc.log").open("wb")
    process = subprocess.Popen(
        # it ends with us, even if we are killed
        ["setpriv", "--pdeathsig", "TERM", "unshare", "-n", "sh", "-c", command],
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        with _inside(process.pid):
            _wait_until_listening(process)
            yield DicomWire(
                host="127.0.0.1",
                port=DICOM_PORT,
                ae_title="ORTHANC",
                find_limit=1000,
                move_port=MOVE_PORT,
                timeout_s=10,
            )
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


def _configuration(folder: Path) -> dict[str, Any]:
    return {
        "Name": "accord-tests",
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "HttpServerEnabled": False,
        "RemoteAccessAllowed": False,
        "DicomAet": "ORTHANC",
        "DicomPort": DICOM_PORT,
        "DicomCheckCalledAet": True,
        "DicomAlwaysAllowEcho": True,
        "DicomAlwaysAllowFind": True,
        "DicomAlwaysAllowGet": True,
        "DicomAlwaysAllowMove": True,
        "DicomAlwaysAllowStore": True,
        "DicomModalities": {"accord": ["ACCORD", "127.0.0.1", MOVE_PORT]},
        "DefaultEncoding": "Utf8",
        "LimitFindResults": 0,
        "LimitFindInstances": 0,
    }


@contextmanager
def _inside(pid: int) -> Iterator[None]:
    """Move this thread into the network namespace of `pid`, and back."""
    with open("/proc/thread-self/ns/net", "rb") as home:  # noqa: PTH123
        _wait_for_namespace(pid, os.fstat(home.fileno()).st_ino)
        with open(f"/proc/{pid}/ns/net", "rb") as there:  # noqa: PTH123
            _enter(there.fileno())
        try:
            yield
        finally:
            _enter(home.fileno())


def _wait_for_namespace(pid: int, home: int) -> None:
    for _ in range(1000):
        if os.stat(f"/proc/{pid}/ns/net").st_ino != home:  # noqa: PTH116
            return
        time.sleep(0.01)
    raise TimeoutError("the namespace did not come up")


def _enter(descriptor: int) -> None:
    if _LIBC.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "cannot enter the network namespace")


def _wait_until_listening(process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError("Orthanc ended at once; see orthanc.log")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", DICOM_PORT), 1):
            return
        time.sleep(0.1)
    raise TimeoutError("Orthanc did not listen in time")
