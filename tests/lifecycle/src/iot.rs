//! A model of AWS IoT's job templates, with faults at any call. It remembers who made each template, whatever its tags
//! say, and notes every call that touches what the caller did not make.

use iot_job_template_core::iot::{CallError, Cause, JobTemplates};
use iot_job_template_core::job_template::{Content, Tags};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

/// What happens to one call, or around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// IoT refuses it, for a reason of its own such as a limit. Not done.
    Refused,
    Throttled,
    NotSent,
    /// 500.
    Failed {
        done: bool,
    },
    /// The connection breaks.
    AnswerLost {
        done: bool,
    },
    Slow,
    Hangs {
        done: bool,
    },
    /// This call and all after it are throttled until the invocation ends.
    Outage,
    /// Lambda kills the function.
    Killed {
        done: bool,
    },
    /// Somebody deletes the template just before the call.
    DeletedByHand,
    /// Of a delete: just after it somebody makes a template of their own under the id, unless that is a generated one,
    /// which nobody else would choose.
    TakenByHand,
    /// Of a delete: the id is in use for another two seconds, and the template is shown for as long, or is not.
    Lingers {
        shown: bool,
    },
}

impl Mishap {
    /// Whether a request may fail for it. Of the others one passes, or the next attempt succeeds.
    fn is_an_excuse(self) -> bool {
        matches!(
            self,
            Mishap::Refused | Mishap::Hangs { .. } | Mishap::Outage | Mishap::Killed { .. }
        )
    }
}

/// Who made a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Maker {
    Person,
    Resource { stack: String, logical_id: String },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    pub content: Content,
    pub tags: Tags,
    pub maker: Maker,
    /// A person has changed its tags.
    pub by_hand: bool,
}

pub struct Iot {
    pub templates: BTreeMap<String, Template>,
    /// What `DocumentSource` can name.
    pub objects: BTreeMap<String, String>,
    /// What has met the function's calls so far that was none of its own.
    pub wrongs: Vec<String>,
    /// Whether anything was done by hand: then less can be promised.
    pub meddled: bool,
    lingering: BTreeMap<String, (Instant, Option<Template>)>,
    /// By the number of the call, from 0.
    mishaps: BTreeMap<usize, Mishap>,
    /// How many of those have happened.
    pub happened: usize,
    /// Whether one of them was an excuse for a request to fail.
    pub excused: bool,
    pub calls: usize,
    pub trace: Vec<String>,
}

/// The content that IoT refuses, well-formed as it is.
pub const REFUSED: &str = "Refused by IoT";

impl Iot {
    pub fn new() -> Iot {
        Iot {
            templates: BTreeMap::new(),
            objects: BTreeMap::new(),
            wrongs: Vec::new(),
            meddled: false,
            lingering: BTreeMap::new(),
            mishaps: BTreeMap::new(),
            happened: 0,
            excused: false,
            calls: 0,
            trace: Vec::new(),
        }
    }

    /// Counts calls from 0 again, and lets them meet these.
    pub fn arm(&mut self, mishaps: &[(usize, Mishap)]) {
        self.mishaps = mishaps.iter().copied().collect();
        self.calls = 0;
    }

    /// Keeps only the mishaps that are so.
    pub fn arm_only(&mut self, so: impl Fn(Mishap) -> bool) {
        self.mishaps.retain(|_, mishap| so(*mishap));
    }

    /// A person makes a template, whatever is there.
    pub fn make_by_hand(&mut self, id: &str) {
        self.meddled = true;
        let template = Template {
            content: Content {
                description: "by hand".into(),
                document: Some("{}".into()),
                ..Content::default()
            },
            tags: Tags::new(),
            maker: Maker::Person,
            by_hand: false,
        };
        self.templates.insert(id.to_owned(), template);
    }

    pub fn delete_by_hand(&mut self, id: &str) {
        self.meddled |= self.templates.remove(id).is_some();
    }
}

