//! AWS IoT's control plane, as far as job templates go.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Deref,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use serde_json::{Map, Value, json};

use super::{
    ACCOUNT, REGION,
    fault::error,
    http::{Request, Response, percent_decoded},
    server::{Handler, Operation, Server},
    tls::Authority,
};

mod checks;

use checks::{
    MOST_TAGS, check_abort_criteria, check_presigning, check_rollout, check_timeout, checked_tags, is_accepted_json,
    too_many_tags,
};

/// The six operations on job templates and their tags, in REST-JSON as the service's model has
/// them (API version 2015-05-28), with the refusals and the odd shapes of answers that were
/// measured on the service. Bounds of single members are not checked. A [`Server`], so it can
/// fail like one.
pub struct FakeIot {
    server: Server,
    service: Arc<Service>,
}

/// A job template in the service.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredTemplate {
    /// The members of CreateJobTemplate that it was made with, under the API's names, without id
    /// and tags; `document` also where it came from `documentSource` or `jobArn`.
    pub content: Map<String, Value>,
    pub tags: BTreeMap<String, String>,
}

/// What ListTagsForResource answers for a template that is not there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TagsOfAbsent {
    /// ResourceNotFoundException, as the service's model has it.
    NotFound,
    /// An empty list, as MiniStack has it.
    Empty,
}

#[derive(Default)]
struct Service {
    state: Mutex<State>,
    requests: AtomicUsize,
}

struct State {
    templates: BTreeMap<String, StoredTemplate>,
    /// What `documentSource` can name, by URL.
    objects: HashMap<String, String>,
    /// What `jobArn` can name: the job's members under the API's names.
    jobs: HashMap<String, Map<String, Value>>,
    rate: Option<Rate>,
    buckets: HashMap<Operation, TokenBucket>,
    tags_of_absent: TagsOfAbsent,
    tags_per_page: usize,
}

impl FakeIot {
    pub fn http() -> Self {
        Self::start(None)
    }

    pub fn https(authority: &Authority) -> Self {
        Self::start(Some(authority))
    }

    fn start(tls: Option<&Authority>) -> Self {
        let service = Arc::new(Service::default());
        Self {
            server: Server::start(tls, service.clone()),
            service,
        }
    }

    pub fn template(&self, id: &str) -> Option<StoredTemplate> {
        self.service.state().templates.get(id).cloned()
    }

    /// All templates, by id.
    pub fn templates(&self) -> BTreeMap<String, StoredTemplate> {
        self.service.state().templates.clone()
    }

    /// Changes templates behind the function's back, as other people do.
    pub fn by_hand<T>(&self, change: impl FnOnce(&mut BTreeMap<String, StoredTemplate>) -> T) -> T {
        change(&mut self.service.state().templates)
    }

    /// Puts a text where `documentSource` can name it.
    pub fn put_object(&self, url: &str, text: &str) {
        let mut state = self.service.state();
        state.objects.insert(url.to_owned(), text.to_owned());
    }

    /// A job that `jobArn` can name; its members under the API's names.
    pub fn put_job(&self, arn: &str, content: Value) {
        let mut state = self.service.state();
        state.jobs.insert(arn.to_owned(), members(content));
    }

    /// Throttles each operation by itself: up to `burst` calls at once, `per_second` in the long
    /// run.
    pub fn limit_rate(&self, per_second: f64, burst: f64) {
        let mut state = self.service.state();
        state.rate = Some(Rate { per_second, burst });
        state.buckets.clear();
    }

    pub fn lists_tags_of_absent(&self, answer: TagsOfAbsent) {
        self.service.state().tags_of_absent = answer;
    }

    pub fn lists_tags_in_pages_of(&self, tags: usize) {
        self.service.state().tags_per_page = tags;
    }

    /// How many calls were answered with 429.
    pub fn throttled(&self) -> usize {
        let throttled = |call: &super::Call| call.status == Some(429);
        self.calls().into_iter().filter(throttled).count()
    }

