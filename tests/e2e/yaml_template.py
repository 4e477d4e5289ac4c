"""CloudFormation templates as maps, and with their conditions worked out."""

import yaml


class _Loader(yaml.SafeLoader):
    pass


def _intrinsic(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _intrinsic)


def read(text):
    """A template, each short form such as !Ref in its long one."""
    return yaml.load(text, _Loader)


def conditions_of(value):
    """Every Fn::If in it."""
    if isinstance(value, list):
        return [found for item in value for found in conditions_of(item)]
    if isinstance(value, dict):
        here = [value["Fn::If"]] if "Fn::If" in value else []
        return here + [found for item in value.values() for found in conditions_of(item)]
    return []


NO_VALUE = {"Ref": "AWS::NoValue"}


def rendered(template, parameters):
    """The template as CloudFormation would carry it out: only what these parameters ask for, and each of them in its place."""
    values = {name: parameter.get("Default") for name, parameter in template["Parameters"].items()} | parameters

    def holds(condition):
        [(function, arguments)] = condition.items()
        match function:
            case "Condition":
                return holds(template["Conditions"][arguments])
            case "Fn::Equals":
                return len({str(resolved(argument)) for argument in arguments}) == 1
            case "Fn::Not":
                return not holds(arguments[0])
            case "Fn::And":
                return all(map(holds, arguments))

    def resolved(value):
        match value:
            case {"Fn::If": [condition, yes, no]}:
                return resolved(yes if holds({"Condition": condition}) else no)
            case {"Ref": name} if name in values:
                return values[name]
            case {"Fn::Join": [between, parts]}:
                parts = resolved(parts)
                return between.join(parts if isinstance(parts, list) else [parts])
            case dict():
                inner = {key: resolved(item) for key, item in value.items()}
                return {key: item for key, item in inner.items() if item != NO_VALUE}
            case list():
                return [item for item in map(resolved, value) if item != NO_VALUE]
        return value

    resources = {
        name: {key: value for key, value in resource.items() if key not in ("Condition", "DependsOn")}
        for name, resource in template["Resources"].items()
        if "Condition" not in resource or holds({"Condition": resource["Condition"]})
    }
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resolved(resources)}
