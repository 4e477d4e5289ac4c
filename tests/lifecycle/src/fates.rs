//! Who decides what happens: a history says it beforehand, or a search tries everything.

use crate::mishap::{Mishap, menu};
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
pub enum Fates {
    /// By the number of the call, from 0 in each operation on a stack.
    Armed(BTreeMap<usize, Mishap>),
    Searched(Choices),
}

impl Fates {
    /// What befalls a call of the operation, the so-manieth.
    pub fn of_call(&mut self, number: usize, operation: &str) -> Option<Mishap> {
        match self {
            Fates::Armed(mishaps) => mishaps.remove(&number),
            Fates::Searched(choices) => {
                let chosen = choices.deviate(menu(operation).count())?;
                menu(operation).nth(chosen)
            }
        }
    }

    pub fn choices(&mut self) -> Option<&mut Choices> {
        match self {
            Fates::Armed(_) => None,
            Fates::Searched(choices) => Some(choices),
        }
    }
}

/// The choices of one execution: those given, and after them the first of each, which is that nothing happens.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    given: Vec<u16>,
    /// What was chosen, and out of how many.
    pub made: Vec<(u16, u16)>,
    /// How much may yet happen.
    pub deviations_left: usize,
    /// How often one of two that are at work at once may yet be overtaken.
    pub delays_left: usize,
    /// While all faults are over.
    pub quiet: bool,
}

impl Choices {
    pub fn new(given: Vec<u16>, deviations_left: usize, delays_left: usize) -> Choices {
        Choices {
            given,
            made: Vec::new(),
            deviations_left,
            delays_left,
            quiet: false,
        }
    }

    fn choose(&mut self, of: usize) -> usize {
        let chosen = self.given.get(self.made.len()).copied().unwrap_or(0);
        self.made.push((chosen, of.try_into().expect("so many choices")));
        chosen.into()
    }

    /// One of so many things that could happen, or none.
    pub fn deviate(&mut self, of: usize) -> Option<usize> {
        if self.deviations_left == 0 || self.quiet {
            return None;
        }
        let chosen = self.choose(of + 1).checked_sub(1)?;
        self.deviations_left -= 1;
        Some(chosen)
    }

    /// Whether the other one goes first.
    pub fn delay(&mut self) -> bool {
        let delays = self.delays_left > 0 && self.choose(2) == 1;
        self.delays_left -= usize::from(delays);
        delays
    }

    /// The choices of the next execution; `None` if that was the last.
    pub fn next(&self) -> Option<Vec<u16>> {
        let last = self.made.iter().rposition(|(chosen, of)| chosen + 1 < *of)?;
        let mut next: Vec<u16> = self.made[..=last].iter().map(|(chosen, _)| *chosen).collect();
        next[last] += 1;
        Some(next)
    }
}
