"""Organization files: what is read, what is refused, and what a refusal says."""

import pickle
import string
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.domain.forms import FormKind
from accord.domain.organization_text import WrongOrganizationFile, dump, parse
from accord.domain.organizations import OrganizationFile

SAMPLES = Path(__file__).parents[2] / "deployments" / "organizations"
LAKESIDE = (SAMPLES / "lakeside.yaml").read_text(encoding="utf-8")
SECRET = "hunter2-swordfish"


def _problems(text: str) -> list[str]:
    with pytest.raises(WrongOrganizationFile) as refused:
        parse(text, "lakeside.yaml")
    return [str(problem) for problem in refused.value.problems]


def _with(old: str, new: str) -> str:
    assert old in LAKESIDE
    return LAKESIDE.replace(old, new, 1)


def test_the_sample_says_what_it_seems_to_say() -> None:
    """Peers, zones, issuer map and facilities are read as written."""
    file = parse(LAKESIDE, "lakeside.yaml")

    assert file.organization.slug == "lakeside"
    assert [facility.slug for facility in file.organization.facilities] == [
        "lakeside-centro",
        "lakeside-norte",
    ]
    assert file.organization.facilities[1].closed_on == (date(2026, 12, 24), date(2026, 12, 31))
    assert file.powerserver_of("lakeside-norte").hl7.version == "2.3.1"
    assert file.site.relay.grace == timedelta(minutes=30)
    assert file.site.powerservers["main"].document_types[FormKind.CLINICAL] == "CLINICAL"


def test_what_is_written_out_is_read_back() -> None:
    """`dump` loses nothing."""
    file = parse(LAKESIDE, "lakeside.yaml")
    assert parse(dump(file), "again.yaml") == file


AWKWARD = st.one_of(
    st.sampled_from(
        [
            "NO",
            "null",
            "~",
            "0104",
            "1e3",
            "2026-12-25",
            "12:30:00",
            "- x",
            "a: b",
            "#",
            "*x",
            "yes",
        ]
    ),
    st.text(string.printable.strip() + " çãé", min_size=1, max_size=30),
)


@given(name=AWKWARD, issuer=AWKWARD, system=AWKWARD, application=AWKWARD)
def test_any_text_survives_being_written_out(
    name: str, issuer: str, system: str, application: str
) -> None:
    """Texts that YAML would take for something else come back as they were."""
    tree = parse(LAKESIDE, "lakeside.yaml").model_dump()
    tree["organization"]["facilities"][0]["name"] = name
    for facility in tree["organization"]["facilities"]:
        facility["issuer"] = issuer
    tree["site"]["omegaai"]["issuers"] = {system: issuer}
    tree["site"]["powerservers"]["main"]["hl7"]["sending_application"] = application
    file = OrganizationFile.model_validate(tree)
    assert parse(dump(file), "again.yaml") == file


@pytest.mark.parametrize(
    ("written", "read"),
    [
        pytest.param("NO", "NO", id="norway-is-no-boolean"),
        pytest.param("off", "off", id="off-is-no-boolean"),
        pytest.param("0104", "0104", id="octal-keeps-its-zero"),
        pytest.param("1_000", "1_000", id="underscores"),
        pytest.param("2026-12-25", "2026-12-25", id="a-date-stays-text"),
        pytest.param("12:30:00", "12:30:00", id="sexagesimal"),
        pytest.param("1e3", "1e3", id="exponent"),
        pytest.param("'null'", "null", id="quoted-null-is-text"),
    ],
)
def test_a_plain_word_is_read_as_written(written: str, read: str) -> None:
    """YAML 1.1 would turn each of these into something else."""
    text = _with("patient-number: LAKESIDE", f"patient-number: {written}")
    file = parse(text.replace("issuer: LAKESIDE", f"issuer: {written}"), "lakeside.yaml")
    assert file.organization.facilities[0].issuer == read
    assert list(file.site.omegaai.issuers.values()) == [read]


