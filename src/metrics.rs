//! CloudWatch metrics, in the embedded metric format: a line of the log that CloudWatch makes metrics of, so that neither a
//! call nor a permission is needed for them.

use iot_job_template_core::cloudformation::answer::FailureKind;
use serde_json::{Map, Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub const NAMESPACE: &str = "IoTJobTemplate";

/// What one invocation adds to the metrics.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// The dimension: metrics are by function.
    pub function_name: String,
    pub ending: Ending,
    pub duration: Duration,
    /// Calls that IoT throttled.
    pub throttles: u32,
}

/// How an invocation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Succeeded,
    Failed(FailureKind),
    /// No answer could be sent: CloudFormation waits.
    Unanswered,
}

impl Metrics {
    /// The members of the log line. A count that is zero is left out: in CloudWatch, too, it adds nothing.
    pub fn embedded(&self, now: SystemTime) -> Map<String, Value> {
        let duration = self.duration.as_micros() as f64 / 1000.0;
        let mut values = vec![("Duration".to_owned(), "Milliseconds", json!(duration))];
        let mut count = |name: &str, times: u32| {
            if times > 0 {
                values.push((name.to_owned(), "Count", json!(times)));
            }
        };
        match self.ending {
            Ending::Succeeded => count("Succeeded", 1),
            Ending::Failed(kind) => {
                count("Failed", 1);
                count(&format!("Failed{}", kind.name()), 1);
            }
            Ending::Unanswered => count("Unanswered", 1),
        }
        count("Throttles", self.throttles);

        let metrics: Vec<_> = values
            .iter()
            .map(|(name, unit, _)| json!({"Name": name, "Unit": unit}))
            .collect();
        let millis = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64;
        let mut line = Map::new();
        line.insert(
            "_aws".to_owned(),
            json!({
                "Timestamp": millis,
                "CloudWatchMetrics": [
                    {"Namespace": NAMESPACE, "Dimensions": [["FunctionName"]], "Metrics": metrics},
                ],
            }),
        );
        line.insert("FunctionName".to_owned(), self.function_name.as_str().into());
        for (name, _, value) in values {
            line.insert(name.to_owned(), value);
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_metrics_names_each_one_that_it_has_and_its_unit() {
        let metrics = Metrics {
            function_name: "provider".into(),
            ending: Ending::Failed(FailureKind::OutOfTime),
            duration: Duration::from_micros(2500),
            throttles: 3,
        };

        let line = metrics.embedded(UNIX_EPOCH + Duration::from_millis(1_790_000_000_123));

        assert_eq!(
            Value::Object(line),
            json!({
                "_aws": {
                    "Timestamp": 1_790_000_000_123_u64,
                    "CloudWatchMetrics": [{
                        "Namespace": "IoTJobTemplate",
                        "Dimensions": [["FunctionName"]],
                        "Metrics": [
                            {"Name": "Duration", "Unit": "Milliseconds"},
                            {"Name": "Failed", "Unit": "Count"},
                            {"Name": "FailedOutOfTime", "Unit": "Count"},
                            {"Name": "Throttles", "Unit": "Count"},
                        ],
                    }],
                },
                "FunctionName": "provider",
                "Duration": 2.5,
                "Failed": 1,
                "FailedOutOfTime": 1,
                "Throttles": 3,
            })
        );
    }

    #[test]
    fn what_did_not_happen_is_left_out() {
        let metrics = Metrics {
            function_name: "provider".into(),
            ending: Ending::Succeeded,
            duration: Duration::ZERO,
            throttles: 0,
        };

        let line = metrics.embedded(UNIX_EPOCH);

        assert_eq!(line["Succeeded"], 1);
        for absent in ["Failed", "Unanswered", "Throttles"] {
            assert!(!line.contains_key(absent), "{absent}");
        }
    }
}
