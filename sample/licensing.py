"""Licences, and how an instance shows the one it holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from hashlib import blake2b

from sample.model import Grant, License, Subscription


def digest(text: str, size: int) -> str:
    """A stable hexadecimal digest of `size` bytes."""
    return blake2b(text.encode(), digest_size=size).hexdigest()


def dashed(md5: str) -> str:
    """The md5 with dashes, as some tools copy it."""
    return "-".join((md5[:8], md5[8:12], md5[12:16], md5[16:20], md5[20:]))


def license_for(subscription: Subscription, *, seats: int | None = None) -> License:
    """The licence record of a subscription version; by default with the seats sold."""
    key = subscription.subscription_id
    return License(
        license_id=str(100_000 + int(digest(key, 5), 16) % 10**10),
        license_md5=digest(f"md5/{key}", 16),
        license_sha256=digest(f"sha256/{key}", 32),
        subscription_id=key,
        seats=subscription.seats if seats is None else seats,
        starts_at=subscription.start_date,
        expires_at=subscription.end_date,
    )


def grant_for(
    subscription: Subscription,
    record: License,
    *,
    since: date | None = None,
    shown_id: str | None = "",
) -> Grant:
    """What pings show of a licence. `shown_id` '' leaves only the hashes, '=' shows the id."""
    tier = subscription.product_tier.lower()
    ends = subscription.end_date
    return Grant(
        since=since or subscription.start_date,
        tier=tier,
        license_id=int(record.license_id),
        md5=record.license_md5,
        sha256=record.license_sha256,
        subscription_id=subscription.subscription_id if shown_id == "=" else shown_id,
        seats=record.seats,
        starts_at=subscription.start_date.isoformat(),
        expires_at=ends.isoformat() if ends else None,
        trial=subscription.is_trial,
        trial_ends_on=ends.isoformat() if ends and subscription.is_trial else None,
    )


def on_trial(grant: Grant, tier: str, *, since: date, ends: date) -> Grant:
    """The same licence while a higher tier is on trial."""
    return replace(grant, since=since, tier=tier, trial=True, trial_ends_on=ends.isoformat())
