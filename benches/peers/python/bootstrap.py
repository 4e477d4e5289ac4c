"""Lambda's loop around the handler, in as little Python as it takes: less than Lambda's own runtime does."""

import http.client
import json
import os
import time

import handler


class Context:
    def __init__(self, headers):
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.invoked_function_arn = headers["lambda-runtime-invoked-function-arn"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._deadline = int(headers["lambda-runtime-deadline-ms"])

    def get_remaining_time_in_millis(self):
        return self._deadline - int(time.time() * 1000)


def main():
    runtime = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    invocation = "/2018-06-01/runtime/invocation"
    while True:
        runtime.request("GET", f"{invocation}/next")
        response = runtime.getresponse()
        event = json.loads(response.read())
        context = Context(response.headers)
        handler.handler(event, context)
        runtime.request("POST", f"{invocation}/{context.aws_request_id}/response", "null")
        runtime.getresponse().read()


main()
