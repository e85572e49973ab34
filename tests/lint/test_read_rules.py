"""What the rules find in loops and aggregates, and what they let pass."""

from pathlib import Path

import pytest

from berceau.lint.read_rules import check_reads
from berceau.lint.source import examine
from berceau.orm.attributes import read_attributes

WRONG = {
    "for p in Post:  # L611\n    print(p)": "a loop",
    "for n, p in enumerate(Post):  # L611\n    pass": "a loop over numbered ones",
    "print([p for p in Post])  # L611": "a list",
    "print({p for p in Post})  # L611": "a set",
    "print({p.id: p for p in Post})  # L611": "a dict",
    "any(p.n for p in Post)  # L611": "any()",
    "all(p.n for p in Post)  # L611": "all()",
    "sorted(p.n for p in Post)  # L611": "sorted()",
    "sorted(Post)  # L611": "sorted() of the entity",
    "sorted(Post, key=lambda p: p.n)  # L611": "sorted() with a key",
    "min(p.n for p in Post)  # L611": "Python's min()",
    "max((p.n for p in Post), default=0)  # L611": "Python's max()",
    "max(Post, key=lambda p: p.n)  # L611": "max() of the entity",
    "len(Post)  # L611": "len()",
    "list(Post)  # L611": "list()",
    "list(p.n for p in Post if p.n > 3)  # L611": "list() of a generator",
    "tuple(Post)  # L611": "tuple()",
    "set(p.n for p in Post)  # L611": "set()",
    "dict((p.id, p) for p in Post)  # L611": "dict()",
    "', '.join(p.title for p in Post)  # L611": "a joined text",
    "next(p for p in Post)  # L611": "next()",
    "list(map(str, Post))  # L611": "map()",
    "list(filter(None, Post))  # L611": "filter()",
    "list(zip(Post, Tag))  # L611 L611": "zip()",
    "print(*Post)  # L611": "a star",
    "sum([p.n for p in Post])  # L611": "a list for Pony's sum()",
    "[(a, p) for a in Author.select() for p in Post]  # L611": "the second loop",
    "list(a for a in Author.select() if any(p.n for p in Post))  # L611": "inside another",
    "def total():\n    return max(p.n for p in Post)  # L611": "a function",
    "class View:\n    def total(self):\n        return max(p.n for p in Post)  # L611": "a method",
    "async def total():\n    for p in Post:  # L611\n        pass": "an async function",
    "x = lambda: list(Post)  # L611": "a lambda",
    "import itertools\nlist(itertools.islice(Post, 3))  # L611": "itertools",
    "import statistics\nstatistics.mean(p.n for p in Post)  # L611": "statistics",
    "from .entities import Post as Article\nlist(Article)  # L611": "an alias",
    "from . import entities\nlist(entities.Post)  # L611": "the module",
    "import components.blog.entities as e\nlist(e.Post)  # L611": "the module's alias",
    "from berceau.orm import db\nlist(db.Post)  # L611": "the database's entity",
    "import pony.orm as orm\nmin(p.n for p in Post)  # L611\norm.min(p.n for p in Post)": "both",
    "from pony import orm\nx = orm.select(p for p in Post)\nlist(Post)  # L611": "beside orm",
    "def f():\n    from .entities import Post\n    return list(Post)  # L611": "a local import",
    "select(t for t in Tag if t.posts.count() > 3)  # L612": "count() in a condition",
    "select((t, t.posts.count()) for t in Tag)  # L612": "count() as a value",
    "Tag.select(lambda t: t.posts.count() > 3)  # L612": "count() in a lambda",
    "Tag.select().order_by(lambda t: t.posts.count())  # L612": "count() in the order",
    "select(t for t in Tag if t.posts.select().count() > 3)  # L612": "count() of all",
    "select((a, a.posts.n.sum()) for a in Author)  # L612": "sum()",
    "select((a, a.posts.n.max()) for a in Author)  # L612": "max()",
    "select(p for p in Post if p.author.posts.count() > 3)  # L612": "count() behind another",
    "select(p for p in Post for t in p.tags if t.posts.count() > 1)  # L612": "the second part",
    "exists(t for t in Tag if t.posts.count() > 3)  # L612": "count() in exists()",
    "len(Post.select())  # L304": "len() of a query",
    "len(select(p for p in Post if p.n > 3))  # L304": "len() of a generator's query",
    "len(list(Post.select()))  # L304": "len() of a list",
    "max(p.n for p in Post.select())  # L304": "Python's max() of a query",
    "def f():\n    for a in Author.select():\n        print(a.posts.count())  # L303": "a loop",
    "def f():\n    authors = Author.select()\n    for a in authors:\n"
    "        yield a.note  # L303": "a variable",
    "def f(group: Group):\n    return [a.posts.count() for a in group.authors]  # L303": "typed",
    "def f(group: 'Group | None'):\n    pass\n"
    "def g(group: Group | None):\n    return [a.bio for a in group.authors]  # L303": "or None",
    "def f():\n    for a in Author.select():\n        for p in a.posts:\n            if p.n:\n"
    "                print(p.tags.count())  # L303": "nested loops",
    "def f():\n    for a in Author.select():\n        posts = a.posts\n"
    "        print(posts.count())  # L303": "a variable in the loop",
    "def f():\n    for a in Author.select():\n        try:\n            a.bio  # L303\n"
    "        finally:\n            pass": "a try",
    "def f():\n    with open('f') as file:\n        for a in Author.select():\n"
    "            file.write(a.bio)  # L303": "a with",
    "class Group(db.Entity):\n    def texts(self):\n"
    "        return [a.bio for a in self.authors]  # L303": "a method of an entity",
    "class Group(db.Entity):\n    @classmethod\n    def texts(cls):\n"
    "        return [g.authors.count() for g in cls.select()]  # L303": "a method of the class",
    "def f():\n    return {'authors': [{'bio': a.bio} for a in Author.select()]}  # L303": "a view",
    "def f():\n    for a in Author.select():\n        a.note += '!'\n"
    "        print(f'{a.bio}')  # L303": "a formatted text",
    "class Post(db.Entity):\n    def all(self):\n        return list(Post)  # L611": "its class",
    "class Note(Author):\n    pass\nclass Post(Note):\n    pass\nlist(Post)  # L611": "inherited",
    "def f():\n    return sorted(Author.select(), key=lambda a: a.posts.count())  # L303": "a key",
    "def f():\n    return max(Author.select(), key=lambda a: a.bio)  # L303": "the key of max()",
    "list(map(lambda a: a.bio, Author.select()))  # L303": "map() of objects",
    "list(filter(lambda a: a.posts.is_empty(), Author.select()))  # L303": "filter() of objects",
    "def f():\n    yield from Post  # L611": "yield from",
    "def f():\n    yield from (a.bio for a in Author.select())  # L303": "yield from objects",
    "def f(post):\n    return post in Post  # L611": "in",
    "def f(post):\n    return post not in Post  # L611": "not in",
    "def f():\n    for a in authors():\n        print(a.bio)  # L303\n"
    "def authors():\n    return Author.select()[:]": "a function below",
    "def authors(n):\n    found = select(a for a in Author)\n    return list(found.limit(n))\n"
    "def f():\n    return [a.posts.count() for a in authors(3)]  # L303": "a function above",
    "async def f():\n    return [a.posts.count() for a in Author.select()]  # L303": "async",
    "def f():\n    while True:\n        for a in Author.select():\n"
    "            a.bio  # L303": "a while",
    "def f():\n    for a in (a for a in Author.select()):\n        a.bio  # L303": "a generator",
}
RIGHT = [
    "select(p for p in Post)",
    "for p in select(p for p in Post): print(p.title)",
    "for p in Post.select(): print(p.title)",
    "for p in Post.select(lambda p: p.n > 3).order_by(Post.title)[:10]: print(p.author.name)",
    "sum(p.n for p in Post)",
    "count(p for p in Post)",
    "exists(p for p in Post if p.n > 3)",
    "left_join((a, count(a.posts)) for a in Author)",
    "from pony.orm import max, min, avg, group_concat, distinct, delete, get\n"
    "max(p.n for p in Post); min(p.n for p in Post); avg(p.n for p in Post)\n"
    "group_concat(p.title for p in Post); delete(p for p in Post); get(p for p in Post if p.n)",
    "import pony.orm as orm\norm.max(p.n for p in Post); orm.select(p for p in Post)",
    "from pony import orm\norm.count(p for p in Post)",
    "from pony.orm import *\nmax(p.n for p in Post)",
    "from pony.orm import *\nfor p in select(p for p in Post): pass",
    "select(p for p in Post if p.author in (a for a in Author if a.name == 'x'))",
    "select(p for p in Post if exists(t for t in Tag if t in p.tags))",
    "select(p for p in Post if p.n == max(q.n for q in Post))",
    "select(a for a in Author if max(p.n for p in Post if p.author == a) > 3)",
    "select((a, count(a.posts)) for a in Author)",
    "select((a, len(a.posts)) for a in Author)",
    "select((a, sum(a.posts.n)) for a in Author)",
    "select(a for a in Author if len(a.posts) > 3)",
    "select(a for a in Author if a.posts.filter(lambda p: p.n > 1).count() > 2)",
    "select((a, a.posts.select(lambda p: p.n > 1).count()) for a in Author)",
    "select(a for a in Author if a.posts.is_empty())",
    "select(a for a in Author).count()",
    "Author.select(lambda a: a.posts.is_empty()).count()",
    "list(Post.select())",
    "sorted(Post.select(), key=lambda p: p.title.lower())",
    "list(select(p for p in Post))",
    "[p.title for p in Post.select()]",
    "any(p.title.isupper() for p in Post.select())",
    "sum(len(p.title) for p in Post.select())",
    "max(Post.select(), key=lambda p: len(p.title))",
    "len(Post.select()[:10])",
    "len(Post.select().limit(10))",
    "posts = Post.select()\nprint(len(posts))\nfor p in posts: print(p.title)",
    "posts = select(p for p in Post)\nfor p in posts.page(1): print(p.title)",
    "query = (p for p in Post)\nselect(query)",
    "paginate(p for p in Post)",
    "def paginate(query): return select(query)\npaginate(p for p in Post if p.n)",
    "dict(select((p.title, p.n) for p in Post))",
    "for title, n in select((p.title, p.n) for p in Post): print(title, n)",
    "for a, n in select((a, count(a.posts)) for a in Author): print(a.name, n)",
    "for a in Author.select().prefetch(Author.posts): print(a.posts.count())",
    "for a in Author.select().prefetch(Author.bio): print(a.bio)",
    "for a in Author.select():\n    for p in a.posts: print(p.title)",
    "for a in Author.select(): print(len(a.posts), a.posts.count())",
    "for a in Author.select():\n    a.note = 'x'",
    "for a in Author.select(): a.posts.add(Post(title='x', n=1, author=a))",
    "for a in Author.select(): a.posts.clear()",
    "for a in Author.select(): a.delete()",
    "for p in Author[1].posts: print(p.title)",
    "for p in Author.get(name='x').posts.order_by(Post.n): print(p.title)",
    "def f(author: Author): return author.posts.count(), author.bio",
    "def f(name): return Author.get(name=name).posts.select(lambda p: p.n > 1)[:]",
    "def f():\n    for a in Author.select():\n        if a.name == 'x':\n            return a.bio",
    "def f():\n    for a in Author.select():\n        if a.name == 'x':\n            break\n"
    "    return a.posts.count()",
    "def f():\n    last = None\n    for a in Author.select():\n        last = a\n"
    "    return last.posts.count()",
    "def f():\n    for a in Author.select():\n        if not a.name:\n"
    "            raise ValueError(a.bio)",
    "def f():\n    for a in Author.select():\n        match a.name:\n            case 'x':\n"
    "                return a.bio",
    "def f():\n    for a in Author.select():\n        if a.name:\n            try:\n"
    "                return a.bio\n            except ValueError:\n                pass",
    "def f():\n    for a in Author.select():\n        if a.name:\n            with open('f'):\n"
    "                raise ValueError(a.bio)",
    "def authors():\n    return Author.select().prefetch(Author.bio)\n"
    "def f():\n    return [a.bio for a in authors()]",
    "def authors(full):\n    if full:\n        return Author.select().prefetch(Author.bio)\n"
    "    return Author.select()\ndef f():\n    return [a.bio for a in authors(True)]",
    "def first():\n    return Author.select().first()\ndef f():\n    return first().bio",
    "sorted(Author.select(), key=lambda a: (a.name, len(a.posts)))",
    "list(map(lambda p: p.author.name, Post.select()))",
    "select(p for p in Post if p.author in Author[1].groups.authors)",
    "'x' in [p.title for p in Post.select()]",
    "p in Post.select()",
    "for name in names: Author.get(name=name) or Author(name=name)",
    "for row in rows:\n    if not Author.exists(name=row.name): Author(name=row.name)",
    "for a in rows: print(a.posts.count(), a.bio)",
    "for number in range(3): print(Author[1].posts.count())",
    "def f(Post): return list(Post)",
    "def f(posts): return [p.tags.count() for p in posts]",
    "from .statuses import Status\nlist(Status); [s for s in Status]; len(Status)",
    "from enum import Enum\nclass Color(Enum): RED = 1\nlist(Color); [c.value for c in Color]",
    "from other import Post\nlist(Post)",
    "from enum import Enum\nclass Post(Enum): A = 1\nlist(Post); [each for each in Post]",
    "class Post: pass\ndef f(): return [each for each in Post]",
    "from datetime import date\nPost.select(lambda p: p.n > 1)[:]",
    "isinstance(x, Post) and issubclass(Post, object)",
    "map(Post.get, names)",
    "import itertools\nlist(itertools.starmap(Post, rows))",
    "list(map(Post, names))",
    "for entity in (Post, Tag): entity.select().delete(bulk=True)",
    "[entity.__name__ for entity in [Post, Tag]]",
    "sorted({p.author.name for p in Post.select()})",
    "', '.join(p.title for p in Post.select())",
    "Post.select().show(); Post.select().first(); Post.select().get_sql()",
    "[p.to_dict() for p in Post.select()]",
    "'x'.count('y'); [text.count('y') for text in words]",
    "[each.count for each in Author.select()]",
    "{p.author for p in Post.select()}",
    "def f(request): return {'posts': Post.select(), 'count': Post.select().count()}",
    "class Author(db.Entity):\n    def total(self): return self.posts.count()",
    "class Author(db.Entity):\n    @staticmethod\n    def f(a): return [x.bio for x in a.posts]",
    "max(a.n, b.n)",
    "[p for p in Post.select() if p.title.count('x') > 1]",
    "select(p for p in Post if p.title.upper() == 'X')[:]",
]


