//! From whom a template was taken over. Two tags on it say so: a stack's ARN and a logical id, or `none` twice where nobody
//! owned it.
//!
//! Whoever it was taken from may have taken it over in its turn: a template that a person made, `X` took over, and `Y` from
//! `X`. Behind the stack's ARN there is then a short hash of what the tags said before, so that what is done to `Y`'s does
//! not forget the person. Where `Y` gives it back, that hash is all that is known, and stands in both tags; who it means is
//! found in the `Adopt` of `X`'s properties.

use crate::cloudformation::owner::Owner;
use crate::job_template::{Adopt, Tags};
use crate::memory::Which;

pub const FORMER_TAGS: [&str; 2] = ["cloudformation:former-stack-id", "cloudformation:former-logical-id"];
/// A former tag's value where nobody owned the template.
const NOBODY: &str = "none";

/// From whom a template was adopted; `None` where nobody owned it.
pub type Former = Option<Owner>;

/// The tags that say from whom a template was adopted.
pub fn former_tags(former: &Former) -> Tags {
    match former {
        Some(owner) => both(&owner.stack_id, &owner.logical_id),
        None => both(NOBODY, NOBODY),
    }
}

/// The tags for a template with the tags `there` that is adopted from `former`.
pub fn tags_of_adoption(former: &Former, there: &Tags) -> Tags {
    match (former, in_short(there)) {
        (Some(owner), Some(before)) => both(&format!("{} {before}", owner.stack_id), &owner.logical_id),
        _ => former_tags(former),
    }
}

/// The tags for a template with the tags `there` that is given back: from whom its former owner had it.
pub fn tags_of_giving_back(there: &Tags) -> Tags {
    match before_former(there) {
        Some(before) if in_short(&former_tags(&None)).as_ref() != Some(&before) => {
            both(&before.to_string(), &before.to_string())
        }
        _ => former_tags(&None),
    }
}

pub fn is_adopted(tags: &Tags) -> bool {
    FORMER_TAGS.iter().any(|key| tags.contains_key(*key))
}

/// From whom the template with these tags was adopted. `perhaps` is who it may have been, where a hash is all that the tags
/// have. Where it is not known, it is given back to nobody.
pub fn former(tags: &Tags, perhaps: Option<&Owner>) -> Former {
    let (stack_id, logical_id) = values(tags)?;
    if let Some(hash) = Which::read(stack_id) {
        let is_meant = |owner: &Owner| in_short(&former_tags(&Some(owner.clone()))) == Some(hash);
        return perhaps.cloned().filter(is_meant);
    }
    let (stack_id, _) = words(stack_id);
    (stack_id != NOBODY).then(|| Owner {
        stack_id: stack_id.to_owned(),
        logical_id: logical_id.to_owned(),
    })
}

/// From whom the former owner of the template with these tags, whose properties have this `Adopt`, had adopted it; `None`
/// if it had not.
pub fn former_of_former(tags: &Tags, perhaps: Option<&Owner>) -> Option<Former> {
    before_former(tags)?;
    Some(former(&tags_of_giving_back(tags), perhaps))
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

fn values(tags: &Tags) -> Option<(&str, &str)> {
    let [stack, resource] = FORMER_TAGS.map(|key| tags.get(key).map(String::as_str));
    Some((stack?, resource?))
}

fn words(stack_id: &str) -> (&str, Option<Which>) {
    match stack_id.split_once(' ') {
        Some((stack_id, before)) => (stack_id, Which::read(before)),
        None => (stack_id, None),
    }
}

fn before_former(tags: &Tags) -> Option<Which> {
    words(values(tags)?.0).1
}

/// What the former tags say, in short. What it was before is in it too: of three who had it in turn, two are known.
fn in_short(tags: &Tags) -> Option<Which> {
    let (stack_id, logical_id) = values(tags)?;
    Some(Which::read(stack_id).unwrap_or_else(|| Which::of(&format!("{stack_id} {logical_id}"))))
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
        let tags = tags_of_adoption(&Some(owner("fleet")), &former_tags(&None));

        assert_eq!(
            tags,
            both(
                "arn:aws:cloudformation:eu-central-1:123456789012:stack/fleet/1 c571651c63d8e00f",
                "Reboot"
            )
        );
        assert_eq!(former_tags(&None), both("none", "none"));
    }

    #[test]
    fn the_longest_arn_and_a_hash_fit_a_tag() {
        let longest = Owner {
            stack_id: format!(
                "arn:aws-us-gov:cloudformation:us-gov-west-1:123456789012:stack/{}/{}",
                "s".repeat(128),
                "0".repeat(36)
            ),
            ..owner("fleet")
        };
        let tags = tags_of_adoption(&Some(longest), &former_tags(&None));

        assert!(tags.values().all(|value| value.len() <= 256));
    }

    #[test]
    fn giving_back_is_the_inverse_of_adopting_for_whoever_had_it_from_somebody() {
        for from in [None, Some(owner("yard"))] {
            let before = former_tags(&from);
            let adopted = tags_of_adoption(&Some(owner("fleet")), &before);

            assert_eq!(former(&adopted, None), Some(owner("fleet")));
            let given_back = tags_of_giving_back(&adopted);
            assert_eq!(former(&given_back, Some(&owner("yard"))), from);
            assert_eq!(former(&given_back, Some(&owner("depot"))), None);
            // And taken over once more.
            assert_eq!(tags_of_adoption(&Some(owner("fleet")), &given_back), adopted);
        }
    }

    #[test]
    fn of_a_longer_chain_it_is_given_back_to_nobody() {
        let from_nobody = tags_of_adoption(&Some(owner("depot")), &former_tags(&None));
        let from_yard = tags_of_adoption(&Some(owner("yard")), &from_nobody);
        let from_fleet = tags_of_adoption(&Some(owner("fleet")), &from_yard);

        assert_eq!(former_of_former(&from_fleet, Some(&owner("yard"))), Some(None));
    }

    #[test]
    fn whose_own_it_was_had_it_from_nobody_to_give_back_to() {
        let adopted = tags_of_adoption(&Some(owner("fleet")), &Tags::new());

        assert_eq!(former_of_former(&adopted, None), None);
        assert_eq!(tags_of_giving_back(&adopted), former_tags(&None));
    }

    #[test]
    fn where_one_of_the_two_tags_is_gone_it_was_adopted_and_nobody_knows_from_whom() {
        for key in FORMER_TAGS {
            let mut tags = former_tags(&Some(owner("fleet")));
            tags.remove(key);

            assert!(is_adopted(&tags));
            assert_eq!(former(&tags, Some(&owner("fleet"))), None);
        }
    }
}