def test_a_port_with_a_leading_zero_is_the_port_that_was_meant() -> None:
    """0104 is 104, never octal 68."""
    file = parse(_with("port: 11112", "port: 0104"), "lakeside.yaml")
    dicom = file.site.powerservers["main"].dicom
    assert dicom is not None
    assert dicom.port == 104


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            _with("port: 2575", "port: 99999"),
            "lakeside.yaml:24: site.powerservers.main.hl7.port: "
            "input should be less than or equal to 65535",
            id="port",
        ),
        pytest.param(
            _with("ack_mode: original", "ack_mod: original"),
            "lakeside.yaml:26: site.powerservers.main.hl7.ack_mod: "
            "unknown key; did you mean `ack_mode`?",
            id="unknown-key",
        ),
        pytest.param(
            _with("  slug: lakeside\n", ""),
            "lakeside.yaml:64: organization.slug: is missing: add it",
            id="missing",
        ),
        pytest.param(
            _with("powerserver: main", "powerserver: mian"),
            "lakeside.yaml:75: organization.facilities[0].powerserver: "
            "names no entry of site.powerservers (main)",
            id="powerserver",
        ),
        pytest.param(
            _with("time_zone: America/Manaus", "time_zone: Manaus"),
            "lakeside.yaml:81: organization.facilities[1].time_zone: "
            "not an IANA time zone, such as America/Sao_Paulo",
            id="zone",
        ),
        pytest.param(
            _with("issuer: LAKESIDE", "issuer: LAKSIDE"),
            "lakeside.yaml:74: organization.facilities[0].issuer: no identifier system of "
            "site.omegaai.issuers stands for this issuer: add it there, or mend it here",
            id="issuer",
        ),
        pytest.param(
            _with("port: 11112", "port: 2575"),
            "lakeside.yaml:32: site.powerservers.main.dicom.port: is the port of hl7 too: "
            "each of the two listens on one of its own",
            id="one-port-for-two-wires",
        ),
        pytest.param(
            _with("clinical: CLINICAL", "clinical: di"),
            "lakeside.yaml:17: site.powerservers.main.document_types: "
            "DI would file a patient's form as an imaging report",
            id="imaging-report",
        ),
        pytest.param(
            _with("clinical: CLINICAL", "clinic: CLINICAL"),
            "lakeside.yaml:19: site.powerservers.main.document_types.clinic: "
            "input should be 'registration' or 'clinical'",
            id="key-of-a-map",
        ),
        pytest.param(
            _with("grace: PT30M", "visibility_delay: -PT5M"),
            "lakeside.yaml:50: site.relay.visibility_delay: input should be greater than 0 seconds",
            id="a delay that runs backwards",
        ),
        pytest.param(
            _with("grace: PT30M", "settle_again: -PT5M"),
            "lakeside.yaml:50: site.relay.settle_again: "
            "input should be greater than or equal to 0 seconds",
            id="a pause that runs backwards",
        ),
        pytest.param(
            _with("accepts: [T02]", "accepts: [T99]"),
            "lakeside.yaml:29: site.powerservers.main.hl7.accepts[0]: "
            "input should be 'T02', 'T10' or 'T11'",
            id="an event that is none",
        ),
        pytest.param(
            _with("grace: PT30M", "grace: 30"),
            "lakeside.yaml:50: site.relay.grace: "
            "must be a length of time such as PT2M (two minutes) or 00:02:00",
            id="length-of-time",
        ),
        pytest.param(
            _with("  locale: pt-BR", "  locale: pt-BR\n  locale: en-US"),
            "lakeside.yaml:11: site.locale: stands twice, first on line 10: keep one",
            id="twice",
        ),
        pytest.param(
            _with("host: 127.0.0.1", "host: &h 127.0.0.1"),
            "lakeside.yaml:23: anchors (&) and aliases (*) are not read here: "
            "write the value out, or quote it",
            id="anchor",
        ),
        pytest.param(
            _with("host: 127.0.0.1", "host: !!python/name:os.system x"),
            "lakeside.yaml:23: site.powerservers.main.hl7.host: "
            "tags (!) are not read here: leave it out",
            id="tag",
        ),
        pytest.param(
            _with("slug: lakeside-norte", "slug: lakeside-centro"),
            "lakeside.yaml:64: organization: two facilities share one slug",
            id="shared-slug",
        ),
        pytest.param("", "lakeside.yaml:1: the file is empty", id="empty"),
        pytest.param(
            "- a", "lakeside.yaml:1: must be a group of indented fields", id="not-a-mapping"
        ),
        pytest.param(
            "[" * 5000, "lakeside.yaml:1: nested deeper than 40 levels", id="endless-nesting"
        ),
        pytest.param(
            "a\x00b", "lakeside.yaml:1: not YAML text: save the file as UTF-8", id="binary"
        ),
    ],
)
def test_a_wrong_file_is_refused_with_line_path_and_reason(text: str, expected: str) -> None:
    """What is wrong, where, and how to mend it."""
    assert expected in _problems(text)


def test_one_mistake_is_one_complaint() -> None:
    """A list whose every item is wrong is not said to be empty as well."""
    head, facilities = LAKESIDE.split("  facilities:\n")
    first = facilities[: facilities.index("    - slug: lakeside-norte")]
    wrong = first.replace("America/Sao_Paulo", "Sao Paulo")
    assert _problems(f"{head}  facilities:\n{wrong}") == [
        "lakeside.yaml:73: organization.facilities[0].time_zone: "
        "not an IANA time zone, such as America/Sao_Paulo"
    ]


