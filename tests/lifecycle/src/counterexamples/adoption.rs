//! Templates that change hands.

use super::*;
use crate::history::Hand;
use crate::mishap::Deed;
use crate::tell::{adopting, by_hand, deploy, meeting};

/// Found as a twin's describe went unanswered for so long that meanwhile another stack had taken the template over.
#[test]
fn whether_a_template_is_free_is_looked_at_again_after_a_describe_that_was_not_answered_at_once() {
    let met = [(4, NOT_DONE), (5, Mishap::Before(Deed::MakeForAStack))];
    histories(&[by_hand(Hand::Make { id: 0 }), meeting(deploy(&adopting("true")), &met)]);
}
