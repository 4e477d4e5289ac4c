// Reads properties by the generated table, as core/src/properties/read.rs does, and finds the same things wrong with them,
// in the same words and the same order. test/check.test.ts holds the two together.
//
// A token can turn out to be anything, nothing included. So no token is wrong, and nothing is wrong for a token's sake.

import { Token } from 'aws-cdk-lib';
import { Kind, ListKind, MapSpec, Member } from './kinds';
import { nearest } from './nearest';
import { hasTwoDecimalsAtMost, memberPath, quoted, stranger, wholeMinute } from './scalars';
import { MAX_TAGS, PROPERTIES, TAG } from './table';

/**
 * All that is wrong with the properties of a `Custom::IoTJobTemplate`, as far as literals show it.
 *
 * @param literal the document's text, as far as it is literal, where there are tokens in it
 */
export function check(properties: Properties, literal = ''): string[] {
  const report: string[] = [];
  readMap(PROPERTIES, properties, '', report, literal);
  return report;
}

export type Properties = { readonly [name: string]: unknown };

const LEFT_OUT = Symbol('left out');
const WRONG = Symbol('wrong');
/** What is not known before deployment. */
const UNKNOWN = Symbol('unknown');

/** The members that were given, by CloudFormation's name: their values, or what is known of those. */
type Fields = Map<string, unknown>;

function read(kind: Kind, value: unknown, path: string, report: string[]): unknown {
  if (kind.kind === 'ignored' || value === undefined || value === null || value === '' || isEmptyMap(value)) {
    return LEFT_OUT;
  }
  if (Token.isUnresolved(value)) {
    return UNKNOWN;
  }
  const wrong = (what: string) => {
    report.push(`${path}: ${what}`);
    return WRONG;
  };
  const notAccepted = (hint = '') => wrong(`${shown(value)} is not accepted (it takes ${kind.accepts}${hint})`);
  switch (kind.kind) {
    case 'text': {
      if (!isScalar(value)) {
        return notAccepted();
      }
      const text = String(value);
      const length = [...text].length;
      if (length < kind.min || length > (kind.max ?? Infinity)) {
        return wrong(`${quoted(text)} has ${length} characters (it takes ${kind.accepts})`);
      }
      const found = stranger(kind.class, text);
      return found === undefined ? text : wrong(`${quoted(text)} ${found} (it takes ${kind.accepts})`);
    }
    case 'integer':
      return isNumber(value) && Number.isInteger(value) && isWithin(value, kind) ? value : notAccepted();
    case 'between':
      return isNumber(value) && isWithin(value, kind) ? value : notAccepted();
    case 'percentage':
      return isNumber(value) && value > 0 && value <= kind.max && hasTwoDecimalsAtMost(value) ? value : notAccepted();
    case 'choice':
      return [...kind.of, ...kind.also].includes(String(value)) ? value : notAccepted(hint(kind.of, value));
    case 'map':
      return isMap(value) ? readMap(kind.spec, value, path, report) : notAccepted();
    case 'list':
      return Array.isArray(value) ? readList(kind, value, path, report) : notAccepted();
    case 'document':
      return readDocument(kind.max, String(value), wrong);
    case 'tags':
      return Array.isArray(value) ? readTags(value, path, report) : notAccepted();
    case 'scalar':
      return isScalar(value) ? value : notAccepted();
  }
}

function hint(words: string[], written: unknown): string {
  const meant = words.length > 1 && isScalar(written) ? nearest(String(written), words) : undefined;
  return meant === undefined ? '' : `; did you mean ${meant}?`;
}

const isScalar = (value: unknown) => ['string', 'number', 'boolean'].includes(typeof value);
const isNumber = (value: unknown): value is number => typeof value === 'number';
const isMap = (value: unknown): value is Properties => typeof value === 'object' && value !== null && !Array.isArray(value);
const isEmptyMap = (value: unknown) => isMap(value) && !Token.isUnresolved(value) && Object.keys(value).length === 0;
const isWithin = (value: number, bound: { min: number; max: number }) => bound.min <= value && value <= bound.max;

function shown(value: unknown): string {
  return isScalar(value) ? quoted(String(value)) : Array.isArray(value) ? 'a list' : 'a map';
}

function readMap(spec: MapSpec, map: Properties, path: string, report: string[], literal = ''): unknown {
  const fields: Fields = new Map();
  for (const [name, value] of Object.entries(map)) {
    const member = spec.members.find((candidate) => candidate.name === name);
    if (member === undefined) {
      continue;
    }
    const at = memberPath(path, name);
    const emptyButRequired = member.kind.kind === 'map' && member.required && isEmptyMap(value);
    const found = emptyButRequired ? readMap((member.kind as { spec: MapSpec }).spec, {}, at, report) : read(member.kind, value, at, report);
    if (found !== LEFT_OUT) {
      fields.set(name, found);
    }
  }
  settle(spec, fields, path, report, literal);
  return [...fields.values()].includes(WRONG) ? WRONG : fields;
}

