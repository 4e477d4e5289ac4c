"""A rule for cfn-lint that checks each Custom::IoTJobTemplate in a template before it is deployed:

    cfn-lint --append-rules schema/ -- my-job-templates.yaml

It reads the schema beside it, and takes what the function takes: keys whatever the case of their first letter, numbers as
text, text as any scalar. What an intrinsic function gives is not known before deployment and is taken for good; of
Fn::If both branches are checked, and what is inside Fn::ForEach is checked too. What a schema does not say, such as whether the document is JSON, is left to the function.
"""

import difflib
import json
from decimal import Decimal
from pathlib import Path

import regex  # Comes with cfn-lint; the standard library's re has no \p{…}.
from cfnlint.rules import CloudFormationLintRule, RuleMatch

SCHEMA = json.loads(Path(__file__).with_name("custom-iotjobtemplate.json").read_text(encoding="utf-8"))
NO_VALUE = {"Ref": "AWS::NoValue"}
# generated: keys of other operations
KEYS_OF_OTHERS = {
    "TargetSelection": "it belongs to a job, not to its template: drop it",
    "Targets": "it belongs to a job, not to its template: drop it",
    "JobId": "it belongs to a job, not to its template: drop it",
    "NamespaceId": "it belongs to a job, not to its template: drop it",
    "DocumentParameters": "it belongs to a job, not to its template: drop it",
    "SchedulingConfig": "it belongs to a job, not to its template: drop it; its windows are MaintenanceWindows here",
    "JobTemplateArn": "it is what IoT reports: drop it",
    "Arn": "it is what IoT reports: drop it",
    "CreatedAt": "it is what IoT reports: drop it",
    "LastUpdatedAt": "it is what IoT reports: drop it",
    "CompletedAt": "it is what IoT reports: drop it",
}
# end

# generated: tags of the provider
PROVIDER_TAGS = (
    "cloudformation:stack-id",
    "cloudformation:logical-id",
    "cloudformation:request",
    "cloudformation:former-stack-id",
    "cloudformation:former-logical-id",
)
# end
FORMER_TAGS = 2  # Of those, what only an adopted template carries.


class IoTJobTemplateProperties(CloudFormationLintRule):
    id = "E9701"
    shortdesc = "Properties of a Custom::IoTJobTemplate"
    description = "Checks the properties of each Custom::IoTJobTemplate against its schema"
    tags = ["resources", "iot"]

    def match(self, cfn):
        return [
            RuleMatch(["Resources", name, "Properties", *path], message)
            for name, resource in cfn.get_resources(SCHEMA["typeName"]).items()
            for path, message in check(resource.get("Properties", {}), SCHEMA, [])
        ]


def check(value, schema, path):
    """What is wrong with a value, each with its path in the template."""
    schema = resolved(schema)
    if is_unknown(value):
        return
    if is_if(value):
        for branch in (1, 2):
            if not is_left_out(value["Fn::If"][branch], schema):
                yield from check(value["Fn::If"][branch], schema, [*path, "Fn::If", branch])
        return
    if "anyOf" in schema:
        fitting = [option for option in schema["anyOf"] if fits_type(value, option["type"])]
        if fitting:
            yield from check(value, fitting[0], path)
        else:
            yield path, f"{shown(value)} is not accepted (it takes {' or '.join(words(o) for o in schema['anyOf'])})"
    elif not fits_type(value, schema.get("type", [])):
        yield path, f"{shown(value)} is not accepted (it takes {words(schema)})"
    elif isinstance(value, dict):
        yield from check_map(value, schema, path)
    elif isinstance(value, list):
        yield from check_list(value, schema, path)
    elif "type" in schema and not fits_bounds(value, schema):
        yield path, f"{shown(value)} is not accepted (it takes {words(schema)})"


