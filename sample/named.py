"""The named accounts: one situation each, with numbers that can be checked by hand.

Numbers in a comment are those of the worked examples the rules were agreed on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from sample.casebook import Casebook, scored
from sample.licensing import dashed, on_trial
from sample.model import Customer, Options

EXAMPLE_15 = scored(None, scanners=150, scans=(300, 150, 90, 0, 0, 0, 0), pipelines=4500)


def alder(options: Options) -> Customer:
    """Example 22, and objectives in each of their states."""
    book = Casebook(options, "alder", "Alder Avionics", "premium, overall 75.47 green")
    sold = book.subscription("Premium", 1200, book.ago(14, 9), arr=417_600)
    usage = scored(1000, 700, git=450, builds=25_000, deployed=(80, 1500, 1350, 150))
    main = book.instance(book.grant(sold), usage)
    relic = scored(90, 10, git=4, builds=20, deployed=(0, 0, 0, 0))
    old = book.instance(book.grant(sold), relic, label="OBSOLETE", host="old-git", role="obsolete")
    book.change(old, reports_until=book.ago(3), uuid=main.uuid)
    users = "git_operations_28_days_user"
    book.objective("Roll out", "activated_seats", 1000, book.ago(8), book.ago(-4))
    book.objective("Code in one place", users, 600, book.ago(5), book.ago(-5))
    book.objective("Code in one place, late", users, 600, book.ago(9), book.ago(-1))
    book.objective("Scan", "sast_scans_28_days_event", 100, book.ago(3), book.ago(-9))
    return book.customer


def birch(options: Options) -> Customer:
    """Example 23."""
    book = Casebook(
        options,
        "birch",
        "Birch Bank",
        "ultimate with DevSecOps, overall 74.85 yellow",
        parent="alder",
    )
    sold = book.subscription("Ultimate", 1200, book.ago(14, 9), arr=1_425_600)
    usage = scored(1000, 700, git=450, builds=25_000, deployed=(80, 1500, 1350, 150)) | EXAMPLE_15
    book.instance(book.grant(sold, ""), usage)
    return book.customer


def cedar(options: Options) -> Customer:
    """Shelfware, worse than last month; the second instance has a label of its own making."""
    book = Casebook(options, "cedar", "Cedar Chemicals", "1,000 seats activated, 700 in use")
    sold = book.subscription("Premium", 1000, book.ago(20, 9), arr=348_000)
    usage = scored(1000, 700, git=150, builds=1500, deployed=(20, 300, 240, 60))
    before = {"unique_active_28_days_user": 850}
    book.instance(book.grant(sold), usage, label="production", before=before)
    trial_box = scored(30, 4, git=2, builds=10)
    book.instance(book.grant(sold), trial_box, label="Sandbox", host="try", role="staging")
    return book.customer


def dogwood(options: Options) -> Customer:
    """Example 26: two subscriptions, weighted by ARR; the small one just fell off."""
    book = Casebook(options, "dogwood", "Dogwood Devices", "two subscriptions, SCM 72.25 by ARR")
    large = book.subscription("Premium", 500, book.ago(26, 9), arr=90_000)
    nothing = (0, 0, 0, 0)
    usage = scored(450, 400, git=200, builds=9000, deployed=nothing)
    book.instance(book.grant(large), usage)
    small = book.subscription("Premium", 200, book.ago(15, 9), arr=30_000)
    usage = scored(120, 50, git=8, builds=100, deployed=nothing)
    before = {"activated_seats": 180, "git_operations_28_days_user": 60}
    book.instance(book.grant(small), usage, host="gitlab.labs", before=before)
    return book.customer


def elm(options: Options) -> Customer:
    """Example 25; the staging server is a clone that keeps the uuid, once labelled Production."""
    book = Casebook(options, "elm", "Elm Energy", "one licence on three instances")
    sold = book.subscription("Premium", 500, book.ago(18, 9), arr=174_000)
    book.edit_license(subscription_id=f"{sold.subscription_id}  ")
    grant = book.grant(sold, "0000")
    usage = scored(400, 340, git=160, builds=18_000, deployed=(30, 900, 855, 45))
    main = book.instance(grant, usage)
    test = scored(20, 6, git=3, builds=40, deployed=(0, 0, 0, 0))
    staging = book.instance(grant, test, label="Production", host="staging", role="staging", uuid=main.uuid)
    book.label(staging, " Staging ", book.ago(4))
    replica = scored(400, 0, git=0, builds=0, deployed=(0, 0, 0, 0))
    book.instance(grant, replica, label="Geo Secondary Node", host="geo", role="geo")
    return book.customer


def fir(options: Options) -> Customer:
    """Example 18: Premium is sold, Ultimate is on trial; the licence shows its md5 with dashes."""
    book = Casebook(options, "fir", "Fir Freight", "premium with an Ultimate trial running")
    sold = book.subscription("Premium", 1000, book.ago(16, 9), arr=348_000)
    grant = replace(book.grant(sold, ""), md5=dashed(book.grant(sold).md5))
    trial = on_trial(grant, "ultimate", since=book.ago(0, 45), ends=book.ago(-1))
    usage = scored(800, 650, git=400, builds=36_000, deployed=(100, 3000, 2700, 300))
    usage |= EXAMPLE_15 | {"secure_scanners_28_days_user": 120}
    book.instance((grant, trial), usage)
    return book.customer


def ginkgo(options: Options) -> Customer:
    """A trial subscription, too young for the utilization bands but past onboarding."""
    book = Casebook(options, "ginkgo", "Ginkgo Genomics", "Ultimate trial subscription, age 1")
    start = book.ago(1, 12)
    trial = book.subscription("Ultimate", 50, start, start + timedelta(90), arr=0, trial=True)
    usage = scored(40, 36, git=20, builds=1000, deployed=(3, 100, 90, 10))
    usage |= scored(40, scanners=9, scans=(30, 20, 10, 0, 0, 0, 0), pipelines=100)
    book.instance(book.grant(trial), usage, version="17.4.2-ee")
    return book.customer


def hazel(options: Options) -> Customer:
    """Example 13; only the md5 leads to the licence, whose record writes it in its own way."""
    book = Casebook(options, "hazel", "Hazel Health", "version 14.5, most measures unsupported")
    sold = book.subscription("Premium", 1000, book.ago(20, 9), arr=348_000)
    usage = scored(800, git=400) | {"umau_28_days_user": 500}
    grant = book.grant(sold, "")
    book.edit_license(license_md5=f"{dashed(grant.md5).upper()} ")
    book.instance(grant, usage, version="14.5.0-ee", bare=True)
    return book.customer


def ironwood(options: Options) -> Customer:
    """Example 9: reports, but is in its first 30 days."""
    book = Casebook(options, "ironwood", "Ironwood Insurance", "in onboarding, 20 days old")
    sold = book.subscription("Ultimate", 300, book.ago(0, 20), arr=356_400)
    usage = scored(90, 60, git=30, builds=900, deployed=(0, 0, 0, 0))
    book.instance(book.grant(sold), usage, version="17.10.1-ee")
    return book.customer


def juniper(options: Options) -> Customer:
    """A customer from whom no ping ever came."""
    book = Casebook(options, "juniper", "Juniper Jets", "never reported")
    book.subscription("Ultimate", 400, book.ago(17, 9), arr=475_200)
    return book.customer


def katsura(options: Options) -> Customer:
    """The last ping is 75 days old."""
    book = Casebook(options, "katsura", "Katsura Kinetics", "stopped reporting")
    sold = book.subscription("Ultimate", 250, book.ago(19, 9), arr=297_000)
    usage = scored(200, 150, git=80, builds=4000, deployed=(10, 200, 180, 20))
    main = book.instance(book.grant(sold), usage)
    book.change(main, reports_until=book.ago(0, 75))
    return book.customer


def larch(options: Options) -> Customer:
    """Example 12."""
    book = Casebook(options, "larch", "Larch Logistics", "zero seats sold")
    sold = book.subscription("Premium", 0, book.ago(12, 9), arr=1000)
    usage = scored(40, 36, git=20, builds=2000, deployed=(3, 90, 81, 9))
    book.instance(book.grant(sold), usage)
    return book.customer


def maple(options: Options) -> Customer:
    """Example 14."""
    book = Casebook(options, "maple", "Maple Media", "active users failed, events stand in")
    sold = book.subscription("Premium", 1200, book.ago(15, 9), arr=417_600)
    usage = scored(1000, -1, git=450, builds=25_000, deployed=(80, 1500, 1350, 150))
    usage["umau_28_days_user"] = 650
    book.instance(book.grant(sold), usage, version="16.9.1-ee")
    return book.customer


def nutmeg(options: Options) -> Customer:
    """A renewal six weeks ago; pings go on showing the licence and the id of the old term."""
    book = Casebook(options, "nutmeg", "Nutmeg Networks", "renewed, pings show the old id")
    renewed = book.ago(0, 45)
    old = book.subscription("Premium", 400, book.ago(13, 15), renewed, arr=139_200)
    usage = scored(500, 450, git=260, builds=30_000, deployed=(70, 2000, 1900, 100))
    book.instance(book.grant(old), usage)
    book.subscription("Premium", 550, renewed, arr=191_400, renews=old)
    return book.customer


def oak(options: Options) -> Customer:
    """The subscription ended two months ago, the instance goes on."""
    book = Casebook(options, "oak", "Oak Optics", "expired, still pinging")
    sold = book.subscription("Ultimate", 300, book.ago(14, 9), book.ago(2, 9), arr=356_400)
    usage = scored(280, 240, git=130, builds=15_000, deployed=(30, 900, 855, 45))
    book.instance(book.grant(sold), usage)
    return book.customer


def pine(options: Options) -> Customer:
    """Nobody owns the account, so the suggestion decides."""
    book = Casebook(options, "pine", "Pine Pharma", "unlabelled and unowned", owned=False)
    sold = book.subscription("Premium", 100, book.ago(14, 9), arr=34_800)
    grant = book.grant(sold)
    usage = scored(90, 80, git=50, builds=4200, deployed=(12, 800, 700, 100))
    book.instance(grant, usage, label=None)
    test = scored(10, 5, git=2, builds=10, deployed=(0, 0, 0, 0))
    book.instance(grant, test, label=None, host="sandbox", role="staging")
    copy = scored(85, 2, git=1, builds=10, deployed=(0, 0, 0, 0))
    book.instance(grant, copy, label=None, host="staging", role="staging")
    return book.customer


def quince(options: Options) -> Customer:
    """The account has an owner who has not labelled its instance."""
    book = Casebook(options, "quince", "Quince Qualität, Inc.", "reports, but not labelled")
    sold = book.subscription("Ultimate", 150, book.ago(11, 9), arr=178_200)
    usage = scored(140, 120, git=80, builds=7000, deployed=(20, 900, 850, 50))
    book.instance(book.grant(sold), usage, label=None)
    return book.customer


def rowan(options: Options) -> Customer:
    """Air-gapped: payload files come by hand."""
    book = Casebook(options, "rowan", "Rowan Rail", "air-gapped, payloads saved by hand")
    sold = book.subscription("Premium", 800, book.ago(13, 9), arr=278_400)
    usage = scored(700, 630, git=300, builds=12_000, deployed=(40, 400, 300, 100))
    main = book.instance(book.grant(sold), usage)
    book.change(main, air_gapped=True)
    return book.customer


def sorrel(options: Options) -> Customer:
    """Starter has no billable-users key, so nothing can be measured per seat."""
    book = Casebook(options, "sorrel", "Sorrel Software", "starter, no activated seats")
    sold = book.subscription("Starter", 60, book.ago(16, 9), arr=2880)
    usage = scored(50, 40, git=20, builds=900)
    book.instance(book.grant(sold), usage)
    return book.customer


def tamarack(options: Options) -> Customer:
    """Seats come from the licence in one subscription and from the ping in the other."""
    book = Casebook(options, "tamarack", "Tamarack Telecom", "seats by licence and by ping")
    first = book.subscription("Premium", None, book.ago(15, 9), arr=None)
    book.edit_license(seats=300)
    usage = scored(240, 200, git=100, builds=9000, deployed=(30, 700, 650, 50))
    book.instance(book.grant(first), usage)
    second = book.subscription("Premium", None, book.ago(15, 9), arr=None)
    usage = scored(80, 30, git=6, builds=100, deployed=(0, 0, 0, 0))
    usage["licensed_seats_ping"] = 100
    book.instance(book.grant(second), usage, host="gitlab.east")
    del book.customer.licenses[-1]
    return book.customer


def umber(options: Options) -> Customer:
    """One licence hash leads to two subscriptions: the one in force on the ping's day counts."""
    book = Casebook(options, "umber", "Umber Utilities", "one hash, two subscriptions")
    moved = book.ago(10, 9)
    book.subscription("Premium", 80, book.ago(22, 9), moved - timedelta(days=1), arr=27_840)
    sold = book.subscription("Premium", 120, moved, arr=41_760)
    grant = book.grant(sold, None)
    records = book.customer.licenses
    records[0] = replace(records[0], license_md5=grant.md5, license_sha256=grant.sha256)
    usage = scored(90, 50, git=32, builds=200, deployed=(6, 190, 150, 38))
    book.instance(grant, usage)
    return book.customer


CASES: tuple[Callable[[Options], Customer], ...] = (
    alder, birch, cedar, dogwood, elm, fir, ginkgo, hazel, ironwood, juniper, katsura, larch,
    maple, nutmeg, oak, pine, quince, rowan, sorrel, tamarack, umber,
)  # fmt: skip


def named_customers(options: Options) -> list[Customer]:
    """All named accounts."""
    return [case(options) for case in CASES]
