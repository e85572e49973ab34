"""Whether the predicates of two routes tell them apart."""

from collections.abc import Mapping
from typing import Any

from pyramid.predicates import HeaderPredicate, RequestMethodPredicate, RequestParamPredicate


def tell_apart(first: Any, second: Any) -> bool:
    """Return whether the requests that meet one of two predicates of a kind don't meet the other.

    Different headers and parameters count as if no request had both, and so do predicates of
    kinds that aren't known here.
    """
    if isinstance(first, RequestMethodPredicate):
        return not {*first.val} & {*second.val}
    if isinstance(first, HeaderPredicate | RequestParamPredicate):
        left, right = _wanted(first), _wanted(second)
        return left.keys() != right.keys() or any(
            left[name] != right[name] for name in left if None not in (left[name], right[name])
        )
    return bool(first.phash() != second.phash())


def _wanted(predicate: HeaderPredicate | RequestParamPredicate) -> Mapping[str, str | None]:
    """Return the names that a request must have, with their values; ``None`` stands for any."""
    if isinstance(predicate, RequestParamPredicate):
        return dict(predicate.reqs)
    return {name.lower(): text for name, _, text in predicate.val}
