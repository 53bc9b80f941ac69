"""Refusals: every code that is used is registered and says all it should; none is left over."""

import ast
import string
from pathlib import Path

import pytest

from protocol.orders import LineStatus, OrderStatus
from protocol.refusals import REFUSALS, STATUS_ID, Refusal, sentence

ROOT = Path(__file__).parent.parent.parent


def fields_of(code):
    """The params that the sentences of a code speak of, in any language."""
    text = REFUSALS[code]
    said = (text.en, text.todo_en, text.id, text.todo_id)
    return {name for s in said for _, name, _, _ in string.Formatter().parse(s) if name}


def refusals_in(source):
    """(code, params given) of every refusal that a file makes."""
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id not in ("refuse", "Refusal") or not node.args:
            continue
        code, *given = node.args
        if not isinstance(code, ast.Constant):
            continue
        params = {k.arg for k in node.keywords}
        for keys in (d.keys for d in given if isinstance(d, ast.Dict)):
            params |= {k.value for k in keys}
        yield code.value, params


MADE = [
    (f"{path.relative_to(ROOT)}: {code}", code, params)
    for package in ("protocol", "edge", "cloud")
    for path in sorted((ROOT / package).rglob("*.py"))
    for code, params in refusals_in(path)
]


@pytest.mark.parametrize(("code", "params"), [m[1:] for m in MADE], ids=[m[0] for m in MADE])
def test_each_refusal_is_registered_and_its_sentences_are_filled(code, params):
    assert code in REFUSALS
    assert fields_of(code) <= params, "the sentence speaks of what the refusal does not give"
    refusal = Refusal(code, {name: f"<{name}>" for name in params})
    for language in ("en", "id"):
        for said in sentence(refusal, language):
            assert said.endswith((".", "?"))
            assert "{" not in said
            assert not any(f"({name})" in said for name in fields_of(code))


def test_no_registered_refusal_is_left_over():
    assert set(REFUSALS) == {code for _, code, _ in MADE}


@pytest.mark.parametrize("code", REFUSALS)
def test_both_languages_tell_the_same(code):
    text = REFUSALS[code]
    assert 400 <= text.status < 600
    assert text.en != text.id
    formatter = string.Formatter()
    english, indonesian = (
        {name for s in said for _, name, _, _ in formatter.parse(s) if name}
        for said in ((text.en, text.todo_en), (text.id, text.todo_id))
    )
    assert english == indonesian


def test_a_person_reads_the_sentence_in_their_language():
    refusal = Refusal("item_unavailable", {"item": "Latte"})
    assert sentence(refusal)[0] == "Latte is sold out."
    assert sentence(refusal, "id")[0] == "Latte habis."
    assert sentence(refusal, "fr") == sentence(refusal)


# A line that waits can be voided, so no sentence speaks of that status.
@pytest.mark.parametrize("status", sorted({*OrderStatus, *LineStatus} - {LineStatus.WAITING}))
def test_an_indonesian_sentence_names_the_status_in_indonesian(status):
    refusal = Refusal("not_possible_now", {"number": "A042", "status": status, "wanted": "held"})
    what, _ = sentence(refusal, "id")
    assert what == f"Pesanan A042 berstatus {STATUS_ID[status]}; tidak bisa menjadi ditahan."
    assert sentence(refusal)[0] == f"Order A042 is {status.value}; it cannot become held."


def test_a_param_that_is_missing_does_not_hide_the_rest():
    assert sentence(Refusal("item_unavailable"))[0] == "(item) is sold out."
