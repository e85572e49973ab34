"""The sections of the console, in the order of its navigation."""

from dataclasses import dataclass

TAKEN = "berceau.console.sections"
"""In Pyramid's registry: the names of the sections that have a page."""


@dataclass(frozen=True)
class Section:
    """A part of the console: its ``path`` below the prefix, and the lines of its icon.

    ``icon`` is the data of an SVG path, 24 by 24, drawn as a line.
    """

    name: str
    title: str
    path: str
    icon: str


SECTIONS = (
    Section("overview", "Overview", "", "M4 4h7v9H4z M13 4h7v5h-7z M13 12h7v8h-7z M4 16h7v4H4z"),
    Section(
        "schema",
        "Schema",
        "/schema",
        "M9 3h6v5H9z M3 16h6v5H3z M15 16h6v5h-6z M12 8v4 M6 16v-4h12v4",
    ),
    Section("rows", "Rows", "/rows", "M3 5h18v14H3z M3 10h18 M3 14.5h18 M9 10v9"),
    Section(
        "migrations",
        "Migrations",
        "/migrations",
        "M6 8.5v12 M6 3.5a2.5 2.5 0 1 0 0 5a2.5 2.5 0 1 0 0-5 M18 6.5a2.5 2.5 0 1 0 0 5"
        "a2.5 2.5 0 1 0 0-5 M18 11.5c0 4-6 3-12 5",
    ),
    Section("requests", "Requests", "/requests", "M3 12h4l3-8 4 16 3-8h4"),
    Section(
        "advice",
        "Advice",
        "/advice",
        "M9 18h6 M10 21h4 M12 3a6 6 0 0 0-3.5 10.9c.6.5 1 1.2 1 2v.1h5v-.1c0-.8.4-1.5 1-2"
        "A6 6 0 0 0 12 3z",
    ),
)
