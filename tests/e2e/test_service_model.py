"""The committed schema: its bounds are those of the service's published model, as botocore ships it; its form is that of
CloudFormation's registry."""

import json

import botocore.session
import jsonschema
from toolchain import ROOT

SCHEMA = json.loads((ROOT / "schema" / "custom-iotjobtemplate.json").read_text())
MODEL = botocore.session.get_session().get_service_model("iot")

# CloudFormation's name for a member, where it is not the API's with a capital.
CLOUDFORMATION_NAMES = {
    ("JobExecutionsRolloutConfig", "exponentialRate"): "ExponentialRolloutRate",
    ("JobExecutionsRetryConfig", "criteriaList"): "RetryCriteriaList",
}

# Where the schema says something else than the model, and why.
MEASURED = {
    # The service refuses what is outside, the model has no bounds.
    "TimeoutConfig.InProgressTimeoutInMinutes": {"minimum": 1, "maximum": 10080},
    # More than 0, and at most two decimals.
    "AbortCriteria.ThresholdPercentage": {"exclusiveMinimum": 0, "multipleOf": 0.01},
}
SHORTHAND_VALUES = {"AbortCriteria.Action": ["ABORT"]}
SHORTHAND_FOR_WHAT_IS_REQUIRED = {
    "CreateJobTemplateRequest": {"JobTemplateId"},  # Generated.
    "AbortCriteria": {"ThresholdPercentage", "MinNumberOfExecutedThings"},
}
# What the properties have beside the API's members.
OWN_PROPERTIES = {"Arn", "Adopt", "Revision", "ServiceToken", "ServiceTimeout"}
SHORTHAND_MEMBERS = {
    "JobExecutionsRolloutConfig": {"MinimumPerMinute"},
    "JobExecutionsRetryConfig": {"RetryAttempts"},
    "MaintenanceWindow": {"EndTime"},
    "CreateJobTemplateRequest": OWN_PROPERTIES,
}
# The length that the pattern or the sense of it implies, which the model leaves out.
IMPLIED = {"CreateJobTemplateRequest.Description": {"minLength": 1}, "CreateJobTemplateRequest.JobArn": {"minLength": 1}}


def cloudformation_name(shape, member):
    return CLOUDFORMATION_NAMES.get((shape.name, member), member[0].upper() + member[1:])


def structures():
    """Every structure in a CreateJobTemplate request, with the schema of what it is in the properties."""
    todo, seen = [MODEL.operation_model("CreateJobTemplate").input_shape], {}
    while todo:
        shape = todo.pop()
        if shape.name in seen:
            continue
        seen[shape.name] = (shape, SCHEMA["definitions"].get(shape.name, SCHEMA))
        for member in shape.members.values():
            member = member.member if member.type_name == "list" else member
            if member.type_name == "structure":
                todo.append(member)
    return seen.values()


def keywords(shape):
    """A shape of the model as keywords of a JSON schema."""
    bounds = dict(shape.metadata)
    match shape.type_name:
        case "string":
            found = {"type": "string"}
            found |= {"minLength": bounds["min"]} if bounds.get("min") else {}
            found |= {"maxLength": bounds["max"]} if "max" in bounds else {}
            found |= {"enum": shape.enum} if shape.enum else {}
            if pattern := bounds.get("pattern"):
                found["pattern"] = pattern if pattern.startswith("^") else f"^{pattern}$"
            return found
        case "integer" | "long":
            # An integer of the model has 32 bits.
            most = {"maximum": 2**31 - 1} if shape.type_name == "integer" else {}
            found = {"type": "integer"} | most
        case "double" | "float":
            found = {"type": "number"}
        case "list":
            found = {"type": "array"}
            found |= {"minItems": bounds["min"]} if "min" in bounds else {}
            found |= {"maxItems": bounds["max"]} if "max" in bounds else {}
            item = shape.member
            nested = {"$ref": f"#/definitions/{item.name}"} if item.type_name == "structure" else keywords(item)
            return found | {"items": nested}
        case "structure":
            return {"$ref": f"#/definitions/{shape.name}"}
    found |= {"minimum": bounds["min"]} if "min" in bounds else {}
    found |= {"maximum": bounds["max"]} if "max" in bounds else {}
    return found


