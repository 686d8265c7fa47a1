import json
import logging
import secrets
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import uvicorn
from sekmet.config import Settings, ValidationSettings
from sekmet.fhir.store import Store
from sekmet.main import create_app

from accord.sandbox.oauth import TokenOffice
from accord.sandbox.omegaai_faults import OmegaAIFaults
from accord.sandbox.omegaai_front import TOKEN_PATH, Front

Resource = dict[str, Any]

ASSUMED = (
    "QuestionnaireResponse:search-type",
    "QuestionnaireResponse:read",
    "QuestionnaireResponse:vread",
    "Questionnaire:search-type",
    "Questionnaire:history-instance",
    "Binary:read",
)
"""What sekmet-fhir does and does not declare: for a site's `assume_supported`."""


class OmegaAISim:
    """
    OmegaAI on loopback: the real `sekmet-fhir` behind a token endpoint, with faults.

    Use it as a context manager; it serves from a thread of its own. Nothing it does leaves the
    machine: its subscriptions, peers and workflow simulator stay unused.

    Args:
        seed: for the faults that strike by chance.
        port: 0 takes a free one.
        database: a file that outlives the process, or ':memory:'.
        validates: whether writes are checked against the R4 models, as sekmet-fhir does.
    """

    def __init__(
        self, seed: int = 0, port: int = 0, database: str = ":memory:", *, validates: bool = True
    ) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        self.origin = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.base_url, self.token_url = f"{self.origin}/fhir", self.origin + TOKEN_PATH
        self.faults = OmegaAIFaults(seed=seed)
        self.office = TokenOffice(self.token_url, client_secret=secrets.token_urlsafe(16))
        inner = _fhir_server(self.base_url, database, validates)
        self._store: Store = inner.state.ctx.store
        self._store.__class__ = _ShiftedStore
        self._store.faults = self.faults
        self._names: dict[str, str] = {}
        self._behaviour = inner.state.ctx.settings.server_behaviour
        self.app = Front(inner, self.office, self.faults, time.time)
        config = uvicorn.Config(
            self.app,
            log_config=None,
            log_level="critical",
            access_log=False,
            lifespan="off",
            ws="none",
            date_header=False,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, name="omegaai", daemon=True)

    @property
    def client_id(self) -> str:
        """The client that may ask for tokens."""
        return self.office.client_id

    @property
    def client_secret(self) -> str:
        """Its secret, made anew for each simulator."""
        return self.office.client_secret

    @property
    def writes(self) -> list[str]:
        """Every request that may have changed something, as `METHOD path`."""
        return self.app.writes

    @property
    def requests(self) -> list[str]:
        """Every request, as `METHOD path`."""
        return self.app.requests

    def start(self) -> Self:
        """Serve until `stop`."""
        self._thread.start()
        deadline = time.monotonic() + 20
        while not self._server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                raise RuntimeError("the simulated OmegaAI did not start")
            time.sleep(0.005)
        return self

    def stop(self) -> None:
        """Stop serving and free the port."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(timeout=10)
        self._socket.close()
        self._store.conn.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def load(self, resources: Iterable[Resource]) -> list[Resource]:
        """Put resources straight into the store, under the ids they carry; gives them as stored."""
        with self._store.transaction():
            return [self._store.update(resource)[0] for resource in resources]

    def load_bundle(self, bundle: Resource) -> list[Resource]:
        """
        Put a Bundle's resources into the store; its `urn:uuid` references become ids.

        References into bundles loaded before resolve too, so load hospitals and practitioners
        before patients.
        """
        entries = [entry for entry in bundle.get("entry", []) if "id" in entry["resource"]]
        self._names |= {
            entry["fullUrl"]: f"{entry['resource']['resourceType']}/{entry['resource']['id']}"
            for entry in entries
            if "fullUrl" in entry
        }
        return self.load(_named(entry["resource"], self._names) for entry in entries)

    def refer_by_url(self, whole: bool) -> None:
        """Answer with whole URLs as references, as some servers do, or with relative ones."""
        self._behaviour.absolute_references = whole

    def read(self, type_: str, id_: str) -> Resource:
        """Give one resource as it stands now."""
        found: Resource = self._store.read(type_, id_)
        return found

    def remove(self, type_: str, id_: str) -> None:
        """Delete a resource, as OmegaAI's own hand."""
        self._store.delete(type_, id_)

    def resources(self, type_: str) -> list[Resource]:
        """Give what stands there now, in the order it was last written."""
        rows = self._store.query(
            "SELECT id FROM resources WHERE type=? AND deleted=0 ORDER BY seq", (type_,)
        )
        found: list[Resource] = self._store.load_many([(type_, row["id"]) for row in rows])
        return found

    def reset(self) -> None:
        """Forget all resources and all recorded requests; faults stay as they are."""
        self._store.reset()
        self.app.requests.clear()
        self.app.writes.clear()

    def _serve(self) -> None:
        self._server.run(sockets=[self._socket])


class _ShiftedStore(Store):  # type: ignore[misc]  # sekmet has no types
    """sekmet-fhir's store, with a clock that can be wrong."""

    faults: OmegaAIFaults

    def _write(self, resource: Resource, *args: Any, **options: Any) -> Resource:
        with self.transaction():
            stored: Resource = super()._write(resource, *args, **options)
            if self.faults.clock_off_s:
                self._shift(stored)
            return stored

    def _shift(self, stored: Resource) -> None:
        at = datetime.fromtimestamp(time.time() + self.faults.clock_off_s, UTC)
        stamp = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        stored["meta"]["lastUpdated"] = stamp
        type_, id_, version = stored["resourceType"], stored["id"], stored["meta"]["versionId"]
        body = json.dumps(stored, separators=(",", ":"))
        for table in ("resources", "versions"):
            self.conn.execute(
                f"UPDATE {table} SET json=?, last_updated=? WHERE type=? AND id=? AND version=?",  # noqa: S608
                (body, stamp, type_, id_, version),
            )
        self._reindex(stored)


def _named(node: Any, names: dict[str, str]) -> Any:
    """Copy a resource with its references renamed."""
    if isinstance(node, list):
        return [_named(each, names) for each in node]
    if isinstance(node, dict):
        return {
            name: names.get(value, value) if name == "reference" and isinstance(value, str)
            else _named(value, names)
            for name, value in node.items()
        }  # fmt: skip
    return node


def _fhir_server(base_url: str, database: str, validates: bool) -> Any:
    """Make sekmet-fhir's own application, quiet and without any peer."""
    settings = Settings(
        base_url=base_url,
        host="127.0.0.1",
        db_path=database,
        validation=ValidationSettings(inbound="strict" if validates else "off"),
        log_inbound=False,
    )
    settings.simulator.enabled = False
    with _logging_untouched():
        return create_app(settings)


@contextmanager
def _logging_untouched() -> Iterator[None]:
    """sekmet-fhir configures the root logger; whoever runs the sandbox has done so already."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.getLogger("sekmet").setLevel(logging.CRITICAL)
