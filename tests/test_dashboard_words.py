"""HQ's screens have a word for everything that records can say, in both languages: no codes are shown."""

import inspect
import re
import typing
from pathlib import Path

import pytest

from protocol import commands, events
from protocol.audit import AuditKind
from protocol.certificates import Counts
from protocol.conflicts import KINDS
from protocol.importing.changes import Change
from protocol.refusals import REFUSALS
from protocol.rules.overtaking import why_not
from protocol.rules.wording import COMMANDS, thing_params
from protocol.tills import DayFigures

DASHBOARD = Path(__file__).parents[1] / "cloud" / "web" / "dashboard"
TAGS = sorted(kind.__struct_config__.tag for kind in typing.get_args(events.Event))


def words_of(place, group, language):
    """The names of the words of a group, as the file of a language writes them."""
    text = (DASHBOARD / place / f"{language}.ts").read_text()
    groups = re.findall(rf"^( +){group}: \{{\n(.*?)^\1\}}", text, re.MULTILINE | re.DOTALL)
    return {
        name for _, body in groups for name in re.findall(r'^ +"?([\w.]+)"?: ', body, re.MULTILINE)
    }


@pytest.mark.parametrize("language", ["id", "en"])
def test_a_record_is_never_shown_by_its_code(language):
    assert set(TAGS) <= words_of("words", "events", language)
    assert set(KINDS) <= words_of("words", "kinds", language)
    assert set(AuditKind) <= words_of("audit/words", "kinds", language)
    counted = {*Counts.__struct_fields__, *DayFigures.__struct_fields__}
    assert counted <= words_of("words", "parts", language)


@pytest.mark.parametrize("language", ["id", "en"])
def test_both_sides_of_a_card_are_called_something(language):
    rules = (DASHBOARD.parents[2] / "protocol" / "rules").glob("*.py")
    sides = {who for path in rules for who in re.findall(r'who="(\w+)"', path.read_text())}
    assert len(sides) > 4
    assert sides <= words_of("words", "sides", language)


@pytest.mark.parametrize("language", ["id", "en"])
def test_what_changed_of_a_dish_has_a_word(language):
    source = Path(inspect.getfile(Change)).read_text()
    listed = source.split("fields = (")[1].split(")\n    moved")[0]
    fields = {name.split("_")[0] for name in re.findall(r'"(\w+)"', listed)} | {"modifier"}
    assert len(fields) > 8
    assert fields <= words_of("menu/words", "fields", language)


@pytest.mark.parametrize("tag", TAGS)
def test_a_card_says_what_a_record_is_about(tag):
    phrases = thing_params(tag)
    assert "." not in phrases["thing_en"]
    assert phrases["thing_en"] != tag


def test_a_card_says_what_was_wanted():
    wanted = {kind.__struct_config__.tag for kind in typing.get_args(commands.Command)}
    assert wanted <= COMMANDS.keys()


@pytest.mark.parametrize("code", sorted(REFUSALS))
def test_a_card_says_why_something_could_not_be_done_in_words(code):
    english, indonesian = why_not(code, "A012")
    assert english != indonesian
    assert not re.search(r"[{}_]", english + indonesian), code


def test_a_refusal_of_a_newer_box_is_said_without_its_code():
    assert why_not("of_tomorrow", "A012") == (
        "It could not be done any more.",
        "Sudah tidak bisa dilakukan.",
    )
