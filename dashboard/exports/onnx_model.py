""".onnx: the whole network from pixels to outputs, with the scaling inside, for onnxruntime and its relatives."""

import json
from typing import Any

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

from mlpcore import MLP, EpochResult, weights

from ..runs.config import RunConfig
from . import run_file
from .architecture import check_float32, layer_functions

INPUT, OUTPUT = "image_uint8", "outputs"  # (batch, din) pixels 0 to 255; (batch, dout)
SCALE = 1 / 255  # of a pixel, as mlpcore scales it
OPSET, IR_VERSION = 13, 8  # old enough for every onnxruntime since 1.10
OPERATORS: dict[str, tuple[str, dict[str, Any]]] = {  # name in mlpcore -> ONNX operator and its attributes
    "sigmoid": ("Sigmoid", {}),
    "tanh": ("Tanh", {}),
    "relu": ("Relu", {}),
    "leaky_relu": ("LeakyRelu", {"alpha": 0.01}),
    "softmax": ("Softmax", {"axis": 1}),
}


def write(net: MLP, config: RunConfig, history: list[EpochResult], name: str) -> bytes:
    """The network as an ONNX model: input "image_uint8" (batch, din), output "outputs" (batch, dout) float32."""
    check_float32(net)
    nodes, initializers = _graph(net)
    graph = helper.make_graph(
        nodes,
        "mlp",
        [helper.make_tensor_value_info(INPUT, TensorProto.UINT8, ["batch", net.sizes[0]])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["batch", net.sizes[-1]])],
        initializers,
    )
    model = helper.make_model(
        graph, producer_name="mlp-lab", ir_version=IR_VERSION, opset_imports=[helper.make_opsetid("", OPSET)]
    )
    about = {weights.HEADER: weights.describe(net), "run": run_file.summary(config, history, name)}
    helper.set_model_props(model, {key: json.dumps(value) for key, value in about.items()})
    checker.check_model(model, full_check=True)
    return model.SerializeToString()


def _graph(net):
    """(nodes, initializers): cast, times 1/255, then a Gemm (a W^T + b) and its function for each layer."""
    nodes = [
        helper.make_node("Cast", [INPUT], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["pixels", "scale"], ["a0"]),
    ]
    initializers = [numpy_helper.from_array(np.array(SCALE, np.float32), "scale")]
    functions = layer_functions(net)
    for i, (layer, function) in enumerate(zip(net.layers, functions, strict=True), start=1):
        arrays = {f"fc{i}.{key}": value for key, value, _ in layer.parameters()}
        initializers += [numpy_helper.from_array(value, name) for name, value in arrays.items()]
        operator, attributes = OPERATORS[function]
        after = OUTPUT if i == len(functions) else f"a{i}"
        nodes.append(helper.make_node("Gemm", [f"a{i - 1}", *arrays], [f"z{i}"], transB=1))
        nodes.append(helper.make_node(operator, [f"z{i}"], [after], **attributes))
    return nodes, initializers
