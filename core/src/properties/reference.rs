//! The table in `spec.rs` as the tables of the property reference, in Markdown.

use super::kinds::{Kind, MapSpec, Member, Need};
use super::spec::{ATTRIBUTES, PROPERTIES, TAG};

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
            (_, Kind::Ignored) => Change::Nothing,
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
            format!(
                "### {}\n\n{}",
                spec.name,
                table(["Member", "Takes", "Left out", "What it is"], rows)
            )
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
    [name, takes(&member.kind), left_out, member.about.to_owned()]
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
