//! What holds for all properties, tried on many.

use super::generators::{AMBIGUOUS, document_of_text, hand, nearly_properties, request};
use super::tests::{bounds, json_of, messages, with_at};
use super::{Properties, read};
use crate::job_template::Desired;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

fn canonical(desired: &Desired) -> Value {
    serde_json::to_value(desired).unwrap()
}

proptest! {
    #[test]
    fn what_the_model_allows_is_read_as_it_is(desired in request()) {
        let read = read(&json_of(&canonical(&desired)));

        prop_assert_eq!(read, Ok(Properties { desired, warnings: Vec::new() }));
    }

    #[test]
    fn any_mixture_of_spellings_and_scalars_is_the_same_as_the_canonical_form(
        desired in request(), mut hand in hand(),
    ) {
        let read = read(&hand.write(&desired));

        prop_assert_eq!(read, Ok(Properties { desired, warnings: Vec::new() }));
    }

    #[test]
    fn a_value_out_of_bounds_is_the_one_problem_at_its_path(
        desired in request(), which: Index, value: Index,
    ) {
        let bounds = bounds();
        let (path, _, refused, _) = which.get(&bounds);
        let wrong = with_at(path, value.get(refused).clone());
        let member = path.split(['.', '[']).next().unwrap();
        let mut properties = canonical(&desired);
        properties[member] = wrong[member].clone();

        prop_assert_eq!(paths(&properties), [path.clone()], "{}", properties);
    }

    #[test]
    fn a_value_of_another_kind_is_the_one_problem_at_its_path(desired in request(), which: Index) {
        let mut properties = canonical(&desired);
        let nodes = nodes(&properties);
        let node = which.get(&nodes);
        let value = properties.pointer_mut(&node.pointer).unwrap();
        *value = match value {
            Value::Array(_) | Value::Object(_) => json!("x"),
            _ => json!(["x"]),
        };

        prop_assert_eq!(paths(&properties), [node.path.clone()], "{}", properties);
    }

    #[test]
    fn an_unknown_key_is_the_one_problem_at_its_map(desired in request(), which: Index) {
        let mut properties = canonical(&desired);
        let mut maps: Vec<_> = nodes(&properties).into_iter().filter(|node| node.has_known_keys).collect();
        maps.push(Node::top());
        let map = which.get(&maps);
        properties.pointer_mut(&map.pointer).unwrap()["Surprise"] = json!("x");

        let problem = match map.path.as_str() {
            "" => "unknown key \"Surprise\" (".to_owned(),
            path => format!("{path}: unknown key \"Surprise\" ("),
        };
        let messages = messages(&properties);
        prop_assert_eq!(messages.len(), 1, "{:?}", messages);
        prop_assert!(messages[0].starts_with(&problem), "{:?}", messages);
    }

    #[test]
    fn a_document_of_text_is_taken_without_loss_or_each_leaf_that_could_be_lost_is_named(
        document in document_of_text(),
    ) {
        let properties = json!({"Description": "d", "Document": document});

        match (ambiguous_leaves(&document), read(&json_of(&properties))) {
            (0, Ok(read)) => {
                let text = read.desired.content.document.unwrap();
                prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), document);
            }
            (leaves, Err(problems)) => {
                prop_assert_eq!(problems.len(), 1);
                let told = format!("these {leaves} could have been some");
                prop_assert!(leaves == 1 || problems[0].text.contains(&told), "{:?}", problems);
            }
            (leaves, Ok(_)) => prop_assert!(false, "{} leaves were let through", leaves),
        }
    }

    #[test]
    fn anything_is_read_or_refused_and_what_is_read_prints_and_reads_the_same(properties in nearly_properties()) {
        match read(&json_of(&properties)) {
            Ok(first) => {
                let again = read(&json_of(&canonical(&first.desired)));
                prop_assert_eq!(again, Ok(Properties { desired: first.desired, warnings: Vec::new() }));
            }
            Err(problems) => prop_assert!(
                !problems.is_empty() && problems.iter().all(|problem| !problem.text.starts_with("could not be taken over")),
                "{:?}", problems
            ),
        }
    }
}

fn ambiguous_leaves(document: &Value) -> usize {
    match document {
        Value::Array(items) => items.iter().map(ambiguous_leaves).sum(),
        Value::Object(members) => members.values().map(ambiguous_leaves).sum(),
        leaf => leaf.as_str().filter(|text| AMBIGUOUS.contains(text)).iter().count(),
    }
}

fn paths(properties: &Value) -> Vec<String> {
    let paths = messages(properties).into_iter();
    paths
        .map(|message| message.split(": ").next().unwrap().to_owned())
        .collect()
}

/// A value somewhere in the properties.
#[derive(Clone, Debug)]
struct Node {
    pointer: String,
    path: String,
    has_known_keys: bool,
}

impl Node {
    fn top() -> Node {
        Node {
            pointer: String::new(),
            path: String::new(),
            has_known_keys: true,
        }
    }
}

/// All values that are there, but for what a document or a scalar of any kind can be.
fn nodes(properties: &Value) -> Vec<Node> {
    let mut nodes = Vec::new();
    let members = properties.as_object().unwrap();
    for (name, value) in members.iter().filter(|(name, _)| *name != "Document") {
        // Tags are read as a map, of whatever keys; theirs are told apart elsewhere.
        let inside = name != "Tags";
        add_nodes(value, format!("/{name}"), name.clone(), inside, &mut nodes);
    }
    nodes
}

fn add_nodes(value: &Value, pointer: String, path: String, inside: bool, nodes: &mut Vec<Node>) {
    if value.is_null() {
        return;
    }
    if inside {
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    add_nodes(
                        item,
                        format!("{pointer}/{index}"),
                        format!("{path}[{index}]"),
                        true,
                        nodes,
                    );
                }
            }
            Value::Object(members) => {
                for (name, value) in members {
                    add_nodes(
                        value,
                        format!("{pointer}/{name}"),
                        format!("{path}.{name}"),
                        true,
                        nodes,
                    );
                }
            }
            _ => {}
        }
    }
    nodes.push(Node {
        pointer,
        path,
        has_known_keys: inside && value.is_object(),
    });
}
