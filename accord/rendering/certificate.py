"""A parity certificate as PDF/A, for people; what counts is the signed JSON beside it."""

import json
from pathlib import Path
from typing import Any

from accord.domain.certificates import Certificate, SignedCertificate
from accord.rendering.glyphs import FAMILIES, drawable
from accord.rendering.typesetting import Typesetter

TEMPLATE = (Path(__file__).parent / "certificate.typ").read_bytes()
_GROUP = 8  # hexadecimal digits in a row

_WORDS = {
    "pt-BR": {
        "title": "Certificado de paridade",
        "statement": "PowerServer e OmegaAI mostraram os mesmos recursos de {name}, exceto o que "
        "está listado abaixo, em {at}.",
        "footer": "{tool}. Vale o arquivo .json assinado; este PDF é para leitura.",
        "collections": "O que foi comparado",
        "accepted": "Diferenças aceitas",
        "attested": "Atestado por pessoas, não visto por sistema",
        "approved": "Planos aprovados (quem aprovou é declarado)",
        "none": "Nenhum.",
        "collection": "Coleção", "side": "Lado", "count": "Quantos", "digest": "SHA-256",
        "facility": "Unidade", "resource": "Recurso", "finding": "Diferença", "reason": "Motivo",
        "until": "Até", "kind": "O quê", "who": "Quem", "at": "Quando", "plan": "Plano",
        "seal": "Assinatura Ed25519",
        "verify": "Confira com: accord verify-certificate ARQUIVO.json --key CHAVE. A chave "
        "pública do local é:",
    },
    "en-US": {
        "title": "Parity certificate",
        "statement": "PowerServer and OmegaAI showed the same resources of {name}, but for what is "
        "listed below, at {at}.",
        "footer": "{tool}. What counts is the signed .json file; this PDF is for reading.",
        "collections": "What was compared",
        "accepted": "Accepted differences",
        "attested": "Attested by people, seen by no system",
        "approved": "Approved plans (who approved is declared)",
        "none": "None.",
        "collection": "Collection", "side": "Side", "count": "How many", "digest": "SHA-256",
        "facility": "Facility", "resource": "Resource", "finding": "Difference",
        "reason": "Reason", "until": "Until", "kind": "What", "who": "Who", "at": "When",
        "plan": "Plan",
        "seal": "Ed25519 signature",
        "verify": "Check it with: accord verify-certificate FILE.json --key KEY. The site's public "
        "key is:",
    },
}  # fmt: skip


def certificate_pdf(signed: SignedCertificate, locale: str) -> bytes:
    """Set a signed certificate on paper; raises Unset or Undrawable where it cannot be."""
    certificate, words = signed.certificate, _WORDS[locale]
    language, region = locale.split("-")
    at = f"{certificate.issued_at:%Y-%m-%d %H:%M} UTC"
    payload = {
        "title": f"{words['title']} · {certificate.name}",
        "statement": words["statement"].format(name=certificate.name, at=at),
        "footer": words["footer"].format(tool=certificate.tool),
        "language": language,
        "region": region,
        "fonts": list(FAMILIES),
        "sections": [_drawn(section) for section in _sections(certificate, words)],
        "seal": {
            "title": words["seal"],
            "text": words["verify"],
            "key": _grouped(signed.public_key),
            "signature": _grouped(signed.signature),
        },
    }
    inputs = {"certificate": json.dumps(payload)}
    return Typesetter().set(TEMPLATE, inputs, certificate.issued_at)


def _sections(certificate: Certificate, words: dict[str, str]) -> list[dict[str, Any]]:
    def section(
        title: str, columns: str, widths: tuple[int, ...], rows: list[list[str]]
    ) -> dict[str, Any]:
        head = [words[name] for name in columns.split()]
        return {
            "title": words[title], "head": head, "widths": list(widths), "rows": rows,
            "none": words["none"],
        }  # fmt: skip

    return [
        section(
            "collections", "collection side count digest", (2, 2, 1, 6),
            [[c.name, c.side, str(c.count), _grouped(c.digest)] for c in certificate.collections],
        ),
        section(
            "accepted", "facility resource finding reason until", (2, 2, 2, 3, 1),
            [
                [a.facility, a.resource, a.finding, a.reason, a.until.isoformat()]
                for a in certificate.accepted
            ],
        ),
        section(
            "attested", "kind who at", (3, 3, 2),
            [[w.kind, w.who, f"{w.at:%Y-%m-%d %H:%M}"] for w in certificate.attested],
        ),
        section(
            "approved", "plan who at digest", (3, 3, 2, 6),
            [
                [p.plan, p.who, f"{p.at:%Y-%m-%d %H:%M}", _grouped(p.digest)]
                for p in certificate.approved
            ],
        ),
    ]  # fmt: skip


def _drawn(section: dict[str, Any]) -> dict[str, Any]:
    return {**section, "rows": [[drawable(cell) for cell in row] for row in section["rows"]]}


def _grouped(digits: str) -> str:
    return " ".join(digits[n : n + _GROUP] for n in range(0, len(digits), _GROUP))
