//! The table in `spec.rs` as a JSON schema, in the form of CloudFormation's registry schemas.
//!
//! That form knows one way to write a value, so the schema has the plain one: names as CloudFormation has them, numbers
//! as numbers. What the function takes beyond that is in the schema's `$comment`, and the cfn-lint rule beside it
//! understands it.

#![allow(
    clippy::indexing_slicing,
    reason = "each is a member set on an object that was made here"
)]

use iot_job_template_core::properties::kinds::{Class, DecimalBound, Kind, ListSpec, MapSpec, Member, NO_MAX, Need};
use iot_job_template_core::properties::spec::{ATTRIBUTES, MAX_TAGS, PROPERTIES, TAG, TAG_KEY, TAG_VALUE};
use serde_json::{Map, Value, json};

/// The schema of a `Custom::IoTJobTemplate`.
pub fn json_schema() -> Value {
    let mut definitions = Map::new();
    let mut schema = map_schema(&PROPERTIES, &mut definitions);
    for attribute in &ATTRIBUTES {
        let property = &mut schema["properties"][attribute.name];
        if property.is_null() {
            *property = json!({"type": "string", "description": attribute.about});
        }
    }
    schema["typeName"] = "Custom::IoTJobTemplate".into();
    schema["description"] = "An AWS IoT job template that the stack owns.".into();
    schema["$comment"] = "The function takes more than a schema of this form can say: a key whatever the case of its \
                          first letter, a number as text, any scalar as text, and null, an empty text, an empty map \
                          or, for a list of text, a list of one empty text for an optional member. Generated from core/src/properties/spec.rs."
        .into();
    schema["definitions"] = definitions.into();
    schema["primaryIdentifier"] = json!(["/properties/JobTemplateId"]);
    // JobTemplateId can be read too, but also written; CloudFormation's read-only properties cannot.
    schema["readOnlyProperties"] = json!(["/properties/Arn"]);
    schema["writeOnlyProperties"] = json!([
        "/properties/JobArn",
        "/properties/Revision",
        "/properties/ServiceToken",
        "/properties/ServiceTimeout"
    ]);
    schema["createOnlyProperties"] = json!(["/properties/JobTemplateId"]);
    schema["tagging"] = json!({
        "taggable": true,
        "tagOnCreate": true,
        "tagUpdatable": true,
        "cloudFormationSystemTags": false,
        "tagProperty": "/properties/Tags"
    });
    schema
}

/// The schema of a map. The maps in it are added to the definitions.
fn map_schema(spec: &MapSpec, definitions: &mut Map<String, Value>) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    let mut one_of = Vec::new();
    let mut dependencies = Map::new();
    for member in spec.members {
        let schema = kind_schema(&member.kind, definitions);
        let described = |about: String| {
            let mut schema = schema.clone();
            schema["description"] = about.into();
            schema
        };
        properties.insert(member.name.to_owned(), described(member.about.to_owned()));
        for name in member.also {
            // Said in full: CloudFormation's validator takes references to definitions only. By these words the cfn-lint
            // rule knows another name.
            let about = format!("Another name for {}.", member.name);
            properties.insert((*name).to_owned(), described(about));
        }
        if let Some(needed) = member.needs {
            dependencies.extend(member.names().map(|name| (name.to_owned(), json!([needed]))));
        }
        if member.need == Need::Required {
            match &names_of(member, spec)[..] {
                [only] => required.push(*only),
                names => one_of.extend(names.iter().map(|name| json!({"required": [name]}))),
            }
        }
    }
    let mut schema = json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema["required"] = required.into();
    }
    if !dependencies.is_empty() {
        schema["dependencies"] = dependencies.into();
    }
    if spec.one_only {
        schema["maxProperties"] = 1.into();
    }
    if !one_of.is_empty() {
        schema["oneOf"] = one_of.into();
    }
    schema
}

/// All that can be given for a member, of which there must be one only.
fn names_of(member: &Member, spec: &MapSpec) -> Vec<&'static str> {
    let shorthands = spec.members.iter().filter_map(|other| match other.need {
        Need::Shorthand { stands_for } if stands_for == member.name => Some(other.name),
        _ => None,
    });
    member.names().chain(shorthands).collect()
}

fn kind_schema(kind: &Kind, definitions: &mut Map<String, Value>) -> Value {
    match kind {
        Kind::Text { min, max, class } => {
            let mut schema = json!({"type": "string"});
            if *min > 0 {
                schema["minLength"] = (*min).into();
            }
            if *max != NO_MAX {
                schema["maxLength"] = (*max).into();
            }
            if let Some(pattern) = pattern(*class) {
                schema["pattern"] = pattern.into();
            }
            schema
        }
        Kind::Integer { min, max } => json!({"type": "integer", "minimum": min, "maximum": max}),
        Kind::Decimal { bound } => match bound {
            DecimalBound::Between(min, max) => {
                json!({"type": "number", "minimum": min, "maximum": max})
            }
            DecimalBound::Percentage(max) => {
                json!({"type": "number", "exclusiveMinimum": 0, "maximum": max, "multipleOf": 0.01})
            }
        },
        Kind::Choice { of, also } => {
            json!({"type": "string", "enum": of.iter().chain(also.iter()).collect::<Vec<_>>()})
        }
        Kind::Map(spec) => reference(spec, definitions),
        Kind::List(ListSpec { of, min, max, .. }) => {
            let mut schema = json!({"type": "array", "items": kind_schema(of, definitions)});
            if *min > 0 {
                schema["minItems"] = (*min).into();
            }
            if *max != NO_MAX {
                schema["maxItems"] = (*max).into();
            }
            schema
        }
        Kind::Document { max } => json!({"type": ["string", "object", "array"], "maxLength": max}),
        Kind::Tags => {
            let list = json!({
                "type": "array",
                "items": reference(&TAG, definitions),
                "maxItems": MAX_TAGS
            });
            let Kind::Text { class, .. } = TAG_KEY else {
                return list;
            };
            let value = kind_schema(&TAG_VALUE, definitions);
            let map = json!({
                "type": "object",
                "patternProperties": {pattern(class).unwrap_or_default(): value},
                "additionalProperties": false,
                "maxProperties": MAX_TAGS
            });
            json!({"anyOf": [list, map]})
        }
        Kind::Scalar => json!({"type": ["string", "number", "boolean"]}),
        Kind::Ignored => json!({}),
    }
}

fn reference(spec: &MapSpec, definitions: &mut Map<String, Value>) -> Value {
    let schema = map_schema(spec, definitions);
    definitions.insert(spec.name.to_owned(), schema);
    json!({"$ref": format!("#/definitions/{}", spec.name)})
}

/// A class as the service's model has it, in full, for a validator that would else look for it anywhere in the text.
fn pattern(class: Class) -> Option<&'static str> {
    match class {
        Class::Any => None,
        Class::Id => Some("^[a-zA-Z0-9_-]+$"),
        Class::NoControl => Some("^[^\\p{C}]+$"),
        Class::Arn => Some("^arn:[!-~]+$"),
        Class::Adopt => Some("^(true|false|True|False|(arn:[^/]+:stack/.+/)?[a-zA-Z0-9]+)$"),
        Class::TagKey => Some("^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$"),
    }
}
