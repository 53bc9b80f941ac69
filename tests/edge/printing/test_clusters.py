"""Names in scripts without spaces wrap at a sensible place, and never inside a letter and its marks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.printing import raster
from edge.printing.clusters import clusters, columns_of, pieces
from edge.printing.paper import Cut, Paper, Text, wrap
from edge.printing.profiles import PROFILES


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("น้ำปลา", ["น้ำ", "ป", "ลา"]),  # a mark, a vowel that is a letter, a vowel after its letter
        ("เกี๊ยว", ["เกี๊", "ย", "ว"]),  # a vowel before its letter, two marks above it
        ("ກາເຟ", ["ກາ", "ເຟ"]),
        ("ខ្មែរ", ["ខ្មែ", "រ"]),  # a consonant beneath a consonant
        ("မြန်မာ", ["မြန်", "မာ"]),  # the letter that ends the syllable stays with it
        ("क्षत्रिय", ["क्ष", "त्रि", "य"]),
        ("e\u0301a", ["e\u0301", "a"]),
        ("👩🏽‍🍳🍲", ["👩🏽‍🍳", "🍲"]),
        ("🇮🇩🇸🇬", ["🇮🇩", "🇸🇬"]),
        ("Sate", ["S", "a", "t", "e"]),
    ],
)
def test_what_people_see_as_one_is_one(text, whole):
    assert clusters(text) == whole


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("ข้าวผัดแกงเขียวหวาน", ["ข้าวผัด", "แกง", "เขียวหวาน"]),
        ("น้ำแข็งใส", ["น้ำ", "แข็ง", "ใส"]),
        ("เบอร์เกอร์", ["เบอร์", "เกอร์"]),
        ("ທ່າແລ້ງ", ["ທ່າ", "ແລ້ງ"]),
        ("ผัดไทยSpecial", ["ผัด", "ไทย", "Special"]),
        ("200กรัม", ["200กรัม"]),  # a number stays with its unit
        ("បាយ\u200bឆា", ["បាយ\u200b", "ឆា"]),  # where the writer says so
        ("ពិសេស", ["ពិ", "សេស"]),  # the last letter ends its syllable
        ("မုန့်ဟင်းခါး", ["မုန့်", "ဟင်း", "ခါး"]),
        ("Rendang", ["Rendang"]),
    ],
)
def test_a_word_may_end_where_a_syllable_surely_begins(word, parts):
    assert list(pieces(word)) == parts


@pytest.mark.parametrize(
    ("text", "columns", "rows"),
    [
        ("2 × ข้าวผัดแกงเขียวหวาน", 14, ["2 × ข้าวผัดแกง", "เขียวหวาน"]),
        ("ก๋วยเตี๋ยวเรือน้ำตก", 9, ["ก๋วยเตี๋ยว", "เรือน้ำตก"]),
        ("1 × ក្តាមឆា", 9, ["1 × ក្តាម", "ឆា"]),
        ("กกกกกกกกน้ำ", 9, ["กกกกกกกก", "น้ำ"]),  # not between น and its vowel
        ("2 × อร่อยมาก ๆ", 11, ["2 ×", "อร่อยมาก ๆ"]),  # the sign for repeating is not left alone
    ],
)
def test_thai_names_wrap_by_syllables(text, columns, rows):
    assert wrap(text, columns) == rows


ALPHABETS = {
    "thai": "กขคงนมยรลวสหอะาำเแโใไิีึืุู่้๊๋็์ๆ ",
    "lao": "ກຂຄງນມຍລວສຫອະາຳເແໂໃໄິີຶືຸູ່້ໆ ",
    "khmer": "កខគងនមយរលវសហអាិីឹុូួើៀេែៃោៅំះ្ ",
    "burmese": "ကခဂငနမယရလဝသဟအာိီုူေဲံ့း်္ျြွှ ",
    "hindi": "कखगनमयरलवसहअािीुूेैोौं़् ",
    "emoji": "🍲👩🏽\u200d🍳❤\ufe0f🇮🇩🇸🇬 ",
}


@pytest.mark.parametrize("script", ALPHABETS)
@given(data=st.data())
def test_no_row_ends_inside_a_cluster_and_no_letter_is_lost(script, data):
    text = data.draw(st.text(ALPHABETS[script], max_size=60))
    columns = data.draw(st.integers(2, 20))
    rows = wrap(text, columns)
    assert "".join("".join(rows).split()) == "".join(text.split())
    allowed = {len("".join(word.split())) for word in _beginnings(text)}
    at = 0
    for row in rows:
        at += len("".join(row.split()))
        assert at in allowed, "it ends where a cluster ends"
        assert columns_of(row) <= columns or len(clusters(row)) == 1


def _beginnings(text):
    """The text up to each end of a cluster, as far as its words go by themselves."""
    done = ""
    yield done
    for word in text.split():
        for cluster in clusters(word):
            done += cluster
            yield done


@pytest.mark.parametrize("profile", ["80mm", "58mm"])
@pytest.mark.parametrize("size", [1, 2])
def test_what_is_drawn_keeps_to_the_same_places(printed, profile, size):
    """On the narrowest paper too: rows as wide as the paper at most, cut between clusters."""
    name = "2 × ข้าวผัดแกงเขียวหวานไก่ใส่น้ำแข็งและเกี๊ยวกรอบพิเศษ"
    dots = PROFILES[profile].text_dots
    rows = wrap(name, dots, width_of=lambda text: raster.measure(text, size, True))
    assert all(raster.measure(row, size, True) <= dots for row in rows)
    assert all(row in name for row in rows)
    ends, at = {len(x) for x in _beginnings(name)}, 0
    for row in rows:
        at += len("".join(row.split()))
        assert at in ends
    sheet = printed(
        Paper("kitchen_ticket", "x", (Text(name, size=size, bold=True), Cut())), PROFILES[profile]
    )
    assert "[picture" in sheet.text
