"""`python -m accord.intake --host 127.0.0.1 --port 2575 --store intake.db`."""

import argparse
import asyncio
import logging
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from accord.adapters.mllp_tls import UnusableKeyMaterial, server_context
from accord.intake.database import StoreUnusable
from accord.intake.service import LIMIT_BYTES, IntakeService, IntakeSettings
from accord.intake.writer import CannotStore


def main(arguments: list[str] | None = None) -> int:
    """Run the intake until SIGTERM or SIGINT; what was taken by then is answered first."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    given = _parser().parse_args(arguments)
    try:
        asyncio.run(_serve(_settings(given)))
    except (StoreUnusable, CannotStore, UnusableKeyMaterial, OSError) as error:
        sys.stderr.write(f"accord.intake: {error}\n")
        return 1
    return 0


async def _serve(settings: IntakeSettings) -> None:
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    service = IntakeService(settings, now=lambda: datetime.now(UTC))
    await service.start()
    try:
        sys.stdout.write(f"listening on {settings.host} port {service.port}\n")
        sys.stdout.flush()
        await stop.wait()
    finally:
        await service.stop()


def _settings(given: argparse.Namespace) -> IntakeSettings:
    tls = None
    if given.tls_certificate:
        tls = server_context(
            certificate_pem=given.tls_certificate.read_text(),
            key_pem=given.tls_key.read_text() if given.tls_key else "",
            client_ca_pem=given.tls_client_ca.read_text() if given.tls_client_ca else "",
        )
    return IntakeSettings(
        store=given.store,
        host=given.host,
        port=given.port,
        limit_bytes=given.limit_bytes,
        keep=timedelta(days=given.keep_days) if given.keep_days else None,
        consumers=tuple(given.consumer),
        tls=tls,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m accord.intake",
        description="Receives HL7 v2 over MLLP; a message is on the disk before it is answered.",
    )
    add = parser.add_argument
    add("--store", type=Path, required=True, help="the message store's file (made, mode 0600)")
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    add("--port", type=int, default=2575, help="TCP port, 0 for a free one (%(default)s)")
    add("--limit-bytes", type=int, default=LIMIT_BYTES, help="larger is answered AR (%(default)s)")
    add("--keep-days", type=int, default=0, help="forget older messages; 0 keeps all")
    add(
        "--consumer",
        action="append",
        default=[],
        help="who must have processed a message before it may be forgotten; may repeat",
    )
    add("--tls-certificate", type=Path, help="PEM file; the port then speaks TLS")
    add("--tls-key", type=Path, help="PEM file of its key")
    add("--tls-client-ca", type=Path, help="PEM file; senders must then show a certificate")
    return parser


if __name__ == "__main__":
    sys.exit(main())