def test_every_member_of_the_request_is_a_property_and_nothing_else_but_shorthand():
    for shape, schema in structures():
        expected = {cloudformation_name(shape, member) for member in shape.members}
        aliases = {name for name, of in schema["properties"].items() if of.get("description", "").startswith("Another name for ")}
        own = SHORTHAND_MEMBERS.get(shape.name, set())
        assert set(schema["properties"]) - aliases - own == expected, shape.name


def test_every_bound_is_the_models_or_a_measured_one():
    for shape, schema in structures():
        for member, member_shape in shape.members.items():
            name = cloudformation_name(shape, member)
            found = {keyword: value for keyword, value in schema["properties"][name].items() if keyword != "description"}
            at = f"{shape.name}.{name}"
            if name == "Tags":
                found = {keyword: value for keyword, value in found["anyOf"][0].items() if keyword != "maxItems"}
            if name == "Document":
                assert "string" in found["type"]
                found["type"] = "string"
            if "enum" in found:
                found["enum"] = [value for value in found["enum"] if value not in SHORTHAND_VALUES.get(at, [])]
            assert found == keywords(member_shape) | MEASURED.get(at, {}) | IMPLIED.get(at, {}), at


def test_what_the_model_requires_is_required_unless_shorthand_stands_for_it():
    for shape, schema in structures():
        required = {cloudformation_name(shape, member) for member in shape.required_members}
        required -= SHORTHAND_FOR_WHAT_IS_REQUIRED.get(shape.name, set())
        # Of alternatives, the first is the API's own.
        the_apis_own = [name for option in schema.get("oneOf", [])[:1] for name in option["required"]]
        found = {*schema.get("required", []), *the_apis_own}
        assert found == required, shape.name


# What CloudFormation's registry allows in the schema of a property (base.definition.schema.v1.json).
REGISTRY_KEYWORDS = set(
    "insertionOrder arrayType relationshipRef $ref $comment title description examples default multipleOf maximum "
    "exclusiveMaximum minimum exclusiveMinimum maxLength minLength pattern items maxItems minItems uniqueItems contains "
    "maxProperties minProperties required properties additionalProperties patternProperties dependencies const enum type "
    "format allOf anyOf oneOf".split()
)


def property_schemas(schema):
    """The schema of a property, and all schemas in it."""
    yield schema
    for inner in (*schema.get("properties", {}).values(), *schema.get("patternProperties", {}).values()):
        yield from property_schemas(inner)
    for inner in (*schema.get("anyOf", []), *schema.get("oneOf", []), *([schema["items"]] if "items" in schema else [])):
        yield from property_schemas(inner)


def test_the_schema_is_a_json_schema_in_the_registrys_form():
    # Without formats: it would try the patterns on Python's re, which has no \p{…}.
    jsonschema.Draft7Validator.check_schema(SCHEMA, format_checker=jsonschema.FormatChecker(formats=()))
    for schema in (*SCHEMA["properties"].values(), *SCHEMA["definitions"].values()):
        for inner in property_schemas(schema):
            assert set(inner) <= REGISTRY_KEYWORDS
            # An object has either named properties or patterns for them.
            assert not {"properties", "patternProperties"} <= set(inner)


def test_every_reference_in_the_schema_leads_somewhere():
    for schema in (*SCHEMA["properties"].values(), *SCHEMA["definitions"].values()):
        for inner in property_schemas(schema):
            target = SCHEMA
            for step in inner.get("$ref", "#").split("/")[1:]:
                target = target[step]
            assert isinstance(target, dict)
            # CloudFormation's validator takes no other (@aws/cloudformation-validate 1.9).
            assert inner.get("$ref", "#/definitions/").startswith("#/definitions/")
    for pointers in ("readOnlyProperties", "writeOnlyProperties", "createOnlyProperties", "primaryIdentifier"):
        assert {pointer.removeprefix("/properties/") for pointer in SCHEMA[pointers]} <= set(SCHEMA["properties"])
