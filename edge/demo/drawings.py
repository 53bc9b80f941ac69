"""Draws what the demo sells: simple pictures made here by code, so that nobody's photographs ship."""

import io
import math
from collections.abc import Callable
from random import Random

from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT = 960, 720
FINE = 2
"""Everything is drawn so many times larger and then made smaller: edges come out smooth."""

Colour = str
Draw = ImageDraw.ImageDraw
Box = tuple[float, float, float, float]

CREAM, WOOD, LEAF, CHILLI, YOLK = "#fff6e6", "#b98a5a", "#5d8a3a", "#c8372d", "#f6b73c"


def picture_of(plu: str) -> bytes | None:
    """A JPEG of what is sold under this PLU; None for what nobody has drawn yet."""
    drawn = DRAWINGS.get(plu)
    if drawn is None:
        return None
    ground, paint = drawn
    canvas = Image.new("RGB", (WIDTH * FINE, HEIGHT * FINE), ground)
    _shadow(canvas)
    paint(ImageDraw.Draw(canvas), Random(plu))  # noqa: S311 - the same crumbs on every machine
    out = io.BytesIO()
    canvas.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).save(out, "JPEG", quality=88)
    return out.getvalue()


def _shadow(canvas: Image.Image) -> None:
    """What stands on the table darkens it a little."""
    soft = Image.new("L", (WIDTH // 4, HEIGHT // 4), 0)
    ImageDraw.Draw(soft).ellipse((45, 118, 195, 168), fill=70)
    soft = soft.filter(ImageFilter.GaussianBlur(8)).resize(canvas.size)
    canvas.paste("#3a2a20", (0, 0), soft)


# ------------------------------------------------------------------ things to drink


def _cup(drink: Colour, foam: Colour | None = None) -> Callable[[Draw, Random], None]:
    """A cup with its saucer, from the side, and steam above it."""

    def paint(draw: Draw, chance: Random) -> None:
        del chance
        _ellipse(draw, (210, 530, 750, 630), "#e9e2d8")
        _ellipse(draw, (230, 528, 730, 612), "#fbf8f3")
        _arc(draw, (620, 310, 790, 500), 250, 110, "#fbf8f3", 34)
        _polygon(draw, [(270, 270), (690, 270), (610, 560), (350, 560)], "#fbf8f3")
        _ellipse(draw, (350, 525, 610, 590), "#fbf8f3")
        _ellipse(draw, (270, 225, 690, 320), "#efe8dd")
        _ellipse(draw, (295, 238, 665, 308), drink)
        if foam:
            _ellipse(draw, (360, 246, 600, 300), foam)
            _ellipse(draw, (430, 256, 530, 290), drink)
        for x in (400, 480, 560):
            for step in range(60):
                y = 200 - step * 2.4
                sway = math.sin(step / 9 + x) * 14
                _ellipse(draw, (x + sway - 6, y - 6, x + sway + 6, y + 6), "#ffffff")

    return paint


def _glass(*layers: Colour, ice: bool = True, on_top: Colour | None = None) -> Callable[..., None]:
    """A tall glass, filled in layers from the bottom, with ice and a straw."""

    def paint(draw: Draw, chance: Random) -> None:
        top, bottom = 190, 610
        _line(draw, (560, 60, 500, 560), "#e2574c", 20)
        step = (bottom - top - 40) / len(layers)
        for place, colour in enumerate(reversed(layers)):
            upper, lower = top + 40 + place * step, top + 40 + (place + 1) * step
            corners = ((upper, -1), (upper, 1), (lower, 1), (lower, -1))
            _polygon(
                draw,
                [(_side(y, which), y) for y, which in corners],
                colour,
            )
        _ellipse(draw, (_side(bottom, -1), bottom - 22, _side(bottom, 1), bottom + 22), layers[0])
        for _ in range(5 if ice else 0):
            x, y = chance.uniform(390, 530), chance.uniform(225, 330)
            _turned(draw, x, y, 58, chance.uniform(0, 90), "#f2fbff")
        if on_top:
            for x, y in ((400, 205), (480, 180), (555, 208)):
                _ellipse(draw, (x - 62, y - 50, x + 62, y + 50), on_top)
        _arc(draw, (_side(top, -1), top - 26, _side(top, 1), top + 26), 0, 360, "#ffffff", 8)
        _line(draw, (_side(top, -1), top, _side(bottom, -1), bottom), "#ffffff", 8)
        _line(draw, (_side(top, 1), top, _side(bottom, 1), bottom), "#ffffff", 8)

    return paint


def _side(y: float, which: int) -> float:
    return 480 + which * (150 - (y - 190) / 420 * 40)


# ------------------------------------------------------------------ things to eat


def _plate(*heaps: Callable[[Draw, Random], None]) -> Callable[[Draw, Random], None]:
    """A plate from above, with what lies on it."""

    def paint(draw: Draw, chance: Random) -> None:
        _ellipse(draw, (170, 110, 790, 640), "#e6dfd3")
        _ellipse(draw, (170, 95, 790, 620), "#fffdf9")
        _ellipse(draw, (240, 155, 720, 560), "#f4efe6")
        for heap in heaps:
            heap(draw, chance)

    return paint


def _bowl(broth: Colour, *heaps: Callable[[Draw, Random], None]) -> Callable[..., None]:
    """A bowl from above, with what swims in it."""

    def paint(draw: Draw, chance: Random) -> None:
        _ellipse(draw, (190, 100, 770, 650), "#2f6f7a")
        _ellipse(draw, (205, 95, 755, 620), "#3f8b97")
        _ellipse(draw, (245, 130, 715, 580), broth)
        for heap in heaps:
            heap(draw, chance)

    return paint


def _grains(
    colours: tuple[Colour, ...], count: int, spread: Box = (310, 220, 640, 500)
) -> Callable[..., None]:
    """Rice, or anything else that is small and many."""

    def paint(draw: Draw, chance: Random) -> None:
        left, upper, right, lower = spread
        for _ in range(count):
            angle, far = chance.uniform(0, math.tau), math.sqrt(chance.random())
            x = (left + right) / 2 + math.cos(angle) * far * (right - left) / 2
            y = (upper + lower) / 2 + math.sin(angle) * far * (lower - upper) / 2
            long, flat = chance.uniform(14, 22), chance.uniform(8, 12)
            _ellipse(draw, (x - long, y - flat, x + long, y + flat), chance.choice(colours))

    return paint


def _strands(colours: tuple[Colour, ...], count: int) -> Callable[..., None]:
    """Noodles."""

    def paint(draw: Draw, chance: Random) -> None:
        for _ in range(count):
            x, y = chance.uniform(360, 560), chance.uniform(240, 420)
            wide, high = chance.uniform(90, 210), chance.uniform(60, 140)
            begin = chance.uniform(0, 360)
            place = (x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)
            _arc(draw, place, begin, begin + chance.uniform(120, 260), chance.choice(colours), 13)

    return paint


def _egg(x: float, y: float) -> Callable[..., None]:
    def paint(draw: Draw, chance: Random) -> None:
        for _ in range(9):
            dx, dy = chance.uniform(-55, 55), chance.uniform(-45, 45)
            _ellipse(draw, (x + dx - 60, y + dy - 52, x + dx + 60, y + dy + 52), "#fffefb")
        _ellipse(draw, (x - 44, y - 40, x + 44, y + 40), YOLK)
        _ellipse(draw, (x - 26, y - 26, x - 6, y - 10), "#fcd985")

    return paint


def _pieces(
    colours: tuple[Colour, ...], places: int, long: float, flat: float
) -> Callable[..., None]:
    """Fritters, slices, leaves: longish pieces in a heap."""

    def paint(draw: Draw, chance: Random) -> None:
        for _ in range(places):
            x, y = chance.uniform(350, 600), chance.uniform(250, 460)
            turn, colour = chance.uniform(0, 180), chance.choice(colours)
            outline = []
            for step in range(28):
                angle = step / 28 * math.tau
                rough = 1 + chance.uniform(-0.07, 0.07)
                px, py = math.cos(angle) * long * rough, math.sin(angle) * flat * rough
                cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
                outline.append((x + px * cos - py * sin, y + px * sin + py * cos))
            _polygon(draw, outline, colour)

    return paint


def _slice_of_cake(draw: Draw, chance: Random) -> None:
    del chance
    for place, colour in enumerate(("#7fb356", "#a8cf7a", "#7fb356", "#a8cf7a")):
        y = 260 + place * 62
        _polygon(draw, [(300, y), (640, y + 30), (640, y + 92), (300, y + 62)], colour)
    _polygon(draw, [(300, 260), (470, 190), (690, 240), (640, 290)], "#fff8ea")
    _polygon(draw, [(640, 290), (690, 240), (690, 480), (640, 538)], "#6c9c48")


def _crescent(draw: Draw, chance: Random) -> None:
    del chance
    for place in range(9):
        angle = math.radians(200 + place * 17.5)
        x, y = 480 + math.cos(angle) * 190, 470 + math.sin(angle) * 190
        size = 105 - abs(place - 4) * 15
        _ellipse(draw, (x - size, y - size * 0.8, x + size, y + size * 0.8), "#c98638")
        _ellipse(draw, (x - size * 0.7, y - size * 0.7, x + size * 0.5, y + size * 0.3), "#e2a856")


# ------------------------------------------------------------------ strokes, in the picture's own dots


def _ellipse(draw: Draw, place: Box, colour: Colour) -> None:
    draw.ellipse(tuple(p * FINE for p in place), fill=colour)


def _polygon(draw: Draw, points: list[tuple[float, float]], colour: Colour) -> None:
    draw.polygon([(x * FINE, y * FINE) for x, y in points], fill=colour)


def _line(draw: Draw, place: Box, colour: Colour, width: int) -> None:
    draw.line(tuple(p * FINE for p in place), fill=colour, width=width * FINE)


def _arc(draw: Draw, place: Box, begin: float, end: float, colour: Colour, width: int) -> None:
    fine = tuple(p * FINE for p in place)
    draw.arc(fine, begin, end, fill=colour, width=width * FINE)


def _turned(draw: Draw, x: float, y: float, side: float, turn: float, colour: Colour) -> None:
    corners = [math.radians(turn + quarter * 90 + 45) for quarter in range(4)]
    half = side / math.sqrt(2)
    _polygon(draw, [(x + math.cos(c) * half, y + math.sin(c) * half) for c in corners], colour)


DRAWINGS: dict[str, tuple[Colour, Callable[[Draw, Random], None]]] = {
    "101": ("#d9b48f", _cup("#2b1a10")),
    "103": ("#cfd8c4", _cup("#a8733f")),
    "104": ("#f0d9b8", _glass("#7a3f12", "#b67a45", "#f3e3cd")),
    "106": ("#e7c9b0", _cup("#8a5a33", "#fdf3e2")),
    "109": ("#c9d6dd", _cup("#1d120b")),
    "201": ("#f1cfa5", _glass("#c07a3e", "#d08c4f", on_top="#f6e2c4", ice=False)),
    "205": ("#f6e7a6", _glass("#c9762b", "#e39a3b", "#f0b95a")),
    "210": ("#dfe9cd", _glass("#f4efe0", "#9cbb62", "#87ac4f")),
    "301": ("#e4ecc8", _glass("#5a3a1c", "#b6c95f", "#c5d673", ice=False)),
    "302": ("#fbe0b0", _glass("#f7a825", "#fbb93f", "#fdc95c")),
    "303": ("#fde3c2", _glass("#f58a1f", "#fa9d3a", "#fcb25c")),
    "305": ("#f9cfd6", _glass("#e8405f", "#f27d93", "#fbd7dd", on_top="#fff7f4")),
    "401": ("#d7c3a4", _plate(_grains(("#c98f4a", "#d7a35d", "#b97f3d"), 420), _egg(540, 300))),
    "402": (
        "#bcd0d2",
        _plate(
            _grains(("#d39a52", "#e0b06c", "#c48a43"), 420),
            _pieces(("#f2845c", "#f7a17f"), 7, 52, 26),
            _pieces((LEAF,), 5, 30, 12),
        ),
    ),
    "403": (
        "#dcb89a",
        _plate(
            _strands(("#c58a3d", "#d79b4b", "#b0762f"), 90),
            _pieces((LEAF, "#7aa653"), 8, 40, 14),
            _pieces((CHILLI,), 5, 34, 8),
        ),
    ),
    "406": (
        "#efe0b4",
        _bowl(
            "#f0c33c",
            _strands(("#f8efd2",), 40),
            _pieces(("#f5deb0",), 8, 62, 22),
            _pieces((LEAF,), 8, 24, 10),
        ),
    ),
    "408": (
        "#cfdcb8",
        _plate(
            _pieces((LEAF, "#82ad5b", "#a6c97c"), 16, 70, 26),
            _pieces(("#f3e2b3", CREAM), 6, 54, 34),
            _pieces(("#a4693a",), 7, 66, 20),
        ),
    ),
    "501": ("#f0dcae", _plate(_pieces(("#d9932f", "#e6a744", "#c98328"), 9, 118, 38))),
    "503": ("#d3dcc0", _plate(_pieces(("#e0b65c", "#d1a449"), 8, 96, 60))),
    "505": ("#e9c4b4", _plate(_pieces(("#f4c14e", "#f8d06b", "#e9b03c"), 34, 105, 11))),
    "602": ("#f0e3c8", _plate(_slice_of_cake)),
    "604": ("#d8cbb6", _plate(_crescent)),
}
"""By PLU: the table's colour, and what stands on it."""
