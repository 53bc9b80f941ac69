"""A paper as a web page: the same rows, for a guest's phone. No script, nothing from elsewhere."""

from html import escape

from edge.printing import qr
from edge.printing.paper import Columns, Feed, Paper, QrCode, Row, Rule, Text

STYLE = """
:root{color-scheme:light;--paper:#fffdf8;--ink:#26241f;--soft:#6f6a5f;--line:#d9d2c3;--back:#ece6da}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;min-height:100vh;background:var(--back);color:var(--ink);padding:28px 14px 40px;
font:16px/1.5 ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
main{max-width:27rem;margin:0 auto;background:var(--paper);border-radius:14px;padding:30px 24px 26px;
box-shadow:0 1px 2px rgba(60,50,30,.12),0 14px 40px rgba(60,50,30,.12)}
p,h1{margin:0;overflow-wrap:anywhere}
h1{font-size:1.55rem;line-height:1.25;text-align:center;letter-spacing:-.01em}
.row{display:flex;justify-content:space-between;gap:1rem;padding:2px 0}
.row span:first-child{min-width:0;overflow-wrap:anywhere}
.row span:last-child{white-space:nowrap;font-variant-numeric:tabular-nums}
.center{text-align:center}.right{text-align:right}
.bold{font-weight:650}.large{font-size:1.3rem;line-height:1.35;font-weight:700;padding:6px 0}
.under{color:var(--soft);font-size:.94rem}
.bar{background:var(--ink);color:var(--paper);border-radius:9px;padding:9px 12px;margin:10px 0;
text-align:center;font-weight:700;letter-spacing:.05em}
.struck{text-decoration:line-through}
hr{border:0;border-top:1px dashed var(--line);margin:12px 0}
.gap{height:12px}
.code{width:9.5rem;margin:8px auto;display:block}
nav{text-align:center;margin:4px 0 0;font-size:.9rem}
nav a{display:inline-block;color:var(--soft);padding:21px 20px}
@media print{body{background:none;padding:0}main{box-shadow:none;border-radius:0;max-width:none}
nav{display:none}.bar{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
"""


def page(title: str, body: str, language: str, links: tuple[tuple[str, str], ...] = ()) -> str:
    """A whole page around `body` (HTML already). `links` are (language, address) of the same page
    in other languages.
    """
    others = " ".join(
        f'<a href="{escape(url)}" hreflang="{code}" lang="{code}">{_LANGUAGES[code]}</a>'
        for code, url in links
    )
    nav = f"<nav>{others}</nav>" if others else ""
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="robots" content="noindex,nofollow"><meta name="referrer" content="no-referrer">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f"<body><main>{body}</main>{nav}</body></html>"
    )


_LANGUAGES = {"id": "Bahasa Indonesia", "en": "English"}


def paper_html(paper: Paper) -> str:
    """The rows of `paper` as HTML. What only a printer can do (cut, drawer) is left out."""
    parts: list[str] = []
    for row in paper.rows:
        first = not any(part.startswith("<h1") for part in parts)
        parts.append(_row(row, heading=first and isinstance(row, Text)))
    return "".join(parts)


def _row(row: Row, heading: bool) -> str:
    match row:
        case Text() if heading:
            return f'<h1 dir="auto">{escape(row.text)}</h1>'
        case Text():
            return f'<p dir="auto"{_class(row)}>{escape(row.text)}</p>'
        case Columns():
            hang = f' style="padding-inline-start:{_em(row.hang)};text-indent:-{_em(row.hang)}"'
            name = f'<span dir="auto"{hang if row.hang else ""}>{escape(row.left)}</span>'
            return f"<div{_class(row)}>{name}<span>{escape(row.right)}</span></div>"
        case Rule():
            return "<hr>"
        case Feed():
            return '<div class="gap"></div>'
        case QrCode():
            picture = qr.svg(row.data).replace("<svg ", '<svg class="code" ', 1)
            return f'{picture}<p class="center">{escape(row.data)}</p>'
        case _:
            return ""


def _class(row: Text | Columns) -> str:
    names = ["row"] if isinstance(row, Columns) else []
    names += ["large"] if row.size > 1 else []
    names += ["bold"] if row.bold else []
    if isinstance(row, Text):
        names += [row.align] if row.align != "left" else []
        names += ["bar"] if row.inverse else []
        names += ["struck"] if row.struck else []
        names += ["under"] if row.indent else []
    shift = f' style="padding-inline-start:{_em(row.indent)}"' if row.indent else ""
    return (f' class="{" ".join(names)}"' if names else "") + shift


def _em(columns: int) -> str:
    """Columns of paper as a length: letters of a phone's font are narrower than a printer's."""
    return f"{columns * 0.4:.1f}em"