/** Whether a member is certain to be there, in whatever form. */
const isGiven = (fields: Fields, name: string) => fields.has(name) && fields.get(name) !== UNKNOWN;

/** What concerns more than one member. */
function settle(spec: MapSpec, fields: Fields, path: string, report: string[], literal: string): void {
  for (const member of spec.members) {
    const needing = spec.members.find((other) => other.needs === member.name && isGiven(fields, other.name));
    if (needing !== undefined && !fields.has(member.name)) {
      missing(member, `missing, and ${needing.name} needs it`, fields, path, report);
    }
  }
  const given = spec.members.map((member) => member.name).filter((name) => isGiven(fields, name));
  if (spec.oneOnly && given.length > 1) {
    report.push(`${path}: has ${given.join(' and ')} (it takes one of them)`);
    fields.set('', WRONG);
  }
  RULES[spec.rule]?.(fields, path, report, literal);
  for (const member of spec.members) {
    if (member.required && !fields.has(member.name)) {
      missing(member, 'missing', fields, path, report);
    }
  }
}

function missing(member: Member, what: string, fields: Fields, path: string, report: string[]): void {
  report.push(`${memberPath(path, member.name)}: ${what} (it takes ${member.kind.accepts})`);
  fields.set(member.name, WRONG);
}

function readList(kind: Kind & ListKind, items: unknown[], path: string, report: string[]): unknown {
  const before = report.length;
  const certain = items.filter((item) => !Token.isUnresolved(item)).length;
  if (items.length < kind.min || certain > (kind.max ?? Infinity)) {
    report.push(`${path}: has ${items.length} items (it takes ${kind.accepts})`);
  }
  items.forEach((item, index) => {
    if (read(kind.of, item, `${path}[${index}]`, report) === LEFT_OUT) {
      report.push(`${path}[${index}]: empty (it takes ${kind.of.accepts})`);
    }
  });
  const seen = new Set();
  items.forEach((item, index) => {
    const value = kind.distinct !== undefined && isMap(item) ? item[kind.distinct] : undefined;
    if (value === undefined || value === '' || Token.isUnresolved(value)) {
      return;
    }
    if (seen.has(value)) {
      report.push(`${memberPath(`${path}[${index}]`, kind.distinct!)}: ${quoted(String(value))} is there already (it takes each once)`);
    }
    seen.add(value);
  });
  return report.length === before ? items : WRONG;
}

/** Deeper documents are refused by the service (measured). */
const MAX_DEPTH = 1000;

function readDocument(max: number, text: string, wrong: (what: string) => unknown): unknown {
  const length = [...text].length;
  if (length > max) {
    return wrong(`has ${length} characters (it takes at most ${max})`);
  }
  try {
    JSON.parse(text);
  } catch (error) {
    return wrong(`is not JSON: ${(error as Error).message}`);
  }
  const depth = depthOf(text);
  return depth > MAX_DEPTH ? wrong(`is nested ${depth} deep (IoT takes at most ${MAX_DEPTH})`) : text;
}

function depthOf(json: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [bracket] of json.replace(/"(?:[^"\\]|\\.)*"/g, '').matchAll(/[[\]{}]/g)) {
    depth += '[{'.includes(bracket) ? 1 : -1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

/** The tags that only the provider sets. */
const PROVIDER_TAGS = ['stack-id', 'logical-id', 'request', 'former-stack-id', 'former-logical-id'].map((name) => `cloudformation:${name}`);

function readTags(items: unknown[], path: string, report: string[]): unknown {
  const before = report.length;
  const pairs: [string, Fields][] = [];
  items.forEach((item, index) => {
    const at = `${path}[${index}]`;
    const pair = read({ kind: 'map', spec: TAG, accepts: '' }, item, at, report);
    if (pair instanceof Map) {
      pairs.push([at, pair]);
    }
  });
  const keys = new Set();
  for (const [at, pair] of pairs) {
    const key = pair.get('Key');
    if (typeof key !== 'string') {
      continue;
    }
    if (PROVIDER_TAGS.includes(key)) {
      report.push(`${at}: the tag ${key} is one that only this provider sets`);
    } else if (key.startsWith('aws:')) {
      report.push(`${at}: the tag ${quoted(key)} begins with aws:, which IoT refuses`);
    }
    if (keys.has(key)) {
      report.push(`${at}: the tag ${quoted(key)} is given twice`);
    }
    keys.add(key);
  }
  if (keys.size > MAX_TAGS) {
    report.push(`${path}: has ${keys.size} tags (it takes ${MAX_TAGS}: IoT's 50, less the three that this provider sets)`);
  }
  return report.length === before ? keys : WRONG;
}

