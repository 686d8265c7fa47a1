"""The words of a run's report, in Portuguese and English."""

from collections.abc import Iterable, Sequence

from accord.domain.reports import Attention, RelayReport
from accord.domain.totals import Bucket
from tasks.markdown import table

_BUCKETS_PT = {
    Bucket.ALREADY_THERE: "já estavam lá (entregues pelo fornecedor)",
    Bucket.VERIFIED: "verificados",
    Bucket.NOT_YET_VISIBLE: "aceitos, ainda não visíveis",
    Bucket.UNVERIFIABLE: "aceitos, sem leitura de volta neste site",
    Bucket.IN_DOUBT: "em dúvida",
    Bucket.WAITING: "aguardando",
    Bucket.HELD: "retidos",
    Bucket.PARKED: "estacionados",
    Bucket.HUMAN_TASK: "tarefa de uma pessoa",
    Bucket.DONE_BY_HAND: "feitos à mão",
    Bucket.SUPERSEDED: "substituídos",
    Bucket.REJECTED: "recusados",
    Bucket.WOULD_DO: "seriam levados",
}
_WORDS = {
    "pt-BR": {
        "title": "Formulários levados ao PowerServer",
        "bucket": "Situação",
        "count": "Quantos",
        "observed": "Observados",
        "section": "Seção",
        "rung": "Prova",
        "attention": "Esperam por uma pessoa",
        "before": "esperam por uma pessoa desde antes",
        "mode": "Modo",
        "dry": "Simulação: nada foi gravado.",
        "unsubmitted": "Ainda não enviados pelo paciente (não contam)",
        "nameless": "Entradas do OmegaAI sem identificador, que ninguém pode pedir de novo; avise "
        "o fornecedor",
        "leaned": "Apoia-se no que o OmegaAI não declara (`assume_supported`)",
        "audit": "Fim da trilha de auditoria",
        "key": "Chave",
        "reason": "Motivo",
        "facility": "Unidade",
        "todo": "O que fazer",
        "task": "Tarefa",
    },
    "en-US": {
        "title": "Forms relayed to PowerServer",
        "bucket": "Where they stand",
        "count": "How many",
        "observed": "Observed",
        "section": "Section",
        "rung": "Proof",
        "attention": "Waiting for a person",
        "before": "waiting for a person from before",
        "mode": "Mode",
        "dry": "Dry run: nothing was written.",
        "unsubmitted": "Not submitted by the patient yet (not counted)",
        "nameless": "Entries of OmegaAI without an id, which nobody can ask for again; tell the "
        "vendor",
        "leaned": "Rests on what OmegaAI does not declare (`assume_supported`)",
        "audit": "Head of the audit trail",
        "key": "Key",
        "reason": "Reason",
        "facility": "Facility",
        "todo": "What to do",
        "task": "Task",
    },
}


def bucket_text(bucket: Bucket, locale: str) -> str:
    """Name a bucket in the site's language."""
    return _BUCKETS_PT[bucket] if locale.startswith("pt") else bucket.value


def summary_line(report: RelayReport, locale: str) -> str:
    """Say in one line what a run observed, and where each item stands."""
    words = _WORDS[locale]
    parts = [
        f"{bucket_text(bucket, locale)} {count}" for bucket, count in _in_order(report) if count
    ]
    line = f"{words['observed'].lower()} {report.totals.observed}: {', '.join(parts) or '-'}"
    if report.waiting_from_before:
        line += f"; {words['before']} {report.waiting_from_before}"
    return line


def report_page(report: RelayReport, locale: str) -> str:
    """Write a run's report as Markdown."""
    words = _WORDS[locale]
    lines = [f"# {words['title']}: {report.organization}", ""]
    if report.dry_run:
        lines += [f"**{words['dry']}**", ""]
    lines += table(
        (words["bucket"], words["count"]),
        [
            *((bucket_text(bucket, locale), count) for bucket, count in _in_order(report)),
            (f"**{words['observed']}**", f"**{report.totals.observed}**"),
        ],
    )
    if report.verified:
        lines += table(
            (words["section"], words["rung"], words["count"]),
            [(line.section, line.rung, line.count) for line in report.verified],
        )
    if report.attention:
        lines += [f"## {words['attention']}", ""]
        lines += table(
            (words["reason"], words["count"], words["todo"]), _by_reason(report.attention)
        )
    lines += [f"{words['mode']}: `{report.mode}`. {words['audit']}: `{report.audit_head}`."]
    if report.nameless:
        lines += [f"{words['nameless']}: {report.nameless}."]
    if report.leaned_on:
        lines += [f"{words['leaned']}: {', '.join(f'`{each}`' for each in report.leaned_on)}."]
    if report.not_submitted:
        lines += [f"{words['unsubmitted']}: {report.not_submitted}."]
    return "\n".join(lines)


def attention_rows(items: Iterable[Attention], locale: str) -> list[dict[str, str]]:
    """Give what waits for a person as rows of a table."""
    words = _WORDS[locale]
    return [
        {
            words["key"]: item.key or "",
            words["bucket"]: bucket_text(item.bucket, locale),
            words["reason"]: item.reason,
            words["facility"]: item.facility,
            words["todo"]: item.what_to_do,
            words["task"]: item.task,
        }
        for item in items
    ]


def _in_order(report: RelayReport) -> list[tuple[Bucket, int]]:
    return [(b, report.totals.buckets[b]) for b in Bucket if report.totals.buckets.get(b)]


def _by_reason(items: Sequence[Attention]) -> list[tuple[str, int, str]]:
    reasons = dict.fromkeys((item.reason, item.what_to_do) for item in items)
    return [
        (f"`{reason}`", sum(item.reason == reason for item in items), todo)
        for reason, todo in reasons
    ]
