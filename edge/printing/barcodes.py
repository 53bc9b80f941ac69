"""Bars of the linear codes a receipt printer draws itself (GS k), one character per module.

Sources: ISO/IEC 15417 (Code 128), 15420 (EAN and UPC), 16388 (Code 39), 16390 (ITF), EN 798
(Codabar). Nothing of ours prints them; the virtual printer shows what others send.
"""

NAMES = {
    65: "UPC-A", 66: "UPC-E", 67: "EAN13", 68: "EAN8", 69: "CODE39", 70: "ITF", 71: "CODABAR",
    72: "CODE93", 73: "CODE128", 74: "GS1-128", 75: "GS1-DATABAR", 76: "GS1-DATABAR",
    77: "GS1-DATABAR", 78: "GS1-DATABAR", 79: "CODE128",
}  # fmt: skip
"""What the numbers of GS k mean; 0 to 6 are the older way to say 65 to 71."""


def name_of(system: int) -> str:
    """The code's name, or its number when it has none here."""
    return NAMES.get(system + 65 if system < 65 else system, f"BARCODE {system}")


def modules(system: int, value: bytes) -> str:
    """The code as `1` (bar) and `0` (gap), without margins; empty when `value` cannot be drawn so.

    `system` is the number GS k was given.
    """
    text = value.decode("latin-1")
    match system + 65 if system < 65 else system:
        case 65 if text.isdecimal() and len(text) in {11, 12}:
            return _ean13("0" + text[:11])
        case 67 if text.isdecimal() and len(text) in {12, 13}:
            return _ean13(text[:12])
        case 68 if text.isdecimal() and len(text) in {7, 8}:
            return _ean8(text[:7])
        case 69 if text and set(text) <= set(_CODE39):
            return _code39(text)
        case 70 if text.isdecimal() and len(text) % 2 == 0:
            return _itf(text)
        case 71 if len(text) > 1 and set(text.upper()) <= set(_CODABAR):
            return "0".join(_wide(_CODABAR[c]) for c in text.upper())
        case 73 | 74 | 79:
            return _code128(value)
        case _:
            return ""


def _wide(elements: str) -> str:
    """Bars and gaps by turns, `1` narrow and `2` wide, as modules (wide is three)."""
    widths = (3 if element == "2" else 1 for element in elements)
    return "".join(("1" if at % 2 == 0 else "0") * width for at, width in enumerate(widths))


# ------------------------------------------------------------------ EAN and UPC

_LEFT = (
    "0001101", "0011001", "0010011", "0111101", "0100011",
    "0110001", "0101111", "0111011", "0110111", "0001011",
)  # fmt: skip
_PARITY = (
    "LLLLLL", "LLGLGG", "LLGGLG", "LLGGGL", "LGLLGG", "LGGLLG", "LGGGLL", "LGLGLG", "LGLGGL", "LGGLGL",
)  # fmt: skip


def _check_digit(digits: str) -> str:
    """The last digit: weights 3 and 1 by turns from the right, to the next ten."""
    total = sum(int(d) * (3 if at % 2 == 0 else 1) for at, d in enumerate(reversed(digits)))
    return str(-total % 10)


def _right(digit: str) -> str:
    return _LEFT[int(digit)].translate(str.maketrans("01", "10"))


def _ean13(digits: str) -> str:
    digits += _check_digit(digits)
    left = "".join(
        _LEFT[int(digit)] if parity == "L" else _right(digit)[::-1]
        for digit, parity in zip(digits[1:7], _PARITY[int(digits[0])], strict=True)
    )
    return "101" + left + "01010" + "".join(map(_right, digits[7:])) + "101"


def _ean8(digits: str) -> str:
    digits += _check_digit(digits)
    left = "".join(_LEFT[int(digit)] for digit in digits[:4])
    return "101" + left + "01010" + "".join(map(_right, digits[4:])) + "101"


# ------------------------------------------------------------------ Code 39, ITF, Codabar

