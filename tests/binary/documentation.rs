//! What the documentation lists is what there is.

use iot_job_template::metrics::{Ending, Metrics};
use iot_job_template_core::cloudformation::answer::FailureKind;
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

const DEPLOYING: &str = include_str!("../../docs/deploying.md");
const OPERATIONS: &str = include_str!("../../docs/operations.md");
const TEMPLATE: &str = include_str!("../../template.yaml");

/// The names in a column of the table that has this heading.
fn column<'a>(text: &'a str, heading: &str, column: usize) -> BTreeSet<&'a str> {
    let (_, table) = text.split_once(heading).unwrap();
    table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .flat_map(|line| line.split('|').nth(column).unwrap().split(','))
        .map(str::trim)
        .collect()
}

fn parameters() -> BTreeSet<&'static str> {
    let (_, parameters) = TEMPLATE.split_once("\nParameters:\n").unwrap();
    parameters
        .lines()
        .take_while(|line| line.is_empty() || line.starts_with(' '))
        .filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'))
        .filter(|name| !name.starts_with(' '))
        .collect()
}

#[test]
fn the_documentation_lists_the_parameters_of_the_template() {
    let listed = column(DEPLOYING, "| parameter of template.yaml |", 1);

    assert_eq!(listed, parameters());
}

#[test]
fn the_parameters_for_a_big_stack_are_the_templates() {
    let listed = column(OPERATIONS, "| to change | parameter of template.yaml |", 2);

    assert!(listed.is_subset(&parameters()), "{listed:?}");
}

#[test]
fn the_metrics_that_are_listed_are_those_that_are_written() {
    let failed = FailureKind::ALL.map(Ending::Failed);
    let endings = failed.into_iter().chain([Ending::Succeeded, Ending::Unanswered]);
    let lines = endings.map(|ending| Metrics {
        function_name: "provider".to_owned(),
        ending,
        duration: Duration::ZERO,
        throttles: 1,
    });
    let lines: Vec<_> = lines.map(|metrics| metrics.embedded(SystemTime::UNIX_EPOCH)).collect();
    let written = lines.iter().flat_map(|line| {
        let metrics = line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap();
        metrics.iter().map(|metric| metric["Name"].as_str().unwrap())
    });

    assert_eq!(column(OPERATIONS, "| metric |", 1), written.collect());
}
