"""Personal data planted in raw pings, in the places where a product writes it and where it should not."""

from __future__ import annotations

import json
from typing import Any

from raw_folder import RawFolder, put

PERSON, EMAIL, COMPANY = "Canary Q. Feathers", "q.feathers@canary.example", "Feathers & Daughters GmbH"
SENDER_IP, SERVER_IP = "203.0.113.57", "198.51.100.23"
HOST_IPS = {
    "v4": "203.0.113.77",
    "v4-port": "203.0.113.78:8443",
    "v6": "2001:db8::dead:beef",
    "v6-brackets": "[2001:DB8::FACE]:8443",
    "v4-upper": " 203.0.113.79 ",
}
CANARIES = [
    "canary q. feathers",
    "canary.example",
    "feathers & daughters",
    "203.0.113.",
    "198.51.100.",
    "2001:db8",
    "dead:beef",
]


def planted(uuid: str, hostname: str | None, **licensee: str) -> dict[str, Any]:
    """A payload with a licensee and addresses in other places."""
    payload = RawFolder().payload(uuid, hostname, "2026-06-20T05:00:00Z", activated=50, active=40, git=20)
    payload["licensee"] = licensee
    for path, value in {
        "license_subscription_id": "S-canary",
        "license_plan": "premium",
        "license_id": EMAIL,
        "sender_ip": SENDER_IP,
        "ip_address": SERVER_IP,
        "mail.smtp_server": SERVER_IP,
        "reply_by_email_enabled": EMAIL,
        "settings.admin": PERSON,
        "database.host": SERVER_IP,
        # text where a number or a flag belongs
        "counts.projects": EMAIL,
        "active_user_count": PERSON,
        "prometheus_enabled": SENDER_IP,
    }.items():
        put(payload, path, value)
    return payload


LICENSEES = [
    {"Name": PERSON, "Email": EMAIL, "Company": COMPANY},
    {"name": PERSON.upper(), "email": EMAIL.upper(), "company": COMPANY.upper()},
]


def plant(raw: RawFolder) -> None:
    """One account with an instance for each kind of host address, and pings that reach no account."""
    raw.account("A-canary")
    raw.subscription("S-canary", "A-canary", "2025-04-15", seats=100)
    for number, (kind, hostname) in enumerate(HOST_IPS.items()):
        raw.label(f"uuid-canary-{kind}", hostname)
        payload = planted(f"uuid-canary-{kind}", hostname, **LICENSEES[number % 2])
        record = {"ping_id": f"canary-{kind}", "received_at": "2026-06-20T06:00:00Z", "payload": payload}
        raw.line(record)
    invalid = {**planted("", HOST_IPS["v4"], **LICENSEES[0]), "uuid": None}
    raw.line({"ping_id": "canary-invalid", "received_at": "2026-06-20T06:00:00Z", "payload": invalid})
    broken = json.dumps({"ping_id": "canary-broken", "payload": planted("u", "h", **LICENSEES[0])})
    raw.line(broken, "received_month=2026-06/canaries.jsonl")
    raw.line(broken[:-10], "received_month=2026-06/canaries.jsonl")
