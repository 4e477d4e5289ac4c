// Checks one value that is not a map or a list, as core/src/properties/scalars.rs does, and in its words.

/** More characters than this of what was written are not shown. */
const LONGEST_SHOWN = 64;

/** What was written, in quotes and on one line. */
export function quoted(written: string): string {
  const characters = [...written];
  const shown = characters.slice(0, LONGEST_SHOWN).map(escaped).join('');
  return `"${shown}${characters.length > LONGEST_SHOWN ? '…' : ''}"`;
}

const ESCAPES: Record<string, string> = { '\0': '\\0', '\t': '\\t', '\n': '\\n', '\r': '\\r', '"': '\\"', "'": "\\'", '\\': '\\\\' };

function escaped(character: string): string {
  const unseen = /^[\p{C}\p{M}\p{Z}]$/u.test(character) && character !== ' ';
  return ESCAPES[character] ?? (unseen ? `\\u{${character.codePointAt(0)!.toString(16)}}` : character);
}

/** The path of a member in a map; one that could be misread is in quotes. */
export function memberPath(path: string, name: string): string {
  if (!/^[A-Za-z0-9_]{1,64}$/.test(name)) {
    return `${path}[${quoted(name)}]`;
  }
  return path === '' ? name : `${path}.${name}`;
}

/** `undefined` if a text has only what its class allows; else what it has or has not, in words. */
export function stranger(className: string, text: string): string | undefined {
  let rest = text;
  if (className === 'Adopt') {
    return isAdopt(text) ? undefined : 'is neither true, false nor an owner';
  }
  if (className === 'Arn') {
    if (!text.startsWith('arn:')) {
      return 'has no arn: in front';
    }
    rest = text.slice('arn:'.length);
    if (rest === '') {
      return 'has nothing after arn:';
    }
  }
  const found = [...rest].find((character) => !ALLOWED[className].test(character));
  if (found === undefined) {
    return undefined;
  }
  return /\p{C}/u.test(found)
    ? `has the character U+${found.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')} in it`
    : `has the character '${found === '"' ? found : escaped(found)}' in it`;
}

// \p{Cn}: what Unicode has added since this Node.js was made is left to the function.
const ALLOWED: Record<string, RegExp> = {
  Any: /[^]/u,
  Id: /[a-zA-Z0-9_-]/,
  Arn: /[!-~]/,
  NoControl: /[^\p{Cc}\p{Cf}\p{Co}\p{Cs}]/u,
  TagKey: /[_.:/=+\-@\p{L}\p{Z}\p{N}\p{Cn}]/u,
};

function isAdopt(text: string): boolean {
  return /^(true|false|True|False|(arn:.*:stack\/.*\/)?[a-zA-Z0-9]{1,255})$/.test(text);
}

export function hasTwoDecimalsAtMost(value: number): boolean {
  return Number(value.toFixed(2)) === value;
}

/** The moment that a text in the form of RFC 3339 names, in milliseconds; or what is wrong with it, in words. */
export function wholeMinute(written: string): number | string {
  const form = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
  const [, year, month, day, hour, minute, second, fraction, sign, offsetHours, offsetMinutes] = form.exec(written) ?? [];
  const moment = new Date(0);
  moment.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  const exists =
    moment.getUTCMonth() === Number(month) - 1 && moment.getUTCDate() === Number(day) &&
    Number(hour) < 24 && Number(minute) < 60 && Number(second) <= 60 &&
    Number(offsetHours ?? 0) < 24 && Number(offsetMinutes ?? 0) < 60;
  if (!exists) {
    return `${quoted(written)} is no RFC 3339 moment, such as 2026-10-01T02:00:00Z`;
  }
  if (Number(second) !== 0 || Number(fraction ?? 0) !== 0) {
    return `${quoted(written)} is not on the minute (a window's seconds must be zero)`;
  }
  const offset = (sign === '-' ? -1 : 1) * (Number(offsetHours ?? 0) * 60 + Number(offsetMinutes ?? 0));
  return moment.getTime() + (Number(hour) * 60 + Number(minute) - offset) * 60_000;
}
