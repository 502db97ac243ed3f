"""What the tests of costs count in a graph of TensorFlow."""

import tensorflow as tf


def executed(graph):
    """The operations that outputs or changes of variables need, as TensorFlow runs a graph."""
    waiting = [tensor.op for tensor in graph.outputs] + list(graph.control_outputs)
    found = set()
    while waiting:
        operation = waiting.pop()
        if operation not in found:
            found.add(operation)
            waiting += [tensor.op for tensor in operation.inputs]
            waiting += operation.control_inputs
    return found


def convolution_flops(operation):
    """Two per multiply-add; 0 if it is no convolution and no gradient of one."""
    if operation.type == "Conv2D":
        kernel, output = operation.inputs[1].shape, operation.outputs[0].shape
    elif operation.type == "Conv2DBackpropInput":
        kernel, output = operation.inputs[1].shape, operation.inputs[2].shape
    elif operation.type == "Conv2DBackpropFilter":
        sizes, output = operation.inputs[1], operation.inputs[2].shape
        if sizes.op.type == "ShapeN":
            kernel = sizes.op.inputs[sizes.value_index].shape
        else:
            kernel = tf.TensorShape(tf.get_static_value(sizes))
    else:
        return 0
    return 2 * output.num_elements() * kernel[:3].num_elements()
