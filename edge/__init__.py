"""The box: takes orders in the outlet and keeps doing so with no internet.

Read in the order of an order's life: `taking`, `journal`, `follower`, `kitchen`, `printing`,
`replication`, then `app`, which starts them.
"""
