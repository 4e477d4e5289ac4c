import { Stack, Token, aws_s3 as s3 } from 'aws-cdk-lib';
import { IConstruct } from 'constructs';
import { memberPath } from './scalars';

/** Where a job template's document is from. */
export abstract class JobDocument {
  /**
   * A document of this content. Numbers, booleans and tokens stay what they are.
   *
   * Python's `None` and JavaScript's `undefined` are refused, because they could mean null as well as nothing. Where null
   * is meant, use `fromText`.
   *
   * @param content maps, lists, texts, numbers and booleans
   */
  public static fromObject(content: any): JobDocument {
    refuseLossy(content, 'Document');
    // What is literal in it can be checked at once; what has tokens in it becomes JSON at deployment.
    const text = JSON.stringify(content);
    return new Literal((scope) => (hasTokens(content) ? Stack.of(scope).toJsonString(content) : text), text);
  }

  /**
   * A document of this JSON text, which AWS IoT gets byte for byte.
   *
   * @param text JSON of at most 32768 characters
   */
  public static fromText(text: string): JobDocument {
    return new Literal(() => text, text);
  }

  /**
   * The document that lies in a bucket. The provider may read it.
   *
   * AWS IoT reads it once, when the template is made. Change `revision` to have it read again.
   *
   * @param bucket the bucket
   * @param key the object's key
   */
  public static fromBucket(bucket: s3.IBucket, key: string): JobDocument {
    return new Source({ DocumentSource: bucket.urlForObject(key) }, bucket, key);
  }

  /**
   * The document, and whatever else the template leaves out, of a job.
   *
   * @param jobArn the job's ARN
   */
  public static fromJob(jobArn: string): JobDocument {
    return new Source({ JobArn: jobArn });
  }

  /**
   * What it is in the properties of a job template.
   *
   * @internal
   */
  public abstract _render(scope: IConstruct): { [name: string]: string };

  /**
   * The text of a literal, tokens in it as they are.
   *
   * @internal
   */
  public readonly _text?: string;

  /**
   * The object that the provider has to read.
   *
   * @internal
   */
  public readonly _object?: { readonly bucket: s3.IBucket; readonly key: string };
}

class Literal extends JobDocument {
  constructor(private readonly text: (scope: IConstruct) => string, public readonly _text: string) {
    super();
  }

  public _render(scope: IConstruct) {
    return { Document: this.text(scope) };
  }
}

class Source extends JobDocument {
  public readonly _object?: { readonly bucket: s3.IBucket; readonly key: string };

  constructor(private readonly properties: { [name: string]: string }, bucket?: s3.IBucket, key?: string) {
    super();
    this._object = bucket && key !== undefined ? { bucket, key } : undefined;
  }

  public _render() {
    return this.properties;
  }
}

function isPlain(value: any): boolean {
  return typeof value === 'object' && value !== null && !Token.isUnresolved(value);
}

function hasTokens(value: any): boolean {
  if (Token.isUnresolved(value)) {
    return true;
  }
  return isPlain(value) && Object.entries(value).some(([key, inner]) => Token.isUnresolved(key) || hasTokens(inner));
}

/** Throws for what would come out as something else than was meant. */
function refuseLossy(value: any, path: string): void {
  if (value === undefined || typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint') {
    throw new Error(`${path}: is ${value === undefined ? 'None or undefined' : typeof value}, which JSON does not have ` +
      '(leave it out; or, where null is meant, give the document with JobDocument.fromText)');
  }
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new Error(`${path}: is ${value}, which JSON does not have`);
  }
  if (Array.isArray(value) && Token.isUnresolved(value)) {
    throw new Error(`${path}: is a list that is not known before deployment, which cannot become JSON (join it to a text with Fn.join)`);
  }
  if (!isPlain(value)) {
    return;
  }
  if (Array.isArray(value)) {
    value.forEach((item, index) => refuseLossy(item, `${path}[${index}]`));
    return;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) {
    throw new Error(`${path}: is a ${value.constructor?.name}, which JSON does not have`);
  }
  for (const [key, inner] of Object.entries(value)) {
    refuseLossy(inner, memberPath(path, key));
  }
}
