"""The browser's half speaks as ours does: fresh wire types, and amounts and ids spelled the same."""

import json
from pathlib import Path

import pytest

from protocol.ids import mint
from protocol.money import CURRENCIES, format_amount
from protocol.web import generate

WEB = Path(__file__).parent.parent / "protocol" / "web"
VECTORS = json.loads((WEB / "vectors.json").read_text("utf-8"))


def test_the_wire_types_are_fresh() -> None:
    written = (WEB / "wire.ts").read_text("utf-8")
    assert written == generate.wire_types(), "run `npm run wire` and commit protocol/web/wire.ts"


@pytest.mark.parametrize(("minor", "code", "text"), VECTORS["amounts"])
def test_amounts_are_written_as_in_the_browser(minor: int, code: str, text: str) -> None:
    assert format_amount(minor, CURRENCIES[code]) == text


@pytest.mark.parametrize(("now_ms", "entropy", "minted"), VECTORS["ids"])
def test_ids_are_minted_as_in_the_browser(now_ms: int, entropy: str, minted: str) -> None:
    assert mint(now_ms, bytes.fromhex(entropy)) == minted
