"""The pages' templates, and the one way to render them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from amika_agent.workspace.plain_text import shown

if TYPE_CHECKING:
    from jinja2 import Environment


def render(template: str, **values: Any) -> str:  # noqa: ANN401 -- whatever the template shows
    """Return the page; every value is escaped. Text from outside goes through the `shown` filter as well."""
    return _environment().get_template(template).render(**values)


@functools.cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(__name__, ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["shown"] = shown
    return environment
