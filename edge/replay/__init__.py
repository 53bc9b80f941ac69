"""Real input: menus and sales written down as CSV, and how they reach HQ and the box.

`FORMATS.md` beside this file describes the sales for the person who writes them; menus are read by
`protocol.importing`.
"""
