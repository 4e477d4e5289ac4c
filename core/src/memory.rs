//! What a template remembers. The function keeps nothing from one event to the next, so one more tag on the template,
//! `cloudformation:request`, holds three words: when the last request that saw to it was sent, which request that was,
//! and the fingerprint of what the template was made from.
//!
//! `20261126T101500Z 9f86d081884c7d65 2c26b46b68ffc68ff99b453c1d304134`. Once released, the form of these words never
//! changes: templates carry them for years.

use crate::job_template::{Desired, Tags};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time};

pub const REQUEST_TAG: &str = "cloudformation:request";

/// A moment, to the second: as far as the signature of a presigned URL tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

impl Moment {
    /// `X-Amz-Date`'s form: `20261126T101500Z`. `None` for anything else, and for what was before 1970.
    pub fn read(text: &str) -> Option<Moment> {
        let digits = |from: usize, to: usize| {
            let part = text.get(from..to)?;
            part.bytes()
                .all(|byte| byte.is_ascii_digit())
                .then(|| part.parse::<u16>().ok())?
        };
        let byte = |at: usize| text.as_bytes().get(at).copied();
        if text.len() != 16 || byte(8) != Some(b'T') || byte(15) != Some(b'Z') {
            return None;
        }
        let small = |from: usize, to: usize| u8::try_from(digits(from, to)?).ok();
        let month = Month::try_from(small(4, 6)?).ok()?;
        let date = Date::from_calendar_date(digits(0, 4)?.into(), month, small(6, 8)?).ok()?;
        let time = Time::from_hms(small(9, 11)?, small(11, 13)?, small(13, 15)?).ok()?;
        let seconds = PrimitiveDateTime::new(date, time).assume_utc().unix_timestamp();
        u64::try_from(seconds).ok().map(Moment)
    }

    pub fn of(time: SystemTime) -> Moment {
        Moment(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
    }

    pub fn time(self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.0)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let seconds = i64::try_from(self.0).unwrap_or_default();
        let moment = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let (year, month, day) = moment.to_calendar_date();
        let (hour, minute, second) = moment.to_hms();
        write!(
            formatter,
            "{year:04}{:02}{day:02}T{hour:02}{minute:02}{second:02}Z",
            u8::from(month)
        )
    }
}

/// Which request it was: of its RequestId a short hash, for any text has one and only equality is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Which(String);

impl Which {
    pub fn of(request_id: &str) -> Which {
        Which(hex(request_id.as_bytes(), 16))
    }

    /// `None` unless it is 16 digits of a hash.
    pub fn read(text: &str) -> Option<Which> {
        is_hex(text, 16).then(|| Which(text.to_owned()))
    }
}

