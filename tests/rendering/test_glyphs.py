"""What the pinned fonts cannot draw is known before anything is printed."""

import pytest
from fontTools.ttLib import TTFont

from accord.rendering.glyphs import FONTS, Undrawable, _coverage, drawable, lacks_glyphs
from accord.rendering.renderer import FormRenderer
from tests.rendering.forms import a_form, one_answer


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        pytest.param("", "", id="nothing"),
        pytest.param("José Nuñez Gonçalves d'Ávila-Öztürk", "", id="western names"),
        pytest.param("Łukasz Żółć Ştefan Nguyễn Thị Ðặng", "", id="wider Latin"),
        pytest.param("Владимир Ελένη", "", id="Cyrillic and Greek"),
        pytest.param("Jose\u0301 n\u0303", "", id="combining sequences"),
        pytest.param("q\u0301", "", id="combining without a composed form"),
        pytest.param("± ≥ ≤ ≠ → µ ½ ° € ™ ✓ ☐ “ ” … —", "", id="signs"),
        pytest.param("a\tb\r\nc", "", id="layout"),
        pytest.param("a\u200db\u00ad\ufeff\u202e", "", id="invisible format"),
        pytest.param("ok 😀 👍🏽 ❤️ 🇧🇷", "", id="emoji are spelled"),
        pytest.param("山田 太郎", "山田太郎", id="Japanese"),
        pytest.param("محمد", "محمد", id="Arabic"),
        pytest.param("דוד", "דוד", id="Hebrew"),
        pytest.param("D\x92Avila", "\x92", id="a quote damaged by a wrong character set"),
        pytest.param("a\0b", "\0", id="control"),
        pytest.param("Jos\ufffd", "\ufffd", id="a character already lost"),
        pytest.param("\ue000", "\ue000", id="private use"),
        pytest.param("\ud800", "\ud800", id="half a character"),
        pytest.param("\U000e0fff", "\U000e0fff", id="unassigned"),
    ],
)
def test_characters_without_a_glyph_are_named(text: str, missing: str) -> None:
    assert lacks_glyphs(text) == frozenset(missing)
    if missing:
        with pytest.raises(Undrawable):
            drawable(text)
    else:
        drawable(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("triste 😢!", "triste [crying face]!", id="emoji"),
        pytest.param("bom 👍🏽", "bom 👍", id="skin tone"),
        pytest.param("e\u0301", "é", id="composed"),
        pytest.param("a\r\nb\rc", "a\nb\nc", id="line ends"),
        pytest.param("a\u202eb", "ab", id="direction override"),
    ],
)
def test_what_can_be_read_stays(text: str, shown: str) -> None:
    assert drawable(text) == shown


def test_only_long_runs_are_softened() -> None:
    assert drawable("otorrinolaringologista e mais") == "otorrinolaringologista e mais"
    soft = drawable("x" * 40)
    assert soft.replace("\u200b", "") == "x" * 40
    assert soft.count("\u200b") == 39


def test_a_run_is_not_broken_before_a_combining_mark() -> None:
    assert "\u200b\u0301" not in drawable("q\u0301" * 30)


def test_everything_said_to_be_drawn_is_drawn() -> None:
    """The typesetter refuses a missing glyph, so a print of every character is the proof."""
    chars = sorted(char for char in _coverage() if char.isprintable())
    text = " ".join(chars)

    assert len(chars) > 5000
    assert lacks_glyphs(text) == frozenset()
    assert FormRenderer("pt-BR").render(a_form(one_answer(text))).pages > 3


def test_the_fonts_carry_their_licence() -> None:
    licence = (FONTS / "OFL.txt").read_text()
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
    for path in FONTS.glob("*.ttf"):
        assert path.stat().st_size < 700_000
        with TTFont(path, lazy=True) as font:
            assert "Open Font License" in font["name"].getDebugName(13)