def check_map(value, schema, path):
    if "patternProperties" in schema:
        ((pattern, of),) = schema["patternProperties"].items()
        if {key[:1].upper() + key[1:] for key in value} == {"Key", "Value"}:
            yield path, "a map of Key and Value would be two tags of these names (a list with this map in it is one tag)"
            return
        for key, inner in entries(value):
            if not regex.search(pattern, key):
                yield [*path, key], f"{shown(key)} is not accepted as a key (it takes a key like {pattern})"
            elif not is_left_out(inner, of):
                yield from check(inner, of, [*path, key])
        return
    if "properties" not in schema:
        return
    given, perhaps_meant = {}, set()
    for key, inner in entries(value):
        name = spelled(key, schema["properties"])
        if name is None:
            other = same_but_for_first_case(key, KEYS_OF_OTHERS) if not path else None
            if other:
                yield [*path, key], f"unknown key {shown(key)} ({KEYS_OF_OTHERS[other]})"
                continue
            near = nearest(key, schema["properties"])
            perhaps_meant.add(near)
            hint = f"did you mean {near}?" if near else f"known are {', '.join(writable(schema['properties']))}"
            yield [*path, key], f"unknown key {shown(key)} ({hint})"
            continue
        if not is_left_out(inner, schema["properties"][name]) or is_empty_map_in_place(inner, name, schema):
            member = alias_of(name, schema["properties"])
            if member in (alias_of(other, schema["properties"]) for other in given):
                yield [*path, key], f"{member} is given twice (the second time as {key})"
            given[name] = inner
            yield from check(inner, schema["properties"][name], [*path, key])
            if name == "Document" and isinstance(inner, (dict, list)):
                yield from check_leaves(inner, [*path, key])
            if name == "Tags" and not path:
                yield from check_tag_keys(inner, [*path, key])
    if any(key.startswith("Fn::") for key in value):
        return  # There may be more in it than is written here.
    if value and path and not given:
        return  # A map of what is left out is left out.
    for name in schema.get("required", []):
        if name not in given and name not in perhaps_meant:
            yield path, f"{name} is missing (it takes {words(schema['properties'][name])})"
    one_of = [option["required"][0] for option in schema.get("oneOf", [])]
    if one_of and not any(name in given or name in perhaps_meant for name in one_of):
        yield path, f"{one_of[0]} is missing (or give {' or '.join(one_of[1:])})"
    for name, (needed,) in schema.get("dependencies", {}).items():
        if is_certain(given.get(name)) and needed not in given and needed not in perhaps_meant:
            yield path, f"{needed} is missing, and {name} needs it (it takes {words(schema['properties'][needed])})"
    certain = [name for name in given if is_certain(given[name])]
    if len(certain) > schema.get("maxProperties", len(certain)):
        yield path, f"{' and '.join(certain)} cannot go together (give one of them)"
    if not path:
        yield from check_adopt(given, perhaps_meant)
    if not path and (placeholder := placeholder_without_role(given)):
        yield path, f"PresignedUrlConfig.RoleArn is missing, and the Document has a placeholder {placeholder}…}}"
    if len({alias_of(name, schema["properties"]) for name in one_of if is_certain(given.get(name))}) > 1:
        yield path, f"{' and '.join(name for name in one_of if name in given)} stand for the same (give one of them)"


def check_adopt(given, perhaps_meant):
    adopt = given.get("Adopt")
    if not is_certain(adopt) or str(adopt).lower() == "false":
        return
    if "JobTemplateId" not in given and "JobTemplateId" not in perhaps_meant:
        yield [], (
            "JobTemplateId is missing, and Adopt needs it, which says what is taken over "
            "(an id that is generated is always this resource's own)"
        )
    most = SCHEMA["properties"]["Tags"]["anyOf"][0]["maxItems"] - FORMER_TAGS
    tags = given.get("Tags")
    count = sum(map(is_certain, tags)) if isinstance(tags, list) else len(entries(tags)) if isinstance(tags, dict) else 0
    if count > most:
        yield [], f"{count} tags are more than the {most} that IoT's 50 leave to a template that is taken over"