@pytest.mark.parametrize("text", WRONG, ids=WRONG.values())
def test_what_is_wrong_is_found_on_its_line(found, text) -> None:
    marked = [
        (number, code)
        for number, line in enumerate(text.splitlines(), 1)
        for code in line.partition("  # ")[2].split()
    ]
    assert marked
    assert found(text) == marked


@pytest.mark.parametrize("text", RIGHT)
def test_what_is_right_passes(found, text) -> None:
    assert found(text) == []


SERVICE = """
from .entities import Author, Post
from . import other

def authors(): return Author.select().order_by(Author.name)[:]
def with_texts(): return Author.select().prefetch(Author.bio)
def author(number): return Author.get(id=number)
def elsewhere(): return other.authors()
def names(): return [a.name for a in Author.select()]
"""
OTHER = "from .entities import Author\ndef authors(): return Author.select()\n"
VIEWS = {
    "from . import service": "service.",
    "from .service import authors, with_texts, author, elsewhere, names": "",
    "from . import service as things": "things.",
}


@pytest.mark.parametrize(("imports", "prefix"), VIEWS.items())
def test_what_a_service_returns_is_followed_to_the_view(mapped, imports, prefix) -> None:
    view = f"""
{imports}

def view(request):
    [a.bio for a in {prefix}authors()]  # L303
    [a.bio for a in {prefix}with_texts()]
    [a.posts.count() for a in {prefix}with_texts()]  # L303
    for p in {prefix}author(1).posts:
        p.tags.count()  # L303
    {prefix}author(1).posts.count()
    for a in {prefix}elsewhere():
        a.posts.is_empty()  # L303
    [name.count("a") for name in {prefix}names()]
    [each.count() for each in {prefix}unknown()]
"""
    files = {"service.py": SERVICE, "other.py": OTHER, "views.py": view}
    facts = {Path("blog") / name: examine(text.encode()) for name, text in files.items()}
    found = {(each.line, each.code) for each in check_reads(read_attributes(mapped), facts)}
    marked = {
        (number, "L303") for number, line in enumerate(view.splitlines(), 1) if "# L303" in line
    }
    assert found == marked
