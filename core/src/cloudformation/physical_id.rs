//! Physical ids: a template's id; or, where an answer has no template to name, an id that no template can have.

use crate::cloudformation::owner::Owner;
use crate::job_template::Desired;
use sha2::{Digest, Sha256};

/// What a physical id says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PhysicalId {
    /// The template with this id. CloudFormation may have made the id up.
    Template(String),
    /// A Create that made nothing.
    NothingMade,
    /// A Create whose outcome was not known when it had to be answered; it may have made the template with this id.
    OutcomeUnknown { candidate: String },
}

// Both hold a colon, which no template's id can: `[a-zA-Z0-9_-]+`.
const NOTHING_MADE: &str = "nothing-made:";
const OUTCOME_UNKNOWN: &str = "outcome-unknown:";

impl PhysicalId {
    pub fn read(physical_id: &str) -> PhysicalId {
        if physical_id.starts_with(NOTHING_MADE) {
            PhysicalId::NothingMade
        } else if let Some(candidate) = physical_id.strip_prefix(OUTCOME_UNKNOWN) {
            PhysicalId::OutcomeUnknown {
                candidate: candidate.to_owned(),
            }
        } else {
            PhysicalId::Template(physical_id.to_owned())
        }
    }

    /// The id as CloudFormation is to keep it. Never empty, at most 1 KB.
    pub fn write(&self, owner: &Owner) -> String {
        match self {
            PhysicalId::Template(id) => id.clone(),
            PhysicalId::NothingMade => {
                // A logical id has at most 255 characters; cut all the same, for an event may hold anything.
                let logical_id: String = owner.logical_id.chars().take(200).collect();
                format!("{NOTHING_MADE}{logical_id}")
            }
            PhysicalId::OutcomeUnknown { candidate } => format!("{OUTCOME_UNKNOWN}{candidate}"),
        }
    }
}

/// The most characters that IoT takes in a template's id.
const MAX_ID: usize = 64;

/// Whether IoT takes `id` for a template's.
pub fn can_be_a_templates(id: &str) -> bool {
    (1..=MAX_ID).contains(&id.len()) && id.chars().all(is_id_character)
}

fn is_id_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || "_-".contains(character)
}

/// Letters of a generated id's hash that stand for the stack and the resource, and for what is wanted.
const OWNER_LETTERS: usize = 8;
const CONTENT_LETTERS: usize = 12;

/// The id of the template that is wanted: the one given; or, where none is, `STACK-LOGICALID-HASH`.
///
/// The hash stands for the stack, the resource, and everything that would need a new template (so not the tags). The
/// same properties always give the same id; changed ones give another, which CloudFormation takes for a replacement.
pub fn template_id(owner: &Owner, desired: &Desired) -> String {
    match &desired.job_template_id {
        Some(id) => id.clone(),
        None => {
            let wanted = (desired.content.clone().canonical(), &desired.revision);
            // Serialising plain data into memory cannot fail; were it to, the id would still be this resource's own.
            let wanted = serde_json::to_vec(&wanted).unwrap_or_default();
            generated_prefix(owner) + &letters(&wanted, CONTENT_LETTERS)
        }
    }
}

/// Whether `id` is one that was generated for this stack and resource, whatever the properties were.
pub fn is_generated_for(owner: &Owner, id: &str) -> bool {
    id.strip_prefix(&generated_prefix(owner))
        .is_some_and(|content| content.len() == CONTENT_LETTERS && content.bytes().all(|b| b.is_ascii_lowercase()))
}

fn generated_prefix(owner: &Owner) -> String {
    const NAMES: usize = MAX_ID - "--".len() - OWNER_LETTERS - CONTENT_LETTERS;
    let stack = id_characters(owner.stack_name());
    let logical_id = id_characters(&owner.logical_id);
    // Each name gets half, and what the other leaves.
    let for_stack = stack.len().min((NAMES / 2).max(NAMES.saturating_sub(logical_id.len())));
    let for_logical_id = logical_id.len().min(NAMES - for_stack);
    let identity = [owner.stack_id.as_bytes(), owner.logical_id.as_bytes()].join(&0);
    format!(
        "{}-{}-{}",
        stack.get(..for_stack).unwrap_or_default(),
        logical_id.get(..for_logical_id).unwrap_or_default(),
        letters(&identity, OWNER_LETTERS)
    )
}

/// Stack names and logical ids have no other characters; an event may.
fn id_characters(name: &str) -> String {
    name.chars().filter(|c| is_id_character(*c)).collect()
}

/// The hash of `data` in small letters, four bits each. Small letters only: CloudFormation's made-up ids end in capital
/// letters and digits, and the two must not be mistaken.
fn letters(data: &[u8], count: usize) -> String {
    Sha256::digest(data)
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .take(count)
        .map(|four_bits| char::from(b'a' + four_bits))
        .collect()
}

