"""What people write: TOML files, tables of keys, and names; read in one way, and every mistake told in plain words."""

import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Self, get_args

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from ledger.errors import BadInput

_LIST: Final = "must be a list"
_TABLE: Final = "must be a table of keys"
_ALIKE: Final = 0.6  # similarity, from 0 to 1, of a name that may have been meant
_RULES: Final[Mapping[str, str]] = {  # by pydantic's kind of error, with its own numbers
    "missing": "must be given",
    "greater_than": "must be more than {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than": "must be less than {lt:g}",
    "less_than_equal": "must be at most {le:g}",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a whole number of at most 18 digits",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be text",
    "string_too_short": "must not be empty",
    "too_short": "needs at least {min_length}",
    "too_long": "has room for at most {max_length}",
    "path_type": "must be a path",
    "tuple_type": _LIST,
    "list_type": _LIST,
    "dict_type": _TABLE,
    "mapping_type": _TABLE,
    "model_type": _TABLE,
    "model_attributes_type": _TABLE,
}


class Written(BaseModel):
    """A table of keys as a person writes it, in a file or in Python: frozen, and no key is unknown.

    Made from keywords, by `of` or by `model_validate`; each raises BadInput, which names the first key that is wrong,
    its value and the rule. A field with a pattern describes it in words, as what follows "must be".
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    def __init__(self, /, **given: Any) -> None:
        try:
            super().__init__(**given)
        except ValidationError as error:
            raise _mistake(error, type(self), given, None) from None

    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]  # pydantic: nested tables need not call it

    @classmethod
    def of(cls, given: Any, *, where: str | None = None) -> Self:
        """Return what these keys and values say.

        Raises
        ------
        BadInput
            Naming `where` (the file), the entry of a list by number and name, key, value and rule.
        """
        try:
            return super().model_validate(given)
        except ValidationError as error:
            raise _mistake(error, cls, given, where) from None

    @classmethod
    def model_validate(cls, obj: Any, **_: Any) -> Self:
        """Return the same as `of`."""
        return cls.of(obj)


def read_toml(path: str | Path) -> dict[str, Any]:
    """Return the content of a TOML file.

    Raises
    ------
    BadInput
        Where it is not there, cannot be read, or is not TOML.
    """
    where = str(path)
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise BadInput("there is no such file", where=where) from None
    except IsADirectoryError:
        raise BadInput("must be a TOML file, and is a folder", where=where) from None
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror or error}", where=where) from error
    except UnicodeDecodeError:
        raise BadInput("cannot be read as TOML: it is not UTF-8 text", where=where) from None
    except RecursionError:
        raise BadInput("cannot be read as TOML: lists or tables within one another too deeply", where=where) from None
    except ValueError as error:  # of TOML, and of numbers and paths that Python refuses
        raise BadInput(f"cannot be read as TOML: {error}", where=where) from None


@lru_cache(maxsize=1 << 14)  # a map asks for its names again at every line that might be a header
def plain(name: str) -> str:
    """Return a name without case, accents, spaces and punctuation: ``Due Date``, ``due_date``, ``DueDate`` are one."""
    letters = unicodedata.normalize("NFKD", name.casefold().replace("ł", "l"))
    return "".join(letter for letter in letters if letter.isalnum())


def nearest(name: str, among: Iterable[str], count: int = 3, *, alike: float = _ALIKE) -> list[str]:
    """Return the most similar names, nearest first; none where nothing is `alike` enough, from 0 to 1."""
    options = {plain(option): option for option in among}
    return [options[key] for key in get_close_matches(plain(name), options, n=count, cutoff=alike)]


def unknown(value: object, known: Iterable[str], rule: str = "must be one of") -> str:
    """Return the rule with the known names and the one that was probably meant."""
    known = list(known)
    near = nearest(str(value)[:100], known, 1)
    return f"{rule} {', '.join(known)}" + (f"; did you mean {near[0]!r}?" if near else "")


def one_of(value: str, known: Iterable[str], *, field: str, where: str | None = None) -> str:
    """Return the value where it is a known name; raise BadInput that lists them, and the one probably meant."""
    known = list(known)
    if value not in known:
        raise BadInput(unknown(value, known), where=where, field=field, value=value)
    return value


def _mistake(error: ValidationError, model: type[BaseModel], given: Any, where: str | None) -> BadInput:
    """Return the first mistake that pydantic found, in the words of a person."""
    first = error.errors(include_url=False)[0]
    owner, entries, keys, missed = _placed(first, model, given)
    place = ", ".join(part for part in (where, *entries) if part)
    value = first["input"] if keys and not missed and _is_short(first["input"]) else None
    return BadInput(_rule(first, owner, keys), where=place or None, field=".".join(keys) or None, value=value)


def _placed(
    first: ErrorDetails, model: type[BaseModel], given: Any
) -> tuple[type[BaseModel], list[str], list[str], bool]:
    """Return whose key is wrong, the entries of lists on the way there ("step 3 (call)"), the keys, and if it lacks."""
    missing = first["type"] == "missing"
    owner, entries, keys = model, [], list[str]()
    for part in first["loc"]:
        if isinstance(part, int) and isinstance(given, list | tuple) and part < len(given):
            given = given[part]
            entries.append(_entry(".".join(keys), part + 1, given))
            keys = []
        elif isinstance(given, Mapping) and (part in given or missing):  # else pydantic's own word for a union
            keys.append(str(part))
            given = given.get(part)
            owner = next(_tables_in(owner, keys[-1]), owner) if isinstance(given, Mapping | list | tuple) else owner
    if entries and not keys and not isinstance(given, Mapping):  # a value in a list: the entry is the field
        keys = [entries.pop()]
    return owner, entries, keys, missing


def _is_short(value: Any) -> bool:
    """Return whether a value can be shown: a scalar, or a list of scalars."""
    values = value if isinstance(value, list | tuple) else [value]
    return all(isinstance(each, str | int | float | date) for each in values)


def _entry(key: str, number: int, given: Any) -> str:
    """Return what an entry of a list is called: "step 3 (call)", or "strategies, entry 2"."""
    if not isinstance(given, Mapping):
        return f"{key}, entry {number}"
    name = given.get("name") or given.get("id")
    return f"{key.removesuffix('s')} {number}" + (f" ({str(name)[:40]})" if name else "")


def _tables_in(model: type[BaseModel], field: str) -> Iterator[type[BaseModel]]:
    """Yield the models that a field may hold, itself or in a list."""
    options = [model.model_fields[field].annotation] if field in model.model_fields else []
    while options:
        option = options.pop()
        if isinstance(option, type) and issubclass(option, BaseModel):
            yield option
        options += get_args(option)


def _rule(first: ErrorDetails, owner: type[BaseModel], keys: list[str]) -> str:
    kind, context = first["type"], first.get("ctx", {})
    if kind == "extra_forbidden":
        return unknown(keys[-1] if keys else "", owner.model_fields, "is not a key here; known:")
    if kind in ("value_error", "assertion_error"):
        cause = context["error"]
        return cause.rule if isinstance(cause, BadInput) else str(cause)
    if kind == "literal_error":
        return unknown(first["input"], [part.strip(" '") for part in _words(context["expected"])])
    if kind == "string_pattern_mismatch":
        field = owner.model_fields.get(keys[-1]) if keys else None
        said = field.description if field is not None else None
        return f"must be {said}" if said else f"must match {context['pattern']}"
    if kind.startswith(("date", "time")):
        return "must be a day such as 2026-10-05"
    return _RULES[kind].format(**context) if kind in _RULES else "is not understood"


def _words(expected: str) -> list[str]:
    """Return the words that pydantic lists: ``'a', 'b' or 'c'``."""
    return expected.replace(" or ", ",").split(",")