def check_tag_keys(tags, path, in_list=False):
    """No tag may be one that only the provider sets, nor one of AWS's own."""
    if is_if(tags):
        for branch in (1, 2):
            yield from check_tag_keys(tags["Fn::If"][branch], [*path, "Fn::If", branch], in_list)
    elif isinstance(tags, list):
        for index, tag in enumerate(tags):
            yield from check_tag_keys(tag, [*path, index], in_list=True)
    elif isinstance(tags, dict):
        for key, value in entries(tags):
            if not in_list:
                yield from check_tag_key(key, [*path, key])
            elif same_but_for_first_case(key, ["Key"]):
                yield from check_tag_key(value, [*path, key])


def check_tag_key(key, path):
    if not isinstance(key, str):
        return
    if key in PROVIDER_TAGS:
        yield path, f"the tag {key} is one that only this provider sets"
    elif key.startswith("aws:"):
        yield path, f"the tag {shown(key)} begins with aws:, which IoT refuses"


PLACEHOLDERS = ("${aws:iot:s3-presigned-url:", "${aws:iot:s3-presigned-url-v2:")


def placeholder_without_role(given):
    """A placeholder in the document for which there is no role, neither here nor perhaps from a job."""
    document = json.dumps(given.get("Document"))
    config = given.get("PresignedUrlConfig", {})
    if "Fn::If" in document or "JobArn" in given or not isinstance(config, dict) or is_function(config):
        return None
    if any(spelled(key, SCHEMA["definitions"]["PresignedUrlConfig"]["properties"]) == "RoleArn" for key in config):
        return None
    return next((placeholder for placeholder in PLACEHOLDERS if placeholder in document), None)


def check_leaves(value, path):
    """A document that is a map or list has to be of text that could have been nothing else."""
    if is_if(value):
        for branch in (1, 2):
            yield from check_leaves(value["Fn::If"][branch], [*path, "Fn::If", branch])
    elif is_unknown(value):
        return
    elif isinstance(value, dict):
        for key, inner in entries(value):
            yield from check_leaves(inner, [*path, key])
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from check_leaves(item, [*path, index])
    elif not isinstance(value, str) or could_be_no_text(value):
        yield path, f"{shown(value)} in a map would reach IoT as text (give the Document with Fn::ToJsonString, or as text)"


def check_list(value, schema, path):
    # An item that is a function may be any number of items, or none.
    items = [item for item in value if is_certain(item)]
    least = len(items) if len(items) == len(value) else None
    if len(items) > schema.get("maxItems", len(items)) or (least is not None and least < schema.get("minItems", 0)):
        yield path, f"{len(items)} items are not accepted (it takes {words(schema)})"
    for index, item in enumerate(value):
        if item != NO_VALUE and "items" in schema:
            yield from check(item, schema["items"], [*path, index])


def resolved(schema):
    while "$ref" in schema:
        target = SCHEMA
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        schema = target
    return schema


def entries(value):
    return [(key, inner) for key, inner in value.items() if not key.startswith("Fn::")]


def is_function(value):
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref"))


def is_if(value):
    return is_function(value) and isinstance(value.get("Fn::If"), list) and len(value["Fn::If"]) == 3


def is_unknown(value):
    """Whether only the deployment will tell: a function's result, a dynamic reference, or an item of Fn::ForEach, which
    cfn-lint fills in in Fn::Sub and Ref alone."""
    if isinstance(value, str):
        return "{{resolve:" in value or regex.search(r"[$&]\{[A-Za-z0-9]+\}", value) is not None
    return is_function(value) and not is_if(value)


def is_certain(value):
    """Whether it is there for sure, and once."""
    return value is not None and value != NO_VALUE and not is_if(value) and not is_unknown(value)


