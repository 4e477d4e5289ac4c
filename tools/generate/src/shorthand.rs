//! Each shorthand, what the parser makes of it, and the warning that it is.

use iot_job_template_core::properties::{self, Properties};
use serde_json::{Number, Value, json};

/// One form a row. What the parser needs beside it, a Description and a Document, is added where it is left out.
fn forms() -> Vec<Value> {
    let abort = |criterion: Value| json!({"AbortConfig": {"CriteriaList": [criterion]}});
    let window = |window: Value| json!({"MaintenanceWindows": [window]});
    vec![
        json!({}),
        json!({"Document": "{\"a\":1}", "DocumentSource": "https://s3"}),
        json!({"JobExecutionsRetryConfig": {"retryAttempts": "3"}}),
        abort(
            json!({"FailureType": "FAILED", "Action": "ABORT", "ThresholdPercentage": 5, "MinNumberOfExecutedThings": 2}),
        ),
        abort(json!({"FailureType": "FAILED", "Action": "CANCEL", "ThresholdPercentage": 5})),
        abort(json!({"FailureType": "FAILED", "Action": "CANCEL", "MinNumberOfExecutedThings": 2})),
        window(json!({"StartTime": "2023-10-01T00:00:00Z", "DurationInMinutes": 5})),
        window(json!({"StartTime": "2023-12-31T23:59:00-00:30", "EndTime": "2024-01-01T01:30:00+00:00"})),
        json!({"JobExecutionsRolloutConfig": {"MinimumPerMinute": 1, "MaximumPerMinute": 10}}),
        json!({"JobExecutionsRolloutConfig": {"MinimumPerMinute": 10, "MaximumPerMinute": 10}}),
    ]
}

pub fn table() -> String {
    let rows: String = forms().iter().filter_map(row).collect();
    format!("| Written | Means | Warning in the log |\n| --- | --- | --- |\n{rows}")
}

/// `None` if the parser refuses the form; a test sees that it refuses none.
fn row(form: &Value) -> Option<String> {
    let is_about_document = form.as_object()?.is_empty() || form.get("Document").is_some();
    let mut written = form.as_object()?.clone();
    written.insert("Description".to_owned(), "d".into());
    if !is_about_document {
        written.insert("Document".to_owned(), "{}".into());
    }
    let Properties { desired, warnings } =
        properties::read(&serde_json::from_value(Value::Object(written)).ok()?).ok()?;

    let mut means = as_people_write(serde_json::to_value(desired).ok()?);
    let members = means.as_object_mut()?;
    members.remove("Description");
    if !is_about_document {
        members.remove("Document");
    }
    let warnings: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    Some(format!("| `{form}` | `{means}` | {} |\n", warnings.join("<br>")))
}

/// Without what is empty, and a whole number without its decimals.
fn as_people_write(value: Value) -> Value {
    match value {
        Value::Number(number) => Value::Number(match number.as_f64() {
            Some(whole) if whole.fract() == 0.0 => Number::from(whole as i64),
            _ => number,
        }),
        Value::Array(items) => items.into_iter().map(as_people_write).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (name, as_people_write(value)))
            .filter(|(_, value)| ![json!(null), json!(""), json!([]), json!({})].contains(value))
            .collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use iot_job_template_core::properties::kinds::{Kind, MapSpec, Need};
    use iot_job_template_core::properties::spec::PROPERTIES;

    #[test]
    fn each_form_is_taken() {
        for form in forms() {
            assert!(row(&form).is_some(), "{form}");
        }
    }

    #[test]
    fn each_shorthand_of_the_table_has_a_form() {
        let forms: String = forms().iter().map(|form| form.to_string().to_lowercase()).collect();
        let mut names = Vec::new();
        collect(&PROPERTIES, &mut names);

        assert_eq!(names.len(), 4, "{names:?}");
        for name in names {
            assert!(forms.contains(&format!("\"{}\"", name.to_lowercase())), "{name}");
        }
    }

    fn collect(spec: &MapSpec, names: &mut Vec<&'static str>) {
        for member in spec.members {
            if matches!(member.need, Need::Shorthand { .. }) {
                names.push(member.name);
            }
            match &member.kind {
                Kind::Choice { also, .. } => names.extend(*also),
                Kind::Map(inner) => collect(inner, names),
                Kind::List(list) => {
                    if let Kind::Map(inner) = list.of {
                        collect(inner, names);
                    }
                }
                _ => {}
            }
        }
    }
}
