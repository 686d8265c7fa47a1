from pathlib import Path

import pytest

from tests.powerloss.disk import build_shim


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled model."""
    return build_shim(tmp_path_factory.mktemp("shim"))
