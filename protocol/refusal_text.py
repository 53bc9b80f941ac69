"""What a registered refusal says: HTTP status, what happened and what to do, in two languages."""

import msgspec


class RefusalText(msgspec.Struct, frozen=True):
    """One registered refusal: HTTP status, then title and advice in English and Indonesian."""

    status: int
    en: str
    todo_en: str
    id: str
    todo_id: str
