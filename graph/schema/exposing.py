"""GraphQL types made from the unified model, so that no field is declared twice."""

import dataclasses
import typing
from collections.abc import Callable
from types import UnionType
from typing import Annotated, Any, TypeVar, Union

import strawberry
from annotated_doc import Doc

from graph.schema.raw import raw_field
from providers.model.described import Described

C = TypeVar("C", bound=type)
E = TypeVar("E", bound=type[Described])

_TYPES: dict[type, Any] = {}


def exposes(model: type, *, name: str | None = None) -> Callable[[C], C]:
    """Make the decorated subclass of ``model`` the GraphQL type of its instances.

    Every field of ``model`` that carries a ``Doc`` becomes a field with that description; fields without one stay
    inside, but for ``raw``, which is for those with the scope. The decorated class adds the fields that need a
    resolver. It is never instantiated: resolvers return the model's own objects. Model classes and enums that fields
    refer to become types in the same way.
    """

    def decorate(cls: C) -> C:
        hints = typing.get_type_hints(model, include_extras=True)
        annotations: dict[str, Any] = {}
        for field in dataclasses.fields(model):
            if field.name in vars(cls):
                continue
            doc, plain = _documented(hints[field.name])
            if doc is None and field.name == "raw":
                cls.raw = raw_field()  # type: ignore[attr-defined]  # read by Strawberry
                continue
            if doc is None:
                annotations[field.name] = strawberry.Private[object]
                continue
            annotations[field.name] = _exposed(plain)
            setattr(cls, field.name, strawberry.field(description=doc))
        cls.__annotations__ = {**annotations, **vars(cls).get("__annotations__", {})}
        cls.is_type_of = classmethod(lambda _, value, __: isinstance(value, model))  # type: ignore[attr-defined]  # read by Strawberry
        exposed = strawberry.type(cls, name=name or cls.__name__, description=_summary(model))
        _TYPES[model] = exposed
        return exposed

    return decorate


def expose_enum(enum: E, *, name: str | None = None) -> E:
    """Make ``enum`` a GraphQL enum whose values carry their descriptions. Doing it again changes nothing."""
    if "__strawberry_definition__" in vars(enum):
        return enum
    strawberry.enum(enum, name=name or enum.__name__, description=_summary(enum))
    definition: Any = enum.__strawberry_definition__  # type: ignore[attr-defined]  # set by the line above
    for value in definition.values:
        value.description = enum[value.name].description
    return enum


def exposed(hint: Any) -> Any:
    """A type hint with every model class replaced by the GraphQL type made from it, made now if there is none yet."""
    return _exposed(hint)


def documented(model: type, name: str) -> tuple[str, Any]:
    """The description and the GraphQL type of a field of ``model``, for one that needs a resolver after all."""
    doc, plain = _documented(typing.get_type_hints(model, include_extras=True)[name])
    if doc is None:
        raise LookupError(f"{model.__name__}.{name} is not described")
    return doc, _exposed(plain)


def _documented(hint: Any) -> tuple[str | None, Any]:
    if typing.get_origin(hint) is not Annotated:
        return None, hint
    docs = [each.documentation for each in hint.__metadata__ if isinstance(each, Doc)]
    return (docs[0] if docs else None), hint.__origin__


def _exposed(hint: Any) -> Any:
    """The hint with every model class replaced by the GraphQL type made from it; those without one get one now."""
    origin = typing.get_origin(hint)
    if origin is None:
        return _exposed_class(hint)
    arguments = tuple(_exposed(argument) for argument in typing.get_args(hint))
    if origin in (UnionType, Union):
        return Union[arguments]  # noqa: UP007  # built at run time
    return origin[arguments]


def _exposed_class(cls: Any) -> Any:
    if isinstance(cls, type) and issubclass(cls, Described):
        return expose_enum(cls)
    if isinstance(cls, type) and dataclasses.is_dataclass(cls) and cls not in _TYPES:
        exposes(cls)(type(cls.__name__, (cls,), {"__module__": cls.__module__}))
    return _TYPES.get(cls, cls)


def _summary(cls: type) -> str:
    return " ".join((cls.__doc__ or "").split())
