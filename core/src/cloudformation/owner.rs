//! Whose a job template is. Two tags on it say so; CloudFormation's own, with `aws:` in front, cannot be set by anyone
//! else.

use crate::cloudformation::former::FORMER_TAGS;
use crate::job_template::{Adopt, Tags};
use crate::memory::REQUEST_TAG;

const STACK_ID_TAG: &str = "cloudformation:stack-id";
const LOGICAL_ID_TAG: &str = "cloudformation:logical-id";

/// The tags that only this provider sets. A user's own cannot have these keys.
pub const PROVIDER_TAGS: [&str; 5] = [
    STACK_ID_TAG,
    LOGICAL_ID_TAG,
    REQUEST_TAG,
    FORMER_TAGS[0],
    FORMER_TAGS[1],
];

/// A resource of a stack, as the owner of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The stack's ARN.
    pub stack_id: String,
    pub logical_id: String,
}

/// What a template's tags say of its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// Both tags name this stack and resource.
    Ours,
    /// A tag names something else. One of the two may be missing.
    Anothers {
        stack_id: Option<String>,
        logical_id: Option<String>,
    },
    /// There is neither tag; or one is missing, and the other names us. Nobody else claims it, and we cannot prove it.
    Free,
}

impl Owner {
    /// The tags that mark a template as this resource's.
    pub fn tags(&self) -> Tags {
        Tags::from([
            (STACK_ID_TAG.to_owned(), self.stack_id.clone()),
            (LOGICAL_ID_TAG.to_owned(), self.logical_id.clone()),
        ])
    }

    /// What the tags on a template say.
    pub fn ownership(&self, tags: &Tags) -> Ownership {
        let stack_id = tags.get(STACK_ID_TAG);
        let logical_id = tags.get(LOGICAL_ID_TAG);
        let is_other = |tag: Option<&String>, own: &str| tag.is_some_and(|tag| tag != own);

        if is_other(stack_id, &self.stack_id) || is_other(logical_id, &self.logical_id) {
            Ownership::Anothers {
                stack_id: stack_id.cloned(),
                logical_id: logical_id.cloned(),
            }
        } else if stack_id.is_some() && logical_id.is_some() {
            Ownership::Ours
        } else {
            Ownership::Free
        }
    }

    /// Both as `Adopt` names them, seen from a resource of this stack.
    pub fn as_adopted_by(&self, adopter: &Owner) -> Adopt {
        Adopt::Of {
            stack_id: (self.stack_id != adopter.stack_id).then(|| self.stack_id.clone()),
            logical_id: self.logical_id.clone(),
        }
    }

    /// The stack's name, out of its ARN: `arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/UUID`.
    pub fn stack_name(&self) -> &str {
        self.stack_id.split('/').nth(1).unwrap_or(&self.stack_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn us() -> Owner {
        Owner {
            stack_id: "arn:aws:cloudformation:eu-central-1:123456789012:stack/fleet/1".into(),
            logical_id: "Reboot".into(),
        }
    }

    fn tags<const N: usize>(tags: [(&str, &str); N]) -> Tags {
        tags.map(|(key, value)| (key.into(), value.into())).into()
    }

    #[test]
    fn the_providers_tags_have_these_keys_for_ever() {
        assert_eq!(
            PROVIDER_TAGS,
            [
                "cloudformation:stack-id",
                "cloudformation:logical-id",
                "cloudformation:request",
                "cloudformation:former-stack-id",
                "cloudformation:former-logical-id",
            ]
        );
    }

    #[test]
    fn our_own_tags_make_it_ours() {
        assert_eq!(us().ownership(&us().tags()), Ownership::Ours);
    }

    #[test]
    fn another_stack_makes_it_anothers_even_under_our_logical_id() {
        let tags = tags([(STACK_ID_TAG, "another"), (LOGICAL_ID_TAG, "Reboot")]);

        assert_eq!(
            us().ownership(&tags),
            Ownership::Anothers {
                stack_id: Some("another".into()),
                logical_id: Some("Reboot".into())
            }
        );
    }

    #[test]
    fn another_resource_of_our_stack_is_another() {
        let mut tags = us().tags();
        tags.insert(LOGICAL_ID_TAG.into(), "Update".into());

        assert!(matches!(us().ownership(&tags), Ownership::Anothers { .. }));
    }

    #[test]
    fn one_foreign_tag_alone_makes_it_anothers() {
        let tags = tags([(LOGICAL_ID_TAG, "Update")]);

        assert!(matches!(us().ownership(&tags), Ownership::Anothers { .. }));
    }

    #[test]
    fn no_owner_tag_leaves_it_free_whatever_else_is_tagged() {
        assert_eq!(us().ownership(&tags([("team", "fleet")])), Ownership::Free);
    }

    #[test]
    fn one_of_our_two_tags_alone_proves_nothing() {
        let tags = tags([(LOGICAL_ID_TAG, "Reboot")]);

        assert_eq!(us().ownership(&tags), Ownership::Free);
    }

    #[test]
    fn a_stacks_name_is_in_its_arn() {
        assert_eq!(us().stack_name(), "fleet");
    }
}
