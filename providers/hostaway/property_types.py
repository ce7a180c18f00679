"""Which id of Hostaway's dictionary stands for a kind of building."""

from collections.abc import Awaitable, Callable, Sequence

from providers.changes import ProblemKind, refused
from providers.hostaway.paging import is_id
from providers.model import DictionaryEntry, PropertyType

Entries = Callable[[], Awaitable[Sequence[DictionaryEntry]]]


async def property_type_id(kind: PropertyType | None, word: str | None, entries: Entries) -> int:
    """The id of a kind, or of Hostaway's own word or id. ``entries`` is asked where there is something to look up.

    Several words of Hostaway's may mean one kind (loft and condominium are apartments): the one with the kind's own
    name is taken, else the only one. Raises ``ChangeRefused`` where that does not decide.
    """
    if word is not None:
        if kind is not None:
            raise refused(ProblemKind.INVALID, "Name propertyType or providerPropertyType.", "provider_property_type")
        return int(word) if is_id(word) else _of_word(word, await entries())
    known = await entries()
    meant = [each for each in known if each.kind == kind and is_id(each.provider_id)]
    own = [each for each in meant if _key(each.name) == _key(kind.value if kind else None)]
    found = own[:1] or meant
    if len(found) != 1:
        message = "Several of Hostaway's words mean this" if found else "Hostaway has no word for this"
        allowed = ", ".join(each.name or each.provider_id for each in meant or known)
        text = f"{message}: name one of them as providerPropertyType."
        raise refused(ProblemKind.NOT_SUPPORTED, text, "property_type", allowed=allowed)
    return int(found[0].provider_id)


def _of_word(word: str, known: Sequence[DictionaryEntry]) -> int:
    for each in known:
        if _key(each.name) == _key(word) and is_id(each.provider_id):
            return int(each.provider_id)
    allowed = ", ".join(each.name or each.provider_id for each in known)
    raise refused(ProblemKind.UNKNOWN, "Hostaway has no such kind.", "provider_property_type", allowed=allowed)


def _key(name: str | None) -> str:
    return "".join(filter(str.isalnum, name or "")).casefold()
