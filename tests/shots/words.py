"""What a screen's buttons say, read from its own words: scenes find them in any language."""

import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLACES = {
    "counter": "edge/web/counter/words",
    "tills": "edge/web/counter/till_words",
    "kiosk": "edge/web/kiosk/words",
    "kitchen": "edge/web/kitchen/words",
    "staff": "protocol/web/staff_words",
}
PLAIN = re.compile(r'^  (\w+): "((?:[^"\\]|\\.)*)",?$', re.MULTILINE)


@cache
def words_of(place: str, language: str) -> dict[str, str]:
    """Plain words by their key; those that are made of something have no entry.

    Raises FileNotFoundError for a language that the screen does not speak.
    """
    text = (ROOT / PLACES[place] / f"{language}.ts").read_text("utf-8")
    return {key: said.replace('\\"', '"') for key, said in PLAIN.findall(text)}
