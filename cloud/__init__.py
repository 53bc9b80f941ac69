"""Headquarters: takes in every box's journal, projects it into figures, and tells boxes the menu.

Read in this order: `app` (what there is), `intake` (what boxes send), `follower` and `projections`
(what becomes of it), `reports` and `feed` (who sees it), `distribution` (what boxes are told).
"""