    pub fn arn(id: &str) -> String {
        format!("arn:aws:iot:{REGION}:{ACCOUNT}:jobtemplate/{id}")
    }
}

/// Faults and calls: see [`Server`].
impl Deref for FakeIot {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl StoredTemplate {
    /// A template with this content, under the API's names, and no tags.
    pub fn new(content: Value) -> Self {
        Self {
            content: members(content),
            tags: BTreeMap::new(),
        }
    }

    pub fn tagged(mut self, key: &str, value: &str) -> Self {
        self.tags.insert(key.to_owned(), value.to_owned());
        self
    }

    /// As DescribeJobTemplate writes it: every member, null where it is absent, but three
    /// structures as objects of nulls.
    fn described(&self, id: &str) -> Value {
        let mut answer = json!({
            "jobTemplateArn": FakeIot::arn(id),
            "jobTemplateId": id,
            "createdAt": 1_790_000_000.123,
            "description": null,
            "documentSource": null,
            "document": null,
            "presignedUrlConfig": {"roleArn": null, "expiresInSec": null},
            "jobExecutionsRolloutConfig": {"exponentialRate": null, "maximumPerMinute": null},
            "abortConfig": null,
            "timeoutConfig": {"inProgressTimeoutInMinutes": null},
            "jobExecutionsRetryConfig": null,
            "maintenanceWindows": null,
            "destinationPackageVersions": null,
        });
        for (member, value) in &self.content {
            match (&mut answer[member], value) {
                (Value::Object(nulls), Value::Object(given)) => nulls.extend(given.clone()),
                (place, value) => *place = value.clone(),
            }
        }
        if let Some(rate) = answer.pointer_mut("/jobExecutionsRolloutConfig/exponentialRate/rateIncreaseCriteria") {
            let mut criteria = json!({"numberOfNotifiedThings": null, "numberOfSucceededThings": null});
            let given = rate.as_object().cloned().unwrap_or_default();
            criteria.as_object_mut().unwrap().extend(given);
            *rate = criteria;
        }
        make_doubles(&mut answer);
        answer
    }
}

fn members(content: Value) -> Map<String, Value> {
    match content {
        Value::Object(members) => members,
        other => panic!("{other} is no object"),
    }
}

impl Default for State {
    fn default() -> Self {
        Self {
            templates: BTreeMap::new(),
            objects: HashMap::new(),
            jobs: HashMap::new(),
            rate: None,
            buckets: HashMap::new(),
            tags_of_absent: TagsOfAbsent::NotFound,
            tags_per_page: 50,
        }
    }
}

impl Service {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl Handler for Service {
    fn call(&self, request: &Request) -> Option<(Operation, String)> {
        let operation = match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/tags") => Operation::ListTagsForResource,
            ("POST", "/tags") => Operation::TagResource,
            ("POST", "/untag") => Operation::UntagResource,
            (method, path) => {
                let id = percent_decoded(path.strip_prefix("/job-templates/")?);
                let operation = match method {
                    "PUT" => Operation::CreateJobTemplate,
                    "GET" => Operation::DescribeJobTemplate,
                    "DELETE" => Operation::DeleteJobTemplate,
                    _ => return None,
                };
                return Some((operation, id));
            }
        };
        let arn = match operation {
            Operation::ListTagsForResource => request.query_value("resourceArn"),
            _ => body(request)["resourceArn"].as_str().map(String::from),
        };
        let arn = arn.unwrap_or_default();
        let id = arn.rsplit_once('/').map_or(&*arn, |(_, id)| id);
        Some((operation, id.to_owned()))
    }

