import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fn, Token } from 'aws-cdk-lib';
import { check } from '../lib/check';
import cases from './cases.json';

/** A long text, which the file has in short. */
function inFull(value: any): any {
  if (Array.isArray(value)) {
    return value.map(inFull);
  }
  if (typeof value !== 'object') {
    return value;
  }
  return 'long' in value
    ? value.long.repeat(value.times)
    : Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, inFull(inner)]));
}

/** JSON's own errors have other words in JavaScript. */
const comparable = (error: string) => error.replace(/^(Document: is not JSON: ).*/s, '$1…');

for (const { properties, errors } of cases) {
  test(`says what the function says of ${JSON.stringify(properties).slice(0, 200)}`, () => {
    assert.deepEqual(check(inFull(properties)).map(comparable), errors.map(comparable));
  });
}

/** Every way to have a token in place of one value. */
function* withTokens(value: any): Generator<any> {
  if (Array.isArray(value)) {
    yield Token.asList(Fn.ref('Parameter'));
    for (const [index, item] of value.entries()) {
      for (const token of withTokens(item)) {
        yield value.with(index, token);
      }
    }
  } else if (typeof value === 'object') {
    yield Fn.conditionIf('Condition', value, Fn.ref('AWS::NoValue'));
    for (const [name, inner] of Object.entries(value)) {
      for (const token of withTokens(inner)) {
        yield { ...value, [name]: token };
      }
    }
  } else {
    yield typeof value === 'number' ? Token.asNumber(Fn.ref('Parameter')) : `at-${Fn.ref('Parameter')}`;
    yield Fn.ref('Parameter');
  }
}

test('nothing that is good is wrong for a token in it', () => {
  const good = cases.filter(({ errors }) => errors.length === 0).map(({ properties }) => inFull(properties));
  for (const properties of good) {
    for (const [name, value] of Object.entries(properties)) {
      for (const token of withTokens(value)) {
        assert.deepEqual(check({ ...properties, [name]: token }), [], JSON.stringify(properties));
      }
    }
  }
});

test('of two that exclude each other, one that may turn out to be nothing is not wrong', () => {
  const both = { NumberOfNotifiedThings: 1, NumberOfSucceededThings: Token.asNumber(Fn.ref('AWS::NoValue')) };
  const rate = { BaseRatePerMinute: 1, IncrementFactor: 2, RateIncreaseCriteria: both };

  assert.deepEqual(
    check({ Description: 'd', JobExecutionsRolloutConfig: { MaximumPerMinute: 1, ExponentialRolloutRate: rate } }),
    [],
  );
});
