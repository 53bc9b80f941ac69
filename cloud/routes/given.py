"""What handlers are given: HQ's parts, and whose request it is."""

from litestar.di import NamedDependency

from cloud.access import Visitor
from cloud.headquarters import Headquarters

Hq = NamedDependency[Headquarters]
Guest = NamedDependency[Visitor]
"""Asking for it is what makes a handler need an access key."""
