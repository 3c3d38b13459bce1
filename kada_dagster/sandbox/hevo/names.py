"""Names that a generated account is made of, the awkward ones among them."""

from __future__ import annotations

from random import Random

_TABLES = (
    *("orders", "customers", "invoices", "shipments", "tickets", "sessions", "suppliers"),
    *("refunds", "visits", "payments", "contracts", "devices"),
)
_ODD_TABLES = (
    *("order items", "a/b", 'the "best"', "naïve café", "表", "100%", "x#y?z=1&w", "MixedCase"),
    *("semi;colon", "it's", "back\\slash", "a+b", "тест"),
)
_COLUMNS = (
    *("customer_id", "amount", "email", "created_on", "region_code", "score", "weight", "colour"),
    *("postcode", "currency", "quantity", "note"),
)
_ODD_COLUMNS = ("Unit Price", "größe", "per%", "MixedColumn", 'quo"ted', "a.b", "semi;colon")


def table(rng: Random, number: int, odd: float = 0.08) -> str:
    """A table's name that no other number has."""
    return f"{rng.choice(_ODD_TABLES if rng.random() < odd else _TABLES)}_{number}"


def columns(rng: Random, count: int, odd: float = 0.08) -> list[str]:
    """Names of a table's columns, all different however their case is folded."""
    names = ["id"]
    for number in range(1, count):
        word = rng.choice(_ODD_COLUMNS if rng.random() < odd else _COLUMNS)
        names.append(f"{word}_{number}")
    return names


def uuid(rng: Random) -> str:
    """A UUID, version 4."""
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
