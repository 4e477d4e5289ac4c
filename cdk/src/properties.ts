// Generated from core/src/properties/spec.rs by `cargo run -p iot-job-template-generate`.
import { Duration, aws_iam as iam } from 'aws-cdk-lib';
import { Adopt } from './adopt';
import { JobDocument } from './job-document';

/** What a job template is: every member of CreateJobTemplate. */
export interface JobTemplateOptions {
  /**
   * The template's id.
   *
   * It takes text of 1 to 64 characters out of a-z, A-Z, 0-9, _ and -.
   *
   * @default - named after the stack and the resource
   */
  readonly jobTemplateId?: string;
  /**
   * What the template is for.
   *
   * It takes text of 1 to 2028 characters without control characters or the U+200D of joined emoji.
   */
  readonly description: string;
  /**
   * Where the job document is from.
   *
   * @default - `{}`
   */
  readonly document?: JobDocument;
  /**
   * How long a device may take.
   *
   * @default - none
   */
  readonly timeoutConfig?: TimeoutConfig;
  /**
   * How fast a job reaches devices.
   *
   * @default - none
   */
  readonly jobExecutionsRolloutConfig?: JobExecutionsRolloutConfig;
  /**
   * How often a failed execution is tried again.
   *
   * @default - none
   */
  readonly jobExecutionsRetryConfig?: JobExecutionsRetryConfig;
  /**
   * When a job is given up.
   *
   * @default - none
   */
  readonly abortConfig?: AbortConfig;
  /**
   * How placeholders for S3 objects in the document are presigned.
   *
   * @default - none
   */
  readonly presignedUrlConfig?: PresignedUrlConfig;
  /**
   * When a continuous job may roll out.
   *
   * It takes a list of `MaintenanceWindow`.
   *
   * @default - none
   */
  readonly maintenanceWindows?: MaintenanceWindow[];
  /**
   * The package versions that a successful job leaves on the device.
   *
   * It takes a list of items, each text of 1 to 1600 characters that is an ARN.
   *
   * @default - none
   */
  readonly destinationPackageVersions?: string[];
  /**
   * The template's tags. Those of `Tags.of(…)` come to them.
   *
   * It takes at most 47.
   *
   * @default - none
   */
  readonly tags?: { [key: string]: string };
  /**
   * Of your own choosing: a change to it makes the template anew, so that DocumentSource is read again.
   *
   * @default - none
   */
  readonly revision?: string;
  /**
   * Which template that is not this resource's it takes over, where that is just as declared.
   *
   * @default - none
   */
  readonly adopt?: Adopt;
}

/** How long a device may take. */
export interface TimeoutConfig {
  /**
   * Minutes that an execution may be in progress.
   *
   * It takes 1 to 10080 minutes.
   *
   * @default - none
   */
  readonly inProgressTimeout?: Duration;
}

/** How fast a job reaches devices. */
export interface JobExecutionsRolloutConfig {
  /**
   * The most devices told of the job in a minute.
   *
   * It takes an integer from 1 to 2147483647.
   *
   * @default - none
   */
  readonly maximumPerMinute?: number;
  /**
   * A rate that grows as devices succeed.
   * It needs `maximumPerMinute`.
   *
   * @default - none
   */
  readonly exponentialRolloutRate?: ExponentialRolloutRate;
  /**
   * The rate to begin with. It grows to the maximum.
   *
   * It takes an integer from 1 to 2147483647.
   * It needs `maximumPerMinute`.
   * Shorthand for `exponentialRolloutRate`, and not to be given beside it.
   *
   * @default - none
   */
  readonly minimumPerMinute?: number;
}

/** A rate that grows as devices succeed. */
export interface ExponentialRolloutRate {
  /**
   * Devices told of the job in a minute, to begin with.
   *
   * It takes an integer from 1 to 1000.
   */
  readonly baseRatePerMinute: number;
  /**
   * What the rate is multiplied by.
   *
   * It takes a number from 1.1 to 5.
   */
  readonly incrementFactor: number;
  /**
   * When it is.
   */
  readonly rateIncreaseCriteria: RateIncreaseCriteria;
}