impl fmt::Display for Which {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What stands for everything in a template that only a new template can change: its content, the job that it is taken
/// from, and the revision.
///
/// The same for ever: what is left out does not enter into it, so that a member which IoT gains later changes no
/// fingerprint; nor does the order of lists and keys that have none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint(String);

impl Fingerprint {
    pub fn of(desired: &Desired) -> Fingerprint {
        // Writing plain data as JSON cannot fail; were it to, the fingerprint would still be one.
        let content = serde_json::to_value(desired.content.clone().canonical()).unwrap_or_default();
        let mut made_from = match content {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        if let Some(revision) = &desired.revision {
            made_from.insert("Revision".to_owned(), revision.as_str().into());
        }
        Fingerprint(hex(without_the_absent(Value::Object(made_from)).as_bytes(), 32))
    }

    /// The fingerprint in small letters, four bits each, for a generated id.
    pub fn letters(&self, count: usize) -> String {
        let value = |digit: char| u8::try_from(digit.to_digit(16).unwrap_or_default()).unwrap_or_default();
        let letters = self.0.chars().map(|digit| char::from(b'a' + value(digit)));
        letters.take(count).collect()
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// JSON with its keys in order, and without members that are null or an empty list.
fn without_the_absent(value: Value) -> String {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<_, _> = members.into_iter().collect();
            let members: Vec<_> = members
                .into_iter()
                .filter(|(_, value)| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()))
                .map(|(key, value)| format!("{}:{}", Value::from(key), without_the_absent(value)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(items) => {
            let items: Vec<_> = items.into_iter().map(without_the_absent).collect();
            format!("[{}]", items.join(","))
        }
        scalar => scalar.to_string(),
    }
}

/// So many digits of the hash of `data`.
fn hex(data: &[u8], digits: usize) -> String {
    let hash = Sha256::digest(data);
    let mut text: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    text.truncate(digits);
    text
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// The three words of one template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// `None` where no request with a date has seen to it.
    pub when: Option<Moment>,
    pub which: Which,
    pub fingerprint: Fingerprint,
}

impl Words {
    /// The words on a template. Anybody can edit a tag: what cannot be read is as if it were not there, and so is a moment
    /// after the `latest` that can be.
    pub fn read(tags: &Tags, latest: Moment) -> Option<Words> {
        let mut words = tags.get(REQUEST_TAG)?.split(' ');
        let (when, which, fingerprint) = (words.next()?, words.next()?, words.next()?);
        if words.next().is_some() || !is_hex(fingerprint, 32) {
            return None;
        }
        Some(Words {
            when: Moment::read(when).filter(|when| *when <= latest),
            which: Which::read(which)?,
            fingerprint: Fingerprint(fingerprint.to_owned()),
        })
    }

    /// The tag's value.
    pub fn write(&self) -> String {
        let when = self.when.map_or_else(|| "-".to_owned(), |when| when.to_string());
        format!("{when} {} {}", self.which, self.fingerprint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job_template::{
        AbortConfig, AbortCriteria, Content, JobExecutionsRetryConfig, RetryCriteria, TimeoutConfig,
    };
    use proptest::prelude::*;

    const NOW: &str = "20261126T101500Z";

    fn latest() -> Moment {
        Moment::read("20261126T103000Z").unwrap()
    }

    fn tagged(value: &str) -> Tags {
        Tags::from([(REQUEST_TAG.to_owned(), value.to_owned())])
    }

    fn reboot() -> Desired {
        Desired {
            content: Content {
                description: "Reboot".into(),
                document: Some("{}".into()),
                ..Content::default()
            },
            ..Desired::default()
        }
    }

    #[test]
    fn the_words_on_a_template_are_these_for_ever() {
        let words = Words {
            when: Moment::read(NOW),
            which: Which::of("9b2c0f3e-1f6a-4f7e-8d27-0c5b1f4d2a10"),
            fingerprint: Fingerprint::of(&reboot()),
        };

        assert_eq!(
            words.write(),
            "20261126T101500Z 3155e3c596e483ec cd3859d79325588ae897dbad1c337270"
        );
        assert_eq!(Words::read(&tagged(&words.write()), latest()), Some(words));
    }

    #[test]
    fn words_without_a_date_are_written_and_read_as_such() {
        let words = Words {
            when: None,
            which: Which::of("1"),
            fingerprint: Fingerprint::of(&reboot()),
        };

        assert_eq!(Words::read(&tagged(&words.write()), latest()), Some(words));
    }

    #[test]
    fn nonsense_in_the_tag_is_as_if_it_were_not_there() {
        let fingerprint = Fingerprint::of(&reboot());
        let which = Which::of("1");
        for value in [
            String::new(),
            "- - -".into(),
            NOW.into(),
            format!("{NOW} {which}"),
            format!("{NOW} {which} {fingerprint} more"),
            format!("{NOW} {which} {}", fingerprint.to_string().to_uppercase()),
            format!("{NOW} x {fingerprint}"),
        ] {
            assert_eq!(Words::read(&tagged(&value), latest()), None, "{value}");
        }
        assert_eq!(Words::read(&Tags::new(), latest()), None);
    }

    #[test]
    fn a_moment_that_cannot_be_is_no_moment() {
        let rest = format!("{} {}", Which::of("1"), Fingerprint::of(&reboot()));
        for when in ["99991231T235959Z", "20261126T103001Z", "20261326T101500Z", "yesterday"] {
            let words = Words::read(&tagged(&format!("{when} {rest}")), latest()).unwrap();

            assert_eq!(words.when, None, "{when}");
        }
    }

    #[test]
    fn a_moment_is_written_as_it_is_read() {
        for text in [NOW, "19700101T000000Z", "20240229T235959Z"] {
            assert_eq!(Moment::read(text).unwrap().to_string(), text);
        }
        for text in [
            "20261126T101500",
            "20261126t101500Z",
            "2026112 T101500Z",
            "20261126T10150éZ",
            "20230229T000000Z",
        ] {
            assert_eq!(Moment::read(text), None, "{text}");
        }
    }

    #[test]
    fn what_has_no_order_has_none_in_the_fingerprint() {
        let criterion = |failure_type: &str| AbortCriteria {
            failure_type: failure_type.into(),
            action: "CANCEL".into(),
            threshold_percentage: 10.0,
            min_number_of_executed_things: 1,
        };
        let retry = |failure_type: &str| RetryCriteria {
            failure_type: failure_type.into(),
            number_of_retries: 1,
        };
        let of = |first: &str, second: &str| {
            let mut desired = reboot();
            desired.content.abort_config = Some(AbortConfig {
                criteria_list: vec![criterion(first), criterion(second)],
            });
            desired.content.job_executions_retry_config = Some(JobExecutionsRetryConfig {
                retry_criteria_list: vec![retry(first), retry(second)],
            });
            desired.content.destination_package_versions = vec![first.into(), second.into()];
            Fingerprint::of(&desired)
        };

        assert_eq!(of("FAILED", "TIMED_OUT"), of("TIMED_OUT", "FAILED"));
    }

    #[test]
    fn each_of_content_job_and_revision_has_its_part_in_the_fingerprint() {
        let changed = |change: fn(&mut Desired)| {
            let mut desired = reboot();
            change(&mut desired);
            Fingerprint::of(&desired)
        };

        for change in [
            (|it| it.content.description.push('s')) as fn(&mut Desired),
            |it| it.content.document = Some("[]".into()),
            |it| it.content.job_arn = Some("arn".into()),
            |it| it.revision = Some("1".into()),
            |it| {
                it.content.timeout_config = Some(TimeoutConfig {
                    in_progress_timeout_in_minutes: Some(1),
                })
            },
        ] {
            assert_ne!(changed(change), Fingerprint::of(&reboot()));
        }
        assert_eq!(
            changed(|it| it.job_template_id = Some("x".into())),
            Fingerprint::of(&reboot())
        );
        assert_eq!(
            changed(|it| drop(it.tags.insert("team".into(), "x".into()))),
            Fingerprint::of(&reboot())
        );
    }

    #[test]
    fn a_member_that_is_absent_is_not_in_what_is_hashed() {
        let content = serde_json::to_value(reboot().content).unwrap();

        assert_eq!(
            without_the_absent(content),
            r#"{"Description":"Reboot","Document":"{}"}"#
        );
    }

    proptest! {
        #[test]
        fn any_tag_is_read_without_a_panic(value in ".{0,80}", words in "[0-9TZ-]{0,17} [0-9a-f]{15,17} [0-9a-f]{31,33}") {
            Words::read(&tagged(&value), latest());
            Words::read(&tagged(&words), latest());
        }
    }
}
