"""Hashing PINs that HQ gives out: the one door to argon2-cffi at HQ."""

import asyncio

from argon2.low_level import Type, hash_secret

from protocol.sign_in import peppered

TIME_COST, MEMORY_KIB, LANES = 2, 19 * 1024, 1
"""OWASP's second choice for Argon2id (facts/payments-tax.md §7); a box looks at it in 25 to 150 ms."""
SALT_BYTES, HASH_BYTES = 16, 32


async def hash_pin(pepper: bytes, staff_id: str, pin: str, salt: bytes) -> str:
    """What is kept of a PIN; worked out on a thread, since it is slow on purpose."""
    secret = peppered(pepper, staff_id, pin)

    def work() -> bytes:
        return hash_secret(secret, salt, TIME_COST, MEMORY_KIB, LANES, HASH_BYTES, Type.ID)

    return (await asyncio.to_thread(work)).decode()
