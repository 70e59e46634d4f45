"""What a new OpenAPI document takes away from those who rely on the old one.

Additions are no break: new paths, methods, optional members, members of answers, and values of an
enum in answers, which the document announces.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from attrs import evolve, frozen

Schema = Mapping[str, Any]
Side = Literal["sent", "read"]
"""Whether clients send a value or read it. What may grow for one side may shrink for the other."""

SMALLEST, LARGEST = ("minimum", "minLength", "minItems"), ("maximum", "maxLength", "maxItems")
EXACT = ("format", "pattern", "contentEncoding", "contentMediaType")
KNOWN = {"$ref", "anyOf", "oneOf", "type", "enum", "properties", "required", "items"} | {
    *SMALLEST,
    *LARGEST,
    *EXACT,
}
SAYS_NOTHING = {"title", "description", "default", "examples", "additionalProperties"}
"""Unknown members are ignored on both sides, whatever a schema says of them."""


def breaks(old: Mapping[str, Any], new: Mapping[str, Any]) -> Sequence[str]:
    """Return what breaks programs that were written against the old document."""
    found: list[str] = []
    for path, methods in old["paths"].items():
        for method, operation in methods.items():
            place = _Place(f"{method} {path}", old, new)
            follower = new["paths"].get(path, {}).get(method)
            found += place.says("is gone") if follower is None else place.calls(operation, follower)
    return found


@frozen
class _Place:
    name: str
    old: Mapping[str, Any]
    new: Mapping[str, Any]

    def says(self, what: str) -> list[str]:
        return [f"{self.name}: {what}"]

    def at(self, part: str) -> "_Place":
        return evolve(self, name=f"{self.name} {part}")

    def calls(self, old: Any, new: Any) -> Iterator[str]:
        if new.get("security") and not old.get("security"):
            yield from self.says("needs an access token")
        given, wanted = _parameters(old), _parameters(new)
        for name in given.keys() - wanted.keys():
            yield from self.at(f"parameter {name}").says("is gone")
        for name, parameter in wanted.items():
            place, before = self.at(f"parameter {name}"), given.get(name)
            if parameter["required"] and not (before and before["required"]):
                yield from place.says("is required")
            if before:
                yield from place.values(before["schema"], parameter["schema"], side="sent")
        body, taken = old.get("requestBody"), new.get("requestBody")
        if taken and not body:
            yield from self.says("needs a body")
        yield from self.at("sent").contents(body or {}, taken or {}, side="sent")
        for status, answer in old["responses"].items():
            place, follower = self.at(f"answer {status}"), new["responses"].get(status)
            if follower is not None:
                yield from place.contents(answer, follower, side="read")
            # A problem may become impossible.
            elif status < "400":
                yield from place.says("is gone")

    def contents(self, old: Any, new: Any, *, side: Side) -> Iterator[str]:
        for kind, content in old.get("content", {}).items():
            follower = new.get("content", {}).get(kind)
            if follower is None:
                yield from self.at(kind).says("is gone")
            else:
                schemas = content.get("schema", {}), follower.get("schema", {})
                yield from self.values(*schemas, side=side)

    def values(self, old: Schema, new: Schema, *, side: Side) -> Iterator[str]:
        """Compare each form that a value has had with the form that it can have now."""
        olds, news = _forms(old, self.old), _forms(new, self.new)
        for form in olds if side == "sent" else news:
            pairs = [(form, each) for each in news] if side == "sent" else [(o, form) for o in olds]
            found = [list(self.one(*pair, side=side)) for pair in pairs]
            yield from min(found, key=len)

    def one(self, old: Schema, new: Schema, *, side: Side) -> Iterator[str]:
        wider, narrower = (new, old) if side == "sent" else (old, new)
        types, allowed = _types(narrower), _types(wider)
        if allowed and not (types and types <= allowed):
            yield from self.says(f"type {sorted(_types(old))} became {sorted(_types(new))}")
            return
        for key in EXACT:
            if new.get(key) != old.get(key) and (side == "read" or key in new):
                yield from self.says(f"{key} {old.get(key)} became {new.get(key)}")
        if side == "sent":
            for key in (*SMALLEST, *LARGEST):
                bound, before = new.get(key), old.get(key)
                sign = 1 if key in SMALLEST else -1
                if bound is not None and (before is None or sign * bound > sign * before):
                    yield from self.says(f"{key} {before} became {bound}")
            if "enum" in new and not ("enum" in old and set(old["enum"]) <= set(new["enum"])):
                yield from self.says("takes fewer values")
        elif "enum" in old and "enum" not in new:
            yield from self.says("may be any value")
        yield from self.members(old, new, side=side)
        if "items" in old and "items" in new:
            yield from self.at("items").values(old["items"], new["items"], side=side)

    def members(self, old: Schema, new: Schema, *, side: Side) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        needed, given = set(new.get("required", ())), set(old.get("required", ()))
        for name in sorted(needed - given if side == "sent" else given - needed):
            what = "is required" if side == "sent" else "may be absent"
            if side == "sent" or name in after:
                yield from self.at(name).says(what)
        for name, member in before.items():
            if name in after:
                yield from self.at(name).values(member, after[name], side=side)
            else:
                yield from self.at(name).says("is gone")


def _parameters(operation: Mapping[str, Any]) -> Mapping[str, Any]:
    return {f"{each['in']} {each['name']}": each for each in operation.get("parameters", ())}


def _types(schema: Schema) -> set[str]:
    types = schema.get("type", ())
    return {types} if isinstance(types, str) else set(types)


def _forms(schema: Schema, document: Mapping[str, Any]) -> Sequence[Schema]:
    unknown = schema.keys() - KNOWN - SAYS_NOTHING
    if unknown:
        raise NotImplementedError(f"the comparison does not know {sorted(unknown)}")
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/components/schemas/")
        return _forms(document["components"]["schemas"][name], document)
    either = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    return [form for each in either for form in _forms(each, document)] or [schema]
