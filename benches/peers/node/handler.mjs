// One Create with the AWS SDK v3; the answer with Node's own HTTPS client, as cfn-response sends it.

import https from "node:https";
import { CreateJobTemplateCommand, IoTClient } from "@aws-sdk/client-iot";

const iot = new IoTClient();

export async function handler(event) {
  const properties = event.ResourceProperties;
  const created = await iot.send(
    new CreateJobTemplateCommand({
      jobTemplateId: properties.JobTemplateId,
      description: properties.Description,
      document: properties.Document,
      timeoutConfig: {
        inProgressTimeoutInMinutes: Number(properties.TimeoutConfig.InProgressTimeoutInMinutes),
      },
      tags: properties.Tags,
    }),
  );
  await put(
    event.ResponseURL,
    JSON.stringify({
      Status: "SUCCESS",
      Reason: "",
      PhysicalResourceId: created.jobTemplateId,
      StackId: event.StackId,
      RequestId: event.RequestId,
      LogicalResourceId: event.LogicalResourceId,
      Data: { Arn: created.jobTemplateArn },
    }),
  );
}

function put(url, body) {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "", "content-length": Buffer.byteLength(body) };
    const request = https.request(url, { method: "PUT", headers }, (response) => {
      response.resume().on("end", resolve);
    });
    request.on("error", reject).end(body);
  });
}
