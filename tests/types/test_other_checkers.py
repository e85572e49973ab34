"""What ty finds. Berceau does not depend on it: these tests run where it is installed."""

import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not Path(sys.executable).with_name("ty").exists(), reason="ty isn't installed"
    ),
]
WRONG = """\
from components.blog.entities import Post
Post(titel="")
Post["x"]
Post.get(titel="").title
def use(post: Post) -> None:
    post.titel
    post.set(title=3)
"""


def test_ty_knows_entities(typed) -> None:
    (typed.root / "use.py").write_text(WRONG)
    packages = Path(typed.environment["MYPYPATH"])
    search = [f"--extra-search-path={folder}" for folder in (".berceau/types", packages)]
    out = typed.run("ty", "check", "--output-format=concise", *search, "use.py")
    found = {int(line.split(":")[1]) for line in out.splitlines() if "error[" in line}
    assert found == {2, 3, 4, 6, 7}, out
