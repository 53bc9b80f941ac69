"""The document model: wrapping by words, and values that survive JSON."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.printing.paper import (
    Columns,
    Cut,
    Feed,
    Kick,
    Paper,
    QrCode,
    Rule,
    Text,
    columns_of,
    wrap,
)

WORDS = st.text(st.sampled_from("abc é×宫保 ไ\u0301\n"), max_size=60)


@pytest.mark.parametrize(
    ("text", "columns", "rows"),
    [
        ("", 10, [""]),
        ("Es teh", 10, ["Es teh"]),
        ("Sate Ayam Madura", 10, ["Sate Ayam", "Madura"]),
        ("Mie  goreng", 20, ["Mie goreng"]),
        ("Gulaiikankakap asam", 8, ["Gulaiika", "nkakap", "asam"]),
        ("satu\ndua", 20, ["satu", "dua"]),
        ("宫保鸡丁", 6, ["宫保鸡", "丁"]),
    ],
)
def test_text_wraps_between_words(text, columns, rows):
    assert wrap(text, columns) == rows


def test_rows_after_the_first_may_be_shorter():
    assert wrap("satu dua tiga empat", 9, 5) == ["satu dua", "tiga", "empat"]


def test_wide_characters_take_two_columns_and_marks_none():
    assert columns_of("宫保") == 4
    assert columns_of("e\u0301") == 1


@given(WORDS, st.integers(2, 30))
def test_wrapping_fits_and_loses_nothing_but_spaces(text, columns):
    rows = wrap(text, columns)
    assert rows
    assert all(columns_of(row) <= columns for row in rows)
    assert "".join("".join(rows).split()) == "".join(text.split())


@given(WORDS, st.integers(2, 30))
def test_a_word_is_broken_only_when_it_is_longer_than_a_row(text, columns):
    pieces = [word for row in wrap(text, columns) for word in row.split()]
    for word in text.split():
        # Scripts written without spaces break inside words: wide ones, and Thai to Khmer.
        spaced = all(columns_of(c) < 2 and not "\u0e00" <= c <= "\u17ff" for c in word)
        spaced = spaced and "\u200b" not in word
        if spaced and columns_of(word) <= columns:
            assert word in pieces


def test_every_row_survives_json():
    rows = (
        Text("Nasi", size=4, bold=True, align="center", inverse=True, tall=True, indent=1, hang=2),
        Columns("Nasi", "38.000", bold=True, size=2, tall=True, indent=1, hang=4),
        *(Rule(double=True), Feed(3), QrCode("x"), Kick(), Cut()),
    )
    paper = Paper("receipt", "A042", rows, duplicate_of=2)
    assert msgspec.json.decode(msgspec.json.encode(paper), type=Paper) == paper


@pytest.mark.parametrize(
    ("text", "limit", "rows"),
    [
        ("东非大裂谷干型桃红 750ml", 10, ["东非大裂谷", "干型桃红", "750ml"]),
        ("2 × 宫保鸡丁", 9, ["2 × 宫保", "鸡丁"]),
        ("辣，很辣。（不要花生）", 8, ["辣，很", "辣。（不", "要花生）"]),
        ("ABC中文", 6, ["ABC中", "文"]),
    ],
)
def test_scripts_without_spaces_break_between_characters(text, limit, rows):
    assert wrap(text, limit) == rows
