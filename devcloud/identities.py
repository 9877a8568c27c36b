"""What `Ref` and `Fn::GetAtt` give for each resource type: names and ARNs, the same at every start.

A deployment appends a random part to names that the template leaves open; here `{stack}-{logical id}` is enough, and
is what lets the state directory be found again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ACCOUNT = "123456789012"
REGION = "us-east-1"
# The property that names a resource, by its type.
_NAMED_BY = {
    "AWS::S3::Bucket": "BucketName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::Events::EventBus": "Name",
    "AWS::Events::Rule": "Name",
    "AWS::Scheduler::Schedule": "Name",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Lambda::LayerVersion": "LayerName",
    "AWS::IAM::Role": "RoleName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::ApiGateway::Stage": "StageName",
    "AWS::Batch::JobQueue": "JobQueueName",
    "AWS::Batch::JobDefinition": "JobDefinitionName",
    "AWS::Batch::ComputeEnvironment": "ComputeEnvironmentName",
    "AWS::ECR::Repository": "RepositoryName",
}
_ARNS = {
    "AWS::S3::Bucket": "arn:aws:s3:::{name}",
    "AWS::SQS::Queue": "arn:aws:sqs:{region}:{account}:{name}",
    "AWS::Events::EventBus": "arn:aws:events:{region}:{account}:event-bus/{name}",
    "AWS::Events::Rule": "arn:aws:events:{region}:{account}:rule/{name}",
    "AWS::Scheduler::Schedule": "arn:aws:scheduler:{region}:{account}:schedule/default/{name}",
    "AWS::Lambda::Function": "arn:aws:lambda:{region}:{account}:function:{name}",
    "AWS::Lambda::LayerVersion": "arn:aws:lambda:{region}:{account}:layer:{name}:1",
    "AWS::IAM::Role": "arn:aws:iam::{account}:role/{name}",
    "AWS::Logs::LogGroup": "arn:aws:logs:{region}:{account}:log-group:{name}:*",
    "AWS::SNS::Topic": "arn:aws:sns:{region}:{account}:{name}",
    "AWS::CloudWatch::Alarm": "arn:aws:cloudwatch:{region}:{account}:alarm:{name}",
    "AWS::Batch::JobQueue": "arn:aws:batch:{region}:{account}:job-queue/{name}",
    "AWS::Batch::JobDefinition": "arn:aws:batch:{region}:{account}:job-definition/{name}:1",
    "AWS::Batch::ComputeEnvironment": "arn:aws:batch:{region}:{account}:compute-environment/{name}",
    "AWS::ECR::Repository": "arn:aws:ecr:{region}:{account}:repository/{name}",
    "AWS::CloudFormation::Stack": "arn:aws:cloudformation:{region}:{account}:stack/{name}/local",
}
_REF_IS_ARN = {
    "AWS::Lambda::LayerVersion",
    "AWS::SNS::Topic",
    "AWS::Batch::JobQueue",
    "AWS::Batch::JobDefinition",
    "AWS::Batch::ComputeEnvironment",
    "AWS::CloudFormation::Stack",
}


def name_of(kind: str, logical_id: str, properties: Mapping[str, Any], stack: str) -> str:
    """The physical name: the template's own, or `{stack}-{logical id}`."""
    given = properties.get(_NAMED_BY.get(kind, ""))
    if given:
        return str(given)
    name = f"{stack}-{logical_id}"
    if kind == "AWS::S3::Bucket":
        return name.lower()[:63]
    if kind == "AWS::SQS::Queue" and properties.get("FifoQueue"):
        return f"{name[:75]}.fifo"
    return "local" if kind == "AWS::ApiGateway::RestApi" else name


def arn_of(kind: str, name: str) -> str:
    """The resource's ARN; a made-up but unique one for types that nothing here runs."""
    service = kind.split("::")[1].lower()
    pattern = _ARNS.get(kind, f"arn:aws:{service}:{{region}}:{{account}}:{{name}}")
    return pattern.format(name=name, region=REGION, account=ACCOUNT)


def ref_of(kind: str, name: str, endpoint: str) -> str:
    """What `Ref` gives."""
    if kind == "AWS::SQS::Queue":
        return f"{endpoint}/{ACCOUNT}/{name}"
    if kind == "AWS::Lambda::Version":
        return f"{arn_of('AWS::Lambda::Function', name)}:1"
    return arn_of(kind, name) if kind in _REF_IS_ARN else name


def attribute_of(kind: str, name: str, attribute: str, endpoint: str) -> str:
    """What `Fn::GetAtt` gives, for every attribute that is a name, an ARN or an address."""
    if attribute in ("QueueName", "TopicName", "Name", "RestApiId", "LayerName"):
        return name
    if attribute == "QueueUrl":
        return ref_of(kind, name, endpoint)
    if attribute == "DomainName" and kind == "AWS::S3::Bucket":
        return f"{name}.s3.amazonaws.com"
    if attribute == "RepositoryUri":
        return f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{name}"
    if attribute.endswith("Arn"):
        return arn_of(kind, name)
    return f"{name}-{attribute}"
