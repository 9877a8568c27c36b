"""Who is asked: how each is installed and started, and how one row of the same model is put to it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.serving.peers.environments import HOME, Environment
from benchmarks.serving.running import free_port

ROOT = Path(__file__).parents[3]
APPS = Path(__file__).parent / "apps"
ROW = [round(0.1 * number - 1.0, 1) for number in range(20)]
TENSOR = {"name": "x", "shape": [1, 20], "datatype": "FP32", "data": ROW}
PROTOCOL = ("/v2/models/mlp/infer", {"inputs": [TENSOR]})
ONNX, PACKAGE = HOME / "mlp.onnx", HOME / "mlp-package"
RIE = ROOT / "build/tools/sam"


@dataclass(frozen=True, slots=True)
class Start:
    """A command, what is added to the environment, and the folder that it runs in."""

    command: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path = HOME


@dataclass(frozen=True, slots=True)
class Contender:
    """`start` makes the command for a port; `path` and `body` ask for the row; `clients`: how many at once."""

    name: str
    title: str
    requirements: tuple[str, ...]
    start: Callable[[Environment, int], Start]
    path: str
    body: object
    packages: tuple[str, ...]
    clients: tuple[int, ...] = (1, 8)


def _serve(environment: Environment, port: int) -> Start:
    return Start([str(environment.python), "-m", "lepton.server", "--package", str(PACKAGE), "--port", str(port)])


def _fastapi(environment: Environment, port: int) -> Start:
    words = ["fastapi_app:app", "--port", str(port), "--no-access-log", "--log-level", "warning"]
    return Start([environment.script("uvicorn"), *words], {"MODEL": str(ONNX)}, APPS)


def _bentoml(environment: Environment, port: int) -> Start:
    words = ["serve", "bentoml_app:Mlp", "--port", str(port), "--host", "127.0.0.1", "--working-dir", str(APPS)]
    home = {"BENTOML_DO_NOT_TRACK": "True", "BENTOML_HOME": str(HOME / "bentoml-home")}
    return Start([environment.script("bentoml"), *words], {"MODEL": str(ONNX)} | home)


def _script(name: str) -> Callable[[Environment, int], Start]:
    def start(environment: Environment, port: int) -> Start:
        return Start([str(environment.python), str(APPS / name), str(port)], {"MODEL": str(ONNX)})

    return start


def _mlserver(environment: Environment, port: int) -> Start:
    folder = HOME / "mlserver-mlp"
    (folder / "mlp").mkdir(parents=True, exist_ok=True)
    server = {"host": "127.0.0.1", "http_port": port, "grpc_port": free_port(), "metrics_port": free_port()}
    (folder / "settings.json").write_text(json.dumps(server | {"debug": False, "parallel_workers": 0}))
    model = {"name": "mlp", "implementation": "mlserver_app.OnnxModel", "parameters": {"uri": str(ONNX)}}
    (folder / "mlp/model-settings.json").write_text(json.dumps(model))
    return Start([environment.script("mlserver"), "start", str(folder)], {"PYTHONPATH": str(APPS)})


def _kserve(environment: Environment, port: int) -> Start:
    return Start([str(environment.python), str(APPS / "kserve_app.py"), str(port), f"mlp={ONNX}"])


def _mlflow(environment: Environment, port: int) -> Start:
    words = ["models", "serve", "-m", str(HOME / "mlflow-mlp"), "--env-manager", "local", "-h", "127.0.0.1"]
    path = os.pathsep.join([str(environment.folder / "bin"), os.environ["PATH"]])
    return Start([environment.script("mlflow"), *words, "-p", str(port)], {"PATH": path})


def _emulated(handler: str, folder: Path) -> Callable[[Environment, int], Start]:
    """The Lambda runtime client below the emulator that aws-sam-cli ships."""

    def start(environment: Environment, port: int) -> Start:
        emulator = next(RIE.glob("lib/python*/site-packages/samcli/local/rapid/aws-lambda-rie-x86_64"))
        addresses = ["--runtime-interface-emulator-address", f"127.0.0.1:{port}"]
        addresses += ["--runtime-api-address", f"127.0.0.1:{free_port()}", "--log-level", "error"]
        command = [str(emulator), *addresses, str(environment.python), "-m", "awslambdaric", handler]
        variables = {"_HANDLER": handler, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769", "MODEL": str(ONNX)}
        return Start(command, variables, folder)

    return start


def event() -> dict[str, object]:
    """What API Gateway sends of the request."""
    headers = {"Content-Type": "application/json"}
    return {
        **{"resource": "/v2/{proxy+}", "path": PROTOCOL[0], "httpMethod": "POST", "body": json.dumps(PROTOCOL[1])},
        **{"isBase64Encoded": False, "headers": headers, "queryStringParameters": None, "stageVariables": None},
        **{"multiValueHeaders": {name: [value] for name, value in headers.items()}, "pathParameters": None},
        "requestContext": {"requestId": "peers", "stage": "v1", "identity": {"userArn": None}},
    }


_INVOKE = "/2015-03-31/functions/function/invocations"
OURS = "lepton"
LAMBDA, BARE, RUN = "lepton-lambda", "bare-lambda", "run-lambda"
_ROWS: dict[str, object] = {"x": [ROW]}

CONTENDERS = (
    Contender(OURS, "`lepton serve`", (f"{ROOT}[serve]",), _serve, *PROTOCOL, ("uvicorn", "onnxruntime")),
    Contender(
        "fastapi",
        "FastAPI + ONNX Runtime",
        ("fastapi", "uvicorn", "uvloop", "httptools", "onnxruntime"),
        _fastapi,
        "/predict",
        _ROWS,
        ("fastapi",),
    ),
    Contender(
        "mlserver", "MLServer", ("mlserver", "mlserver-sklearn", "onnxruntime"), _mlserver, *PROTOCOL, ("mlserver",)
    ),
    Contender("kserve", "KServe's Python server", ("kserve", "onnxruntime"), _kserve, *PROTOCOL, ("kserve",)),
    Contender(
        "litserve",
        "LitServe",
        ("litserve", "onnxruntime", "numpy"),
        _script("litserve_app.py"),
        "/predict",
        _ROWS,
        ("litserve",),
    ),
    Contender("bentoml", "BentoML", ("bentoml", "onnxruntime"), _bentoml, "/predict", _ROWS, ("bentoml",)),
    Contender(
        "mlflow", "MLflow", ("mlflow", "onnx", "onnxruntime"), _mlflow, "/invocations", {"inputs": _ROWS}, ("mlflow",)
    ),
    Contender("ray", "Ray Serve", ("ray[serve]", "onnxruntime"), _script("ray_app.py"), "/predict", _ROWS, ("ray",)),
    Contender(
        LAMBDA,
        "ours by the Lambda runtime client and its emulator",
        (f"{ROOT}[runtime,inference]", "awslambdaric"),
        _emulated("handler.on_http", ROOT / "functions/predict"),
        _INVOKE,
        event(),
        ("awslambdaric",),
        (1,),
    ),
    Contender(
        BARE,
        "an empty handler by the same",
        ("awslambdaric",),
        _emulated("empty_handler.answer", APPS),
        _INVOKE,
        event(),
        ("awslambdaric",),
        (1,),
    ),
    Contender(
        RUN,
        "a handler that only runs the session, by the same",
        ("awslambdaric", "onnxruntime"),
        _emulated("empty_handler.run", APPS),
        _INVOKE,
        event(),
        ("awslambdaric",),
        (1,),
    ),
)
