//! From whom a template was taken over. Two tags on it say so: a stack's ARN and a logical id, or `none` twice where nobody
//! owned it.
//!
//! Whoever it was taken from may have taken it over in its turn: a person made it, `X` took it over, and `Y` from `X`. Then a
//! word behind the stack's ARN says so, and whether `X` had it from nobody: once `X` is gone, it still is not `Y`'s to delete.

use crate::cloudformation::owner::Owner;
use crate::job_template::{Adopt, Tags};

pub const FORMER_TAGS: [&str; 2] = ["cloudformation:former-stack-id", "cloudformation:former-logical-id"];
/// A former tag's value where nobody owned the template.
const NOBODY: &str = "none";
/// Behind the ARN of a stack that had itself adopted the template from an owner: the one that its `Adopt` names.
const FROM_AN_OWNER: &str = "owner";

/// From whom a template was adopted; `None` where nobody owned it.
pub type Former = Option<Owner>;

/// How the former owner of a template had adopted it in its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    FromNobody,
    FromAnOwner,
}

/// The tags that say from whom a template was adopted.
pub fn former_tags(former: &Former) -> Tags {
    match former {
        Some(owner) => both(&owner.stack_id, &owner.logical_id),
        None => both(NOBODY, NOBODY),
    }
}

/// The tags for a template with the tags `there` that is adopted from `former`.
pub fn tags_of_adoption(adopter: &Owner, former: &Former, there: &Tags) -> Tags {
    // Whoever takes back what was taken over from it has it as it had it then.
    let before = match self::former(there) {
        Some(owner) if owner == *adopter => before_former(there),
        Some(_) => Some(Before::FromAnOwner),
        None => is_adopted(there).then_some(Before::FromNobody),
    };
    let word = before.map(|before| match before {
        Before::FromNobody => NOBODY,
        Before::FromAnOwner => FROM_AN_OWNER,
    });
    match (former, word) {
        (Some(owner), Some(word)) => both(&format!("{} {word}", owner.stack_id), &owner.logical_id),
        _ => former_tags(former),
    }
}

pub fn is_adopted(tags: &Tags) -> bool {
    FORMER_TAGS.iter().any(|key| tags.contains_key(*key))
}

/// From whom the template with these tags was adopted. Where that is not known, it is given back to nobody.
pub fn former(tags: &Tags) -> Former {
    let [stack_id, logical_id] = FORMER_TAGS.map(|key| tags.get(key).map(String::as_str));
    let (stack_id, logical_id) = (stack_id?, logical_id?);
    let stack_id = stack_id.split_once(' ').map_or(stack_id, |(stack_id, _)| stack_id);
    (stack_id != NOBODY).then(|| Owner {
        stack_id: stack_id.to_owned(),
        logical_id: logical_id.to_owned(),
    })
}

/// How the former owner of the template with these tags had adopted it; `None` if it had not.
pub fn before_former(tags: &Tags) -> Option<Before> {
    match tags.get(FORMER_TAGS[0])?.split_once(' ')?.1 {
        FROM_AN_OWNER => Some(Before::FromAnOwner),
        _ => Some(Before::FromNobody),
    }
}

/// The owner that this `Adopt` names, in the properties of a resource.
pub fn named(adopt: &Adopt, by: &Owner) -> Option<Owner> {
    match adopt {
        Adopt::No | Adopt::Free => None,
        Adopt::Of { stack_id, logical_id } => Some(Owner {
            stack_id: stack_id.as_ref().unwrap_or(&by.stack_id).clone(),
            logical_id: logical_id.clone(),
        }),
    }
}

fn both(stack_id: &str, logical_id: &str) -> Tags {
    let [stack, resource] = FORMER_TAGS.map(str::to_owned);
    Tags::from([(stack, stack_id.to_owned()), (resource, logical_id.to_owned())])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(stack: &str) -> Owner {
        Owner {
            stack_id: format!("arn:aws:cloudformation:eu-central-1:123456789012:stack/{stack}/1"),
            logical_id: "Reboot".into(),
        }
    }

    #[test]
    fn former_tags_are_these_for_ever() {
        let fleet = "arn:aws:cloudformation:eu-central-1:123456789012:stack/fleet/1";
        let from_fleet = |there| tags_of_adoption(&owner("yard"), &Some(owner("fleet")), &there);

        assert_eq!(former_tags(&None), both("none", "none"));
        assert_eq!(from_fleet(Tags::new()), both(fleet, "Reboot"));
        assert_eq!(from_fleet(former_tags(&None)), both(&format!("{fleet} none"), "Reboot"));
        assert_eq!(
            from_fleet(former_tags(&Some(owner("depot")))),
            both(&format!("{fleet} owner"), "Reboot")
        );
    }

    #[test]
    fn the_longest_arn_and_the_word_behind_it_fit_a_tag() {
        let longest = Owner {
            stack_id: format!(
                "arn:aws-us-gov:cloudformation:us-gov-west-1:123456789012:stack/{}/{}",
                "s".repeat(128),
                "0".repeat(36)
            ),
            ..owner("fleet")
        };
        let tags = tags_of_adoption(&owner("yard"), &Some(longest), &former_tags(&None));

        assert!(tags.values().all(|value| value.len() <= 256));
    }

    #[test]
    fn whom_it_was_adopted_from_is_read_with_and_without_the_word() {
        for (there, before) in [
            (Tags::new(), None),
            (former_tags(&None), Some(Before::FromNobody)),
            (former_tags(&Some(owner("depot"))), Some(Before::FromAnOwner)),
        ] {
            let tags = tags_of_adoption(&owner("yard"), &Some(owner("fleet")), &there);

            assert_eq!(former(&tags), Some(owner("fleet")));
            assert_eq!(before_former(&tags), before);
        }
    }

    #[test]
    fn whoever_takes_back_what_was_taken_over_from_it_has_it_as_before() {
        for (there, before) in [(Tags::new(), None), (former_tags(&None), Some(Before::FromNobody))] {
            let taken = tags_of_adoption(&owner("yard"), &Some(owner("fleet")), &there);
            let taken_back = tags_of_adoption(&owner("fleet"), &Some(owner("yard")), &taken);

            assert_eq!(former(&taken_back), Some(owner("yard")));
            assert_eq!(before_former(&taken_back), before);
        }
    }

    #[test]
    fn where_one_of_the_two_tags_is_gone_it_was_adopted_and_nobody_knows_from_whom() {
        for key in FORMER_TAGS {
            let mut tags = former_tags(&Some(owner("fleet")));
            tags.remove(key);

            assert!(is_adopted(&tags));
            assert_eq!(former(&tags), None);
        }
    }
}
