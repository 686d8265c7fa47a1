"""How the bootstrap is given its secrets."""

import base64
from pathlib import Path

import pytest

from deployments.secrets_given import MissingSecret, Secrets, new_site_key, read_secrets_file


def test_an_organizations_own_secret_goes_before_the_common_one() -> None:
    """Dashes of the slug are underscores in names of variables."""
    given = {"ACCORD_SITE_KEY": "common", "ACCORD_LAKE_SIDE_SITE_KEY": "own"}
    assert Secrets("lake-side", given).get("SITE_KEY") == "own"
    assert Secrets("other", given).get("SITE_KEY") == "common"


def test_a_missing_secret_names_the_variables_that_would_give_it() -> None:
    """With the reason why it is needed."""
    with pytest.raises(MissingSecret, match=r"the reason: set ACCORD_LAKESIDE_X or ACCORD_X"):
        Secrets("lakeside", {}).require("X", "the reason")


def test_a_secrets_file_holds_lines_and_names_files(tmp_path: Path) -> None:
    """A PEM key has many lines: @ names its file, beside the secrets file."""
    (tmp_path / "key.pem").write_text("-----BEGIN\nKEY\n")
    path = tmp_path / "secrets"
    path.write_text("# ours\n\nACCORD_A = one=two \nACCORD_B=@key.pem\n")
    assert read_secrets_file(path) == {"ACCORD_A": "one=two", "ACCORD_B": "-----BEGIN\nKEY\n"}


def test_a_wrong_line_is_named_by_number_and_never_quoted(tmp_path: Path) -> None:
    """It may hold half a secret."""
    path = tmp_path / "secrets"
    path.write_text("ACCORD_A=x\nhunter2\n")
    with pytest.raises(MissingSecret, match="line 2") as refused:
        read_secrets_file(path)
    assert "hunter2" not in str(refused.value)


def test_site_keys_are_random_and_long_enough() -> None:
    """32 bytes, never the same twice."""
    keys = {new_site_key() for _ in range(10)}
    assert len(keys) == 10
    assert all(len(base64.b64decode(key)) == 32 for key in keys)