/// The function's client, for one resource's request.
#[derive(Clone)]
pub struct Client {
    pub iot: Rc<RefCell<Iot>>,
    pub caller: Maker,
    /// Tells that the function is to be killed.
    pub killed: Rc<Notify>,
    pub outage: Rc<Cell<bool>>,
}

type Answer<T> = Result<T, CallError>;

fn error<T>(operation: &'static str, cause: Cause) -> Answer<T> {
    Err(CallError {
        operation,
        cause,
        detail: format!("{cause:?}"),
        retry_after: None,
    })
}

impl Client {
    /// One call: `work` is what the service does, if it gets to do it.
    async fn call<T>(
        &self,
        operation: &'static str,
        id: &str,
        work: impl FnOnce(&mut Iot) -> Result<T, Cause>,
    ) -> Answer<T> {
        // Every call takes a moment, so that time passes and requests that overlap take turns.
        sleep(Duration::from_millis(20)).await;
        let mishap = self.next_mishap(operation, id);
        let done = |work| {
            let mut iot = self.iot.borrow_mut();
            let result = self.carry_out(&mut iot, operation, id, work);
            result.or_else(|cause| error(operation, cause))
        };
        match mishap {
            None => done(work),
            Some(Mishap::Refused) => error(operation, Cause::Refused),
            Some(Mishap::Throttled | Mishap::Outage) => error(operation, Cause::Throttled),
            Some(Mishap::NotSent) => error(operation, Cause::NotSent),
            Some(Mishap::Slow) => {
                sleep(Duration::from_secs(3)).await;
                done(work)
            }
            Some(Mishap::Failed { done: is } | Mishap::AnswerLost { done: is }) => {
                if is {
                    let _ = done(work);
                }
                error(operation, Cause::Unclear)
            }
            Some(Mishap::Hangs { done: is }) => {
                if is {
                    let _ = done(work);
                }
                pending().await
            }
            Some(Mishap::Killed { done: is }) => {
                if is {
                    let _ = done(work);
                }
                self.killed.notify_one();
                pending().await
            }
            Some(Mishap::DeletedByHand) => {
                self.iot.borrow_mut().delete_by_hand(id);
                done(work)
            }
            Some(Mishap::TakenByHand) => {
                let result = done(work);
                if operation == "DeleteJobTemplate" && id.starts_with("shared-") {
                    self.iot.borrow_mut().make_by_hand(id);
                }
                result
            }
            Some(Mishap::Lingers { shown }) => {
                let old = self.iot.borrow().templates.get(id).cloned();
                let result = done(work);
                if operation == "DeleteJobTemplate" && old.is_some() {
                    let until = Instant::now() + Duration::from_secs(2);
                    let shown = old.filter(|_| shown);
                    let mut iot = self.iot.borrow_mut();
                    iot.lingering.insert(id.to_owned(), (until, shown));
                }
                result
            }
        }
    }

    fn next_mishap(&self, operation: &str, id: &str) -> Option<Mishap> {
        let mut iot = self.iot.borrow_mut();
        let number = iot.calls;
        iot.calls += 1;
        let mut mishap = iot.mishaps.remove(&number);
        iot.happened += usize::from(mishap.is_some());
        iot.excused |= mishap.is_some_and(Mishap::is_an_excuse);
        if mishap == Some(Mishap::Outage) {
            self.outage.set(true);
        } else if self.outage.get() {
            mishap = Some(Mishap::Outage);
        }
        let met = mishap.map(|m| format!(" {m:?}")).unwrap_or_default();
        iot.trace.push(format!("    {operation} {id}{met}"));
        mishap
    }

