"""Tests marked ``slow``: which runs leave them out, and what they say of it."""

import pytest

from tests.conftest import Project

LEFT_OUT = "Left out: {} marked slow. `invoke test --all` runs all."


@pytest.fixture
def shop(connected) -> Project:
    """A project with one quick test and three slow ones, in two files.

    Its database is the one of these tests: several workers would start a server of its own.
    """
    connected.write("pytest.ini", "[pytest]\naddopts = --strict-markers\n")
    connected.component("shop")
    connected.write(
        "components/shop/tests/test_mixed.py",
        """
        import pytest

        def test_quick():
            pass

        @pytest.mark.slow
        def test_long():
            pass
        """,
    )
    connected.write(
        "components/shop/tests/test_all_slow.py",
        """
        import pytest

        pytestmark = pytest.mark.slow

        @pytest.mark.parametrize("number", range(2))
        def test_long(number):
            pass
        """,
    )
    return connected


@pytest.mark.parametrize("workers", ["1", pytest.param("2", marks=pytest.mark.slow)])
def test_slow_tests_are_left_out_and_counted(shop, workers) -> None:
    result = shop.invoke("test", "--workers", workers)
    assert result.code == 0, result
    assert "1 passed" in result.out
    assert LEFT_OUT.format("3 tests") in result.out


@pytest.mark.slow
@pytest.mark.parametrize(
    "command", [("invoke", "test", "--all", "--workers", "2"), ("pytest",)], ids=" ".join
)
def test_all_run_with_all_and_by_plain_pytest(shop, command) -> None:
    result = shop.run(*command)
    assert result.code == 0, result
    assert "4 passed" in result.out
    assert "Left out" not in result.out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "passed"),
    [
        ("components/shop/tests/test_all_slow.py", 2),
        ("components/shop/tests/test_mixed.py::test_long", 1),
        ("components/shop -m slow", 3),
        ("-n 2 components/shop/tests/test_all_slow.py::test_long", 2),
    ],
)
def test_what_is_named_runs(shop, arguments, passed) -> None:
    result = shop.invoke("test", "--workers", "1", "--", *arguments.split())
    assert result.code == 0, result
    assert f"{passed} passed" in result.out
    assert "Left out" not in result.out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "left_out"),
    [
        ("components/shop/tests -k long", "3 tests"),
        ("-k mixed", "1 test"),
        ("components/shop/tests/test_mixed.py components/shop", "2 tests"),
    ],
)
def test_a_folder_and_an_expression_name_no_test(shop, arguments, left_out) -> None:
    result = shop.invoke("test", "--workers", "1", "--", *arguments.split())
    assert LEFT_OUT.format(left_out) in result.out


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_file_in_settings_is_not_named(shop, workers) -> None:
    shop.write("pytest.ini", "[pytest]\ntestpaths = components/shop/tests/test_mixed.py\n")
    result = shop.invoke("test", "--workers", workers)
    assert result.code == 0, result
    assert LEFT_OUT.format("1 test") in result.out
