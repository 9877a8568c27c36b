"""A typed client of Lepton's API, and of any server of the Open Inference Protocol v2. It needs httpx, and no more.

from lepton.client import Client

with Client("http://127.0.0.1:8080") as client:
    print(client.infer("telco-churn", {"tenure": [1, 34], ...}).labels)
"""

from lepton.client.async_client import AsyncClient
from lepton.client.client import Client
from lepton.client.failures import NotPermitted, Unreachable
from lepton.client.prediction import Prediction
from lepton.client.sigv4 import Credentials, SigV4

__all__ = ["AsyncClient", "Client", "Credentials", "NotPermitted", "Prediction", "SigV4", "Unreachable"]
