"""Real input: menus and sales written down as CSV, and how they reach HQ and the box.

`FORMATS.md` beside this file describes both files for the person who writes them.
"""
