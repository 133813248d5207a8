from __future__ import annotations

import math
import subprocess
import sys
import threading

import pytest
from babel import Locale
from babel.numbers import format_decimal, get_decimal_symbol, get_group_symbol, parse_decimal
from hypothesis import given
from hypothesis import strategies as st

from tco import InputError
from tco.charts import in_notation
from tco.format import figure, months, share, usd, volume
from tco.number_style import _LIKE_ENGLISH, ENGLISH, local, notation, notation_for, notation_of, numbers_in, prose
from tco.words import number, plain

NARROW = "\u202f"


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("en-US", "1,234,567.89"),
        ("de-DE", "1.234.567,89"),
        ("fr-FR", f"1{NARROW}234{NARROW}567,89"),
        ("en-IN", "12,34,567.89"),
        ("sv-SE", "1\u00a0234\u00a0567,89"),
        ("pt-BR", "1.234.567,89"),
    ],
)
def test_a_number_has_the_marks_of_its_reader(tag, text):
    with numbers_in(notation_for(tag)):
        assert f"{local(1234567.89):,.2f}" == text
        assert f"{local(-1234567.89):+,.2f}" == f"-{text}"


def test_in_switzerland_thousands_have_an_apostrophe():
    with numbers_in(notation_for("de-CH")):
        assert f"{local(1234567.8):,.1f}" in ("1’234’567.8", "1'234'567.8")


@pytest.mark.parametrize("tag", ["de", "fr-FR", "en-IN", "sv-SE", "pl-PL", "ja-JP", "hi-IN"])
@pytest.mark.parametrize("value", [0.0, 7.5, 1234.5, 123456.25, 1234567.0, 98765432109.5])
def test_it_is_what_babel_itself_writes(tag, value):
    # By the library's own formatter, which reads the same tables.
    theirs = format_decimal(value, format=None, locale=tag.replace("-", "_"), numbering_system="latn")
    with numbers_in(notation_for(tag)):
        ours = f"{local(value):,.2f}"

    decimal = notation_for(tag).decimal
    assert theirs == (ours.rstrip("0").rstrip(decimal) if decimal in ours else ours)


@pytest.mark.parametrize("tag", sorted(_LIKE_ENGLISH))
def test_those_that_are_taken_for_english_are(tag):
    locale = Locale.parse(tag, sep="-")

    assert notation_of(tag) is ENGLISH
    assert get_decimal_symbol(locale, numbering_system="latn") == "."
    assert get_group_symbol(locale, numbering_system="latn") == ","
    assert locale.decimal_formats[None].grouping == (3, 3)


@pytest.mark.parametrize(
    "tag", [None, "", "C", "POSIX", "x-y", "xx", "qq-QQ", "../../etc/passwd", "de DE", "d" * 500, "\x00", "de;DROP", "🙂", "12"]
)  # fmt: skip
def test_a_tag_that_is_none_is_no_notation_and_refused_by_name(tag):
    assert notation_of(tag) is None
    with pytest.raises(InputError, match="is not known") as caught:
        notation_for(tag or "", "--locale")
    assert ("locale_unknown", "--locale") == (caught.value.code, caught.value.path)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    "tag", ["de-DE", "DE-de", "de_DE", "de", "de-DE-1996", "de-DE-u-nu-arab-co-phonebk", "de-XX", " de-DE "]
)
def test_whatever_else_a_browser_says_of_a_language_its_marks_are_found(tag):
    found = notation_of(tag)

    assert found is not None
    assert (",", ".", (3, 3)) == (found.decimal, found.group, found.sizes)


numbers = st.floats(-1e15, 1e15, allow_nan=False).map(lambda value: round(value, 3))


@given(numbers, st.sampled_from(["de-DE", "fr-FR", "en-IN", "sv-SE", "pt-BR", "hi-IN"]))
def test_what_is_written_is_read_back_as_the_same_number(value, tag):
    with numbers_in(notation_for(tag)):
        text = f"{local(value):,.3f}"

    read = parse_decimal(text, locale=tag.replace("-", "_"), strict=False, numbering_system="latn")
    assert math.isclose(float(read), value, abs_tol=5e-4, rel_tol=1e-12)


@given(
    st.one_of(numbers, st.integers(-(10**12), 10**12)),
    st.sampled_from([",", ",.0f", ".1%", ",.4g", "+,.2f", "g", ".3g"]),
)
def test_in_english_nothing_changes(value, spec):
    if spec == "," and isinstance(value, float):
        spec = ",.1f"
    assert f"{local(value):{spec}}" == f"{value:{spec}}"


@given(st.one_of(st.none(), numbers), st.sampled_from(["$,.4g", "$,.2f", ",.0f%", "× .2g", ",.4g", ".1%"]))
def test_a_cell_is_no_power_of_ten_and_has_no_english_mark_in_german(value, spec):
    with numbers_in(notation_for("de-DE")):
        german = figure(value, spec)
    english = figure(value, spec)

    swapped = english.translate(str.maketrans(",.", ".,"))
    assert german == swapped
    assert "e+" not in english


def test_every_short_form_follows():
    with numbers_in(notation_for("de-DE")):
        assert ["$1,23M", "$1.234", "-$50,0k", "$0,0123"] == [usd(x) for x in (1_234_567.0, 1234.4, -50_000.0, 0.0123)]
        assert ["7,4 months", "12,3%", "over 1.000%", "123.000"] == [months(7.42), share(0.1234), share(99.0), volume(123_456.0)]  # fmt: skip
        assert ["20.000", "0,0521", "1,5e-07"] == [number(x) for x in (20000.0, 0.0521, 1.5e-7)]
        assert "0,25 of 1.000" == prose("0.25 of 1,000")
    assert "$1,234" == usd(1234.4)


def test_a_notation_ends_with_its_block_and_is_of_its_thread_alone():
    seen = []
    with numbers_in(notation_for("de-DE")):
        other = threading.Thread(target=lambda: seen.append(notation()))
        other.start()
        other.join()
        with pytest.raises(ValueError, match="inside"), numbers_in(notation_for("fr-FR")):
            raise ValueError("inside")
        assert "de-DE" == notation().tag

    assert [ENGLISH] == seen
    assert notation() is ENGLISH


def test_the_groups_of_a_number_stay_together_in_markdown():
    assert f"costs 1{NARROW}234 \\$" == plain(f"costs  1{NARROW}234\n$")


def test_a_chart_says_its_marks_and_in_english_nothing():
    spec = {"config": {"view": {"stroke": None}}, "mark": "bar"}
    with numbers_in(notation_for("en-IN")):
        found = in_notation(spec)["config"]

    assert in_notation(spec) is spec
    assert found["view"] == {"stroke": None}
    assert (".", ",", ["$", ""]) == tuple(
        found["locale"]["number"][name] for name in ("decimal", "thousands", "currency")
    )
    assert [3, 2, 2] == found["locale"]["number"]["grouping"][:3]


@pytest.mark.slow
def test_who_reads_english_does_not_wait_for_the_tables_of_all_languages():
    script = "import sys, tco.charts, tco.number_style as n; n.notation_for('en-US'); assert 'babel' not in sys.modules; n.notation_for('de'); assert 'babel' in sys.modules"

    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
