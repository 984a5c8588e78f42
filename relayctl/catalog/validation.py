"""Validate details with the JSON Schemas of the catalog. Nothing is ever fetched: a schema has to be whole."""

from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from referencing import Registry
from referencing.exceptions import Unresolvable

Schema = Mapping[str, Any]


def validator(schema: Schema) -> Validator:
    """Return the validator of a schema by its `$schema`, which is that of 2020-12 if it does not say."""
    return validator_for(schema, default=Draft202012Validator)(schema, registry=Registry())


def schema_mistake(schema: Schema) -> str | None:
    """Return what makes a schema none, None if it is one."""
    try:
        validator_for(schema, default=Draft202012Validator).check_schema(dict(schema))
    except SchemaError as error:
        return _sentence(error)
    return None


def fits(value: Any, schema: Schema) -> bool:
    """Return whether a value fits a schema, which it does not if that refers to what is not in it."""
    return not mistakes(value, schema)


def mistakes(value: Any, schema: Schema) -> list[str]:
    """Return a sentence for everything in a value that does not fit a schema."""
    try:
        return [_sentence(error) for error in validator(schema).iter_errors(value)]
    except Unresolvable as error:
        return [f"the schema refers to {error.ref}, which is not in it"]


def _sentence(error: ValidationError | SchemaError) -> str:
    return f"{error.json_path}: {error.message:.200}"