    fn carry_out<T>(
        &self,
        iot: &mut Iot,
        operation: &'static str,
        id: &str,
        work: impl FnOnce(&mut Iot) -> Result<T, Cause>,
    ) -> Result<T, Cause> {
        let now = Instant::now();
        iot.lingering.retain(|_, (until, _)| *until > now);
        let changes = matches!(operation, "DeleteJobTemplate" | "TagResource" | "UntagResource");
        if changes
            && let Some(template) = iot.templates.get(id)
            && template.maker != self.caller
            // Nobody can tell whose it was, once its tags are stripped.
            && !template.by_hand
        {
            let wrong = format!("{operation} of {id}, which {:?} made", template.maker);
            iot.wrongs.push(wrong);
        }
        work(iot)
    }
}

pub fn arn(id: &str) -> String {
    format!("arn:aws:iot:eu-central-1:123456789012:jobtemplate/{id}")
}

fn id_in(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or_default()
}

impl Iot {
    fn shown(&self, id: &str) -> Result<&Template, Cause> {
        let lingering = self.lingering.get(id).and_then(|(_, shown)| shown.as_ref());
        self.templates.get(id).or(lingering).ok_or(Cause::NotFound)
    }

    pub fn create(&mut self, id: &str, content: &Content, tags: &Tags, maker: Maker) -> Result<String, Cause> {
        if content.description == REFUSED || !are_good(tags) {
            return Err(Cause::Refused);
        }
        let mut content = content.clone();
        match (&content.document, &content.document_source) {
            (Some(_), None) => {}
            (None, Some(source)) => {
                content.document = Some(self.objects.get(source).ok_or(Cause::Refused)?.clone());
            }
            _ => return Err(Cause::Refused),
        }
        if self.templates.contains_key(id) || self.lingering.contains_key(id) {
            return Err(Cause::Conflict);
        }
        let template = Template {
            content,
            tags: tags.clone(),
            maker,
            by_hand: false,
        };
        self.templates.insert(id.to_owned(), template);
        Ok(arn(id))
    }
}

fn are_good(tags: &Tags) -> bool {
    tags.len() <= 50 && tags.keys().all(|key| !key.starts_with("aws:"))
}

impl JobTemplates for Client {
    async fn create(&self, id: &str, content: &Content, tags: &Tags) -> Answer<String> {
        let maker = self.caller.clone();
        let work = |iot: &mut Iot| iot.create(id, content, tags, maker);
        self.call("CreateJobTemplate", id, work).await
    }

    async fn describe(&self, id: &str) -> Answer<(String, Content)> {
        let work = |iot: &mut Iot| Ok((arn(id), iot.shown(id)?.content.clone()));
        self.call("DescribeJobTemplate", id, work).await
    }

    async fn delete(&self, id: &str) -> Answer<()> {
        let work = |iot: &mut Iot| match iot.templates.remove(id) {
            Some(_) => Ok(()),
            None => Err(Cause::NotFound),
        };
        self.call("DeleteJobTemplate", id, work).await
    }

    async fn tags(&self, arn: &str) -> Answer<Tags> {
        let id = id_in(arn);
        // Of what is not there the service gives no tags, rather than an error.
        let work = |iot: &mut Iot| Ok(iot.shown(id).map(|t| t.tags.clone()).unwrap_or_default());
        self.call("ListTagsForResource", id, work).await
    }

    async fn tag(&self, arn: &str, tags: &Tags) -> Answer<()> {
        let id = id_in(arn);
        let work = |iot: &mut Iot| {
            let template = iot.templates.get_mut(id).ok_or(Cause::NotFound)?;
            let mut merged = template.tags.clone();
            merged.extend(tags.clone());
            if merged.len() > 50 || !are_good(tags) {
                return Err(Cause::Refused);
            }
            template.tags = merged;
            Ok(())
        };
        self.call("TagResource", id, work).await
    }

    async fn untag(&self, arn: &str, keys: &[String]) -> Answer<()> {
        let id = id_in(arn);
        let work = |iot: &mut Iot| {
            let template = iot.templates.get_mut(id).ok_or(Cause::NotFound)?;
            template.tags.retain(|key, _| !keys.contains(key));
            Ok(())
        };
        self.call("UntagResource", id, work).await
    }
}
