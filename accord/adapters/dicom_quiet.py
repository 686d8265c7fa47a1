"""The DICOM libraries must not say aloud what they carry."""

import logging

import pydicom.config
from pynetdicom import _config


def quiet() -> None:
    """
    Keep pynetdicom and pydicom from writing identifiers and values anywhere.

    pynetdicom logs query keys and rows at INFO and quotes undecodable data in tracebacks;
    pydicom puts the offending value into its warnings. What a peer sends, and what we write
    (`accord.adapters.dicom_limits`), is judged by us, by field; so the libraries' own judgement
    is switched off, not hidden.

    Source: pynetdicom 3.0 `_config`; pydicom 3.0 `config.settings`
    """
    _config.LOG_HANDLER_LEVEL = "none"
    _config.LOG_REQUEST_IDENTIFIERS = False
    _config.LOG_RESPONSE_IDENTIFIERS = False
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    pydicom.config.settings.writing_validation_mode = pydicom.config.IGNORE
    for name in ("pynetdicom", "pydicom"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
