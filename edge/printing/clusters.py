"""Where a row may end inside a word: between characters as people see them, and where a syllable begins.

Follows the grapheme clusters of Unicode's UAX #29 and what its line breaking (UAX #14) leaves to a
dictionary: Thai, Lao, Khmer and Burmese write without spaces. There is no dictionary here. Thai and
Lao write some vowels before their consonant, so a syllable surely begins there; in Khmer and Burmese
nearly each cluster is one. A row that must end inside a word ends at such a place when there is one,
and never inside a character and its marks.
"""

import unicodedata
from collections.abc import Iterator

ZERO_WIDTH_SPACE = "\u200b"
_JOINER = "\u200d"
_NEVER_FIRST = frozenset("，。、！？：；）」』】》〉·…％%,.!?:;)]}")
_NEVER_LAST = frozenset("（「『【《〈([{")
"""Signs that may not begin or end a row where a script without spaces is broken (UAX #14)."""
_BEFORE_THEIR_CONSONANT = frozenset("เแโใไເແໂໃໄ")
_AFTER_THEIR_CONSONANT = frozenset("ะาำๅๆฯະາຳໆຯ")
"""Thai and Lao vowels and signs that are letters to Unicode, and are nothing by themselves."""
REPEATS = frozenset("ๆໆ")
"""The word before them once more: they keep to its row, though many write a space before them."""
_ENDS_A_SYLLABLE = frozenset("ะำๆะະຳໆ\u0e4c\u0ecc")
"""After these the next letter begins another one: short vowels, the sign for repeating, and the mark
over a letter that is not spoken."""
_NOT_STACKING = frozenset("\u0e3a\u0eba\u0bcd\u103a")
"""Viramas (combining class 9) after which the next letter stands beside and not beneath."""
_ASAT = "\u103a"
"""Burmese: the consonant that bears it ends the syllable before it."""


def clusters(text: str) -> list[str]:
    """`text` in pieces that must not be cut: letters with their marks, vowels with their consonant,
    stacked consonants, emoji sequences. Joined they are the text."""
    found: list[str] = []
    for character in text:
        if found and _joins(found[-1], character):
            found[-1] += character
            if character == _ASAT and len(found) > 1 and _is_burmese(found[-2][-1]):
                found[-2:] = ["".join(found[-2:])]
        else:
            found.append(character)
    return found


def pieces(word: str) -> Iterator[str]:
    """A word without spaces, cut wherever a row may end although nothing forces it to."""
    piece, last = "", ""
    for cluster in clusters(word):
        if last and _may_end(last, cluster):
            yield piece
            piece = ""
        piece += cluster
        last = cluster
    yield piece


def columns_of(text: str) -> int:
    """Printer columns `text` takes: wide (CJK) characters two, combining marks none."""
    return sum(_columns_of_character(character) for character in text)


def _joins(before: str, character: str) -> bool:
    """Whether a character belongs to the cluster before it."""
    last, kind = before[-1], unicodedata.category(character)
    if kind[0] == "M" or kind == "Cf":
        return True
    if last == _JOINER:
        return kind[0] in "LS"
    if before in _BEFORE_THEIR_CONSONANT:
        return _has_syllables(character)
    if unicodedata.combining(last) == 9 and last not in _NOT_STACKING:
        return kind == "Lo"
    if _is_flag_half(character):
        return len(before) % 2 == 1 and all(map(_is_flag_half, before))
    return character in _AFTER_THEIR_CONSONANT or _is_skin(character) or _is_later_jamo(character)


def _may_end(before: str, after: str) -> bool:
    """Whether a row may end between two clusters of a word."""
    if before.endswith(ZERO_WIDTH_SPACE):
        return True
    if after[0] in _NEVER_FIRST or before[-1] in _NEVER_LAST:
        return False
    if _is_wide(before) or _is_wide(after):
        return True
    if _is_burmese(before[0]) and _is_burmese(after[0]):
        return after[0].isalpha()
    if _is_khmer(before[0]) and _is_khmer(after[0]):
        # A letter alone after one with a vowel most often ends its syllable.
        bare = len(after.rstrip(ZERO_WIDTH_SPACE)) == 1
        return after[0].isalpha() and (not bare or len(before) == 1)
    if not _has_syllables(before[0]):
        return _has_syllables(after[0]) and before[0].isalpha()
    if not _has_syllables(after[0]):
        return after[0].isalnum()
    return after[0] in _BEFORE_THEIR_CONSONANT or before[-1] in _ENDS_A_SYLLABLE


def _is_wide(cluster: str) -> bool:
    return any(_columns_of_character(character) == 2 for character in cluster)


def _has_syllables(character: str) -> bool:
    """Thai or Lao."""
    return "\u0e00" <= character <= "\u0eff"


def _is_burmese(character: str) -> bool:
    return "\u1000" <= character <= "\u109f"


def _is_khmer(character: str) -> bool:
    return "\u1780" <= character <= "\u17ff"


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _is_skin(character: str) -> bool:
    return "\U0001f3fb" <= character <= "\U0001f3ff"


def _is_later_jamo(character: str) -> bool:
    """The vowel or the end of a Korean syllable that is written in parts."""
    return "\u1160" <= character <= "\u11ff"


def _columns_of_character(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Cf", "Me", "Mn"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
