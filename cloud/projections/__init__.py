"""What HQ makes of the ledger; each module is a follower of its own and knows no other."""