/// Whether CloudFormation made `id` up, for the Delete of a Create that it did not wait for: `STACK-LOGICALID-` and 12
/// or 13 capital letters and digits.
pub fn is_made_up(owner: &Owner, id: &str) -> bool {
    let rest = id
        .strip_prefix(owner.stack_name())
        .and_then(|rest| rest.strip_prefix('-'))
        .and_then(|rest| rest.strip_prefix(owner.logical_id.as_str()))
        .and_then(|rest| rest.strip_prefix('-'));
    rest.is_some_and(|random| {
        (12..=13).contains(&random.len()) && random.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job_template::{Content, Tags};

    fn owner(stack: &str, logical_id: &str) -> Owner {
        Owner {
            stack_id: format!("arn:aws:cloudformation:eu-central-1:123456789012:stack/{stack}/1-2-3"),
            logical_id: logical_id.into(),
        }
    }

    fn reboot() -> Desired {
        Desired {
            content: Content {
                description: "Reboot".into(),
                ..Content::default()
            },
            ..Desired::default()
        }
    }

    #[test]
    fn a_given_id_is_the_id() {
        let desired = Desired {
            job_template_id: Some("mine".into()),
            ..reboot()
        };

        assert_eq!(template_id(&owner("fleet", "Reboot"), &desired), "mine");
    }

    #[test]
    fn a_generated_id_names_stack_and_resource_and_is_always_the_same() {
        let id = template_id(&owner("fleet", "Reboot"), &reboot());

        assert!(id.starts_with("fleet-Reboot-"), "{id}");
        assert_eq!(id, template_id(&owner("fleet", "Reboot"), &reboot()));
    }

    #[test]
    fn a_generated_id_has_at_most_64_characters_however_long_the_names() {
        let id = template_id(&owner(&"s".repeat(128), &"L".repeat(255)), &reboot());

        assert_eq!(id.len(), 64);
        assert!(
            id.starts_with(&format!("{}-{}-", "s".repeat(21), "L".repeat(21))),
            "{id}"
        );
    }

    #[test]
    fn a_short_name_leaves_its_room_to_the_long_one() {
        let id = template_id(&owner("fleet", &"L".repeat(255)), &reboot());

        assert_eq!(id.len(), 64);
        assert!(id.starts_with("fleet-LLLL"), "{id}");
    }

    #[test]
    fn another_content_stack_resource_or_revision_gives_another_id() {
        let id = template_id(&owner("fleet", "Reboot"), &reboot());
        let mut other = reboot();
        other.content.description = "Restart".into();
        let revised = Desired {
            revision: Some("2".into()),
            ..reboot()
        };
        let mut same_name = owner("fleet", "Reboot");
        same_name.stack_id.push('4');

        assert_ne!(id, template_id(&owner("fleet", "Reboot"), &other));
        assert_ne!(id, template_id(&owner("fleet", "Reboot"), &revised));
        assert_ne!(id, template_id(&owner("fleet", "Restart"), &reboot()));
        assert_ne!(id, template_id(&same_name, &reboot()));
    }

    #[test]
    fn tags_do_not_change_a_generated_id() {
        let tagged = Desired {
            tags: Tags::from([("team".into(), "fleet".into())]),
            ..reboot()
        };

        assert_eq!(
            template_id(&owner("fleet", "Reboot"), &tagged),
            template_id(&owner("fleet", "Reboot"), &reboot())
        );
    }

    #[test]
    fn a_generated_id_is_known_as_this_resources_own_and_nobody_elses() {
        let id = template_id(&owner("fleet", "Reboot"), &reboot());

        assert!(is_generated_for(&owner("fleet", "Reboot"), &id));
        assert!(!is_generated_for(&owner("fleet", "Restart"), &id));
        assert!(!is_generated_for(&owner("fleet2", "Reboot"), &id));
    }

    #[test]
    fn an_id_that_cloudformation_made_up_is_known_and_a_generated_one_is_not_mistaken_for_it() {
        let us = owner("fleet", "Reboot");

        assert!(is_made_up(&us, "fleet-Reboot-1ABCDEFGHIJK2"));
        assert!(is_made_up(&us, "fleet-Reboot-ABCDEFGHIJKL"));
        assert!(!is_made_up(&us, "fleet-Reboot-ABCDEFGHIJK"));
        assert!(!is_made_up(&us, "fleet-Restart-ABCDEFGHIJKL"));
        assert!(!is_made_up(&us, &template_id(&us, &reboot())));
    }

    #[test]
    fn markers_read_back_as_what_they_say_and_no_template_can_have_them() {
        let us = owner("fleet", "Reboot");
        let unknown = PhysicalId::OutcomeUnknown {
            candidate: "mine".into(),
        };

        for marker in [PhysicalId::NothingMade, unknown] {
            let id = marker.write(&us);
            assert_eq!(PhysicalId::read(&id), marker);
            assert!(!can_be_a_templates(&id));
        }
    }

    #[test]
    fn a_template_can_have_1_to_64_letters_digits_underscores_and_hyphens() {
        assert!(can_be_a_templates("Az_09-"));
        assert!(can_be_a_templates(&"x".repeat(64)));
        for id in ["", "a/b", "a b", "a:b", "ä", &"x".repeat(65)] {
            assert!(!can_be_a_templates(id), "{id}");
        }
    }
}