def test_one_mistake_gives_one_problem() -> None:
    """No second message follows from the first."""
    assert len(_problems(_with("powerserver: main", "powerserver: mian"))) == 1


def test_all_mistakes_are_told_at_once() -> None:
    """One reading is enough to mend a file; problems come in the order of lines."""
    text = LAKESIDE.replace("port: 2575", "port: none").replace("locale: pt-BR", "locale: pt")
    text = text.replace("holidays: BR-AM", "holidays: Amazonas").replace("  slug: lakeside\n", "")
    problems = _problems(text)
    assert len(problems) == 4
    lines = [int(problem.split(":")[1]) for problem in problems]
    assert lines == sorted(lines)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(_with("port: 2575", f"port: {SECRET}"), id="wrong-type"),
        pytest.param(_with("locale: pt-BR", f"locale: {SECRET}"), id="wrong-pattern"),
        pytest.param(_with("method: client_secret", f"method: {SECRET}"), id="wrong-choice"),
        pytest.param(_with("scopes: []", f"client_secret: {SECRET}"), id="unknown-key"),
        pytest.param(_with("https://fhir", f"https://me:{SECRET}@fhir"), id="in-an-address"),
        pytest.param(_with("https://fhir", f"{SECRET}://fhir"), id="in-a-scheme"),
        pytest.param(_with("client_id: accord-lakeside", f"client_id: *{SECRET}"), id="alias"),
        pytest.param(_with("client_id: accord-lakeside", f"client_id: '{SECRET}"), id="open-quote"),
        pytest.param(_with("client_id: accord-lakeside", f"client_id: a: {SECRET}"), id="colon"),
        pytest.param(_with("client_id: accord-lakeside", f'client_id: "\\q{SECRET}"'), id="escape"),
        pytest.param(_with("client_id: accord-lakeside", f"client_id: !{SECRET} x"), id="tag"),
        pytest.param(_with("America/Manaus", SECRET), id="wrong-zone"),
        pytest.param(_with("powerserver: main", f"powerserver: {SECRET}"), id="wrong-name"),
    ],
)
def test_a_refusal_never_quotes_a_value(text: str) -> None:
    """Someone may have typed a secret into the wrong place."""
    for problem in _problems(text):
        assert SECRET not in problem


def test_the_fields_path_leads_to_its_known_neighbours() -> None:
    """Where nothing resembles the key, the known ones are listed."""
    text = _with("      client_id: accord-lakeside", "      xyzzy: 1\n      client_id: a")
    assert any("known here: token_url, client_id" in problem for problem in _problems(text))


def test_a_refusal_survives_pickling() -> None:
    """Prefect pickles the exceptions of failed runs."""
    with pytest.raises(WrongOrganizationFile) as refused:
        parse("", "lakeside.yaml")
    assert str(pickle.loads(pickle.dumps(refused.value))) == str(refused.value)


def test_a_file_of_ten_thousand_lines_is_read() -> None:
    """A network of two thousand facilities is still one file."""
    one = "    - slug: f{0}\n      name: F {0}\n      time_zone: America/Sao_Paulo\n"
    one += "      issuer: LAKESIDE\n      powerserver: main\n"
    file = parse(LAKESIDE + "".join(one.format(i) for i in range(2000)), "big.yaml")
    assert len(file.organization.facilities) == 2002


def test_one_wrong_row_in_ten_thousand_lines_is_named_and_no_other() -> None:
    """A large network's file: the line, the path and the reason; the rest is not in question."""
    wrong, many = 1000, 1250
    rows = [
        f"        - key: r-{n}\n"
        f"          name: CT {n}\n"
        f"          department: Imagem\n"
        f"          room: Sala {n}\n"
        f"          modalities: [CT]\n"
        f"          default_duration: '{'25:00' if n == wrong else '00:30'}'\n"
        f"          working_days:\n"
        f"            mon-fri: 08:00-18:00\n"
        for n in range(many)
    ]
    rooms = ", ".join(f"Sala {n}" for n in range(many))
    departments = f"      departments:\n        - {{name: Imagem, rooms: [{rooms}]}}\n"
    text = f"{LAKESIDE.rstrip()}\n{departments}      resources:\n{''.join(rows)}"
    line = text.splitlines().index("          default_duration: '25:00'") + 1
    assert text.count("\n") > 10_000

    with pytest.raises(WrongOrganizationFile) as caught:
        parse(text, "network.yaml")

    (problem,) = caught.value.problems
    assert problem.line == line
    assert problem.path == f"organization.facilities[1].resources[{wrong}].default_duration"
    assert problem.reason.startswith("must be HH:MM")
