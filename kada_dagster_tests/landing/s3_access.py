"""Users, roles and landings on a server that checks them, for the tests of access."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from uuid import uuid4

from kada_dagster.landing.parts import PART_BYTES
from kada_dagster.landing.places import S3Directory
from kada_dagster.landing.s3 import S3Landing
from kada_dagster_tests.landing.s3_server import Keys, S3Server
from kada_dagster_tests.landing.sending import Source

ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
ANYBODY = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
SMALL, LARGE = 5_000, PART_BYTES + 5_000


def allow(bucket: str, *actions: str) -> dict[str, Any]:
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    return {"Effect": "Allow", "Action": list(actions), "Resource": resources}


def ambient(server: S3Server, bucket: str) -> S3Directory:
    return replace(server.directory(bucket), access_key_id=None, secret_access_key=None)


def works(landing: S3Landing, source: Source) -> None:
    landing.test_connection()
    assert source.put(landing).sent
    assert source.is_in(landing)
    assert not source.put(landing).sent


def new_role(server: S3Server) -> str:
    """A role that may do everything."""
    iam, name = server.client("iam"), f"role-{uuid4().hex[:12]}"
    document = json.dumps({"Version": "2012-10-17", "Statement": [ANYBODY]})
    arn = str(iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"])
    policy = json.dumps({"Version": "2012-10-17", "Statement": [ALL]})
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy)
    return arn


def temporary(server: S3Server) -> Keys:
    """Credentials with a session token."""
    sts = server.client("sts")
    made = sts.assume_role(RoleArn=new_role(server), RoleSessionName="test")["Credentials"]
    return Keys(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])