    fn carry_out(&self, request: &Request) -> Option<Response> {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let answer = self.answer(request);
        Some(
            answer
                .unwrap_or_else(|refusal| refusal)
                .header("x-amzn-requestid", format!("10700000-0000-4000-8000-{number:012}")),
        )
    }
}

/// The error is a refusal, ready to send.
type Answered = Result<Response, Response>;

impl Service {
    fn answer(&self, request: &Request) -> Answered {
        let scope = format!("/{REGION}/iot/aws4_request");
        let authorization = request.header("authorization").unwrap_or_default();
        if !(authorization.starts_with("AWS4-HMAC-SHA256 ") && authorization.contains(&scope)) {
            return Err(error(
                403,
                "MissingAuthenticationTokenException",
                "Missing Authentication Token",
            ));
        }
        let (operation, id) = self
            .call(request)
            .ok_or_else(|| error(404, "UnknownOperationException", "No such operation."))?;
        let mut state = self.state();
        if !state.admits(operation) {
            return Err(error(429, "ThrottlingException", "Rate exceeded"));
        }
        match operation {
            Operation::CreateJobTemplate => state.create(&id, body(request)),
            Operation::DescribeJobTemplate => {
                let template = state.existing(&id)?;
                Ok(Response::json(200, &template.described(&id)))
            }
            Operation::DeleteJobTemplate => {
                state.existing(&id)?;
                state.templates.remove(&id);
                Ok(Response::new(200, ""))
            }
            Operation::TagResource => state.tag(&id, &body(request)["tags"]),
            Operation::UntagResource => {
                let request = body(request);
                let keys = request["tagKeys"].as_array().cloned().unwrap_or_default();
                let template = state.existing(&id)?;
                template.tags.retain(|key, _| !keys.contains(&json!(key)));
                Ok(Response::json(200, &json!({})))
            }
            Operation::ListTagsForResource => state.list_tags(&id, request.query_value("nextToken").as_deref()),
            Operation::PutAnswer => unreachable!("a call to the bucket"),
        }
    }
}

impl State {
    fn existing(&mut self, id: &str) -> Result<&mut StoredTemplate, Response> {
        let message = format!("Job Template {id} cannot be found.");
        self.templates
            .get_mut(id)
            .ok_or_else(|| error(404, "ResourceNotFoundException", &message))
    }

    fn create(&mut self, id: &str, request: Value) -> Answered {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if id.is_empty() || id.len() > 64 || !id.chars().all(allowed) {
            return Err(constraint(
                &format!("'{id}'"),
                "jobTemplateId",
                "satisfy regular expression pattern: [a-zA-Z0-9_-]+",
            ));
        }
        let mut content = members(request);
        if content.get("description").is_none_or(Value::is_null) {
            return Err(constraint("null", "description", "not be null"));
        }
        let tags = content.remove("tags").unwrap_or_default();

        let document = content.get("document").and_then(Value::as_str);
        let source = content.get("documentSource").and_then(Value::as_str);
        let job = content.get("jobArn").and_then(Value::as_str);
        if let Some(document) = document
            && !is_accepted_json(document)
        {
            return Err(invalid(
                "Job document located at request input is an invalid JSON document.",
            ));
        }
        check_timeout(&content)?;
        check_rollout(&content)?;
        check_abort_criteria(&content)?;
        if document.is_some() && source.is_some() {
            return Err(invalid(
                "Job document and job document source cannot be specified at the same time.",
            ));
        }
        let tags = checked_tags(&tags)?;
        let from_source = source.map(|source| self.object(source)).transpose()?;
        let from_job = job.map(|job| self.job(job)).transpose()?;
        if document.or(source).or(job).is_none() {
            return Err(invalid("Neither job document nor job document source is specified."));
        }
        if self.templates.contains_key(id) {
            let message = format!("Job Template {id} already exists.");
            return Err(error(409, "ConflictException", &message));
        }

        if let Some(text) = from_source {
            content.insert("document".to_owned(), text.into());
        }
        content.remove("jobArn");
        let mut members = from_job.unwrap_or_default();
        members.extend(content);
        content = members;
        check_presigning(id, &content)?;

        self.templates.insert(id.to_owned(), StoredTemplate { content, tags });
        Ok(Response::json(
            200,
            &json!({"jobTemplateArn": FakeIot::arn(id), "jobTemplateId": id}),
        ))
    }

