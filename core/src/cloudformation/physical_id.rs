//! Physical ids: a template's id; or, where an answer has no template to name, an id that no template can have.

use crate::cloudformation::owner::Owner;
use crate::job_template::Desired;
use crate::memory::{Fingerprint, Which};
use sha2::{Digest, Sha256};
use std::fmt;

/// What a physical id says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PhysicalId {
    /// The template with this id. CloudFormation may have made the id up.
    Template(String),
    /// A Create that failed before anything was asked of IoT.
    NothingAsked,
    /// A Create that failed and each of whose calls had a clear answer. Another delivery of it may make the template.
    Refused(MadeBy),
    /// A Create that failed and may have made the template, or may yet.
    Unclear(MadeBy),
}

/// The template that a request may have made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeBy {
    pub which: Which,
    pub template_id: String,
}

// Each holds a colon, which no template's id can: `[a-zA-Z0-9_-]+`. Stacks keep these ids: they never change.
const NOTHING_ASKED: &str = "nothing-asked:";
const REFUSED: &str = "refused:";
const UNCLEAR: &str = "unclear:";

impl PhysicalId {
    pub fn read(physical_id: &str) -> PhysicalId {
        let marked = |mark| physical_id.strip_prefix(mark).and_then(MadeBy::read);
        if physical_id.starts_with(NOTHING_ASKED) {
            PhysicalId::NothingAsked
        } else if let Some(made_by) = marked(REFUSED) {
            PhysicalId::Refused(made_by)
        } else if let Some(made_by) = marked(UNCLEAR) {
            PhysicalId::Unclear(made_by)
        } else {
            PhysicalId::Template(physical_id.to_owned())
        }
    }

    /// The id as CloudFormation is to keep it. Never empty, at most 1 KB.
    pub fn write(&self, owner: &Owner) -> String {
        match self {
            PhysicalId::Template(id) => id.clone(),
            PhysicalId::NothingAsked => {
                // A logical id has at most 255 characters; cut all the same, for an event may hold anything.
                let logical_id: String = owner.logical_id.chars().take(200).collect();
                format!("{NOTHING_ASKED}{logical_id}")
            }
            PhysicalId::Refused(made_by) => format!("{REFUSED}{made_by}"),
            PhysicalId::Unclear(made_by) => format!("{UNCLEAR}{made_by}"),
        }
    }
}

impl MadeBy {
    fn read(text: &str) -> Option<MadeBy> {
        let (which, template_id) = text.split_once(':')?;
        can_be_a_templates(template_id).then_some(MadeBy {
            which: Which::read(which)?,
            template_id: template_id.to_owned(),
        })
    }
}

impl fmt::Display for MadeBy {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "{}:{}", self.which, self.template_id)
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
        None => generated_prefix(owner) + &Fingerprint::of(desired).letters(CONTENT_LETTERS),
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

