"""The page of differences, in a browser: the developer reads the SQL and presses the button."""

import pytest


def reload_until(page, text: str) -> None:
    """Press the reload button until the page shows ``text``, as a developer would."""
    for _ in range(100):
        page.reload()
        if text.lower() in page.inner_text("main").lower():
            return
        page.wait_for_timeout(100)
    pytest.fail(page.inner_text("main"))


pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_the_button_writes_and_applies_what_the_page_shows(browser, connected, serve) -> None:
    connected.succeed("new", "notes")
    connected.succeed("migrate", "--name", "init")
    entities = connected.root / "components/notes/entities.py"
    with serve(connected, "--reload") as site:
        page = browser.new_context().new_page()
        page.goto(site.address + "/notes")
        assert page.title() == "Notes"
        text = entities.read_text()
        more = "    pages = Optional(int)\n    created_at"
        entities.write_text(
            text.replace("    created_at", more).replace(
                "import PrimaryKey", "import Optional, PrimaryKey"
            )
        )
        reload_until(page, "Entities and database differ")
        assert "ALTER TABLE note ADD COLUMN pages integer;" in page.content()
        page.fill("#name", "Add pages")
        page.click("text=Write and apply it")
        page.get_by_role("heading", name="Notes").wait_for(timeout=30_000)
        assert page.title() == "Notes"
        assert connected.migrations()[-1].endswith("_add_pages")
        entities.write_text(text)
        reload_until(page, "Entities and database differ")
        assert "This loses data." in page.content()
        assert page.locator("button").count() == 0
        assert "invoke migrate" in page.content()
        entities.write_text("broken(")
        reload_until(page, "application can't be loaded")
        assert "entities.py:1" in page.inner_text("main")
        entities.write_text(
            text.replace("    created_at", more).replace(
                "import PrimaryKey", "import Optional, PrimaryKey"
            )
        )
        page.get_by_role("heading", name="Notes").wait_for(timeout=10_000)
        page.context.close()
