"""Documents stay true: names in them exist, everything public is described, both commands are shown."""

import ast
import inspect
import re
from pathlib import Path

import click
import msgspec
import pytest

from protocol import commands, events
from protocol.refusals import REFUSALS
from protocol.rules import RULES

ROOT = Path(__file__).parent.parent
DOCUMENTS = ["ARCHITECTURE.md", "README.md", "CONTRIBUTING.md", *(
    f"{room}/DESIGN.md" for room in ("protocol", "edge", "cloud", "edge/printing")
)]  # fmt: skip
HEADINGS = [
    "Taken",
    "Decided",
    "Committed",
    "Shown",
    "Printed",
    "Replicated",
    "Resolved",
    "Seen at HQ",
]


def names_of(path: Path) -> set[str]:
    """Everything a Python file defines: classes, functions, methods and module constants."""
    tree = ast.parse(path.read_text())
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {t.id for t in targets if isinstance(t, ast.Name)}
            found |= {t.attr for t in targets if isinstance(t, ast.Attribute)}
    return found


def broken_names(document: Path, root: Path) -> list[str]:
    """Paths and code names in back-quotes that are nowhere in the checkout."""
    text = document.read_text()
    quoted = re.findall(r"`([^`\n]+)`", text)
    sources = [p for room in ("protocol", "edge", "cloud") for p in (root / room).rglob("*.py")]
    known = set().union(*(names_of(p) for p in sources)) | {p.stem for p in sources}
    bad = []
    for name in quoted:
        plain = name.rstrip("/")
        if re.fullmatch(r"[\w./-]+\.(py|md|ts|css|json)|[\w./-]+/", name):
            here = (root / plain, document.parent / plain)
            if not any(p.exists() for p in here):
                bad.append(name)
        elif re.fullmatch(r"[A-Z]\w+(\.\w+)?|_?[a-z]\w*_\w+", name):
            parts = name.split(".")
            if not all(part in known or part in WORDS for part in parts):
                bad.append(name)
    return bad


WORDS = {"order_id", "line_id", "command_id", "event_id", "print_jobs", "outbox"}
"""Names of fields and tables, which no definition carries."""


@pytest.mark.parametrize("document", ["ARCHITECTURE.md", "edge/DESIGN.md", "protocol/DESIGN.md"])
def test_every_name_in_a_document_exists(document):
    assert broken_names(ROOT / document, ROOT) == []


def test_a_name_that_is_nowhere_is_found(tmp_path):
    document = tmp_path / "page.md"
    document.write_text("See `Nowhere.found`, `edge/nowhere.py` and `no_such_name`.")
    assert broken_names(document, ROOT) == ["Nowhere.found", "edge/nowhere.py", "no_such_name"]


def test_architecture_and_first_test_have_the_same_eight_headings():
    text = (ROOT / "ARCHITECTURE.md").read_text()
    assert re.findall(r"^## \d\. (.+)$", text, re.MULTILINE) == HEADINGS
    journey = (ROOT / "tests/journey/test_life_of_an_order.py").read_text().lower()
    places = [journey.find(heading.lower()) for heading in HEADINGS]
    assert -1 not in places, dict(zip(HEADINGS, places, strict=True))


@pytest.mark.parametrize("document", [d for d in DOCUMENTS if (ROOT / d).exists()])
def test_links_between_documents_lead_somewhere(document):
    path = ROOT / document
    for link in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
        if "://" not in link:
            assert (path.parent / link).exists(), f"{document} links to {link}"


def test_the_readme_shows_the_two_commands_that_the_makefile_has():
    readme, makefile = (ROOT / "README.md").read_text(), (ROOT / "Makefile").read_text()
    for target in ("demo", "test"):
        assert f"`make {target}`" in readme
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def structs_of(module) -> list[type]:
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, msgspec.Struct)
        and value.__module__ == module.__name__
    ]


@pytest.mark.parametrize("struct", [*structs_of(commands), *structs_of(events)])
def test_every_command_and_event_says_what_it_means(struct):
    assert struct.__doc__, struct
    assert len(struct.__doc__) > 15, struct


def test_every_command_has_exactly_one_rule():
    assert set(RULES) == set(commands.Command.__args__)


@pytest.mark.parametrize("code", REFUSALS)
def test_every_refusal_speaks_two_languages_and_says_what_to_do(code):
    text = REFUSALS[code]
    assert 400 <= text.status < 600
    for sentence in (text.en, text.todo_en, text.id, text.todo_id):
        assert sentence.endswith("."), sentence
    assert re.findall(r"{(\w+)}", text.en) == re.findall(r"{(\w+)}", text.id)


def test_every_setting_of_the_box_can_be_understood():
    from edge.config import Config

    source = inspect.getsource(Config)
    for field in msgspec.structs.fields(Config):
        assert re.search(rf"\b{field.name}\b", source)
    assert Config.__doc__


def cli_commands() -> list[tuple[str, click.Command]]:
    from cloud.cli import main as cloud_main
    from edge.cli import main as edge_main

    found: list[tuple[str, click.Command]] = []

    def walk(name: str, command: click.Command) -> None:
        found.append((name, command))
        if isinstance(command, click.Group):
            for verb, sub in command.commands.items():
                walk(f"{name} {verb}", sub)

    walk("kedai", edge_main)
    walk("kedai cloud", cloud_main)
    return found


@pytest.mark.parametrize(
    ("name", "command"), cli_commands(), ids=lambda x: x if isinstance(x, str) else ""
)
def test_every_verb_of_the_command_line_explains_itself(name, command):
    assert command.help, name
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden and "--help" not in option.opts:
            told = option.help or option.show_default
            assert told, f"{name} {option.opts[0]} has no help"
