"""Sentences that are made in English, said in another language: by a table of all there are.

What checks menus and rules speaks English, as its tests and the command line do; screens speak both
languages. A test goes through every sentence and fails when one is missing in the table.
"""

import re
from collections.abc import Mapping

_QUOTED = "'.*'|\".*\""


class Sentences:
    """English to another language. In the English a name in braces stands for what varies.

    `quoted` stands in quotes and `rest` is itself a sentence of the table. `where` and `what` are
    phrases of `phrases`.
    """

    def __init__(self, said: Mapping[str, str], phrases: Mapping[str, str] | None = None) -> None:
        # The most particular sentence first: the one with the most letters of its own.
        own = sorted(said, key=lambda english: -len(re.sub(r"\{\w+\}", "", english)))
        self._patterns = tuple((re.compile(_pattern(x), re.DOTALL), said[x]) for x in own)
        self._phrases = None if phrases is None else Sentences(phrases)

    def translate(self, english: str) -> str | None:
        """One sentence; None for one that is not in the table."""
        for pattern, translated in self._patterns:
            if found := pattern.fullmatch(english):
                values = {name: self._value(name, text) for name, text in found.groupdict().items()}
                if None not in values.values():
                    return translated.format(**values)
        return None

    def _value(self, name: str, english: str) -> str | None:
        if name == "rest":
            return self.translate(english)
        if name in ("where", "what") and self._phrases is not None:
            return self._phrases.translate(english)
        return english


def _pattern(english: str) -> str:
    parts = re.split(r"\{(\w+)\}", english)
    return "".join(
        f"(?P<{part}>{_QUOTED if part == 'quoted' else '.+?'})" if at % 2 else re.escape(part)
        for at, part in enumerate(parts)
    )
