"""The intake as a process: killed, stopped, restarted, over TLS, and told wrong things."""

import re
import signal
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from accord.intake.reader import IntakeReader
from tests.intake.senders import (
    REPOSITORY,
    Sender,
    a_message,
    code_of,
    intake_process,
)


def kept_ids(store: Path) -> list[str]:
    with IntakeReader(store) as reader:
        return [message.control_id for message in reader.messages(most=1_000_000)]


class Pouring:
    """Senders in threads that go on until the intake is gone, and remember what was answered."""

    def __init__(self, port: int, senders: int) -> None:
        self.answered: list[str] = []
        self._threads = [
            threading.Thread(target=self._pour, args=(port, name)) for name in range(senders)
        ]
        for thread in self._threads:
            thread.start()

    def _pour(self, port: int, name: int) -> None:
        try:
            with Sender(port) as sender:
                for n in range(1_000_000):
                    control_id = f"S{name}N{n}"
                    if code_of(sender.send(a_message(control_id))) == "AA":
                        self.answered.append(control_id)
        except OSError:
            return

    def wait_for(self, answers: int) -> None:
        while len(self.answered) < answers:
            threading.Event().wait(0.01)

    def join(self) -> None:
        for thread in self._threads:
            thread.join(20)


def test_killed_at_any_moment_nothing_answered_is_lost(tmp_path: Path) -> None:
    """kill -9 under load, three times over the same store; each answered message is there."""
    store = tmp_path / "intake.db"
    answered: set[str] = set()
    for round_ in range(3):
        with intake_process(store) as (process, port):
            pouring = Pouring(port, senders=8)
            pouring.wait_for(100 + 50 * round_)
            process.send_signal(signal.SIGKILL)
            pouring.join()
        answered |= set(pouring.answered)
        assert answered <= set(kept_ids(store))


def test_sigterm_answers_what_was_taken_and_ends_well(tmp_path: Path) -> None:
    store = tmp_path / "intake.db"
    with intake_process(store) as (process, port):
        pouring = Pouring(port, senders=8)
        pouring.wait_for(100)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        pouring.join()
    kept = kept_ids(store)
    assert set(pouring.answered) <= set(kept)
    # Whoever was stored was also answered: nobody has to send again.
    assert len(kept) == len(set(kept)) == len(pouring.answered)


def test_a_restart_still_knows_what_came_before(tmp_path: Path) -> None:
    store = tmp_path / "intake.db"
    answers = []
    for _ in range(2):
        with intake_process(store) as (process, port), Sender(port) as sender:
            answers.append(sender.send(a_message("M1")))
            process.send_signal(signal.SIGTERM)
            process.wait(20)
    assert answers[0] == answers[1]
    assert kept_ids(store) == ["M1"]


def run(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "accord.intake", *options],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        timeout=60,
        check=False,
    )


def test_a_wrong_store_ends_with_one_clear_line(tmp_path: Path) -> None:
    wrong = tmp_path / "letter.txt"
    wrong.write_text("Dear all, " * 1000)
    ended = run("--store", str(wrong), "--port", "0")
    assert ended.returncode == 1
    assert re.search(r"accord\.intake: .*letter\.txt is damaged or no message store", ended.stderr)
    assert "Traceback" not in ended.stderr


def test_a_port_in_use_is_said(tmp_path: Path) -> None:
    with intake_process(tmp_path / "a.db") as (_, port):
        ended = run("--store", str(tmp_path / "b.db"), "--port", str(port))
    assert ended.returncode == 1
    assert "address already in use" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_what_is_logged_names_no_patient(tmp_path: Path) -> None:
    """Junk, an oversized message and a refused one all leave a trace, and none a name."""
    store = tmp_path / "intake.db"
    log = tmp_path / "log"
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "accord.intake", "--port", "0", "--store", str(store)),
                *("--limit-bytes", "2000"),
            ],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            cwd=REPOSITORY,
        )
        assert process.stdout is not None
        port = int(process.stdout.readline().rsplit(maxsplit=1)[1])
        try:
            with Sender(port) as sender:
                sender._peer.sendall(b"CANARY-JUNK")
                sender.send(a_message("M1", patient="CANARY-OK"))
                sender.send(a_message("M2", patient="CANARY" * 1000))
                sender.send(b"CANARY-NOT-HL7")
        finally:
            process.terminate()
            process.wait(20)
            process.stdout.close()
    assert "Oversize" in log.read_text()
    assert "Junk" in log.read_text()
    assert "CANARY" not in log.read_text()


@pytest.mark.parametrize("with_certificate", [True, False])
def test_senders_may_have_to_show_a_certificate(tmp_path: Path, with_certificate: bool) -> None:
    from tests.adapters.test_mllp_tls import Authority

    authority = Authority()
    certificate, key = authority.issue("intake")
    mine, my_key = authority.issue("sender")
    texts = {"cert": certificate, "key": key, "ca": authority.pem, "mine": mine, "my_key": my_key}
    files = {name: tmp_path / f"{name}.pem" for name in texts}
    for name, text in texts.items():
        files[name].write_text(text)
    context = ssl.create_default_context(cafile=str(files["ca"]))
    if with_certificate:
        context.load_cert_chain(files["mine"], files["my_key"])
    options = (
        *("--tls-certificate", str(files["cert"]), "--tls-key", str(files["key"])),
        *("--tls-client-ca", str(files["ca"])),
    )
    with intake_process(tmp_path / "intake.db", *options) as (_, port), Sender(port) as sender:
        sender._peer = context.wrap_socket(sender._peer, server_hostname="127.0.0.1")
        if with_certificate:
            assert code_of(sender.send(a_message("M1"))) == "AA"
        else:
            with pytest.raises(OSError):
                sender.send(a_message("M1"))
