"""Every sentence that a reader of menus can say has an Indonesian one."""

import ast
from pathlib import Path

import pytest

from protocol import menu
from protocol.importing import own_csv, platforms, reading, sheet, square
from protocol.importing.indonesian import finding_in_indonesian, sentence_in_indonesian
from protocol.importing.reading import Finding

SAYING = {"Finding": 1, "RowFault": 1, "_fault": 1, "_note": 1, "ValueError": 0}
"""What is called with a sentence, and which argument it is."""
VARIABLES = {"said", "reason"}


def text_of(node):
    """A sentence with something in the place of what varies; None for what is no text."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(text_of(part) or "" for part in parts)
        case ast.FormattedValue(conversion=conversion):
            return "'7'" if conversion == ord("r") else "7"
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return f"{text_of(left)}{text_of(right)}"
    return None


def sentences_of(module):
    """Every text in a module that is said of a file."""
    tree = ast.parse(Path(module.__file__).read_text())
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args):
                at = SAYING.get(name)
                if at is not None and len(args) > at and (text := text_of(args[at])):
                    yield text
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in VARIABLES:
                if text := text_of(value):
                    yield text


def faults_of_menus():
    """The same where a menu itself is judged: what is yielded, or added to the faults."""
    for module in (menu, reading):
        for node in ast.walk(ast.parse(Path(module.__file__).read_text())):
            match node:
                case ast.Yield(value=value) if text := text_of(value):
                    yield text
                case ast.Call(
                    func=ast.Attribute(attr="append", value=ast.Name(id="faults")), args=[value]
                ) if text := text_of(value):
                    yield text


MODULES = (own_csv, sheet, square, platforms, reading)
SENTENCES = sorted({*(s for m in MODULES for s in sentences_of(m)), *faults_of_menus()})


def test_enough_sentences_were_found_to_judge_by():
    assert len(SENTENCES) > 55


# What is put together of parts of sentences, with one that fits in the place of each part.
WHOLE = {
    "price 7": "price '7' is more than this product counts",
    "7 7": "course '7' is not a whole number from 1 to 9",
    "'7' has 7 decimals; 7 is kept in 7": "'7' has 7 decimals; 7 is kept in whole amounts",
    "is not CSV (7); check its quotes7": "is not CSV (7); check its quotes",
}
HINT = "unknown column '7'; 7Known are"


@pytest.mark.parametrize("english", SENTENCES)
def test_every_sentence_of_a_reader_is_said_in_indonesian(english):
    ways = [WHOLE.get(english, english)]
    if english.startswith(HINT):
        rest = english.removeprefix(HINT)
        ways = [f"unknown column '7'; {hint}Known are{rest}" for hint in ("", "did you mean 'a'? ")]
    for way in ways:
        said = sentence_in_indonesian(way)
        assert said, way
        assert said != way


def test_what_varies_is_kept_and_the_most_particular_sentence_is_taken():
    finding = Finding("row 5", "price '9.000' has 3 decimals; IDR is kept in whole amounts")
    assert finding_in_indonesian(finding) == (
        "baris 5: harga '9.000' punya 3 desimal; IDR dicatat tanpa desimal"
    )
    twice = Finding("the menu", "PLU '101' is there twice (Kopi: panas)")
    assert finding_in_indonesian(twice) == "menu: PLU '101' ada dua kali (Kopi: panas)"
    assert finding_in_indonesian(Finding("Kopi", "has no price")) == "Kopi: belum ada harga"
    assert (
        finding_in_indonesian(Finding("row 1", "of a newer reader")) == "baris 1: of a newer reader"
    )
