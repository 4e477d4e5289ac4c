//! The table in `spec.rs` as the construct library has it: structs and enums that users see, and the table itself for the
//! check at synthesis.

use iot_job_template_core::properties::kinds::{Class, DecimalBound, Kind, ListSpec, MapSpec, Member, NO_MAX, Need};
use iot_job_template_core::properties::spec::{MAX_TAGS, PROPERTIES, TAG, TAG_KEY, TAG_VALUE};
use serde_json::{Value, json};

const HEAD: &str = "// Generated from core/src/properties/spec.rs by `cargo run -p iot-job-template-generate`.\n";

/// How a member is written in the library.
struct Prop {
    name: String,
    typed: String,
    /// How a value of that type becomes one of the property language; empty where it is one.
    becomes: &'static str,
    takes: String,
    /// What it is and what holds without it, where the library has other words for it than the table.
    instead: Option<(&'static str, &'static str)>,
}

impl Prop {
    /// `None` for what another prop says: where a document is from is one thing, a `JobDocument`; what CloudFormation reads
    /// itself is a prop of every custom resource.
    fn of(member: &Member, spec: &MapSpec) -> Option<Prop> {
        let prop = |name: &str, typed: &str, becomes, takes: String| {
            Some(Prop {
                name: camel_case(name),
                typed: typed.to_owned(),
                becomes,
                takes,
                instead: None,
            })
        };
        let plain = |typed: &str, becomes| prop(member.name, typed, becomes, member.kind.accepts());
        match (&member.kind, member.name) {
            (Kind::Ignored, _) | (_, "DocumentSource" | "JobArn") => None,
            (Kind::Document { .. }, _) => Some(Prop {
                instead: Some(("Where the job document is from.", "`{}`")),
                ..prop(member.name, "JobDocument", "document", String::new())?
            }),
            (Kind::Tags, _) => Some(Prop {
                instead: Some(("The template's tags. Those of `Tags.of(…)` come to them.", "none")),
                ..prop(
                    member.name,
                    "{ [key: string]: string }",
                    "tags",
                    format!("at most {MAX_TAGS}"),
                )?
            }),
            (Kind::Scalar, _) => prop(member.name, "string", "", String::new()),
            (
                Kind::Text {
                    class: Class::Adopt, ..
                },
                _,
            ) => Some(Prop {
                instead: Some((
                    "Which template that is not this resource's it takes over, where that is just as declared.",
                    "none",
                )),
                ..prop(member.name, "Adopt", "adopt", String::new())?
            }),
            (Kind::Text { .. }, "RoleArn") => prop("Role", "iam.IRole", "role", String::new()),
            (Kind::Text { .. }, _) => plain("string", ""),
            (Kind::Integer { min, max }, name) => {
                let units = [("InMinutes", "", "minutes"), ("InSec", "In", "seconds")];
                match units.iter().find(|(suffix, _, _)| name.ends_with(suffix)) {
                    Some((suffix, rest, unit)) => prop(
                        &name.replace(suffix, rest),
                        "Duration",
                        unit,
                        format!("{min} to {max} {unit}"),
                    ),
                    None => plain("number", ""),
                }
            }
            (Kind::Decimal { .. }, _) => plain("number", ""),
            (Kind::Choice { .. }, _) => prop(member.name, &enum_name(spec, member), "", String::new()),
            (Kind::Map(inner), _) => prop(member.name, inner.name, "", String::new()),
            (Kind::List(list), _) => match list.of {
                Kind::Map(inner) => prop(
                    member.name,
                    &format!("{}[]", inner.name),
                    "",
                    list.accepts_of(&format!("`{}`", inner.name)),
                ),
                _ => plain("string[]", ""),
            },
        }
    }
}

fn camel_case(name: &str) -> String {
    let mut characters = name.chars();
    characters
        .next()
        .map(|first| first.to_lowercase().chain(characters).collect())
        .unwrap_or_default()
}

/// As the API's own enums are named: `AbortAction`, not `AbortCriteriaAction`.
fn enum_name(spec: &MapSpec, member: &Member) -> String {
    format!("{}{}", spec.name.trim_end_matches("Criteria"), member.name)
}

/// What users see: a struct for each map, an enum for each choice.
pub fn structs() -> String {
    let mut text = format!(
        "{HEAD}import {{ Duration, aws_iam as iam }} from 'aws-cdk-lib';\n\
         import {{ Adopt }} from './adopt';\n\
         import {{ JobDocument }} from './job-document';\n"
    );
    add_struct(
        "JobTemplateOptions",
        "What a job template is: every member of CreateJobTemplate.",
        &PROPERTIES,
        &mut text,
    );
    text
}

fn add_struct(name: &str, about: &str, spec: &MapSpec, text: &mut String) {
    let (mut members, mut enums) = (String::new(), String::new());
    let mut inner = Vec::new();
    for member in spec.members {
        let Some(prop) = Prop::of(member, spec) else { continue };
        match &member.kind {
            Kind::Map(map) => inner.push((*map, member.about)),
            Kind::List(ListSpec { of: Kind::Map(map), .. }) => inner.push((*map, member.about)),
            Kind::Choice { of, .. } => {
                enums += &format!("\n/** {} */\nexport enum {} {{\n", member.about, prop.typed);
                for word in *of {
                    enums += &format!("  /** {word} */\n  {word} = '{word}',\n");
                }
                enums += "}\n";
            }
            _ => {}
        }
        members += &documented(member, &prop, spec);
    }
    *text += &format!("\n/** {about} */\nexport interface {name} {{\n{members}}}\n{enums}");
    for (map, about) in inner {
        add_struct(map.name, about, map, text);
    }
}

