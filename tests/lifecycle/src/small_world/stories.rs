//! The stories, by name. What CloudFormation does is in them; what happens meanwhile, the search adds.

use super::{Story, explore};
use crate::cloudformation::{MadeUp, Variant};
use crate::history::{Hand, Kind, Op, Props};
use crate::tell::{
    GENERATED, PLAIN, by_hand, cancelled, changed, content, delete, deploy, given_up, of_kind, preserved, taken_back,
};
use std::time::Duration;

fn story(ops: Vec<Op>) -> Story {
    Story {
        variant: Variant::default(),
        absent_has_no_tags: true,
        ops,
    }
}

/// The other of two variants of what is not known.
fn otherwise(story: Story) -> Story {
    Story {
        variant: Variant {
            failures_count: true,
            ..story.variant
        },
        absent_has_no_tags: false,
        ..story
    }
}

fn with_made_up(made_up: MadeUp, story: Story) -> Story {
    Story {
        variant: Variant {
            made_up,
            ..story.variant
        },
        ..story
    }
}

fn revised(revision: usize, props: Props) -> Props {
    Props { revision, ..props }
}

fn other_id() -> Props {
    changed(|props| props.id = Some(1))
}

fn other_tags() -> Props {
    changed(|props| props.tags = 3)
}

fn short(seconds: u32) -> Props {
    changed(|props| props.timeout = Some(seconds))
}

const MOMENTS: [Duration; 3] = [Duration::ZERO, Duration::from_millis(25), Duration::from_secs(3)];

macro_rules! stories {
    ($($name:ident: $story:expr;)*) => {$(
        #[test]
        fn $name() {
            explore(stringify!($name), &$story);
        }
    )*};
}

stories! {
    created_and_deleted: story(vec![deploy(&PLAIN)]);
    created_and_deleted_otherwise: otherwise(story(vec![deploy(&PLAIN)]));
    created_with_a_generated_id: story(vec![deploy(&GENERATED)]);
    created_and_taken_back: story(vec![taken_back(deploy(&PLAIN))]);
    created_again_after_it_was_taken_back: story(vec![taken_back(deploy(&PLAIN)), deploy(&content(1))]);
    created_as_iot_refuses_it: story(vec![deploy(&of_kind(Kind::Bad))]);
    created_from_a_source: story(vec![deploy(&of_kind(Kind::Source))]);
    created_from_a_job: story(vec![deploy(&of_kind(Kind::Job(0)))]);
    created_where_a_persons_is: story(vec![by_hand(Hand::Make { id: 0 }), deploy(&PLAIN)]);
    created_where_another_stacks_is: story(vec![by_hand(Hand::MakeForAStack { id: 0 }), deploy(&PLAIN)]);
    created_within_two_seconds: story(vec![deploy(&short(2))]);
    created_within_twenty_seconds: otherwise(story(vec![deploy(&short(20))]));
    cancelled_at_once: story(vec![cancelled(&PLAIN, MOMENTS[0])]);
    cancelled_with_an_id_of_today: with_made_up(MadeUp::BothCases, story(vec![cancelled(&GENERATED, MOMENTS[1])]));
    cancelled_with_a_shortened_id: with_made_up(MadeUp::Shortened, story(vec![cancelled(&PLAIN, MOMENTS[2])]));
    cancelled_with_no_id: otherwise(with_made_up(MadeUp::Missing, story(vec![cancelled(&PLAIN, MOMENTS[2])])));
    tags_changed: story(vec![deploy(&PLAIN), deploy(&other_tags())]);
    tags_changed_and_taken_back: otherwise(story(vec![deploy(&PLAIN), taken_back(deploy(&other_tags()))]));
    content_changed: story(vec![deploy(&PLAIN), deploy(&content(1))]);
    content_changed_and_taken_back: story(vec![deploy(&PLAIN), taken_back(deploy(&content(1)))]);
    content_changed_as_iot_refuses_it: otherwise(story(vec![deploy(&PLAIN), deploy(&of_kind(Kind::Bad))]));
    content_changed_there_and_back: story(vec![deploy(&PLAIN), deploy(&content(1)), deploy(&PLAIN)]);
    content_changed_to_a_source_and_taken_back:
        story(vec![deploy(&PLAIN), taken_back(deploy(&of_kind(Kind::Source)))]);
    changed_so_that_it_cannot_be_read: story(vec![deploy(&PLAIN), deploy(&of_kind(Kind::Unreadable))]);
    changed_within_two_seconds: story(vec![deploy(&PLAIN), deploy(&Props { content: Kind::Document(1), ..short(2) })]);
    revised_twice: story(vec![deploy(&PLAIN), deploy(&revised(1, PLAIN)), deploy(&revised(2, PLAIN))]);
    revised_under_a_generated_id: story(vec![deploy(&GENERATED), deploy(&revised(1, GENERATED))]);
    revised_under_a_generated_id_and_taken_back:
        otherwise(story(vec![deploy(&GENERATED), taken_back(deploy(&revised(1, GENERATED)))]));
    moved_to_another_id: story(vec![deploy(&PLAIN), deploy(&other_id())]);
    moved_to_another_id_and_taken_back: story(vec![deploy(&PLAIN), taken_back(deploy(&other_id()))]);
    moved_to_another_id_and_back: otherwise(story(vec![deploy(&PLAIN), deploy(&other_id()), deploy(&PLAIN)]));
    moved_to_another_id_that_cannot_be_cleaned_up: story(vec![deploy(&PLAIN), given_up(deploy(&other_id()))]);
    moved_to_another_id_and_iot_refuses_it:
        story(vec![deploy(&PLAIN), deploy(&Props { content: Kind::Bad, ..other_id() })]);
    job_changed_and_taken_back: story(vec![deploy(&of_kind(Kind::Job(0))), taken_back(deploy(&of_kind(Kind::Job(1))))]);
    job_changed_when_both_are_gone: story(vec![
        deploy(&of_kind(Kind::Job(0))),
        by_hand(Hand::RemoveJob { job: 0 }),
        by_hand(Hand::RemoveJob { job: 1 }),
        deploy(&of_kind(Kind::Job(1))),
    ]);
    failed_and_left_so_and_tried_again: story(vec![
        deploy(&of_kind(Kind::Job(0))),
        preserved(deploy(&of_kind(Kind::Bad))),
        deploy(&of_kind(Kind::Job(1))),
    ]);
    moved_as_it_fails_and_left_so_and_deleted: story(vec![deploy(&PLAIN), preserved(deploy(&other_id())), delete()]);
    stripped_and_changed: story(vec![deploy(&PLAIN), by_hand(Hand::StripTags { template: 0 }), deploy(&other_tags())]);
    stripped_and_deleted: otherwise(story(vec![deploy(&PLAIN), by_hand(Hand::StripTags { template: 0 }), delete()]));
    deleted_by_hand_and_changed: story(vec![deploy(&PLAIN), by_hand(Hand::Delete { template: 0 }), deploy(&content(1))]);
    deleted_and_created_anew: story(vec![deploy(&PLAIN), delete(), deploy(&content(1))]);
}
