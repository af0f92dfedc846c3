"""One raw folder with as many odd rows as life has, around customers that are in order."""

from __future__ import annotations

from raw_folder import RawFolder

LICENSED = {"licensed": 100, "activated": 80, "active": 50}
PING_DAY = "2026-06-23T06:00:00Z"
TERM = {"end_date": "2027-12-31", "seats": 100, "arr": 1000}


def reporting(raw: RawFolder, name: str, subscription: str | None = None, **counts: object) -> None:
    """One Production instance that pings once, with 80 of 100 seats activated and 50 people active."""
    raw.label(f"uuid-{name}", f"git.{name}.example")
    fields = {"license_plan": "premium", "license_subscription_id": subscription or f"S-{name}"}
    raw.ping(f"uuid-{name}", f"git.{name}.example", PING_DAY, fields, ping_id=f"p-{name}", **{**LICENSED, **counts})


def customer(raw: RawFolder, name: str, **cells: object) -> None:
    """An account with one subscription, and its instance."""
    raw.account(name)
    raw.subscription(f"S-{name}", name, "2025-01-15", **{**TERM, **cells})
    reporting(raw, name)


def odd_numbers(raw: RawFolder) -> None:
    """Counts that are none."""
    raw.account("numbers")
    for index, value in enumerate(
        [4294967295, 1234567890123, 1.8e19, "1e400", 1e-300, -0.0, "12 ", "1E2", True, {"a": {"b": 1}}, None]
    ):
        name = f"number{index}"
        raw.subscription(f"S-{name}", "numbers", "2025-01-15", **TERM)
        reporting(raw, name, activated=value)


def odd_ratios(raw: RawFolder) -> None:
    """Counts that are believed, and whose ratio no integer holds: 1e12 people by a 2 ** 20th of a seat."""
    customer(raw, "ratio")
    fields = {"license_plan": "premium", "license_subscription_id": "S-ratio"}
    may = {"licensed": 100, "activated": 2**-20, "active": 1e12, "git": 1e12, "builds": 1e12}
    raw.ping("uuid-ratio", "git.ratio.example", "2026-05-23T06:00:00Z", fields, ping_id="p-ratio-may", **may)


def odd_subscriptions(raw: RawFolder) -> None:
    """Terms, seats, revenue, words and ids that are odd."""
    customer(raw, "canceled", status="Canceled")
    customer(raw, "blank", status="ACTIVE ", product_tier="Self-Managed - Premium")
    customer(raw, "words", status="on hold", product_tier="Platinum")
    customer(raw, "ultimate", product_tier="Ultimate (Self-Managed)")
    customer(raw, "halfseat", seats="1200.5")
    customer(raw, "minusseat", seats="-5")
    customer(raw, "noseats", seats="")
    customer(raw, "zeroseats", seats="0")
    customer(raw, "absurdseats", seats="4294967295")
    customer(raw, "reversed", end_date="2024-12-31")
    raw.account("N")
    for subscription, arr in [("S-NA", 90000), ("S-NB", -20000), ("S-NC", "1e400")]:
        raw.subscription(subscription, "N", "2025-01-15", **{**TERM, "arr": arr})
    reporting(raw, "na", "S-NA")
    reporting(raw, "nb", "S-NB", activated=10)
    raw.subscription("S-orphan", "GONE-18CHARS", "2025-01-15", **TERM)
    raw.subscription("S-nobody", "", "2025-01-15", **TERM)
    raw.subscription("", "N", "2025-01-15", **TERM)
    raw.subscription("S-undated", "N", "", **TERM)


def odd_lineages(raw: RawFolder) -> None:
    """A ramp deal, a row twice, a chain, a circle, a version that is exported no longer, a term that has not begun."""
    raw.account("ramp")
    for start, end, seats in [("2024-01-15", "2025-01-14", 50), ("2025-01-15", "2026-01-14", 80)]:
        raw.subscription("S-ramp", "ramp", start, end_date=end, seats=seats)
    raw.subscription("S-ramp", "ramp", "2026-01-15", end_date="2027-01-14", seats=160)
    reporting(raw, "ramp")
    customer(raw, "twice")
    raw.subscription("S-twice", "twice", "2025-01-15", **{**TERM, "seats": 50})
    raw.account("chain")
    raw.subscription("S-chain1", "chain", "2024-01-01", end_date="2024-12-31", seats=100)
    raw.subscription(
        "S-chain2", "chain", "2025-01-01", original_subscription_id="S-chain1", end_date="2025-12-31", seats=100
    )
    raw.subscription("S-chain3", "chain", "2026-01-01", original_subscription_id="S-chain2", seats=100)
    reporting(raw, "chain", "S-chain1")
    raw.account("circle")
    raw.subscription("S-circle1", "circle", "2025-01-01", original_subscription_id="S-circle2", seats=100)
    raw.subscription("S-circle2", "circle", "2025-01-01", original_subscription_id="S-circle1", seats=100)
    raw.account("unexported")
    raw.subscription("S-unexported", "unexported", "2025-01-01", original_subscription_id="S-OLD", seats=100)
    reporting(raw, "unexported", "S-OLD")
    raw.account("later")
    raw.subscription("S-later", "later", "2026-06-28", seats=100)
    reporting(raw, "later")
    raw.account("next")
    raw.subscription("S-next", "next", "2026-07-15", seats=100)
    reporting(raw, "next")
    raw.account("replaced")
    raw.subscription("S-replaced1", "replaced", "2025-01-15", seats=100, status="Cancelled")
    raw.subscription(
        "S-replaced2", "replaced", "2025-01-01", original_subscription_id="S-replaced1", seats=160, status="Active"
    )
    reporting(raw, "replaced", "S-replaced1")