fn documented(member: &Member, prop: &Prop, spec: &MapSpec) -> String {
    let (about, instead) = match prop.instead {
        Some((about, default)) => (about, Some(default)),
        None => (member.about, None),
    };
    let mut lines = vec![about.to_owned()];
    if !prop.takes.is_empty() {
        lines.push(String::new());
        lines.push(format!("It takes {}.", prop.takes));
    }
    let also = |name: &str| {
        let other = spec.members.iter().find(|other| other.name == name);
        other
            .and_then(|other| Prop::of(other, spec))
            .map_or(String::new(), |prop| prop.name)
    };
    if let Some(needed) = member.needs {
        lines.push(format!("It needs `{}`.", also(needed)));
    }
    if spec.one_only {
        lines.push("One of these at most.".to_owned());
    }
    let shorthand = shorthand_for(member, spec);
    let default = match (member.need, shorthand) {
        (Need::Required, None) => None,
        (Need::Required, Some(shorthand)) => Some(format!("what `{}` stands for", also(shorthand))),
        (Need::Optional { default: "" }, _) => Some("none".to_owned()),
        (Need::Optional { default }, _) => Some(instead.unwrap_or(default).to_owned()),
        (Need::Shorthand { stands_for }, _) => {
            lines.push(format!(
                "Shorthand for `{}`, and not to be given beside it.",
                also(stands_for)
            ));
            Some("none".to_owned())
        }
    };
    let optional = if default.is_some() { "?" } else { "" };
    if let Some(default) = default {
        lines.push(String::new());
        lines.push(format!("@default - {default}"));
    }
    let lines: String = lines
        .iter()
        .map(|line| format!("   * {line}").trim_end().to_owned() + "\n")
        .collect();
    format!(
        "  /**\n{lines}   */\n  readonly {}{optional}: {};\n",
        prop.name, prop.typed
    )
}

/// The shorthand that may be given in the member's place.
fn shorthand_for(member: &Member, spec: &MapSpec) -> Option<&'static str> {
    spec.members.iter().find_map(|other| match other.need {
        Need::Shorthand { stands_for } if stands_for == member.name => Some(other.name),
        _ => None,
    })
}

/// The table, for the check at synthesis.
pub fn table() -> String {
    let typed = |name: &str, typed: &str, value: Value| format!("\nexport const {name}: {typed} = {value:#};\n");
    format!(
        "{HEAD}import {{ Kind, MapSpec }} from './kinds';\n{}{}{}{}{}",
        typed("PROPERTIES", "MapSpec", map_table(&PROPERTIES)),
        typed("TAG", "MapSpec", map_table(&TAG)),
        typed("TAG_KEY", "Kind", kind_table(&TAG_KEY)),
        typed("TAG_VALUE", "Kind", kind_table(&TAG_VALUE)),
        typed("MAX_TAGS", "number", MAX_TAGS.into()),
    )
}

fn map_table(spec: &MapSpec) -> Value {
    let members: Vec<_> = spec
        .members
        .iter()
        .map(|member| {
            let prop = Prop::of(member, spec);
            let mut entry = json!({
                "name": member.name,
                "required": member.need == Need::Required,
                "kind": kind_table(&member.kind),
            });
            let mut add = |key: &str, value: Value| {
                if let Some(entry) = entry.as_object_mut() {
                    entry.insert(key.to_owned(), value);
                }
            };
            if let Need::Shorthand { stands_for } = member.need {
                add("standsFor", stands_for.into());
            }
            if let Some(needed) = member.needs {
                add("needs", needed.into());
            }
            if let Some(prop) = prop {
                add("prop", prop.name.into());
                if !prop.becomes.is_empty() {
                    add("becomes", prop.becomes.into());
                }
            }
            entry
        })
        .collect();
    json!({"rule": format!("{:?}", spec.rule), "oneOnly": spec.one_only, "members": members})
}

fn kind_table(kind: &Kind) -> Value {
    let max_or_none = |max: usize| if max == NO_MAX { Value::Null } else { max.into() };
    let mut entry = match kind {
        Kind::Text { min, max, class } => {
            json!({"kind": "text", "min": min, "max": max_or_none(*max), "class": format!("{class:?}")})
        }
        Kind::Integer { min, max } => json!({"kind": "integer", "min": min, "max": max}),
        Kind::Decimal {
            bound: DecimalBound::Between(min, max),
        } => json!({"kind": "between", "min": min, "max": max}),
        Kind::Decimal {
            bound: DecimalBound::Percentage(max),
        } => json!({"kind": "percentage", "max": max}),
        Kind::Choice { of, also } => json!({"kind": "choice", "of": of, "also": also}),
        Kind::Map(spec) => json!({"kind": "map", "spec": map_table(spec)}),
        Kind::List(list) => json!({
            "kind": "list", "of": kind_table(list.of), "min": list.min, "max": max_or_none(list.max), "distinct": list.distinct,
        }),
        Kind::Document { max } => json!({"kind": "document", "max": max}),
        Kind::Tags => json!({"kind": "tags"}),
        Kind::Scalar => json!({"kind": "scalar"}),
        Kind::Ignored => json!({"kind": "ignored"}),
    };
    if let Some(entry) = entry.as_object_mut() {
        entry.retain(|_, value| !value.is_null());
        entry.insert("accepts".to_owned(), kind.accepts().into());
    }
    entry
}