def is_left_out(value, schema):
    # What CloudFormation makes of a CommaDelimitedList parameter that is empty, where a list of text is taken.
    schema = resolved(schema)
    is_list_of_text = schema.get("type") == "array" and resolved(schema["items"]).get("type") == "string"
    return value in (None, "", {}) or value == NO_VALUE or (value == [""] and is_list_of_text)


def is_empty_map_in_place(value, name, schema):
    """An empty map where there has to be a map is one."""
    kind = resolved(schema["properties"][name]).get("type")
    return value == {} and name in schema.get("required", []) and kind == "object"


def writable(properties):
    return [name for name in properties if f"/properties/{name}" not in SCHEMA["readOnlyProperties"]]


def spelled(key, properties):
    """The property that a key is a way to write, whatever the case of its first letter."""
    return same_but_for_first_case(key, writable(properties))


def same_but_for_first_case(key, names):
    return next((name for name in names if name[1:] == key[1:] and name[:1].lower() == key[:1].lower()), None)


def nearest(key, properties):
    lower = {name.lower(): name for name in writable(properties)}
    near = difflib.get_close_matches(key.lower(), lower, n=1)
    return lower[near[0]] if near else None


def alias_of(name, properties):
    """The property that this one is another name for, or else itself."""
    other = regex.fullmatch(r"Another name for (\w+)\.", properties[name].get("description", ""))
    return other[1] if other else name


def number(value):
    """A number, or text that reads as one."""
    if isinstance(value, bool):
        return None
    text = str(value).strip()
    return Decimal(text) if regex.fullmatch(r"[-+]?(?!0\d)(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", text) else None


def could_be_no_text(text):
    return text.lower() in ("true", "false", "null") or (text == text.strip() and number(text) is not None)


def fits_type(value, types):
    types = [types] if isinstance(types, str) else types
    if isinstance(value, dict):
        return not types or "object" in types
    if isinstance(value, list):
        return not types or "array" in types
    if not types or "string" in types or "boolean" in types:
        return True
    found = number(value)
    return found is not None and ("number" in types or "integer" in types and found == found.to_integral_value())


def fits_bounds(value, schema):
    if schema["type"] in ("integer", "number"):
        found = number(value)

        def bound(keyword):
            return Decimal(str(schema[keyword])) if keyword in schema else found

        return (
            bound("minimum") <= found <= bound("maximum")
            and ("exclusiveMinimum" not in schema or found > bound("exclusiveMinimum"))
            and ("multipleOf" not in schema or found % bound("multipleOf") == 0)
        )
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return (
        schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", len(text))
        and text in schema.get("enum", [text])
        and regex.search(schema.get("pattern", ""), text) is not None
    )


def words(schema):
    """What is accepted."""
    schema = resolved(schema)
    if "anyOf" in schema:
        return " or ".join(words(option) for option in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(schema["enum"])
    match schema.get("type"):
        case "integer" | "number" as kind:
            noun = "an integer" if kind == "integer" else "a number"
            least = f"from {schema['minimum']}" if "minimum" in schema else f"over {schema['exclusiveMinimum']}"
            decimals = ", with at most two decimals" if "multipleOf" in schema else ""
            return f"{noun} {least} to {schema['maximum']}{decimals}".replace(".0", "")
        case "string":
            least, most = schema.get("minLength", 0), schema.get("maxLength")
            length = f" of {least} to {most} characters" if most else ""
            return f"text{length}" + (f" like {schema['pattern']}" if "pattern" in schema else "")
        case "array":
            least, most = schema.get("minItems", 0), schema.get("maxItems")
            count = f" of {least} to {most} items" if most else f" of {least} or more items" if least else ""
            return f"a list{count}"
        case "object":
            return f"a map of {', '.join(schema['properties'])}" if "properties" in schema else "a map"
        case kinds:
            nouns = {"string": "text", "array": "a list", "object": "a map"}
            return ", ".join(nouns.get(kind, f"a {kind}") for kind in kinds or [])


def shown(value):
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list):
        return "a list"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 66 else f"{text[:64]}…"
