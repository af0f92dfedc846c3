"""From options to a folder of raw input."""

from __future__ import annotations

from sample.clock import at, weeks
from sample.customers import bulk_customers
from sample.model import Customer, Options
from sample.payload import PayloadWriter
from sample.pings import week_ping
from sample.tables import write_tables
from sample.writer import PingFiles, ping_line, replaced_folder

MIN_ACCOUNTS = 24


def generate(options: Options, *, force: bool = False) -> str:
    """Write the raw folder; returns a line that says what is in it."""
    customers = list(bulk_customers(options, options.accounts))
    with replaced_folder(options.out, force) as folder:
        write_tables(folder, customers, [])
        lines = _write_pings(folder, customers, options)
    return f"{options.out}: {len(customers)} accounts, {lines} pings, as of {options.as_of}"


def _write_pings(folder, customers: list[Customer], options: Options) -> int:
    render = PayloadWriter(options.seed, at(options.as_of, 0), options.payload_keys).render
    instances = [instance for customer in customers for instance in customer.instances]
    lines = 0
    with PingFiles(folder, options.as_of, options.gzip) as files:
        for weeks_back in weeks(options.as_of, options.months):
            planned = (week_ping(instance, weeks_back, options) for instance in instances)
            pings = sorted((p for p in planned if p), key=lambda p: (p.received_at, p.ping_id))
            for ping in pings:
                day = ping.received_at.date()
                line = ping_line(ping.ping_id, ping.received_at, render(ping))
                files.add(day, f"pings_{pings[-1].received_at:%Y-%m-%d}", line)
                lines += 1
            files.close_week()
    return lines
