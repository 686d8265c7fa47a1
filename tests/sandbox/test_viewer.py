"""The pages a PowerServer user would see, and the switches other processes use."""

import io
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from reportlab.pdfgen.canvas import Canvas

from accord.sandbox.powerserver import PowerServerSim
from accord.sandbox.viewer_texts import TEXTS
from tests.sandbox.powerserver_neighbours import (
    ANA,
    PDF,
    RUI,
    Sender,
    answered,
    clinical,
    code,
    mdm,
)


@pytest.fixture
def ps() -> Iterator[PowerServerSim]:
    with PowerServerSim([ANA, RUI]) as powerserver:
        yield powerserver


@pytest.fixture
def browser(ps: PowerServerSim) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=ps.web_url) as client:
        yield client


def section_of(page: str, section: str) -> str:
    """Give one section's part of the page."""
    return page.split(f'data-section="{section}"', 1)[1].split("</section>", 1)[0]


def test_the_worklist_lists_the_studies(browser: httpx.Client) -> None:
    page = browser.get("/").text
    for shown in ("Conceição, Ana", "LK-1001", "A2600001", "24/11/2026 08:00", "CONFIRMED"):
        assert shown in page


@pytest.mark.parametrize(
    ("sought", "found", "missing"),
    [
        pytest.param("conceição", "Ana", "Rui", id="family"),
        pytest.param("rui lk-1002", "Rui", "Ana", id="given-and-number"),
        pytest.param("A2600001", "Ana", "Rui", id="accession"),
    ],
)
def test_the_search_narrows_the_worklist(
    browser: httpx.Client, sought: str, found: str, missing: str
) -> None:
    """What is searched for travels in the body, not in the address."""
    page = browser.post("/", data={"sought": sought}).text
    assert found in page
    assert missing not in page


def test_the_document_viewer_has_its_four_sections(
    ps: PowerServerSim, browser: httpx.Client
) -> None:
    """A clinical form under Documents, a registration form under Patient Documents, by type."""
    with Sender(ps.hl7_port) as sender:
        sender.ask(clinical("ONE", title="Questionário"))
        sender.ask(mdm("TWO", title="Cadastro"))

    page = browser.get("/studies/1?lang=en").text
    assert "CLINICAL" in section_of(page, "Documents")
    assert "Questionário" in section_of(page, "Documents")
    assert "PATIENT REGISTRATION FORM" in section_of(page, "Patient Documents")
    assert "Cadastro" in section_of(page, "Patient Documents")
    for empty in ("Reports", "Prior Reports"):
        assert "None" in section_of(page, empty)


def test_another_patients_viewer_stays_empty(ps: PowerServerSim, browser: httpx.Client) -> None:
    answered(ps.hl7_port, mdm(title="Cadastro da Ana"))
    assert "Cadastro da Ana" not in browser.get("/studies/2").text


def test_the_pdf_opens_byte_for_byte(ps: PowerServerSim, browser: httpx.Client) -> None:
    made = io.BytesIO()
    page = Canvas(made)
    page.drawString(80, 700, "Questionário")
    page.save()
    answered(ps.hl7_port, clinical(content=made.getvalue()))

    assert '<iframe src="/documents/1.pdf' in browser.get("/studies/1").text
    opened = browser.get("/documents/1.pdf")
    assert opened.headers["content-type"] == "application/pdf"
    assert opened.content == made.getvalue()


def test_replaced_documents_say_so(ps: PowerServerSim, browser: httpx.Client) -> None:
    with Sender(ps.hl7_port) as sender:
        sender.ask(clinical("ONE"))
        sender.ask(clinical("TWO", event="T10", parent="ONE"))
    assert TEXTS["pt"]["replaced"] in browser.get("/studies/1").text


@pytest.mark.parametrize("address", ["/studies/9", "/documents/1.pdf", "/documents/0.pdf"])
def test_what_is_not_there_is_not_found(browser: httpx.Client, address: str) -> None:
    answer = browser.get(address)
    assert answer.status_code == 404
    assert TEXTS["pt"]["not_here"] in answer.text


@pytest.mark.parametrize(("language", "html"), [("pt", "pt-BR"), ("en", "en-US"), ("xx", "pt-BR")])
def test_each_page_says_that_it_is_a_sandbox(
    browser: httpx.Client, language: str, html: str
) -> None:
    texts = TEXTS[language if language in TEXTS else "pt"]
    for address in ("/", "/studies/1", "/studies/99"):
        page = browser.get(address, params={"lang": language}).text
        assert f'<html lang="{html}">' in page
        assert texts["banner"] in page


def test_both_languages_say_the_same_things() -> None:
    assert TEXTS["pt"].keys() == TEXTS["en"].keys()


def test_everything_shown_is_escaped(browser: httpx.Client, ps: PowerServerSim) -> None:
    """Names, titles and searches are text, whatever they look like."""
    hostile = "<script>alert(1)</script>"
    ps.load([{**ANA, "family": hostile, "study_uid": "2.25.7", "accession": "A7"}])
    answered(ps.hl7_port, clinical(title="&lt;b&gt;", number=hostile))
    pages = [
        browser.get("/").text,
        browser.get("/studies/1").text,
        browser.post("/", data={"sought": hostile}).text,
    ]
    for page in pages:
        assert "<script" not in page


def test_pages_load_nothing_from_elsewhere(browser: httpx.Client) -> None:
    answer = browser.get("/")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "http" not in answer.text.replace("<!doctype html>", "")
    assert browser.get("/style.css").headers["content-type"].startswith("text/css")


def test_another_process_reads_what_was_filed(ps: PowerServerSim, browser: httpx.Client) -> None:
    answered(ps.hl7_port, clinical())
    (document,) = browser.get("/sandbox/documents").json()
    assert document["section"] == "Documents"
    assert document["sha256"] == ps.documents[0].sha256
    assert document["bytes"] == len(PDF)
    assert "content" not in document
    assert browser.get("/sandbox/messages/count").json() == {"count": 1}


def test_another_process_sets_faults(ps: PowerServerSim, browser: httpx.Client) -> None:
    answer = browser.post("/sandbox/faults", json={"drop_document_silently": True})
    assert answer.json()["drop_document_silently"] is True
    answered(ps.hl7_port, mdm())
    assert browser.get("/sandbox/documents").json() == []


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param({"lose_answer": 1}, id="misspelt"),
        pytest.param({"answer_code": 1}, id="wrong-kind"),
        pytest.param({"lose_answers": [1]}, id="not-a-switch"),
        pytest.param([], id="not-a-mapping"),
    ],
)
def test_a_wrong_fault_is_refused_with_a_reason(browser: httpx.Client, asked: Any) -> None:
    answer = browser.post("/sandbox/faults", json=asked)
    assert answer.status_code == 422
    assert answer.json()["error"]


def test_another_process_loads_patients_and_studies(browser: httpx.Client) -> None:
    with PowerServerSim() as empty, httpx.Client(base_url=empty.web_url) as client:
        assert code(answered(empty.hl7_port, mdm())) == "AE"
        assert client.post("/sandbox/world", json=[ANA]).json() == {"visits": 1}
        assert client.post("/sandbox/world", json={"visits": [RUI]}).json() == {"visits": 1}
        assert code(answered(empty.hl7_port, mdm())) == "AA"
        refused = client.post("/sandbox/world", json=[{**ANA, "accession": ""}])
        assert (refused.status_code, refused.json()) == (
            422,
            {"error": "a visit lacks accession"},
        )
