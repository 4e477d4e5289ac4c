//! When CloudFormation sent a request, which one it is, and how long it goes on waiting for the answer.

use crate::cloudformation::event::Event;
use crate::memory::{Moment, Which};
use std::time::{Duration, SystemTime};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// When CloudFormation signed the ResponseURL. `None` where the URL does not say (emulators), or says what cannot be.
    pub when: Option<Moment>,
    pub which: Which,
    /// The latest moment that anything can have been sent, by our clock.
    pub latest: Moment,
    /// How long CloudFormation waits from now on: nothing, once it has given up. `MAX` where that is not known.
    pub left: Duration,
    /// Whether it comes so late that Lambda may have delivered it before, to a function that was killed.
    pub is_perhaps_repeated: bool,
}

/// How far two clocks of AWS may be apart: a signature this far in the future is refused.
const SKEW: Duration = Duration::from_secs(15 * 60);
/// CloudFormation's own, where the template sets no ServiceTimeout.
const DEFAULT_SERVICE_TIMEOUT: Duration = Duration::from_secs(3600);
/// Lambda delivers an event again a minute after the first delivery failed, at the soonest; the clocks are not the same.
const REPEATED_AFTER: Duration = Duration::from_secs(50);

impl Sent {
    /// `received` is the moment at which the event arrived, by our clock.
    pub fn read(event: &Event, received: SystemTime) -> Sent {
        let latest = Moment::of(received + SKEW);
        let parameter = |name: &str| query_parameter(&event.response_url, name);
        let when = parameter("X-Amz-Date")
            .and_then(Moment::read)
            .filter(|when| *when <= latest);
        let service_timeout = event.service_timeout();
        // Before it came here: in Lambda's queue, or for its second delivery.
        let waited = when.map(|when| received.duration_since(when.time()).unwrap_or_default());
        let left = match waited {
            Some(waited) => {
                let expires = parameter("X-Amz-Expires").and_then(|seconds| seconds.parse().ok());
                service_timeout
                    .unwrap_or(DEFAULT_SERVICE_TIMEOUT)
                    .min(expires.map_or(Duration::MAX, Duration::from_secs))
                    .saturating_sub(waited)
            }
            None => service_timeout.unwrap_or(Duration::MAX),
        };
        Sent {
            when,
            which: Which::of(&event.request_id),
            latest,
            left,
            is_perhaps_repeated: waited.is_some_and(|waited| waited >= REPEATED_AFTER),
        }
    }
}

/// A parameter of a URL's query that needs no decoding.
fn query_parameter<'a>(url: &'a str, name: &str) -> Option<&'a str> {
    let (_, query) = url.split_once('?')?;
    query
        .split(['&', '#'])
        .filter_map(|parameter| parameter.split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn now() -> SystemTime {
        Moment::read("20261126T101500Z").unwrap().time()
    }

    fn sent_by(url: &str, service_timeout: &str) -> Sent {
        let event = serde_json::json!({
            "ResponseURL": url,
            "RequestId": "1",
            "ResourceProperties": {"ServiceTimeout": service_timeout},
        });
        Sent::read(&Event::read(&event.to_string()).unwrap(), now())
    }

    fn url(date: &str, expires: &str) -> String {
        format!("https://bucket/key?X-Amz-Algorithm=x&X-Amz-Date={date}&X-Amz-Expires={expires}&X-Amz-Signature=s")
    }

    #[test]
    fn patience_counts_from_when_cloudformation_signed() {
        let sent = sent_by(&url("20261126T100000Z", "7200"), "");

        assert_eq!(sent.when, Moment::read("20261126T100000Z"));
        assert_eq!(sent.left, Duration::from_secs(3600 - 900));
    }

    #[test]
    fn what_comes_as_late_as_lambdas_second_delivery_may_have_come_before() {
        for (date, may_have) in [("20261126T101450Z", false), ("20261126T101400Z", true), ("", false)] {
            assert_eq!(sent_by(&url(date, "7200"), "").is_perhaps_repeated, may_have, "{date}");
        }
    }

    #[test]
    fn the_earlier_of_service_timeout_and_the_urls_end_counts() {
        assert_eq!(
            sent_by(&url("20261126T101400Z", "7200"), "90").left,
            Duration::from_secs(30)
        );
        assert_eq!(
            sent_by(&url("20261126T101400Z", "70"), "90").left,
            Duration::from_secs(10)
        );
    }

    #[test]
    fn patience_that_is_over_is_none() {
        assert_eq!(sent_by(&url("20261126T090000Z", "7200"), "").left, Duration::ZERO);
    }

    #[test]
    fn without_a_date_patience_counts_from_now_and_there_is_no_moment() {
        for url in [
            "https://bucket/key".to_owned(),
            "https://bucket/key?Expires=1480000000&Signature=s".to_owned(),
            url("yesterday", "7200"),
            url("20261126T103001Z", "7200"),
        ] {
            let sent = sent_by(&url, "90");

            assert_eq!(sent.when, None, "{url}");
            assert_eq!(sent.left, Duration::from_secs(90), "{url}");
            assert_eq!(sent_by(&url, "").left, Duration::MAX, "{url}");
        }
    }

    #[test]
    fn a_date_a_little_ahead_of_our_clock_is_one_from_now() {
        let sent = sent_by(&url("20261126T102000Z", "7200"), "90");

        assert_eq!(sent.when, Moment::read("20261126T102000Z"));
        assert_eq!(sent.left, Duration::from_secs(90));
    }

    proptest! {
        #[test]
        fn any_url_and_request_id_are_read_without_a_panic(date in ".{0,20}", expires in ".{0,20}", id in ".{0,40}") {
            let event = serde_json::json!({"ResponseURL": url(&date, &expires), "RequestId": id});
            Sent::read(&Event::read(&event.to_string()).unwrap(), now());
        }
    }
}
