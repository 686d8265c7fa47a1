import pytest
from datetime import UTC, datetime, timedelta
from pathlib import Path
from flows.relay_forms import relay_forms
import flows.relay_forms as fr
from tests.orchestration.towns import enrolled_town

pytestmark = pytest.mark.prefect_server


def say(name, state):
    print("##", name, "->", state.type.value, state.name, "|", state.message)


def test_explore(prefect_server, tmp_path, monkeypatch):
    for t in (
        "observe_submissions",
        "screen_submissions",
        "observe_documents",
        "plan_relays",
        "deliver_documents",
        "verify_documents",
        "report_relay",
    ):
        monkeypatch.setattr(getattr(fr, t), "retry_delay_seconds", [0, 0, 0])
    with enrolled_town(tmp_path, "explore") as e:
        e.town.submit_day(normal=1, pdf=1)
        now = datetime.now(UTC)
        say("unknown org", relay_forms("nowhere", return_state=True))
        say("empty", e.relay(since=now, until=now - timedelta(hours=1)))
        say("naive", e.relay(since=datetime(2026, 1, 1), until=now))
        say("naive2", e.relay(since="2026-01-01T10:00:00"))
        say("future", e.relay(since=now + timedelta(days=1)))
        e.town.powerserver.faults.refuse_connections = True
        say("ps down", e.relay())
        e.town.powerserver.faults.refuse_connections = False
        e.town.powerserver.faults.read_back_down = True
        say("dicom down", e.relay())
        e.town.powerserver.faults.read_back_down = False
        say("good", e.relay())
