"""GraphQL inputs made from the inputs of the plugin contract, so that no field is declared twice."""

import dataclasses
import re
import typing
from collections.abc import Sequence
from types import UnionType
from typing import Annotated, Any, TypeVar, Union

import strawberry
from annotated_doc import Doc

from graph.rejections import Rejected, Rejection, RejectionCode
from graph.schema.exposing import expose_enum
from providers import catalogue
from providers.changes import OMITTED, Omitted
from providers.model.described import Described

T = TypeVar("T")

_NO_NAME = re.compile(r"\([^)]*\)|\W")
"""What a provider's name may have and a type's may not: what stands in brackets, blanks, signs."""

_INPUTS: dict[tuple[type, str], Any] = {}
_MODELS: dict[type, type] = {}


def input_of(
    model: type,
    name: str,
    *,
    leave_out: Sequence[str] = (),
    extras: str | None = None,
    description: str | None = None,
) -> Any:
    """A GraphQL input with the documented fields of ``model``, a dataclass of ``providers.changes``.

    Fields that may be ``OMITTED`` or have a default are optional, those that may be None can be. ``description`` is
    what the model says of itself, where nothing else is given. ``extras`` names the field of ``Inputs`` with which
    plugins add a field each, named like the provider in lower case.
    """
    if (model, name) in _INPUTS:
        return _INPUTS[model, name]
    annotations: dict[str, Any] = {}
    members: dict[str, Any] = {}
    for field, doc, hint in _documented(model):
        if field.name not in leave_out:
            annotations[field.name], members[field.name] = _input_field(field, doc, hint)
    for code, theirs in _extras(extras) if extras is not None else ():
        theirs_name = f"{catalogue.plugin(code).manifest.name}{str(extras).capitalize()}Input"
        inner = input_of(theirs, _NO_NAME.sub("", theirs_name))
        annotations[code.lower()] = inner | None
        members[code.lower()] = strawberry.field(
            default=strawberry.UNSET, description=f"What only {catalogue.plugin(code).manifest.name} has."
        )
    cls = type(name, (), {"__annotations__": annotations, "__module__": __name__, **members})
    made = strawberry.input(cls, name=name, description=description or _summary(model))
    _INPUTS[model, name], _MODELS[made] = made, model
    return made


def list_of(made: Any) -> Any:
    """The type of lists of an input that ``input_of`` made."""
    return list[made]


def changed_model(given: Any, model: type[T], *, provider: str | None = None, **more: Any) -> T:
    """What was given as an instance of ``model``. ``more`` are fields that no client sets.

    ``provider`` is the code of the account's: what was given for another is refused. Raises ``Rejected`` with an entry
    for each null where there must be a value.
    """
    wrong: list[Rejection] = []
    values = _values(given, model, (), wrong)
    values.update(_given_extras(given, provider, wrong))
    if wrong:
        raise Rejected(*wrong)
    return model(**values, **more)


def _documented(model: type) -> list[tuple[Any, str, Any]]:
    hints = typing.get_type_hints(model, include_extras=True)
    found = []
    for field in dataclasses.fields(model):
        hint = hints[field.name]
        if typing.get_origin(hint) is Annotated:
            docs = [each.documentation for each in hint.__metadata__ if isinstance(each, Doc)]
            found.append((field, docs[0], hint.__origin__))
    return found


def _input_field(field: Any, doc: str, hint: Any) -> tuple[Any, Any]:
    kept = [_exposed(each) for each in _arms(hint) if each not in (Omitted, type(None))]
    (plain,) = kept
    nullable = type(None) in _arms(hint)
    if field.default is dataclasses.MISSING and not nullable:
        return plain, strawberry.field(description=doc)
    if nullable or field.default is OMITTED:
        return plain | None, strawberry.field(default=strawberry.UNSET, description=doc)
    return plain, strawberry.field(default=field.default, description=doc)


def _arms(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint) if typing.get_origin(hint) in (Union, UnionType) else (hint,)


def _exposed(hint: Any) -> Any:
    origin = typing.get_origin(hint)
    if origin is not None:
        (item,) = typing.get_args(hint)
        return list_of(_exposed(item))
    if isinstance(hint, type) and issubclass(hint, Described):
        return expose_enum(hint)
    if dataclasses.is_dataclass(hint):
        return input_of(hint, _input_name(hint))  # type: ignore[arg-type]  # a dataclass is a type here
    return hint


def _input_name(model: Any) -> str:
    name: str = model.__name__
    return f"{name.removesuffix('Change').removesuffix('Draft')}Input"


def _extras(kind: str) -> list[tuple[str, type]]:
    found = ((code, getattr(catalogue.plugin(code).inputs, kind)) for code in sorted(catalogue.plugins()))
    return [(code, theirs) for code, theirs in found if theirs is not None]


def _given_extras(given: Any, provider: str | None, wrong: list[Rejection]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for code in catalogue.plugins():
        value = getattr(given, code.lower(), strawberry.UNSET)
        if value is strawberry.UNSET or value is None:
            continue
        if provider is not None and code != provider:
            message = f"This account is one of {provider}."
            wrong.append(Rejection(field=(code.lower(),), code=RejectionCode.NOT_SUPPORTED, message=message))
            continue
        found["extras"] = _built(value, _MODELS[type(value)], (code.lower(),), wrong)
    return found


def _values(given: Any, model: type, path: tuple[str, ...], wrong: list[Rejection]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field, _, hint in _documented(model):
        value = getattr(given, field.name, strawberry.UNSET)
        here = (*path, _camel(field.name))
        if value is strawberry.UNSET:
            if field.default is dataclasses.MISSING:
                wrong.append(
                    Rejection(field=here, code=RejectionCode.REQUIRED, message="It must be given, or be null.")
                )
            continue
        if value is None and type(None) not in _arms(hint):
            message = "It must have a value, or be left out."
            wrong.append(Rejection(field=here, code=RejectionCode.REQUIRED, message=message))
            continue
        values[field.name] = _value(value, here, wrong)
    return values


def _value(value: Any, path: tuple[str, ...], wrong: list[Rejection]) -> Any:
    if isinstance(value, list):
        return tuple(_value(each, (*path, str(index)), wrong) for index, each in enumerate(value))
    model = _MODELS.get(type(value))
    return value if model is None else _built(value, model, path, wrong)


def _built(value: Any, model: type, path: tuple[str, ...], wrong: list[Rejection]) -> Any:
    """None where something is wrong: the whole is refused then."""
    before = len(wrong)
    values = _values(value, model, path, wrong)
    return model(**values) if len(wrong) == before else None


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(each.capitalize() for each in rest)


def _summary(model: type) -> str:
    return " ".join((model.__doc__ or "").replace("``", "`").split())
