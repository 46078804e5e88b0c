"""Compares JSON Schemas of different generators: each becomes a set of facts, one line each, by the path of a field."""

import json
from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

# They describe, and bind nobody. What an absent field means (``default``) is a matter of the side that reads it.
_DESCRIPTIVE = {"title", "description", "default", "discriminator", "$ref"}
_STRUCTURE = {"type", "enum", "const", "anyOf", "oneOf", "properties", "required", "items", "additionalProperties"}
_BOUNDS = {
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "pattern",
}
# Integers of JavaScript end here, in every field alike; zod writes it as a bound.
_SAFE_INTEGER = (1 << 53) - 1


def facts(schema: Schema, path: str, definitions: dict[str, Schema] | None = None) -> Iterator[str]:
    """Yields what the schema demands of the value at ``path``. ``definitions``: what its references name, by the last
    part of a reference. Raises ValueError for a keyword that cannot be compared."""
    return _Facts(definitions or {}).of(schema, path)


class _Facts:
    def __init__(self, definitions: dict[str, Schema]):
        self._definitions = definitions

    def of(self, schema: Schema, path: str) -> Iterator[str]:
        variants = list(self._variants(schema))
        if len(variants) == 1:
            yield from self._of_one(variants[0], path)
            return
        for variant in variants:
            label = f"{path}<{self._label(variant)}>"
            yield f"{label} is possible"
            yield from self._of_one(variant, label)

    def _variants(self, schema: Schema) -> Iterator[Schema]:
        """Yields the members of a union, also of one within another."""
        while "$ref" in schema:
            schema = self._definitions[schema["$ref"].rpartition("/")[2]]
        members = schema.get("anyOf") or schema.get("oneOf")
        if members is None:
            yield schema
            return
        for member in members:
            yield from self._variants(member)

    def _label(self, variant: Schema) -> str:
        """Names a member of a union: by the field that tells it from the others, else by its type."""
        for field, value in variant.get("properties", {}).items():
            if field in ("type", "kind", "role") and (values := _values(value)):
                return "|".join(values)
        return str(variant.get("type", "any"))

    def _of_one(self, schema: Schema, path: str) -> Iterator[str]:
        if unknown := schema.keys() - _DESCRIPTIVE - _STRUCTURE - _BOUNDS - {"propertyNames"}:
            raise ValueError(f"{path} has {sorted(unknown)}, which is not compared yet")
        if values := _values(schema):
            yield f"{path} is one of {', '.join(values)}"
        elif "type" in schema:
            yield f"{path} is of type {schema['type']}"
        yield from self._bounds(schema, path)
        if schema.get("additionalProperties") is False:
            yield f"{path} has no other fields"
        for field, value in schema.get("properties", {}).items():
            is_required = field in schema.get("required", ())
            yield f"{path}.{field} is {'required' if is_required else 'optional'}"
            yield from self.of(value if is_required else self._without_null(value), f"{path}.{field}")
        if "items" in schema:
            yield from self.of(schema["items"], f"{path}[]")
        # Names of fields are texts anyhow.
        if names := {key: value for key, value in schema.get("propertyNames", {}).items() if key != "type"}:
            yield from self._of_one(names, f"{path}{{name}}")
        if isinstance(values := schema.get("additionalProperties"), dict) and values:
            yield from self.of(values, f"{path}{{value}}")

    def _without_null(self, schema: Schema) -> Schema:
        """In Python an absent field is None, so there an optional field may also be null."""
        variants = [variant for variant in self._variants(schema) if variant.get("type") != "null"]
        return {"anyOf": variants}

    def _bounds(self, schema: Schema, path: str) -> Iterator[str]:
        bounds = {key: value for key, value in schema.items() if key in _BOUNDS}
        if schema.get("type") == "integer":
            for key, step, bound in (("exclusiveMinimum", 1, "minimum"), ("exclusiveMaximum", -1, "maximum")):
                if key in bounds:
                    bounds[bound] = bounds.pop(key) + step
            for key, bound in (("minimum", -_SAFE_INTEGER), ("maximum", _SAFE_INTEGER)):
                if bounds.get(key) == bound:
                    del bounds[key]
        for key, value in bounds.items():
            yield f"{path} has {key} {value}"


def _values(schema: Schema) -> list[str]:
    """Returns the literals that the schema lists, if it does."""
    values = [schema["const"]] if "const" in schema else schema.get("enum", [])
    return sorted(json.dumps(value).strip('"') for value in values)
