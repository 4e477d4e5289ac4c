// Generated from core/src/properties/spec.rs by `cargo run -p iot-job-template-generate`.
import { Kind, MapSpec } from './kinds';

export const PROPERTIES: MapSpec = {
  "members": [
    {
      "kind": {
        "accepts": "text of 1 to 64 characters out of a-z, A-Z, 0-9, _ and -",
        "class": "Id",
        "kind": "text",
        "max": 64,
        "min": 1
      },
      "name": "JobTemplateId",
      "prop": "jobTemplateId",
      "required": false
    },
    {
      "kind": {
        "accepts": "text of 1 to 2028 characters without control characters or the U+200D of joined emoji",
        "class": "NoControl",
        "kind": "text",
        "max": 2028,
        "min": 1
      },
      "name": "Description",
      "prop": "description",
      "required": true
    },
    {
      "becomes": "document",
      "kind": {
        "accepts": "JSON of at most 32768 characters",
        "kind": "document",
        "max": 32768
      },
      "name": "Document",
      "prop": "document",
      "required": false
    },
    {
      "kind": {
        "accepts": "text of 1 to 1350 characters",
        "class": "Any",
        "kind": "text",
        "max": 1350,
        "min": 1
      },
      "name": "DocumentSource",
      "required": false
    },
    {
      "kind": {
        "accepts": "text",
        "class": "Any",
        "kind": "text",
        "min": 1
      },
      "name": "JobArn",
      "required": false
    },
    {
      "kind": {
        "accepts": "a map of InProgressTimeoutInMinutes",
        "kind": "map",
        "spec": {
          "members": [
            {
              "becomes": "minutes",
              "kind": {
                "accepts": "an integer from 1 to 10080",
                "kind": "integer",
                "max": 10080,
                "min": 1
              },
              "name": "InProgressTimeoutInMinutes",
              "prop": "inProgressTimeout",
              "required": false
            }
          ],
          "oneOnly": false,
          "rule": "AsWritten"
        }
      },
      "name": "TimeoutConfig",
      "prop": "timeoutConfig",
      "required": false
    },
    {
      "kind": {
        "accepts": "a map of MaximumPerMinute, ExponentialRolloutRate, MinimumPerMinute",
        "kind": "map",
        "spec": {
          "members": [
            {
              "kind": {
                "accepts": "an integer from 1 to 2147483647",
                "kind": "integer",
                "max": 2147483647,
                "min": 1
              },
              "name": "MaximumPerMinute",
              "prop": "maximumPerMinute",
              "required": false
            },
            {
              "kind": {
                "accepts": "a map of BaseRatePerMinute, IncrementFactor, RateIncreaseCriteria",
                "kind": "map",
                "spec": {
                  "members": [
                    {
                      "kind": {
                        "accepts": "an integer from 1 to 1000",
                        "kind": "integer",
                        "max": 1000,
                        "min": 1
                      },
                      "name": "BaseRatePerMinute",
                      "prop": "baseRatePerMinute",
                      "required": true
                    },
                    {
                      "kind": {
                        "accepts": "a number from 1.1 to 5",
                        "kind": "between",
                        "max": 5.0,
                        "min": 1.1
                      },
                      "name": "IncrementFactor",
                      "prop": "incrementFactor",
                      "required": true
                    },
                    {
                      "kind": {
                        "accepts": "a map of NumberOfNotifiedThings or NumberOfSucceededThings",
                        "kind": "map",
                        "spec": {
                          "members": [
                            {
                              "kind": {
                                "accepts": "an integer from 1 to 2147483647",
                                "kind": "integer",
                                "max": 2147483647,
                                "min": 1
                              },
                              "name": "NumberOfNotifiedThings",
                              "prop": "numberOfNotifiedThings",
                              "required": false
                            },
                            {
                              "kind": {
                                "accepts": "an integer from 1 to 2147483647",
                                "kind": "integer",
                                "max": 2147483647,
                                "min": 1
                              },
                              "name": "NumberOfSucceededThings",
                              "prop": "numberOfSucceededThings",
                              "required": false
                            }
                          ],
                          "oneOnly": true,
                          "rule": "AsWritten"
                        }
                      },
                      "name": "RateIncreaseCriteria",
                      "prop": "rateIncreaseCriteria",
                      "required": true
                    }
                  ],
                  "oneOnly": false,
                  "rule": "AsWritten"
                }
              },
              "name": "ExponentialRolloutRate",
              "needs": "MaximumPerMinute",
              "prop": "exponentialRolloutRate",
              "required": false
            },
            {
              "kind": {
                "accepts": "an integer from 1 to 2147483647",
                "kind": "integer",
                "max": 2147483647,
                "min": 1
              },
              "name": "MinimumPerMinute",
              "needs": "MaximumPerMinute",
              "prop": "minimumPerMinute",
              "required": false,
              "standsFor": "ExponentialRolloutRate"
            }
          ],
          "oneOnly": false,
          "rule": "Rollout"
        }
      },
      "name": "JobExecutionsRolloutConfig",
      "prop": "jobExecutionsRolloutConfig",
      "required": false
    },
    {
      "kind": {
        "accepts": "a map of RetryCriteriaList, RetryAttempts",
        "kind": "map",
        "spec": {
          "members": [
            {
              "kind": {
                "accepts": "a list of 1 to 2 maps of FailureType, NumberOfRetries",
                "kind": "list",
                "max": 2,
                "min": 1,
                "of": {
                  "accepts": "a map of FailureType, NumberOfRetries",
                  "kind": "map",
                  "spec": {
                    "members": [
                      {
                        "kind": {
                          "accepts": "FAILED, TIMED_OUT or ALL",
                          "also": [],
                          "kind": "choice",
                          "of": [
                            "FAILED",
                            "TIMED_OUT",
                            "ALL"
                          ]
                        },
                        "name": "FailureType",
                        "prop": "failureType",
                        "required": true
                      },
                      {
                        "kind": {
                          "accepts": "an integer from 0 to 10",
                          "kind": "integer",
                          "max": 10,
                          "min": 0
                        },
                        "name": "NumberOfRetries",
                        "prop": "numberOfRetries",
                        "required": true
                      }
                    ],
                    "oneOnly": false,
                    "rule": "AsWritten"
                  }
                }
              },
              "name": "RetryCriteriaList",
              "prop": "retryCriteriaList",
              "required": true
            },
            {
              "kind": {
                "accepts": "an integer from 0 to 10",
                "kind": "integer",
                "max": 10,
                "min": 0
              },
              "name": "RetryAttempts",
              "prop": "retryAttempts",
              "required": false,
              "standsFor": "RetryCriteriaList"
            }
          ],
          "oneOnly": false,
          "rule": "Retry"
        }
      },
      "name": "JobExecutionsRetryConfig",
      "prop": "jobExecutionsRetryConfig",
      "required": false
    },
    {
      "kind": {
        "accepts": "a map of CriteriaList",
        "kind": "map",
        "spec": {
          "members": [
            {
              "kind": {
                "accepts": "a list of 1 or more maps of FailureType, Action, ThresholdPercentage, MinNumberOfExecutedThings",
                "distinct": "FailureType",
                "kind": "list",
                "min": 1,
                "of": {
                  "accepts": "a map of FailureType, Action, ThresholdPercentage, MinNumberOfExecutedThings",
                  "kind": "map",
                  "spec": {
                    "members": [
                      {
                        "kind": {
                          "accepts": "FAILED, REJECTED, TIMED_OUT or ALL",
                          "also": [],
                          "kind": "choice",
                          "of": [
                            "FAILED",
                            "REJECTED",
                            "TIMED_OUT",
                            "ALL"
                          ]
                        },
                        "name": "FailureType",
                        "prop": "failureType",
                        "required": true
                      },
                      {
                        "kind": {
                          "accepts": "CANCEL",
                          "also": [
                            "ABORT"
                          ],
                          "kind": "choice",
                          "of": [
                            "CANCEL"
                          ]
                        },
                        "name": "Action",
                        "prop": "action",
                        "required": true
                      },
                      {
                        "kind": {
                          "accepts": "a number over 0 up to 100, with at most two decimals",
                          "kind": "percentage",
                          "max": 100.0
                        },
                        "name": "ThresholdPercentage",
                        "prop": "thresholdPercentage",
                        "required": false
                      },
                      {
                        "kind": {
                          "accepts": "an integer from 1 to 2147483647",
                          "kind": "integer",
                          "max": 2147483647,
                          "min": 1
                        },
                        "name": "MinNumberOfExecutedThings",
                        "prop": "minNumberOfExecutedThings",
                        "required": false
                      }
                    ],
                    "oneOnly": false,
                    "rule": "AbortCriteria"
                  }
                }
              },
              "name": "CriteriaList",
              "prop": "criteriaList",
              "required": true
            }
          ],
          "oneOnly": false,
          "rule": "AsWritten"
        }
      },
      "name": "AbortConfig",
      "prop": "abortConfig",
      "required": false
    },
    {
      "kind": {
        "accepts": "a map of RoleArn, ExpiresInSec",
        "kind": "map",
        "spec": {
          "members": [
            {
              "becomes": "role",
              "kind": {
                "accepts": "text of 20 to 2048 characters",
                "class": "Any",
                "kind": "text",
                "max": 2048,
                "min": 20
              },
              "name": "RoleArn",
              "prop": "role",
              "required": false
            },
            {
              "becomes": "seconds",
              "kind": {
                "accepts": "an integer from 60 to 3600",
                "kind": "integer",
                "max": 3600,
                "min": 60
              },
              "name": "ExpiresInSec",
              "prop": "expiresIn",
              "required": false
            }
          ],
          "oneOnly": false,
          "rule": "AsWritten"
        }
      },
      "name": "PresignedUrlConfig",
      "prop": "presignedUrlConfig",
      "required": false
    },
    {
      "kind": {
        "accepts": "a list of maps of StartTime, DurationInMinutes, EndTime",
        "kind": "list",
        "min": 0,
        "of": {
          "accepts": "a map of StartTime, DurationInMinutes, EndTime",
          "kind": "map",
          "spec": {
            "members": [
              {
                "kind": {
                  "accepts": "text of 1 to 256 characters",
                  "class": "Any",
                  "kind": "text",
                  "max": 256,
                  "min": 1
                },
                "name": "StartTime",
                "prop": "startTime",
                "required": true
              },
              {
                "becomes": "minutes",
                "kind": {
                  "accepts": "an integer from 1 to 1430",
                  "kind": "integer",
                  "max": 1430,
                  "min": 1
                },
                "name": "DurationInMinutes",
                "prop": "duration",
                "required": true
              },
              {
                "kind": {
                  "accepts": "text of 1 to 256 characters",
                  "class": "Any",
                  "kind": "text",
                  "max": 256,
                  "min": 1
                },
                "name": "EndTime",
                "prop": "endTime",
                "required": false,
                "standsFor": "DurationInMinutes"
              }
            ],
            "oneOnly": false,
            "rule": "MaintenanceWindow"
          }
        }
      },
      "name": "MaintenanceWindows",
      "prop": "maintenanceWindows",
      "required": false
    },
    {
      "kind": {
        "accepts": "a list of items, each text of 1 to 1600 characters that is an ARN",
        "kind": "list",
        "min": 0,
        "of": {
          "accepts": "text of 1 to 1600 characters that is an ARN",
          "class": "Arn",
          "kind": "text",
          "max": 1600,
          "min": 1
        }
      },
      "name": "DestinationPackageVersions",
      "prop": "destinationPackageVersions",
      "required": false
    },
    {
      "becomes": "tags",
      "kind": {
        "accepts": "a list of Key/Value pairs, or a map",
        "kind": "tags"
      },
      "name": "Tags",
      "prop": "tags",
      "required": false
    },
    {
      "kind": {
        "accepts": "text, a number, true or false",
        "kind": "scalar"
      },
      "name": "Revision",
      "prop": "revision",
      "required": false
    },
    {
      "becomes": "adopt",
      "kind": {
        "accepts": "text of 1 to 2048 characters: true, false, LOGICALID or STACK-ARN/LOGICALID",
        "class": "Adopt",
        "kind": "text",
        "max": 2048,
        "min": 1
      },
      "name": "Adopt",
      "prop": "adopt",
      "required": false
    },
    {
      "kind": {
        "accepts": "anything",
        "kind": "ignored"
      },
      "name": "ServiceToken",
      "required": false
    },
    {
      "kind": {
        "accepts": "anything",
        "kind": "ignored"
      },
      "name": "ServiceTimeout",
      "required": false
    }
  ],
  "oneOnly": false,
  "rule": "Properties"
};

export const TAG: MapSpec = {
  "members": [
    {
      "kind": {
        "accepts": "text of 1 to 128 characters out of letters, digits, spaces and _.:/=+-@",
        "class": "TagKey",
        "kind": "text",
        "max": 128,
        "min": 1
      },
      "name": "Key",
      "prop": "key",
      "required": true
    },
    {
      "kind": {
        "accepts": "text of at most 256 characters",
        "class": "Any",
        "kind": "text",
        "max": 256,
        "min": 0
      },
      "name": "Value",
      "prop": "value",
      "required": false
    }
  ],
  "oneOnly": false,
  "rule": "AsWritten"
};

export const TAG_KEY: Kind = {
  "accepts": "text of 1 to 128 characters out of letters, digits, spaces and _.:/=+-@",
  "class": "TagKey",
  "kind": "text",
  "max": 128,
  "min": 1
};

export const TAG_VALUE: Kind = {
  "accepts": "text of at most 256 characters",
  "class": "Any",
  "kind": "text",
  "max": 256,
  "min": 0
};

export const MAX_TAGS: number = 47;
