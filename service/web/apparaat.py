"""From which browser somebody logs in, in words by which they recognise it: `Firefox op Windows`.

Only these words are kept: what a browser says of itself is long enough to tell one person from another, and anybody may
make it up.
"""

from __future__ import annotations

BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
"""What stands in it, and what people call that. Most say to be others too, so the order counts."""

SYSTEMS = (
    ("iPhone", "een iPhone"),
    ("iPad", "een iPad"),
    ("Android", "een Android-toestel"),
    ("Windows", "Windows"),
    ("CrOS", "een Chromebook"),
    ("Macintosh", "een Mac"),
    ("Linux", "Linux"),
)


def in_words(user_agent: str | None) -> str:
    """Of the header User-Agent."""
    said = user_agent or ""
    browser = next((name for mark, name in BROWSERS if mark in said), None)
    system = next((name for mark, name in SYSTEMS if mark in said), None)
    if browser is None and system is None:
        return "een onbekend apparaat"
    return f"{browser or 'een andere browser'} op {system or 'een onbekend apparaat'}"
