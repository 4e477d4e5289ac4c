//! What the table in `spec.rs` is made of: members, the kinds of value that they take, and the words for those.

use crate::job_template::Adopt;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

/// One member of a map in the property language.
pub struct Member {
    /// CloudFormation's name. At every level a key matches whatever the case of its first letter.
    pub name: &'static str,
    /// Other names that people write for it: the API's, where it is not the same.
    pub also: &'static [&'static str],
    pub need: Need,
    /// Another member of the map, without which the service refuses this one.
    pub needs: Option<&'static str>,
    pub kind: Kind,
    /// For the reference and the schema: what it is, in a line.
    pub about: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Need {
    Required,
    Optional {
        /// What holds where it is left out, in words; empty where that is nothing.
        default: &'static str,
    },
    /// Not a member of the API: shorthand, with one documented meaning.
    Shorthand {
        /// The member that may not be given beside it.
        stands_for: &'static str,
    },
}

/// What a member takes.
pub enum Kind {
    /// Lengths in characters.
    Text {
        min: usize,
        max: usize,
        class: Class,
    },
    Integer {
        min: i64,
        max: i64,
    },
    Decimal {
        bound: DecimalBound,
    },
    /// `also` is shorthand: accepted, and replaced by the shorthand's rule.
    Choice {
        of: &'static [&'static str],
        also: &'static [&'static str],
    },
    Map(&'static MapSpec),
    List(ListSpec),
    /// JSON text, or a map or list where that is lossless.
    Document {
        max: usize,
    },
    /// A list of Key/Value pairs, or a map.
    Tags,
    /// Any scalar.
    Scalar,
    /// CloudFormation's own, which comes along in the properties: any value, not read.
    Ignored,
}

/// The characters that a text may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Any,
    /// `[a-zA-Z0-9_-]+`
    Id,
    /// `[^\p{C}]+`
    NoControl,
    /// `^arn:[!-~]+$`
    Arn,
    /// `^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$`
    TagKey,
    /// `true`, `false`, or an owner as errors name it.
    Adopt,
}

#[derive(Clone, Copy, PartialEq)]
pub enum DecimalBound {
    Between(f64, f64),
    /// More than zero, at most this, and at most two decimal digits (both measured on the service).
    Percentage(f64),
}

/// A map with known members.
pub struct MapSpec {
    /// The API's name for the structure.
    pub name: &'static str,
    pub members: &'static [Member],
    /// Whether the service takes one of the members at most.
    pub one_only: bool,
    /// Keys of other operations that people paste here.
    pub others: &'static [Others],
    pub rule: Rule,
}

/// Keys that are no members, and what to say of them.
pub struct Others {
    pub keys: &'static [&'static str],
    pub hint: &'static str,
}

/// What `shorthand.rs` does with the members of a map once they are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Nothing: what is written is what is meant.
    AsWritten,
    Properties,
    Rollout,
    Retry,
    AbortCriteria,
    MaintenanceWindow,
}

/// A list, and how many items it takes.
pub struct ListSpec {
    pub of: &'static Kind,
    pub min: usize,
    pub max: usize,
    /// A member of the items that no two of them may have in common.
    pub distinct: Option<&'static str>,
}

/// The largest value of the model's type "integer", which has 32 bits, where the model gives no bound.
pub const MAX_INTEGER: i64 = i32::MAX as i64;
/// No bound in the model.
pub const NO_MAX: usize = usize::MAX;

/// What `Fn::GetAtt` gives.
pub struct Attribute {
    pub name: &'static str,
    pub about: &'static str,
}

impl MapSpec {
    /// What to say of a key of another operation.
    pub fn hint_for_others(&self, key: &str) -> Option<&'static str> {
        let is_written = |others: &&Others| others.keys.iter().any(|name| same_but_for_first_case(name, key));
        self.others.iter().find(is_written).map(|others| others.hint)
    }

    /// The member that `key` is a way to write.
    pub fn member(&self, key: &str) -> Option<&'static Member> {
        self.members.iter().find(|member| member.is_written(key))
    }
}

impl Member {
    /// Whether `key` is a way to write this member's name.
    fn is_written(&self, key: &str) -> bool {
        self.names().any(|name| same_but_for_first_case(name, key))
    }

    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.also.iter().copied())
    }
}

fn same_but_for_first_case(a: &str, b: &str) -> bool {
    match (a.split_at_checked(1), b.split_at_checked(1)) {
        (Some((a_first, a_rest)), Some((b_first, b_rest))) => a_rest == b_rest && a_first.eq_ignore_ascii_case(b_first),
        _ => false,
    }
}