/** What core/src/properties/shorthand.rs checks. */
const RULES: Record<string, (fields: Fields, path: string, report: string[], literal: string) => void> = {
  Properties(fields, _path, report, literal) {
    const document = isGiven(fields, 'Document') ? fields.get('Document') : literal;
    const placeholder = ['${aws:iot:s3-presigned-url:', '${aws:iot:s3-presigned-url-v2:'].find(
      (start) => typeof document === 'string' && document.includes(start),
    );
    const config = fields.get('PresignedUrlConfig');
    const mayHaveRole = config === WRONG || config === UNKNOWN || (config instanceof Map && config.has('RoleArn'));
    if (placeholder !== undefined && !mayHaveRole && !fields.has('JobArn')) {
      report.push(`PresignedUrlConfig.RoleArn: missing, and the Document has a placeholder ${placeholder}…}, which needs a role`);
    }
    const adopt = fields.get('Adopt');
    if (typeof adopt !== 'string' || /^false$/i.test(adopt)) {
      return;
    }
    if (!fields.has('JobTemplateId')) {
      report.push(
        'Adopt: needs a JobTemplateId, which says what is taken over: an id that is generated is always this resource\'s own',
      );
    }
    const tags = fields.get('Tags');
    const most = MAX_TAGS - 2;
    if (tags instanceof Set && tags.size > most) {
      report.push(`Tags: ${tags.size} tags are more than the ${most} that IoT's 50 leave to a template that is taken over`);
    }
  },

  Rollout(fields, path, report) {
    if (!isGiven(fields, 'MinimumPerMinute')) {
      return;
    }
    const at = memberPath(path, 'MinimumPerMinute');
    const [minimum, maximum] = ['MinimumPerMinute', 'MaximumPerMinute'].map((name) => fields.get(name));
    if (isGiven(fields, 'ExponentialRolloutRate')) {
      report.push(`${at}: stands for an ExponentialRolloutRate, and there is one (give one of the two)`);
    } else if (typeof minimum !== 'number' || typeof maximum !== 'number') {
      return;
    } else if (minimum > maximum) {
      report.push(`${at}: ${minimum} is more than MaximumPerMinute, which is ${maximum}`);
    } else if (minimum < maximum && minimum > 1000) {
      report.push(`${at}: ${minimum} is not accepted (it becomes the BaseRatePerMinute, an integer from 1 to 1000)`);
    }
  },

  Retry(fields, path, report) {
    if (isGiven(fields, 'RetryAttempts') && isGiven(fields, 'RetryCriteriaList')) {
      report.push(
        `${memberPath(path, 'RetryAttempts')}: stands for a RetryCriteriaList, and there is one (give one of the two)`,
      );
    }
    standIn('RetryCriteriaList', 'RetryAttempts', fields);
  },

  MaintenanceWindow(fields, path, report) {
    const written = fields.get('StartTime');
    let start: unknown = written === undefined || written === WRONG ? WRONG : UNKNOWN;
    if (typeof written === 'string') {
      start = /^\d{4}-/.test(written) ? wholeMinute(written) : 'cron';
      if (typeof start === 'string' && start !== 'cron') {
        report.push(`${memberPath(path, 'StartTime')}: ${start}`);
        start = WRONG;
      }
    }
    if (isGiven(fields, 'EndTime')) {
      const at = memberPath(path, 'EndTime');
      const end = typeof fields.get('EndTime') === 'string' ? wholeMinute(fields.get('EndTime') as string) : undefined;
      if (isGiven(fields, 'DurationInMinutes')) {
        report.push(`${at}: stands for DurationInMinutes, and there is one (give one of the two)`);
      } else if (typeof end === 'string') {
        report.push(`${at}: ${end}`);
      } else if (end !== undefined && start === 'cron') {
        report.push(
          `${at}: goes with a StartTime that is an RFC 3339 moment (beside a cron expression give DurationInMinutes)`,
        );
      } else if (end !== undefined && typeof start === 'number') {
        const minutes = (end - start) / 60_000;
        if (minutes < 1 || minutes > 1430) {
          report.push(`${at}: is ${minutes} minutes after StartTime (it takes 1 to 1430)`);
        }
      }
    }
    standIn('DurationInMinutes', 'EndTime', fields);
  },
};

/** Where a shorthand is, what it stands for is not missing. */
function standIn(name: string, shorthand: string, fields: Fields): void {
  if (fields.has(shorthand) && !fields.has(name)) {
    fields.set(name, fields.get(shorthand));
  }
}
