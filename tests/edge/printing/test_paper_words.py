"""Every kind of paper and every reason has words, in both languages, wherever people read it."""

import re
from pathlib import Path

import pytest

from edge.printing import desk, moving, owner, papers, reasons, spool, till_papers, wanted
from protocol.audit import PAPERS

WORDS = Path(__file__).parents[3] / "protocol" / "web" / "words"
MAKERS = (desk, moving, owner, papers, spool, till_papers, wanted)


def source():
    return "\n".join(Path(module.__file__).read_text("utf-8") for module in MAKERS)


def kinds():
    """What the makers of papers call them."""
    text = source()
    found = set(re.findall(r'Wanted\(\w+, "(\w+)"', text)) | set(re.findall(r'kind="(\w+)"', text))
    found |= set(re.findall(r'_of_station\(\w+, "(\w+)"', text))
    found |= set(re.findall(r'printer, "(\w+)", ""', text))
    found |= set(re.findall(r'kind = "(\w+)" if .* else "(\w+)"', text)[0])
    return found | papers.KITCHEN


def test_the_kinds_are_found():
    assert kinds() >= {"receipt", "bill", "drawer", "z_report", "test_page", "move_slip", "report"}


@pytest.mark.parametrize("language", ["en", "id"])
def test_each_kind_has_a_word_on_screens(language):
    text = (WORDS / f"{language}.ts").read_text("utf-8")
    named = re.search(r"\n  paper: \{\n(.*?)\n  \},", text, re.DOTALL)
    assert kinds() <= set(re.findall(r"^    (\w+):", named[1], re.MULTILINE))


def test_each_kind_has_a_word_in_the_trail():
    assert kinds() <= set(PAPERS)


def test_each_reason_is_a_sentence_in_both_languages():
    codes = set(re.findall(r'Aside\([^)]*?"(\w+)"\)', source()))
    assert codes >= {"too_old", "order_over", "printer_gone", "in_doubt", "may_be_open"}
    for code in codes | {"too_many"}:
        said = reasons.why(code)
        assert code not in said, "it has words"
        assert said[0] != said[1]