impl Kind {
    /// What is accepted, in words: "an integer from 1 to 10080".
    pub fn accepts(&self) -> String {
        match self {
            Kind::Text { min, max, class } => {
                let length = match (min, max) {
                    (_, &NO_MAX) => "text".to_owned(),
                    (0, max) => format!("text of at most {max} characters"),
                    (min, max) => format!("text of {min} to {max} characters"),
                };
                format!("{length}{}", class.in_words())
            }
            Kind::Integer { min, max } => format!("an integer from {min} to {max}"),
            Kind::Decimal {
                bound: DecimalBound::Between(min, max),
            } => format!("a number from {min} to {max}"),
            Kind::Decimal {
                bound: DecimalBound::Percentage(max),
            } => format!("a number over 0 up to {max}, with at most two decimals"),
            Kind::Choice { of, .. } => match of {
                [only] => (*only).to_owned(),
                [most @ .., last] => format!("{} or {last}", most.join(", ")),
                [] => "nothing".to_owned(),
            },
            Kind::Map(spec) => {
                let names: Vec<_> = spec.members.iter().map(|member| member.name).collect();
                format!("a map of {}", names.join(if spec.one_only { " or " } else { ", " }))
            }
            Kind::List(spec) => spec.accepts(),
            Kind::Document { max } => format!("JSON of at most {max} characters"),
            Kind::Tags => "a list of Key/Value pairs, or a map".to_owned(),
            Kind::Scalar => "text, a number, true or false".to_owned(),
            Kind::Ignored => "anything".to_owned(),
        }
    }
}

impl ListSpec {
    pub fn accepts(&self) -> String {
        self.accepts_of(&match self.of {
            Kind::Map(spec) => {
                let names: Vec<_> = spec.members.iter().map(|member| member.name).collect();
                format!("maps of {}", names.join(", "))
            }
            kind => format!("items, each {}", kind.accepts()),
        })
    }

    /// The same, with the items in other words.
    pub fn accepts_of(&self, items: &str) -> String {
        match (self.min, self.max) {
            (0, NO_MAX) => format!("a list of {items}"),
            (min, NO_MAX) => format!("a list of {min} or more {items}"),
            (min, max) => format!("a list of {min} to {max} {items}"),
        }
    }
}

impl Class {
    /// What text that does not belong has, or has not, in words.
    pub fn first_stranger(self, text: &str) -> Option<String> {
        let rest = match self {
            Class::Adopt => {
                return Adopt::read(text)
                    .is_none()
                    .then(|| "is neither true, false nor an owner".to_owned());
            }
            Class::Arn => match text.strip_prefix("arn:") {
                None => return Some("has no arn: in front".to_owned()),
                Some("") => return Some("has nothing after arn:".to_owned()),
                Some(rest) => rest,
            },
            _ => text,
        };
        rest.chars()
            .find(|character| !self.allows(*character))
            .map(|character| match character.general_category_group() {
                GeneralCategoryGroup::Other => {
                    format!("has the character U+{:04X} in it", character as u32)
                }
                _ => format!("has the character {character:?} in it"),
            })
    }

    fn allows(self, character: char) -> bool {
        use GeneralCategoryGroup::{Letter, Number, Other, Separator};
        match self {
            Class::Any | Class::Adopt => true,
            Class::Id => character.is_ascii_alphanumeric() || "_-".contains(character),
            Class::Arn => character.is_ascii_graphic(),
            Class::NoControl => character.general_category_group() != Other,
            Class::TagKey => {
                "_.:/=+-@".contains(character)
                    || matches!(character.general_category_group(), Letter | Separator | Number)
            }
        }
    }

    fn in_words(self) -> &'static str {
        match self {
            Class::Any => "",
            Class::Id => " out of a-z, A-Z, 0-9, _ and -",
            Class::NoControl => " without control characters or the U+200D of joined emoji",
            Class::Arn => " that is an ARN",
            Class::TagKey => " out of letters, digits, spaces and _.:/=+-@",
            Class::Adopt => ": true, false, LOGICALID or STACK-ARN/LOGICALID",
        }
    }
}

// How the table is written down.

/// A map of which there is nothing to say but its members.
pub const PLAIN: MapSpec = MapSpec {
    name: "",
    members: &[],
    one_only: false,
    others: &[],
    rule: Rule::AsWritten,
};

pub const fn required(name: &'static str, kind: Kind, about: &'static str) -> Member {
    Member {
        name,
        also: &[],
        need: Need::Required,
        needs: None,
        kind,
        about,
    }
}

pub const fn optional(name: &'static str, kind: Kind, about: &'static str) -> Member {
    default("", name, kind, about)
}

pub const fn default(default: &'static str, name: &'static str, kind: Kind, about: &'static str) -> Member {
    Member {
        need: Need::Optional { default },
        ..required(name, kind, about)
    }
}

pub const fn shorthand(stands_for: &'static str, name: &'static str, kind: Kind, about: &'static str) -> Member {
    Member {
        need: Need::Shorthand { stands_for },
        ..required(name, kind, about)
    }
}

pub const fn integer(min: i64, max: i64) -> Kind {
    Kind::Integer { min, max }
}

pub const fn text(min: usize, max: usize, class: Class) -> Kind {
    Kind::Text { min, max, class }
}

pub const fn choice(of: &'static [&'static str]) -> Kind {
    Kind::Choice { of, also: &[] }
}

pub const fn list(of: &'static Kind, min: usize, max: usize) -> Kind {
    Kind::List(ListSpec {
        of,
        min,
        max,
        distinct: None,
    })
}
