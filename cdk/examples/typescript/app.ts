// A fleet's job templates, on a function of their own.
import { App, Duration, RemovalPolicy, Stack, Tags, aws_iam as iam, aws_s3 as s3 } from 'aws-cdk-lib';
import { AbortAction, AbortFailureType, JobDocument, JobTemplate, JobTemplateProvider, RetryFailureType } from 'iot-job-template-cdk';

const app = new App();
const stack = new Stack(app, 'Fleet');
const provider = new JobTemplateProvider(stack, 'Provider', { timeout: Duration.minutes(10), exportName: 'fleet-job-templates' });

new JobTemplate(stack, 'Reboot', {
  provider,
  jobTemplateId: 'reboot',
  description: 'Reboot the device',
  document: JobDocument.fromObject({ operation: 'reboot', delaySeconds: 30, force: false }),
  timeoutConfig: { inProgressTimeout: Duration.hours(1) },
  maintenanceWindows: [{ startTime: 'cron(0 2 ? * SUN *)', duration: Duration.hours(2) }],
});

// The role with which devices get their firmware. AWS IoT reads the document once, so a new revision makes the template anew.
const firmware = s3.Bucket.fromBucketName(stack, 'Firmware', 'firmware');
const download = new iam.Role(stack, 'Download', { assumedBy: new iam.ServicePrincipal('iot.amazonaws.com') });
firmware.grantRead(download, 'images/*');
const update = new JobTemplate(stack, 'Update', {
  provider,
  description: 'Update the firmware, slowly at first',
  document: JobDocument.fromBucket(firmware, 'jobs/update.json'),
  revision: '1.2.4',
  presignedUrlConfig: { role: download, expiresIn: Duration.minutes(30) },
  jobExecutionsRolloutConfig: {
    maximumPerMinute: 100,
    exponentialRolloutRate: { baseRatePerMinute: 10, incrementFactor: 1.5, rateIncreaseCriteria: { numberOfSucceededThings: 50 } },
  },
  jobExecutionsRetryConfig: { retryCriteriaList: [{ failureType: RetryFailureType.TIMED_OUT, numberOfRetries: 3 }] },
  abortConfig: {
    criteriaList: [
      { failureType: AbortFailureType.ALL, action: AbortAction.CANCEL, thresholdPercentage: 12.5, minNumberOfExecutedThings: 20 },
    ],
  },
  removalPolicy: RemovalPolicy.DESTROY,
});

const operator = new iam.Role(stack, 'Operator', { assumedBy: new iam.AccountRootPrincipal() });
update.grantCreateJob(operator);
Tags.of(stack).add('team', 'fleet');
