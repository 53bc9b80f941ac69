"""Which backups of HQ's database could be put back, and so what boxes may let go of."""

OLDEST_RESTORABLE = """SELECT min(number) FROM backups
    WHERE finished_ms IS NOT NULL AND dropped_ms IS NULL"""