def odd_texts(raw: RawFolder) -> None:
    """Hosts, versions and hashes as some write them."""
    raw.account("texts")
    raw.subscription("S-texts", "texts", "2025-01-15", **TERM)
    fields = {"license_subscription_id": "S-texts"}
    raw.ping("uuid-at", "root@git.example", PING_DAY, fields, ping_id="at", **LICENSED)
    raw.ping("uuid-v", "git.v.example", PING_DAY, {**fields, "version": "v16.8.0"}, ping_id="v", **LICENSED)
    for index, value in enumerate([-1, "", "none", "n/a", 0, True, {}, " "]):
        raw.ping(
            f"uuid-h{index}", "git.h.example", PING_DAY, {"license_md5": value}, ping_id=f"no-hash-{index}", **LICENSED
        )
    raw.ping("uuid-h9", "git.h.example", PING_DAY, {"license_md5": "ab12"}, ping_id="some-hash", **LICENSED)


def odd_others(raw: RawFolder) -> None:
    """Accounts, licences, objectives and labels that are odd."""
    raw.account("")
    raw.account("chain", account_name="The same again")
    raw.account("own-parent", parent_account_id="own-parent")
    raw.account("child", parent_account_id="gone")
    raw.account("ring1", parent_account_id="ring2")
    raw.account("ring2", parent_account_id="ring1")
    licence = {"seats": 100, "starts_at": "2025-01-15", "expires_at": "2027-12-31"}
    raw.add("licenses", **{**licence, "license_id": "L1", "license_md5": "-1", "subscription_id": "S-NOWHERE"})
    raw.add("licenses", **{**licence, "license_id": "L2", "license_md5": "ab34", "subscription_id": "S-OLD"})
    raw.add("licenses", **{**licence, "license_id": "L2", "license_md5": "ab35", "subscription_id": "S-OLD",
                           "starts_at": "2024-01-15"})  # fmt: skip
    objective = {"account_id": "chain", "metric_name": "activated_seats", "target_value": 100,
                 "starts_on": "2026-01-01", "due_on": "2026-12-31"}  # fmt: skip
    raw.add("objectives", **{**objective, "objective_id": "O1"})
    raw.add("objectives", **{**objective, "objective_id": "O2", "metric_name": "activated_seat"})
    raw.add("objectives", **{**objective, "objective_id": "O3", "account_id": "GONE"})
    raw.add("objectives", **{**objective, "objective_id": "O1", "starts_on": "2025-01-01"})
    raw.add("objectives", **{**objective, "objective_id": "O4", "baseline_value": "-5", "direction": "sideways"})
    raw.label("", "git.chain.example")
    raw.label("uuid-chain", "", at="2026-01-01T00:00:00Z")
    raw.label("uuid-chain", "git.chain.example", "Prod-ish", at="2020-01-02T00:00:00Z")
    raw.label("uuid-chain", "git.chain.example", at="2020-01-03T00:00:00Z")
    raw.label("uuid-nobody", "git.nobody.example")
    raw.label("uuid-chain", "git.chain.example", "Obsolete", at="2026-07-01T00:00:00Z")
    raw.label("uuid-ramp", "git.ramp.example", at="")


def odd_exclusions(raw: RawFolder) -> None:
    """Pings taken out by hand: one that is there, and rows that take none out."""
    raw.ping("uuid-out", "git.out.example", PING_DAY, ping_id="out")
    for ping_id, reason in [("out", "test"), ("", "no id"), ("out", "test, again"), ("OUT", "wrong case")]:
        raw.add("excluded_pings", ping_id=ping_id, reason=reason)


def odd_ids(raw: RawFolder) -> None:
    """One account of Salesforce twice: with 15 characters, and with the 18 that these make.

    Of the capitals among five characters each stands for a power of 2, and the sum for a letter: M for 16 (Q), A and B for
    8 + 16 (Y).
    """
    customer(raw, "0014M00000000AB")
    customer(raw, "0014M00000000ABQAY")


def odd_rows() -> RawFolder:
    """All of them, and one customer with nothing odd."""
    raw = RawFolder()
    customer(raw, "good")
    odd_numbers(raw)
    odd_ratios(raw)
    odd_subscriptions(raw)
    odd_lineages(raw)
    odd_texts(raw)
    odd_others(raw)
    odd_exclusions(raw)
    odd_ids(raw)
    return raw
