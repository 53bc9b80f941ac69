"""What the box's printers have to do and what they did: as screens list it, and as they ask for more."""

from enum import StrEnum

import msgspec

from protocol.commands import Text


class PaperState(StrEnum):
    """How far a paper has come."""

    QUEUED = "queued"
    """It waits for its printer, which tries again by itself."""
    PRINTING = "printing"
    """Its bytes are on their way; no proof yet."""
    PRINTED = "printed"
    """The printer proved it."""
    HELD = "held"
    """It does not print by itself: it is too old, or too many wait. A person prints or discards it."""
    FAILED = "failed"
    """This build cannot draw it. A person reads the order instead."""
    MOVED = "moved"
    """Another printer has it instead; this one never prints it any more."""
    DISCARDED = "discarded"
    """Nobody needs it: a person said so, or its order is over."""


class PaperStep(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to a paper; `by` is the screen that asked, or a printer's id."""

    at_ms: int
    what: str
    en: str
    id: str
    by: str = ""


class PaperCard(msgspec.Struct, frozen=True, kw_only=True):
    """One paper on one printer.

    `copies` counts the earlier papers of the same content that came out or may have: from 1 on it
    says DUPLICATE. `copy_of` names the paper it was first. `fault_en` and `fault_id` say why it has
    not come out, empty when nothing is wrong.
    """

    job_id: str
    printer: str
    printer_name: str
    kind: str
    state: PaperState
    created_ms: int
    order_id: str = ""
    number: str = ""
    printed_ms: int | None = None
    attempts: int = 0
    copies: int = 0
    station_id: str | None = None
    line_ids: tuple[str, ...] = ()
    moved_to: str | None = None
    copy_of: str | None = None
    fault_en: str = ""
    fault_id: str = ""
    history: tuple[PaperStep, ...] = ()


class PaperList(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first; `more` says that older ones were left out."""

    papers: tuple[PaperCard, ...]
    more: bool = False


class PrinterCard(msgspec.Struct, frozen=True, kw_only=True):
    """One printer and how it is, in words; `code` is empty when it prints. `since_ms`: in trouble
    since."""

    printer: str
    name: str
    kind: str
    address: str
    profile: str
    ok: bool
    en: str
    id: str
    code: str = ""
    since_ms: int | None = None
    paper_low: bool = False
    stations: tuple[str, ...] = ()
    receipts: bool = False
    backup: str | None = None
    waiting: int = 0
    aside: int = 0
    """Papers held or failed within the last day."""


class PaperAsked(msgspec.Struct, frozen=True, kw_only=True):
    """A person wants a paper: on `printer`, or where it belongs; `screen` is who asks."""

    printer: Text | None = None
    screen: Text = ""
    check_id: Text | None = None
    """Only this check of a party that split its bill."""