    fn object(&self, url: &str) -> Result<String, Response> {
        let text = self
            .objects
            .get(url)
            .ok_or_else(|| invalid(&format!("Job document located at {url} is not found.")))?;
        if !is_accepted_json(text) {
            let message = format!("Job document located at {url} is an invalid JSON document.");
            return Err(invalid(&message));
        }
        Ok(text.clone())
    }

    fn job(&self, arn: &str) -> Result<Map<String, Value>, Response> {
        let id = arn.rsplit('/').next().unwrap_or_default();
        let message = format!("Job {id} cannot be found.");
        self.jobs
            .get(arn)
            .cloned()
            .ok_or_else(|| error(404, "ResourceNotFoundException", &message))
    }

    fn tag(&mut self, id: &str, tags: &Value) -> Answered {
        let tags = checked_tags(tags)?;
        let template = self.existing(id)?;
        let mut merged = template.tags.clone();
        merged.extend(tags);
        if merged.len() > MOST_TAGS {
            return Err(too_many_tags());
        }
        template.tags = merged;
        Ok(Response::json(200, &json!({})))
    }

    fn list_tags(&mut self, id: &str, token: Option<&str>) -> Answered {
        let (absent, page) = (self.tags_of_absent, self.tags_per_page);
        let tags = match self.existing(id) {
            Ok(template) => template.tags.clone(),
            Err(_) if absent == TagsOfAbsent::Empty => BTreeMap::new(),
            Err(not_found) => return Err(not_found),
        };
        let start: usize = token
            .unwrap_or("0")
            .parse()
            .map_err(|_| invalid("Next token is invalid."))?;
        let next = Some(start + page).filter(|next| *next < tags.len());
        let tags: Vec<_> = tags
            .iter()
            .skip(start)
            .take(page)
            .map(|(key, value)| json!({"Key": key, "Value": value}))
            .collect();
        let next = next.map(|next| next.to_string());
        Ok(Response::json(200, &json!({"tags": tags, "nextToken": next})))
    }

    fn admits(&mut self, operation: Operation) -> bool {
        let Some(rate) = self.rate else {
            return true;
        };
        let now = Instant::now();
        let bucket = self.buckets.entry(operation);
        bucket.or_insert_with(|| TokenBucket::full(rate, now)).take(now)
    }
}

fn body(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap_or_else(|_| json!({}))
}

fn invalid(message: &str) -> Response {
    error(400, "InvalidRequestException", message)
}

fn constraint(value: &str, member: &str, constraint: &str) -> Response {
    invalid(&format!(
        "1 validation error detected: Value {value} at '{member}' failed to satisfy constraint: \
         Member must {constraint}"
    ))
}

/// The members of type double come back as floats: 25 as 25.0.
fn make_doubles(described: &mut Value) {
    let as_float = |number: &mut Value| {
        if let Some(float) = number.as_f64() {
            *number = float.into();
        }
    };
    let criteria = described.pointer_mut("/abortConfig/criteriaList");
    for criterion in criteria.and_then(Value::as_array_mut).into_iter().flatten() {
        criterion.get_mut("thresholdPercentage").map(as_float);
    }
    described
        .pointer_mut("/jobExecutionsRolloutConfig/exponentialRate/incrementFactor")
        .map(as_float);
}

#[derive(Clone, Copy)]
pub struct Rate {
    pub per_second: f64,
    pub burst: f64,
}

pub struct TokenBucket {
    rate: Rate,
    tokens: f64,
    filled: Instant,
}

impl TokenBucket {
    pub fn full(rate: Rate, now: Instant) -> TokenBucket {
        TokenBucket {
            rate,
            tokens: rate.burst,
            filled: now,
        }
    }

    /// Whether it has a token, at a moment that can be one of virtual time.
    pub fn take(&mut self, now: Instant) -> bool {
        let earned = (now - self.filled).as_secs_f64() * self.rate.per_second;
        self.tokens = (self.tokens + earned).min(self.rate.burst);
        self.filled = now;
        let admitted = self.tokens >= 1.0;
        if admitted {
            self.tokens -= 1.0;
        }
        admitted
    }
}

#[cfg(test)]
mod tests;
