"""The AWS services beside Kinesis: S3, Glue, DynamoDB, CloudWatch, SQS, IAM, STS, played by moto.

Kinesis and Firehose are the course's own and reach moto only where a world is told to pass them
on. Moto doubles the time of a first cell, so importing this package imports neither moto nor
boto3: the first request does.
"""

from course.endpoints.neighbours.s3_server import S3Server
from course.endpoints.neighbours.services import Neighbours, NotPlayed

__all__ = ["Neighbours", "NotPlayed", "S3Server"]
