//! A model of AWS IoT's job templates: what an account holds, and what the service does to it. It remembers who made each
//! template, whatever its tags say.

use crate::adoption::{self, Adopted};
use crate::calls::{Done, LateCall, Work, arn};
use crate::cloudformation::Reply;
use crate::fates::Fates;
use crate::history::{BY_HAND, OTHER_STACK, REFUSED};
use crate::mishap::{Deed, FOR_GOOD, Mishap};
use crate::record::{Kind, Record, Sent};
use crate::simulation::Before;
use iot_job_template_core::iot::Cause;
use iot_job_template_core::job_template::{Content, Tags};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Who made a template.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Maker {
    Person,
    Resource { stack: String, logical_id: String },
}

impl Maker {
    pub fn of(stack: &str, logical_id: &str) -> Maker {
        Maker::Resource {
            stack: stack.to_owned(),
            logical_id: logical_id.to_owned(),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct StoredTemplate {
    pub content: Content,
    pub tags: Tags,
    pub maker: Maker,
    /// The delivery that made it, by its number in the record; `None` if somebody else did.
    pub made_by: Option<usize>,
    pub made_at: Duration,
    /// When it was made, or its tags were changed last.
    pub changed_at: Duration,
    /// The call that made it was carried out after it gave no answer.
    pub made_late: bool,
    /// When a move was begun that made it its holder's own, and whether that call was carried out late.
    pub moved: Option<(Duration, bool)>,
    pub from_job: Option<String>,
    /// Somebody removed its tags.
    pub stripped: bool,
    pub adopted: Option<Adopted>,
    /// The tags that it had when it was taken over.
    pub came_with: Tags,
    /// It got tags of ours between a look at another template and the touch that followed.
    pub mistaken: bool,
    /// Until then other tags are shown.
    pub shown: Option<(Duration, Tags)>,
}

/// An account of AWS, as far as it matters here.
#[derive(Clone)]
pub struct Account {
    pub templates: BTreeMap<String, StoredTemplate>,
    /// What `DocumentSource` can name.
    pub objects: BTreeMap<String, String>,
    /// The documents of the jobs that `JobArn` can name.
    pub jobs: BTreeMap<String, String>,
    /// What was adopted and neither given back nor deleted for good, by its id: it has to be there.
    pub adopted: BTreeMap<String, Adopted>,
    /// What was taken over from whom, and not given back.
    pub taken: BTreeSet<(String, Maker)>,
    /// Ids whose template changed hands twice or more, with no move completed, so that no tag says whose it was at first.
    pub forgotten: BTreeSet<String>,
    /// Tags, by the template's id, that were there when a resource that had changed it gave it back.
    pub left_by_others: BTreeSet<(String, String)>,
    /// What must hold and did not.
    pub wrongs: Vec<String>,
    /// Ids whose template a stranger, or a call carried out late, made, deleted or changed, and when; until when
    /// other tags than its own are shown, too.
    pub deeds: Vec<(String, Duration)>,
    /// When a resource took over which template.
    pub takings: Vec<(String, Duration)>,
    /// The content of those that were deleted though they had tags of ours by mistake. A re-create that fails puts it back.
    mistaken: BTreeMap<String, Content>,
    /// Ids under which a create was carried out after it gave no answer, and when last.
    pub created_late: BTreeMap<String, Duration>,
    pub late: Vec<LateCall>,
    /// When anything happened last.
    latest: Duration,
    lingering: BTreeMap<String, (Duration, Option<StoredTemplate>)>,
    /// Whose calls are denied, and until when. No operation is all of them.
    pub denied: Vec<(Option<&'static str>, Duration)>,
    /// When the first of them began.
    pub denied_since: Option<Duration>,
    /// Whatever happens, the role may not do these.
    pub always_denied: Vec<&'static str>,
    pub refused: BTreeSet<&'static str>,
    pub down: BTreeSet<&'static str>,
    /// What ListTagsForResource says of what is not there: nothing, or that it is not there.
    pub absent_has_no_tags: bool,
    pub fates: Fates,
    pub calls: usize,
    /// How many mishaps have happened since the operation began.
    pub happened: usize,
    /// Whether one of them was an excuse for a request to fail.
    pub excused: bool,
    /// Jobs and sources that are, or were, not there.
    pub changed_sources: BTreeSet<String>,
    /// Sources that were refused once in this operation, though they are there.
    pub refused_sources: BTreeSet<String>,
    /// Describes show less than what was written: text trimmed, documents written anew.
    pub shows_otherwise: bool,
    /// Whose repetitions were delivered after the Delete that followed them, and may have made what nobody holds.
    pub leftovers: Vec<Maker>,
    pub before: Before,
    pub record: Record,
}

impl Account {
    pub fn new() -> Account {
        Account {
            templates: BTreeMap::new(),
            objects: BTreeMap::new(),
            jobs: BTreeMap::new(),
            adopted: BTreeMap::new(),
            taken: BTreeSet::new(),
            forgotten: BTreeSet::new(),
            left_by_others: BTreeSet::new(),
            wrongs: Vec::new(),
            deeds: Vec::new(),
            takings: Vec::new(),
            mistaken: BTreeMap::new(),
            created_late: BTreeMap::new(),
            late: Vec::new(),
            latest: Duration::ZERO,
            lingering: BTreeMap::new(),
            denied: Vec::new(),
            denied_since: None,
            always_denied: Vec::new(),
            refused: BTreeSet::new(),
            down: BTreeSet::new(),
            absent_has_no_tags: true,
            fates: Fates::Armed(BTreeMap::new()),
            calls: 0,
            happened: 0,
            excused: false,
            changed_sources: BTreeSet::new(),
            refused_sources: BTreeSet::new(),
            shows_otherwise: false,
            leftovers: Vec::new(),
            before: Before::default(),
            record: Record::default(),
        }
    }

    /// Why the service will not do this now, whoever asks.
    pub fn gate(&self, work: &Work, now: Duration) -> Option<Cause> {
        let operation = work.operation();
        let is_denied = self
            .denied
            .iter()
            .any(|(which, until)| *until > now && which.is_none_or(|which| which == operation));
        let is_denied = is_denied || self.always_denied.contains(&operation);
        match (is_denied, self.refused.contains(operation)) {
            (true, _) => Some(Cause::Denied),
            (false, true) => Some(Cause::Refused),
            _ => self.down.contains(operation).then_some(Cause::Unclear),
        }
    }

    /// Counts calls from 0 again, and lets them meet these.
    pub fn arm(&mut self, mishaps: &[(usize, Mishap)]) {
        self.denied.clear();
        self.denied_since = None;
        self.refused_sources.clear();
        self.refused.clear();
        self.down.clear();
        match &mut self.fates {
            Fates::Armed(armed) => *armed = mishaps.iter().copied().collect(),
            Fates::Searched(choices) => choices.quiet = false,
        }
        self.calls = 0;
        self.happened = 0;
        self.excused = false;
    }

    pub fn heal(&mut self) {
        self.denied.clear();
        self.refused.clear();
        self.down.clear();
        match &mut self.fates {
            Fates::Armed(mishaps) => mishaps.clear(),
            Fates::Searched(choices) => choices.quiet = true,
        }
    }

    /// Carries out what is due of the late.
    pub fn catch_up(&mut self, now: Duration) {
        self.lingering.retain(|_, (until, _)| *until > now);
        while let Some(next) = (0..self.late.len()).min_by_key(|n| self.late[*n].due) {
            if self.late[next].due > now {
                return;
            }
            let late = self.late.remove(next);
            self.record
                .trace(|| format!("    (late: {} {})", late.work.operation(), late.work.id()));
            let id = late.work.id().to_owned();
            let before = self.templates.get(&id).cloned();
            if self.carry_out(&late.work, late.delivery, late.due, true).is_ok() && !late.work.is_look() {
                let request = self.record.request_of(late.delivery).clone();
                let caller = self.record.maker(late.delivery);
                // "a call that IoT carries out after it gave no answer": what it was for may be another's by now.
                let came_between = before.as_ref().is_some_and(|before| before.changed_at > late.looked);
                if let Some(template) = self.templates.get_mut(&id).filter(|_| came_between) {
                    template.mistaken |= adoption::is_mistaken(template, &late.work, &caller);
                }
                adoption::note(
                    self,
                    before.as_ref(),
                    &late.work,
                    late.delivery,
                    &request,
                    (late.due, true),
                );
                if late.work.is_touch() {
                    self.drift(&id, late.due);
                } else {
                    self.created_late.insert(id, late.due);
                }
            }
        }
    }

    /// No two things happen at the same moment.
    pub fn moment(&mut self, now: Duration) -> Duration {
        self.latest = now.max(self.latest + Duration::from_nanos(1));
        self.latest
    }

    /// A stranger does something.
    pub fn befall(&mut self, id: &str, deed: Deed, now: Duration) {
        let now = self.moment(now);
        let nobody_would = !id.starts_with("shared-");
        match deed {
            Deed::Make | Deed::MakeForAStack if nobody_would => return,
            Deed::Make => self.make_by_hand(id, Tags::new(), now),
            Deed::MakeForAStack => {
                let tags = [
                    ("cloudformation:stack-id", OTHER_STACK),
                    ("cloudformation:logical-id", "Reboot"),
                ];
                self.make_by_hand(id, tags.map(|(key, value)| (key.into(), value.into())).into(), now);
            }
            Deed::Delete => {
                if self.templates.remove(id).is_none() {
                    return;
                }
                self.adopted.remove(id);
            }
            Deed::Strip => match self.templates.get_mut(id) {
                Some(template) => {
                    template.strip();
                    template.changed_at = now;
                    self.adopted.remove(id);
                }
                None => return,
            },
        }
        self.record.trace(|| format!("    ({deed:?} of {id} by a stranger)"));
        self.drift(id, now);
    }

    pub fn drift(&mut self, id: &str, time: Duration) {
        self.deeds.push((id.to_owned(), time));
    }

    /// When somebody did something to this last. What is shown late is noted when it is done, and counts from when it is shown.
    pub fn last_deed(&self, id: &str) -> Option<Duration> {
        let deeds = self.deeds.iter().filter(|(of, _)| of == id);
        deeds.map(|(_, at)| *at).max()
    }

    /// Whether what the template remembers of requests after this one may be gone: somebody deleted or stripped it since, or
    /// another resource has it.
    pub fn has_forgotten(&self, id: &str, sent: Duration, now: Duration) -> bool {
        let is_since = |(of, at): &(String, Duration)| of == id && (sent..now).contains(at);
        self.deeds.iter().any(is_since) || self.takings.iter().any(|(of, at)| of == id && *at < now)
    }

    fn make_by_hand(&mut self, id: &str, tags: Tags, now: Duration) {
        let content = Content {
            description: BY_HAND.into(),
            document: Some("{}".into()),
            ..Content::default()
        };
        self.templates
            .insert(id.to_owned(), StoredTemplate::new(content, tags, Maker::Person, now));
    }

    pub fn linger(&mut self, id: &str, until: Duration, shown: Option<StoredTemplate>) {
        self.lingering.insert(id.to_owned(), (until, shown));
    }

    pub fn shown(&self, id: &str) -> Result<&StoredTemplate, Cause> {
        let lingering = self.lingering.get(id).and_then(|(_, shown)| shown.as_ref());
        self.templates.get(id).or(lingering).ok_or(Cause::NotFound)
    }

    /// What the service does, if it gets to do it.
    pub fn carry_out(&mut self, work: &Work, delivery: usize, now: Duration, late: bool) -> Result<Done, Cause> {
        match work {
            Work::Create { id, content, tags } => {
                let maker = self.record.maker(delivery);
                let is_put_back = self.mistaken.get(id) == Some(content);
                let made = self.create(id, content, tags, maker, now)?;
                made.mistaken = is_put_back;
                made.made_by = Some(delivery);
                made.made_late = late;
                Ok(Done::Arn(arn(id)))
            }
            Work::Describe { id } => {
                let mut content = self.shown(id)?.content.clone();
                if self.shows_otherwise {
                    content.description = content.description.trim().to_uppercase();
                    content.document = content.document.map(|document| document.replace(' ', ""));
                }
                Ok(Done::Described(arn(id), content))
            }
            Work::Delete { id } => {
                let deleted = self.templates.remove(id).ok_or(Cause::NotFound)?;
                if deleted.mistaken {
                    self.mistaken.insert(id.clone(), deleted.content);
                }
                Ok(Done::Nothing)
            }
            Work::ListTags { id } => match self.shown(id) {
                Ok(template) => Ok(Done::Tags(template.tags_shown(now).clone())),
                Err(_) if self.absent_has_no_tags => Ok(Done::Tags(Tags::new())),
                Err(cause) => Err(cause),
            },
            Work::Tag { id, tags } => {
                let template = self.templates.get_mut(id).ok_or(Cause::NotFound)?;
                let mut merged = template.tags.clone();
                merged.extend(tags.clone());
                if merged.len() > 50 || !are_good(tags) {
                    return Err(Cause::Refused);
                }
                template.tags = merged;
                template.changed_at = now;
                Ok(Done::Nothing)
            }
            Work::Untag { id, keys } => {
                let template = self.templates.get_mut(id).ok_or(Cause::NotFound)?;
                template.tags.retain(|key, _| !keys.contains(key));
                template.changed_at = now;
                Ok(Done::Nothing)
            }
        }
    }

    pub fn create(
        &mut self,
        id: &str,
        content: &Content,
        tags: &Tags,
        maker: Maker,
        now: Duration,
    ) -> Result<&mut StoredTemplate, Cause> {
        if content.description == REFUSED || !are_good(tags) || tags.len() > 50 {
            return Err(Cause::Refused);
        }
        let mut content = content.clone();
        let from_job = content.job_arn.take();
        content.document = match (&content.document, &content.document_source, &from_job) {
            (Some(document), None, None) => Some(document.clone()),
            (None, Some(source), None) => Some(self.objects.get(source).ok_or(Cause::Refused)?.clone()),
            (document, None, Some(job)) => {
                let of_job = self.jobs.get(job).ok_or(Cause::NotFound)?;
                Some(document.as_ref().unwrap_or(of_job).clone())
            }
            _ => return Err(Cause::Refused),
        };
        if self.templates.contains_key(id) || self.lingering.contains_key(id) {
            return Err(Cause::Conflict);
        }
        let mut template = StoredTemplate::new(content, tags.clone(), maker, now);
        template.from_job = from_job;
        Ok(self.templates.entry(id.to_owned()).or_insert(template))
    }

    /// A delivery ends.
    pub fn end(&mut self, delivery: usize, reply: Option<Reply>, now: Duration) {
        let maker = self.record.maker(delivery);
        let template = reply.as_ref().and_then(|reply| self.templates.get(&reply.physical_id));
        let has_it = template.is_none_or(|template| *template.holder() == maker);
        self.record.end(delivery, reply, has_it, now);
    }

    /// Whether a stranger's deed on this template was not put right since, by a request that was sent after it and succeeded.
    pub fn has_drifted(&self, id: &str) -> bool {
        self.drifted_but_for(id, |_| true)
    }

    /// The same, where only this resource's own requests put it right.
    pub fn has_drifted_for(&self, stack: &str, logical_id: &str, id: &str) -> bool {
        self.drifted_but_for(id, |request| {
            (&*request.stack, &*request.logical_id) == (stack, logical_id)
        })
    }

    pub fn any_drifted(&self) -> bool {
        self.deeds.iter().any(|(id, _)| self.has_drifted(id))
    }

    fn drifted_but_for(&self, id: &str, counts: impl Fn(&Sent) -> bool) -> bool {
        let Some(since) = self.last_deed(id) else {
            return false;
        };
        // Where another's template is as declared, there was nothing to put right.
        let is_a_persons = self
            .templates
            .get(id)
            .is_some_and(|template| *template.holder() == Maker::Person);
        let put_it_right = |request: &Sent| {
            request.kind != Kind::Delete
                && request.sent > since
                && request.has_it
                && request
                    .reply
                    .as_ref()
                    .is_some_and(|reply| reply.succeeded && reply.physical_id == id)
                && counts(request)
        };
        is_a_persons || !self.record.requests.iter().any(put_it_right)
    }

    /// Whether the template is absent or this resource's.
    pub fn is_not_anothers(&self, id: &str, stack: &str, logical_id: &str) -> bool {
        let owner = Maker::of(stack, logical_id);
        self.templates
            .get(id)
            .is_none_or(|template| *template.holder() == owner)
    }

    pub fn deny(&mut self, operation: Option<&'static str>, seconds: u64, now: Duration) {
        let until = if seconds == FOR_GOOD {
            Duration::MAX
        } else {
            now + Duration::from_secs(seconds)
        };
        self.denied.push((operation, until));
    }
}

impl StoredTemplate {
    pub fn new(content: Content, tags: Tags, maker: Maker, made_at: Duration) -> StoredTemplate {
        StoredTemplate {
            content,
            tags,
            maker,
            made_by: None,
            made_at,
            changed_at: made_at,
            made_late: false,
            moved: None,
            from_job: None,
            stripped: false,
            came_with: Tags::new(),
            adopted: None,
            mistaken: false,
            shown: None,
        }
    }

    fn tags_shown(&self, now: Duration) -> &Tags {
        match &self.shown {
            Some((until, tags)) if *until > now => tags,
            _ => &self.tags,
        }
    }
}

fn are_good(tags: &Tags) -> bool {
    tags.keys().all(|key| !key.starts_with("aws:"))
}
