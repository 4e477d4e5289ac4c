//! The table in `spec.rs` as the tables of the property reference, in Markdown.

use iot_job_template_core::properties::kinds::{Kind, MapSpec, Member, Need};
use iot_job_template_core::properties::spec::{ATTRIBUTES, PROPERTIES, TAG};

/// What an update does that changes a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Nothing,
    InPlace,
    /// Under a fixed id the template is deleted and created anew; where the id is generated, there is a new id, and
    /// CloudFormation deletes the old template last.
    Recreate,
    Replace,
}

impl Change {
    pub fn of(member: &Member) -> Change {
        match (member.name, &member.kind) {
            (_, Kind::Ignored) | ("Adopt", _) => Change::Nothing,
            ("Tags", _) => Change::InPlace,
            ("JobTemplateId", _) => Change::Replace,
            _ => Change::Recreate,
        }
    }

    fn in_words(self) -> &'static str {
        match self {
            Change::Nothing => "nothing",
            Change::InPlace => "changed in place",
            Change::Recreate => "re-created",
            Change::Replace => "replaced",
        }
    }
}

/// The properties themselves.
pub fn properties_table() -> String {
    table(
        ["Property", "Takes", "Left out", "A change", "What it is"],
        PROPERTIES.members.iter().map(|member| {
            let [name, takes, left_out, about] = row(member);
            [name, takes, left_out, Change::of(member).in_words().to_owned(), about]
        }),
    )
}

/// A heading and a table for each map in the properties.
pub fn maps() -> String {
    let mut maps = Vec::new();
    collect_maps(&PROPERTIES, &mut maps);
    maps.push(&TAG);
    let sections: Vec<_> = maps
        .iter()
        .map(|spec| {
            let rows = spec.members.iter().map(row);
            let table = table(["Member", "Takes", "Left out", "What it is"], rows);
            let note = if spec.one_only { "One of these at most.\n\n" } else { "" };
            format!("### {}\n\n{note}{table}", spec.name)
        })
        .collect();
    sections.join("\n")
}

/// What `Ref` and `Fn::GetAtt` give.
pub fn attributes_table() -> String {
    table(
        ["Function", "Gives"],
        [["`!Ref`".to_owned(), "The template's id.".to_owned()]]
            .into_iter()
            .chain(
                ATTRIBUTES
                    .iter()
                    .map(|attribute| [format!("`!GetAtt X.{}`", attribute.name), attribute.about.to_owned()]),
            ),
    )
}

fn collect_maps(spec: &MapSpec, maps: &mut Vec<&'static MapSpec>) {
    for member in spec.members {
        let inner = match &member.kind {
            Kind::Map(inner) => inner,
            Kind::List(list) => match list.of {
                Kind::Map(inner) => inner,
                _ => continue,
            },
            _ => continue,
        };
        maps.push(inner);
        collect_maps(inner, maps);
    }
}

/// A member's name, what it takes, what holds where it is left out, and what it is.
fn row(member: &Member) -> [String; 4] {
    let name = match member.also {
        [] => format!("`{}`", member.name),
        also => format!("`{}`, or `{}`", member.name, also.join("`, `")),
    };
    let left_out = match member.need {
        Need::Required => "required".to_owned(),
        Need::Optional { default: "" } => "none".to_owned(),
        Need::Optional { default } => default.to_owned(),
        Need::Shorthand { stands_for } => format!("shorthand for {stands_for}"),
    };
    let about = match member.needs {
        None => member.about.to_owned(),
        Some(needed) => format!("{} Needs `{needed}`.", member.about),
    };
    [name, takes(&member.kind), left_out, about]
}

fn takes(kind: &Kind) -> String {
    match kind {
        Kind::Map(spec) => link(spec),
        Kind::List(list) => match list.of {
            Kind::Map(spec) => {
                let items = list.accepts_of(&link(spec));
                match list.distinct {
                    Some(name) => format!("{items}, each {name} once"),
                    None => items,
                }
            }
            _ => list.accepts(),
        },
        Kind::Tags => format!("a list of {}, or a map", link(&TAG)),
        _ => kind.accepts(),
    }
}

fn link(spec: &MapSpec) -> String {
    format!("[{}](#{})", spec.name, spec.name.to_lowercase())
}

fn table<const N: usize>(head: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let head = line(&head.map(str::to_owned)) + &line(&[const { "---" }; N].map(str::to_owned));
    rows.fold(head, |table, row| table + &line(&row))
}

#[cfg(test)]
mod tests {
    use super::*;
    use iot_job_template_core::cloudformation::owner::Owner;
    use iot_job_template_core::cloudformation::physical_id::template_id;
    use iot_job_template_core::properties;
    use serde_json::{Value, json};

    #[test]
    fn what_the_reference_says_of_a_change_is_what_the_id_does() {
        let owner = Owner {
            stack_id: "arn:aws:cloudformation:eu-central-1:123456789012:stack/fleet/1".into(),
            logical_id: "Reboot".into(),
        };
        let id = |properties: Value| {
            let json = serde_json::from_value(properties).unwrap();
            template_id(&owner, &properties::read(&json).unwrap().desired)
        };
        let least = || json!({"Description": "d"});
        for member in PROPERTIES.members {
            let mut changed = least();
            if member.name == "Adopt" {
                // It is about a given id, and no part of what the template is made from.
                assert_eq!(Change::of(member), Change::Nothing);
                continue;
            }
            changed[member.name] = match member.name {
                "Document" => json!("[]"),
                "TimeoutConfig" => json!({"InProgressTimeoutInMinutes": 1}),
                "JobExecutionsRolloutConfig" => json!({"MaximumPerMinute": 1}),
                "JobExecutionsRetryConfig" => json!({"RetryAttempts": 1}),
                "AbortConfig" => json!({"CriteriaList": [{"FailureType": "ALL", "Action": "CANCEL"}]}),
                "PresignedUrlConfig" => json!({"ExpiresInSec": 60}),
                "MaintenanceWindows" => json!([{"StartTime": "x", "DurationInMinutes": 1}]),
                "DestinationPackageVersions" => json!(["arn:x"]),
                "Tags" => json!({"a": "b"}),
                _ => json!("changed"),
            };
            let stays = matches!(Change::of(member), Change::Nothing | Change::InPlace);
            assert_eq!(id(changed) == id(least()), stays, "{}", member.name);
        }
    }
}