/// Whether CloudFormation made `id` up, for the Delete of a Create that it did not wait for: `STACK-LOGICALID-RANDOM`, the
/// two names perhaps shortened at their ends. RANDOM had 12 or 13 capital letters and digits in 2016, and has 11 or 12
/// letters of both cases and digits today; taken are 10 to 14 with at least one capital letter, which no generated id has.
pub fn is_made_up(owner: &Owner, id: &str) -> bool {
    let mut parts = id.rsplitn(3, '-');
    let (Some(random), Some(logical_id), Some(stack)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let starts = |whole: &str, start: &str| !start.is_empty() && whole.starts_with(start);
    starts(owner.stack_name(), stack)
        && starts(&owner.logical_id, logical_id)
        && (10..=14).contains(&random.len())
        && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && random.bytes().any(|byte| byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job_template::{Content, Tags};
    use crate::properties;
    use serde_json::json;

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
        let us = owner("iot-fleet", "Reboot");

        for made_up in [
            "iot-fleet-Reboot-1ABCDEFGHIJK2",
            "iot-fleet-Reboot-tRSbQA45HplA",
            "iot-fleet-Reboot-abcdefghiJ",
            "iot-fl-Reb-tRSbQA45HplA",
        ] {
            assert!(is_made_up(&us, made_up), "{made_up}");
        }
        for other in [
            "iot-fleet-Reboot-abcdefghijkl",
            "iot-fleet-Reboot-ABCDEFGHI",
            "iot-fleet-Reboot-ABCDEFGHIJKLMNO",
            "iot-fleet-Restart-ABCDEFGHIJKL",
            "iot-yard-Reboot-ABCDEFGHIJKL",
            "-Reboot-ABCDEFGHIJKL",
            "iot-fleet--ABCDEFGHIJKL",
            "Reboot-ABCDEFGHIJKL",
            "iot-fleet-Reboot-ABCDEFGHIJ_L",
            &template_id(&us, &reboot()),
        ] {
            assert!(!is_made_up(&us, other), "{other}");
        }
    }

    #[test]
    fn markers_are_these_for_ever_read_back_as_what_they_say_and_no_template_can_have_them() {
        let us = owner("fleet", "Reboot");
        let made_by = || MadeBy {
            which: Which::of("1"),
            template_id: "mine".into(),
        };

        for (marker, written) in [
            (PhysicalId::NothingAsked, "nothing-asked:Reboot"),
            (PhysicalId::Refused(made_by()), "refused:6b86b273ff34fce1:mine"),
            (PhysicalId::Unclear(made_by()), "unclear:6b86b273ff34fce1:mine"),
        ] {
            assert_eq!(marker.write(&us), written);
            assert_eq!(PhysicalId::read(written), marker);
            assert!(!can_be_a_templates(written));
        }
    }

    #[test]
    fn a_marker_that_is_none_of_ours_names_no_template() {
        for other in [
            "refused:",
            "unclear:xyz:mine",
            "refused:6b86b273ff34fce1:a/b",
            "unclear:6b86b273ff34fce1",
        ] {
            assert_eq!(PhysicalId::read(other), PhysicalId::Template(other.into()));
            assert!(!can_be_a_templates(other));
        }
    }

    /// Templates have these ids in people's accounts: another id for the same properties is another template.
    #[test]
    fn generated_ids_are_these_for_ever() {
        let every_member = json!({
            "Description": "Reboot",
            "DocumentSource": "https://bucket.s3.amazonaws.com/reboot.json",
            "JobArn": "arn:aws:iot:eu-central-1:123456789012:job/reboot",
            "TimeoutConfig": {"InProgressTimeoutInMinutes": 60},
            "JobExecutionsRolloutConfig": {
                "MaximumPerMinute": 50,
                "ExponentialRolloutRate": {
                    "BaseRatePerMinute": 5,
                    "IncrementFactor": 1.5,
                    "RateIncreaseCriteria": {"NumberOfSucceededThings": 10},
                },
            },
            "JobExecutionsRetryConfig": {"RetryCriteriaList": [
                {"FailureType": "TIMED_OUT", "NumberOfRetries": 2},
                {"FailureType": "FAILED", "NumberOfRetries": 1},
            ]},
            "AbortConfig": {"CriteriaList": [
                {"FailureType": "FAILED", "Action": "CANCEL", "ThresholdPercentage": 10, "MinNumberOfExecutedThings": 5},
            ]},
            "PresignedUrlConfig": {"RoleArn": "arn:aws:iam::123456789012:role/iot", "ExpiresInSec": 60},
            "MaintenanceWindows": [{"StartTime": "cron(0 2 ? * MON *)", "DurationInMinutes": 90}],
            "DestinationPackageVersions": ["arn:aws:iot:eu-central-1:123456789012:package/os/version/2"],
            "Revision": "2",
            "Tags": {"team": "fleet"},
        });
        let document = |keys: &str| format!(r#"{{"Description": "Reboot", "Document": {keys}}}"#);
        for (properties, id) in [
            (
                r#"{"Description": "Reboot"}"#.to_owned(),
                "fleet-Reboot-hbnbkikpmndifjnhjdcf",
            ),
            (every_member.to_string(), "fleet-Reboot-hbnbkikpekmfaaehgchf"),
            (
                document(r#"{"operation": "reboot", "after": "idle"}"#),
                "fleet-Reboot-hbnbkikpgfahcnphnplb",
            ),
            (
                document(r#"{"after": "idle", "operation": "reboot"}"#),
                "fleet-Reboot-hbnbkikpgfahcnphnplb",
            ),
        ] {
            let json = serde_json::from_str(&properties).unwrap();
            let desired = properties::read(&json).unwrap().desired;

            assert_eq!(template_id(&owner("fleet", "Reboot"), &desired), id, "{properties}");
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