/** When it is. */
export interface RateIncreaseCriteria {
  /**
   * After so many devices were told of the job.
   *
   * It takes an integer from 1 to 2147483647.
   * One of these at most.
   *
   * @default - none
   */
  readonly numberOfNotifiedThings?: number;
  /**
   * After so many devices succeeded.
   *
   * It takes an integer from 1 to 2147483647.
   * One of these at most.
   *
   * @default - none
   */
  readonly numberOfSucceededThings?: number;
}

/** How often a failed execution is tried again. */
export interface JobExecutionsRetryConfig {
  /**
   * One criterion for each type of failure.
   *
   * It takes a list of 1 to 2 `RetryCriteria`.
   *
   * @default - what `retryAttempts` stands for
   */
  readonly retryCriteriaList?: RetryCriteria[];
  /**
   * How often an execution is tried again, whatever its failure.
   *
   * It takes an integer from 0 to 10.
   * Shorthand for `retryCriteriaList`, and not to be given beside it.
   *
   * @default - none
   */
  readonly retryAttempts?: number;
}

/** One criterion for each type of failure. */
export interface RetryCriteria {
  /**
   * The failures that it is about.
   */
  readonly failureType: RetryFailureType;
  /**
   * How often an execution is tried again.
   *
   * It takes an integer from 0 to 10.
   */
  readonly numberOfRetries: number;
}

/** The failures that it is about. */
export enum RetryFailureType {
  /** FAILED */
  FAILED = 'FAILED',
  /** TIMED_OUT */
  TIMED_OUT = 'TIMED_OUT',
  /** ALL */
  ALL = 'ALL',
}

/** When a job is given up. */
export interface AbortConfig {
  /**
   * One criterion for each type of failure.
   *
   * It takes a list of 1 or more `AbortCriteria`.
   */
  readonly criteriaList: AbortCriteria[];
}

/** One criterion for each type of failure. */
export interface AbortCriteria {
  /**
   * The failures that count.
   */
  readonly failureType: AbortFailureType;
  /**
   * What is done: the job is cancelled. ABORT is shorthand for CANCEL.
   */
  readonly action: AbortAction;
  /**
   * The share of executions that must have failed, in percent.
   *
   * It takes a number over 0 up to 100, with at most two decimals.
   *
   * @default - 0.01, the least that IoT takes
   */
  readonly thresholdPercentage?: number;
  /**
   * The executions that must be over before the share counts.
   *
   * It takes an integer from 1 to 2147483647.
   *
   * @default - 1
   */
  readonly minNumberOfExecutedThings?: number;
}

/** The failures that count. */
export enum AbortFailureType {
  /** FAILED */
  FAILED = 'FAILED',
  /** REJECTED */
  REJECTED = 'REJECTED',
  /** TIMED_OUT */
  TIMED_OUT = 'TIMED_OUT',
  /** ALL */
  ALL = 'ALL',
}

/** What is done: the job is cancelled. ABORT is shorthand for CANCEL. */
export enum AbortAction {
  /** CANCEL */
  CANCEL = 'CANCEL',
}

/** How placeholders for S3 objects in the document are presigned. */
export interface PresignedUrlConfig {
  /**
   * The role that may read the objects. A Document with a placeholder `${aws:iot:s3-presigned-url:…}` or `${aws:iot:s3-presigned-url-v2:…}` needs one.
   *
   * @default - none
   */
  readonly role?: iam.IRole;
  /**
   * Seconds that a presigned URL is good for.
   *
   * It takes 60 to 3600 seconds.
   *
   * @default - none
   */
  readonly expiresIn?: Duration;
}

/** When a continuous job may roll out. */
export interface MaintenanceWindow {
  /**
   * `cron(minutes hours day-of-month month day-of-week year)` in UTC; or, as shorthand, one RFC 3339 moment.
   *
   * It takes text of 1 to 256 characters.
   */
  readonly startTime: string;
  /**
   * How long the window is open.
   *
   * It takes 1 to 1430 minutes.
   *
   * @default - what `endTime` stands for
   */
  readonly duration?: Duration;
  /**
   * An RFC 3339 moment, counted from a StartTime that is one too.
   *
   * It takes text of 1 to 256 characters.
   * Shorthand for `duration`, and not to be given beside it.
   *
   * @default - none
   */
  readonly endTime?: string;
}
