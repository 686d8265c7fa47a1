from typing import NewType

OrganizationSlug = NewType("OrganizationSlug", str)
"""Our own short name of an organization: lower case, digits, dashes. Never patient data."""

EffectKey = NewType("EffectKey", str)
"""An effect's name: 20 characters of base32, an HMAC with the site's key (`accord.domain.keys`)."""

Issuer = NewType("Issuer", str)
"""Issuer of Patient ID: HL7 CX-4, DICOM (0010,0021), FHIR Identifier by the issuer map."""

PatientNumber = NewType("PatientNumber", str)
"""The patient's number within one issuer: PID-3.1, (0010,0020). Patient data."""

AccessionNumber = NewType("AccessionNumber", str)
"""(0008,0050): at most 16 characters (SH). Patient data."""

Uid = NewType("Uid", str)
"""A DICOM UID."""

Digest = NewType("Digest", str)
"""SHA-256 of a document's bytes, in lower-case hex."""
