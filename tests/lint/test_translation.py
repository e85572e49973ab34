"""What the rules refuse in a query, Pony can't translate; what they accept, it can."""

import pytest
from pony.orm.decompiling import DecompileError

REFUSED = {
    "L601": [
        "2 < p.n < 5",
        "not (1 < x < p.n)",
        "p.n == 1 == p.ok",
        "exists(q for q in Post if q.n < p.n < 3)",
    ],
    "L602": ["(m := p.n) > 3"],
    "L603": [
        "p.n == (1 if p.ok else 2)",
        "p.n == (1 if p.ok else (2 if p.n else 3))",
        "p.f == (p.n + (1 if p.ok else 2))",
    ],
    "L604": [
        "p.n in [x for x in (1, 2)]",
        "p.n in {x for x in xs}",
        "p.author in [a for a in Author]",
        "p.data == {y: y for y in words}",
    ],
    "L605": [
        "(lambda: 1)() == p.n",
        "exists(p.author.posts.filter(lambda q, z=1: q.ok))",
    ],
    "L606": [
        "any(q.n for q in p.author.posts)",
        "all(q.n for q in p.author.posts)",
        "sorted(p.tags)",
        "round(p.f) == 1",
        "pow(p.n, 2) > 1",
        "list(p.tags) == words",
        "set(p.tags)",
        "p.n in range(p.opt)",
        "next(q for q in p.author.posts)",
        "type(p.n) == int",
        "hasattr(p, 'n')",
        "divmod(p.n, 2)",
        "ord(p.title) == 1",
        "math.sqrt(p.f) > 1",
        "math.floor(p.f) > 1",
        "uuid.UUID(p.title) == x",
        "decimal.Decimal(p.n) > 1",
        "date(p.n, 1, 1) == p.day",
        "timedelta(days=p.n) == p.at - p.at",
        "p.n in tuple(y for y in xs)",
    ],
    "L607": [
        "p.title.title() == 'A'",
        "p.title.replace('a', 'b') == 'A'",
        "p.title.split(',')",
        "p.title.isdigit()",
        "p.title.find('a') > 0",
        "p.title.upper().title() == 'A'",
        "p.author.name.capitalize() == 'A'",
        "'{}'.format(p.title) == 'a'",
        "','.join(p.tags) == 'a'",
        "p.at.strftime('%Y') == 'x'",
        "p.at.isoformat() == 'x'",
        "p.at.weekday() == 1",
        "p.day.isoweekday() == 1",
        "p.amount.quantize(1) == 1",
        "p.f.is_integer()",
        "p.data.get('a') == 1",
        "p.data.items()",
        "p.tags.index('a') == 1",
    ],
    "L608": [
        "p.n << 1 == 2",
        "p.n >> 1 == 2",
        "+p.n == 1",
        "~p.n == 1",
        "~x == p.n",
        "p.n @ 2",
        "'%s' % p.title == 'a'",
    ],
    "L609": [
        "f'{p.title!r}x' == 'a'",
        "f'{p.n:03}' == 'a'",
        "p.title[::2] == 'a'",
        "p.n in (1, *xs)",
        "p.n == call(*xs)",
        "p.n == call(**known)",
        "p.data == {'a': p.title}",
        "p.title in {p.title, 'a'}",
        "p.data == {**known}",
    ],
}
ACCEPTED = [
    "between(p.n, 2, 5)",
    "2 < p.n and p.n < 5",
    "p.ok and not p.n or p.f > 3",
    "(p.ok or p.n) and (p.n > 3 or p.f)",
    "not (p.n == 1 or p.ok)",
    "p.n in xs",
    "p.n in [1, 2]",
    "p.n in list(xs)",
    "p.n in range(10)",
    "p.n == sorted(xs)[0]",
    "p.n == sum(xs)",
    "p.n == max(p.opt, 3)",
    "p.n == len(p.title)",
    "p.f == math.sqrt(x)",
    "p.f == round(x)",
    "p.title == ','.join(words)",
    "p.title == 'a {}'.format(x)",
    "p.title == f'{x:03}'",
    "p.title == f'{p.title}x'",
    "p.title == 'a %s' % x",
    "p.title[1:3] == 'a'",
    "p.title.upper().strip('x') == 'A'",
    "p.title.startswith('a')",
    "p.author.shout() == 'A'",
    "helper(p.n) > 1",
    "p.n == thing.method() + thing.value",
    "p.n // 2 == p.n % 2 - p.n ** 2",
    "(x & 1) == p.n",
    "p.n == call(a=1)",
    "p.at.date() == date(2024, 1, 1)",
    "p.at.year == 2024",
    "p.at > datetime.datetime.now(timezone.utc) - timedelta(days=3)",
    "p.data['a']['b'] == 1",
    "'x' in p.tags",
    "p.tags[0] == 'x'",
    "p.opt is None",
    "p.color in (Color.RED, Color.BLUE)",
    "count(q for q in p.author.posts) > 1",
    "exists(a for a in Author if a == p.author)",
    "p.author in (a for a in Author if a.age > 30)",
    "p.author in select(a for a in Author)",
    "p.author.posts.filter(lambda q: q.n > 1)",
    "coalesce(p.opt, 0) > 1",
    "raw_sql('p.n > 1')",
    "getattr(p, 'n') == 1",
    "isinstance(p, Post)",
    "p.data == {'a': x}",
    "(p.n, p.title) == (1, 'a')",
]
DEPENDS_ON_PYTHON = [
    "(1 if p.ok else 2) == p.n",
    "(p.ok if p.n > 3 else p.n > 2)",
]
FORMS = ("select(p for p in Post if {})", "Post.select(lambda p: {})")


@pytest.mark.parametrize(
    ("code", "condition"), [(code, each) for code, found in REFUSED.items() for each in found]
)
def test_pony_fails_on_what_is_refused(codes, translate, code, condition) -> None:
    for form in FORMS:
        query = form.format(condition)
        assert set(codes(query)) == {code}
        with pytest.raises(Exception):  # noqa: B017, PT011 - Pony raises whatever it stumbles over
            translate(query)


@pytest.mark.parametrize("condition", ACCEPTED)
def test_pony_translates_what_is_accepted(codes, translate, condition) -> None:
    for form in FORMS:
        query = form.format(condition)
        assert translate(query)
        assert codes(query) == []


@pytest.mark.parametrize("condition", DEPENDS_ON_PYTHON)
def test_what_depends_on_the_python_version_is_judged_by_pony(codes, translate, condition) -> None:
    for form in FORMS:
        query = form.format(condition)
        try:
            translate(query)
            assert codes(query) == []
        except DecompileError:
            assert codes(query) == ["L603"]
