"""What life puts into fields: catalogues of odd values, by the kind of field they stand in."""

from __future__ import annotations

from typing import Any

ADDRESS = "somebody@customer.example"
TEXTS: list[Any] = [
    "", " ", "  x  ", "null", "None", "NaN", "it's", 'say "hi"', "a,b;c\td", "line\nbreak", "back\\slash", "'; drop table x; --",
    "{{ ref('x') }}", "{% raw %}", "%s %(a)s", "100 %", "$1", "ÄÖÜ ß", "名前", "🙂", "\u202eright to left", "\ufeffmark", "é",
    "x" * 5000, "\x1b[31mred", "a\x00b", "[1, 2]", '{"a": 1}', ADDRESS, "<script>alert(1)</script>", "=1+1", "-", ".", "\\N",
]  # fmt: skip
NUMBERS: list[Any] = [
    0, -0.0, 1, 1.5, 0.1, -1, -2, -3, -1000, -7, 1e-320, 1e-13, 1e12, 1e12 + 1, 1234567890123, 4294967295, 4294967296, 2**31,
    2**53 + 1, 2**63, 1.8e19, 1e38, 1e39, 1.7e308, 10**400, True, False, None, [], {}, [1, 2], [None], {"a": 1}, {"-1": -1},
    {"-1": 0}, "", " ", "12", " 7 ", "+5", "-5", "-1", "1e3", "1e400", "-1e400", "1e-400", "1.", ".5", "1,200", "1.200,5",
    "1 200", "1_000", "0x10", "٣", "−5", "12abc", "NaN", "nan", "Infinity", "-Infinity", "inf", "true", "TRUE", "yes", "null",
    "{}", '{"-1": -1}', "9" * 400, "-" + "9" * 400, "12.5 %", "€ 5", 1e15, 1.0, 1e-5, "12 ", "12\t", "-0", "1.0", "1E2", {"a": {"b": 1}},
    [[]], {"": 1}, "0" * 400 + "7", 0.30000000000000004, "1e-400", "+0", "\x00", "12\x00",
]  # fmt: skip
TIMES: list[Any] = [
    "2026-05-03T10:00:00Z", "2026-05-03T10:00:00+05:30", "2026-05-03T10:00:00-1200", "2026-05-03 10:00:00 UTC",
    "2026-05-03 10:00:00", "2026-05-03", "2026-05-03T10:00", "2026-05-03T10:00:00.123456789Z", "2026-05-03T24:00:00Z",
    "2026-05-03T23:59:60Z", "2026-02-30T10:00:00Z", "2026-13-01", "03.05.2026", "05/03/2026", "May 3, 2026", "26-05-03",
    "2026-5-3", "1970-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "0001-01-01", "0000-00-00", "9999-12-31T23:59:59Z",
    "10000-01-01", "12026-01-01", "-0044-03-15", "2031-01-01T00:00:00Z", "2038-01-19T03:14:08Z", "1777802400", 1777802400,
    1777802400000, 1.5, "yesterday", "now", "today", "infinity", "-infinity", "epoch", "", " ", None, True, [], {},
    "2026-05-03T10:00:00Z\n", "２０２６-05-03",
]  # fmt: skip
HOSTNAMES: list[Any] = [
    "git.example", " GIT.Example ", "git.example.", "10.0.0.7", "10.0.0.7:8080", "[2001:db8::1]:443", "2001:db8::1",
    "::ffff:10.0.0.7", "fe80::1%eth0", "h" * 1_000_000, "git.example:443", "git.example/", "gi\x00t.example", "🙂.example", "\u202egit",
    "{{ x }}", "*.example", "git.example,other.example", "git.example@10.0.0.7", "127.0.0.1", "localhost", "https://git.example/x", ADDRESS, "git@10.0.0.7",
    "staging.git.example", "gitlab.com", "x.gitlab.com", "-1", "-1000", -1, None, "", " ", 7, True, [], {"a": "b"}, "münchen.example",
    "a" * 300, "git.example\n", "'", '"', "%", "_", "\\", "null", "10.0.0", "999.999.999.999", "0x7f.1", "2130706433",
]  # fmt: skip
VERSIONS: list[Any] = [
    "16.8.0", "v16.8.0", "V16.8.0-ee", "16.8", "16", "16.x", "16.8.0.1.2", "16.08.00", " 16.8.0 ", "16.8.0-pre", "16.8.0-rc42.ee",
    "15.10.2", "0.0.0", "-1", "VERSION", "@VERSION@", "unknown", "latest", "99999999999.1.0", "16.99999999999.0", "1e3.2", "16,8,0",
    "", " ", None, 16.8, 16, True, [], {}, "16.8.0\n", "１６.８", "16.8.0@abc", "vv16.8", "v", "16..8", "16.8.", ".16.8", "-16.8.0", "16.-8.0",
    "1.6e1.8", "16.8.0 (Ubuntu)", "{{ x }}", "9" * 400 + ".1", "16." + "9" * 400,
]  # fmt: skip
HASHES: list[Any] = [
    -1, "-1", "", " ", None, 0, "0", "none", "null", "n/a", "abc", "zz" * 16, "a" * 31, "A1-B2-C3", "d41d8cd98f00b204e9800998ecf8427e",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", [], {}, True, "0x" + "a" * 32, "a" * 64 + " ",
]  # fmt: skip
WORDS: dict[str, list[Any]] = {
    "edition": ["CE", "EE", "EEP", "EEU", "eep ", "EE Free", "XX", "", None, 5, [], {}, "EES", ADDRESS],
    "license_plan": ["premium", "Ultimate", "gold", "bronze", "free", "", None, 7, [], {}, "PREMIUM ", "x" * 300],
    "license_trial": [True, False, "true", "FALSE", "yes", 1, 0, None, "", [], {}],
    "installation_type": ["omnibus-gitlab", "gitlab-development-kit", "", None, 3, [], "helm-chart "],
}
TIERS = [
    "Free", "Starter", "Premium", "Ultimate", "premium ", "ULTIMATE", "Ultimate (Self-Managed)", "GitLab Premium - 1 year", "Gold",
    "Silver", "Bronze", "Platinum", "", " ", "Premium/Ultimate", "premíum", ADDRESS, "Plus", "null", "x" * 500,
]  # fmt: skip
STATUSES = [
    "Active", "active", "ACTIVE ", "Cancelled", "Canceled", "cancelled", "Expired", "expired", "Churned", "On hold", "", " ", "Draft",
    "active?", "1", "true", "n/a", ADDRESS,
]  # fmt: skip
CELL_NUMBERS = [
    "100", "1", "0", "-5", "", " ", "1200.5", "1200.0", "1,200", "1.200", "1 200", "1e3", "1e300", "1e400", "nan", "NaN", "inf",
    "-inf", "Infinity", "99999999999999999999", "4294967296", "2147483648", "100000001", "unlimited", "twelve", "0x10", "٣", "+7",
    "€100", "100.", ".5", "1e12", "1000000000001", "-0", "--5", "1/2", "NULL", "#REF!", " 12", "12 ", "12\t", "100\u00a0", "50%", "$1,000.00",
    "1000 USD", "(5)", "1e-3", "0.0", "00100", "1E2", "'100", "=100", "100 seats", "1e15", "true",
]  # fmt: skip
CELL_DATES = [
    "2026-01-15", "2025-06-01", "2024-02-29", "2026-02-30", "2025-02-29", "01/15/2026", "15.01.2026", "2026-1-5", "20260115",
    "2026-01-15T00:00:00Z", "2026-01-15 10:00:00", "2026", "Jan 15, 2026", "0001-01-01", "1900-01-01", "9999-12-31", "12026-01-01",
    "0000-00-00", "2031-01-01", "46037", "", " ", "never", "n/a", "infinity", "-infinity", "26-01-15", "2026-13-01",
    "2026-00-10", "31.12.2026", "2026/01/15", "2026-01-15 ", "\t2026-01-15", "2026-01-15Z", "2026-01-15T25:00:00", "+2026-01-15", "2026-W03",
]  # fmt: skip
CELL_BOOLEANS = ["true", "false", "TRUE", "False ", "yes", "no", "1", "0", "", "Y", "maybe", "t"]
CELL_TIMES = [str(time) for time in TIMES if isinstance(time, str) and "\n" not in time]
LABELS = [
    "Production", "production ", "PRODUCTION", "Staging", "Non-Production", "Obsolete", "Geo Secondary Node", "Unknown", "prod", "",
    "live", "Produktion", "null", ADDRESS, "x" * 300,
    "non production", "NON-PRODUCTION ", "Geo secondary node", "Production;", "staging\u00a0",
]  # fmt: skip
CELL_TEXTS = [text for text in TEXTS if "\x00" not in text]
