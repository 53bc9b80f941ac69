"""Two boxes that hear each other now and then, and close when they like: nothing is in no Z at the end."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.z_marks import ALL_DATES, Close, Marks, line_of, tips

DATES = ("2026-01-01", "2026-01-02", "2026-01-03")


@dataclass
class Box:
    """What a box knows: how far it has heard each stream, and the Z reports."""

    stream: str
    sold: list[str] = field(default_factory=list)
    """Business dates of what it sold itself, by seq."""
    heard: dict[str, list[str]] = field(default_factory=dict)
    closes: dict[str, Close] = field(default_factory=dict)
    counted: dict[tuple[str, int], int] = field(default_factory=dict)
    """The mark of each entry that a Z has counted."""

    def entries(self):
        for stream, dates in {**self.heard, self.stream: self.sold}.items():
            for seq, date in enumerate(dates, 1):
                yield stream, seq, date

    def close(self, until, printed):
        known = sorted(self.closes.values(), key=lambda c: (c.number, c.digest))
        mine = {(s, n) for s, n, date in self.entries() if date <= until} - self.counted.keys()
        if not mine:
            return
        last = tips(known)
        number = last[0].number + 1 if last else 1
        before = {}
        for close in known:
            for stream, end in close.as_of.items():
                before[stream] = max(end, before.get(stream, 0))
        ends = {s: n for s, n, _ in self.entries() if n > before.get(s, 0)}
        digest = f"{len(printed) * 7919 % 97:02}-{self.stream}-{len(printed)}"
        named = [c.digest for c in last]
        made = Close(number, until, ends, digest, *(named[:1] or [""]), tuple(named[1:]))
        self.closes[digest] = made
        self.counted |= dict.fromkeys(mine, number)
        printed[digest] = mine

    def hear(self, other):
        self.heard |= {s: d for s, d in other.heard.items() if s != self.stream}
        self.heard[other.stream] = list(other.sold)
        self.closes |= other.closes
        marks = Marks(sorted(self.closes.values(), key=lambda c: (c.number, c.digest)))
        for stream, seq, date in self.entries():
            mark = marks.of(stream, seq, date)
            if mark is not None:
                self.counted.setdefault((stream, seq), mark)


acts = st.lists(
    st.tuples(
        st.sampled_from((0, 1)),
        st.sampled_from(("sell", "sell", "close", "hear")),
        st.sampled_from((*DATES, ALL_DATES)),
    ),
    max_size=30,
)


@settings(max_examples=300)
@given(acts)
def test_everything_is_in_a_z_and_in_two_only_of_boxes_that_were_apart(acts):
    boxes, printed = (Box("a"), Box("b")), {}
    for who, what, date in acts:
        box, other = boxes[who], boxes[1 - who]
        if what == "sell":
            box.sold.append(DATES[-1] if date == ALL_DATES else date)
        elif what == "close":
            box.close(date, printed)
        else:
            box.hear(other)
    boxes[0].hear(boxes[1])
    boxes[0].close(ALL_DATES, printed)
    every = {(s, n) for s, n, _ in boxes[0].entries()}
    assert set().union(*printed.values()) == every if every else not printed
    known = sorted(boxes[0].closes.values(), key=lambda c: (c.number, c.digest))
    assert len(tips(known)) <= 1 or not (every - boxes[0].counted.keys())
    places = {c.digest: p for p, c in enumerate(known)}
    for first, mine in printed.items():
        for second, theirs in printed.items():
            if first != second and mine & theirs:
                assert places[second] not in line_of(known, first), "a Z counted again what it knew"
    marks = Marks(known)
    for stream, seq, date in boxes[0].entries():
        number = marks.of(stream, seq, date)
        assert any((stream, seq) in printed[c.digest] for c in known if c.number == number)