_CODE39 = {
    "0": "111221211", "1": "211211112", "2": "112211112", "3": "212211111", "4": "111221112",
    "5": "211221111", "6": "112221111", "7": "111211212", "8": "211211211", "9": "112211211",
    "A": "211112112", "B": "112112112", "C": "212112111", "D": "111122112", "E": "211122111",
    "F": "112122111", "G": "111112212", "H": "211112211", "I": "112112211", "J": "111122211",
    "K": "211111122", "L": "112111122", "M": "212111121", "N": "111121122", "O": "211121121",
    "P": "112121121", "Q": "111111222", "R": "211111221", "S": "112111221", "T": "111121221",
    "U": "221111112", "V": "122111112", "W": "222111111", "X": "121121112", "Y": "221121111",
    "Z": "122121111", "-": "121111212", ".": "221111211", " ": "122111211", "$": "121212111",
    "/": "121211121", "+": "121112121", "%": "111212121", "*": "121121211",
}  # fmt: skip
_ITF = (
    "11221", "21112", "12112", "22111", "11212", "21211", "12211", "11122", "21121", "12121",
)  # fmt: skip
_CODABAR = {
    "0": "1111122", "1": "1111221", "2": "1112112", "3": "2211111", "4": "1121121",
    "5": "2111121", "6": "1211112", "7": "1211211", "8": "1221111", "9": "2112111",
    "-": "1112211", "$": "1122111", ":": "2111212", "/": "2121112", ".": "2121211",
    "+": "1121212", "A": "1122121", "B": "1212112", "C": "1112122", "D": "1112221",
}  # fmt: skip


def _code39(text: str) -> str:
    framed = f"*{text.strip('*')}*"
    return "0".join(_wide(_CODE39[c]) for c in framed)


def _itf(digits: str) -> str:
    """Pairs of digits: the first in the bars, the second in the gaps between them."""
    pairs = zip(digits[::2], digits[1::2], strict=True)
    body = "".join(
        _wide("".join(bar + gap for bar, gap in zip(_ITF[int(a)], _ITF[int(b)], strict=True)))
        for a, b in pairs
    )
    return "1010" + body + "11101"


# ------------------------------------------------------------------ Code 128

_CODE128 = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 "
    "122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 "
    "321221 312212 322112 322211 212123 212321 232121 111323 131123 131321 112313 132113 132311 "
    "211313 231113 231311 112133 112331 132131 113123 113321 133121 313121 211331 231131 213113 "
    "213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 111422 "
    "121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 "
    "241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 "
    "412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 "
    "211214 211232 2331112"
)
"""Widths of bars and gaps by turns, seven places for each symbol; the last one is the stop."""
_STARTS = {"A": 103, "B": 104, "C": 105}
_SWITCHES = {"A": 101, "B": 100, "C": 99}
_STOP = 106


def _code128(value: bytes) -> str:
    """Sets are chosen by `{A`, `{B`, `{C` in the data, as printers are told; B without a word."""
    codes: list[int] = []
    current, at = "", 0
    while at < len(value):
        pair = value[at : at + 2]
        if pair[:1] == b"{" and pair[1:] in {b"A", b"B", b"C"}:
            wanted, at = pair[1:].decode(), at + 2
            if wanted != current:
                codes.append(_SWITCHES[wanted] if current else _STARTS[wanted])
            current = wanted
            continue
        if not current:
            current, codes = "B", [_STARTS["B"]]
        at += 2 if pair == b"{{" else 1
        codes.append(_value_in(current, pair[0]))
    if not codes or min(codes) < 0:
        return ""
    check = (codes[0] + sum(place * code for place, code in enumerate(codes[1:], 1))) % 103
    return "".join(
        _bars(_CODE128[7 * code : 7 * code + 7].strip()) for code in (*codes, check, _STOP)
    )


def _value_in(code_set: str, byte: int) -> int:
    """The symbol of one byte; below zero when the set has none."""
    if code_set == "C":
        return byte if byte < 100 else -1
    if code_set == "A":
        return byte - 32 if 32 <= byte < 96 else byte + 64 if byte < 32 else -1
    return byte - 32 if 32 <= byte < 127 else -1


def _bars(widths: str) -> str:
    return "".join(("1" if at % 2 == 0 else "0") * int(w) for at, w in enumerate(widths))
