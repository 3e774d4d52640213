"""Small TFLite files, written operation by operation, for the tests of the converter."""

from __future__ import annotations

from collections.abc import Sequence

import flatbuffers
import numpy as np
import tflite

TYPES = {'float32': 'FLOAT32', 'float16': 'FLOAT16', 'int32': 'INT32'}


class TFLiteWriter:
    """Tensors and operations in the order in which they are added; the first tensor is the input.

    Args:
        shape: of the input (1, h, w, C).
    """

    def __init__(self, shape: Sequence[int]) -> None:
        self.builder = flatbuffers.Builder(0)
        self.buffers: list[np.ndarray | None] = [None]
        self.tensors: list[tuple[tuple[int, ...], str, int]] = []
        self.operators: list[tuple[str, list[int], int, str | None, dict[str, int]]] = []
        self.input = self._tensor(shape)

    def _tensor(self, shape: Sequence[int], kind: str = 'float32', buffer: int = 0) -> int:
        self.tensors.append((tuple(shape), kind, buffer))
        return len(self.tensors) - 1

    def constant(self, array: np.ndarray) -> int:
        """A tensor with values; float16 is dequantized, as in files with weights in float16."""
        self.buffers.append(array)
        tensor = self._tensor(array.shape, str(array.dtype), len(self.buffers) - 1)
        return self.add('DEQUANTIZE', [tensor], array.shape) if array.dtype == 'float16' else tensor

    def add(
        self,
        name: str,
        inputs: Sequence[int],
        shape: Sequence[int],
        kind: str | None = None,
        **options: int,
    ) -> int:
        """Add an operation; ``kind`` and ``options`` are its options' table and entries."""
        result = self._tensor(shape)
        self.operators.append((name, list(inputs), result, kind, options))
        return result

    def content(self, outputs: Sequence[int]) -> bytes:
        """The file."""
        build = self.builder
        buffers = self._tables([self._buffer(array) for array in self.buffers])
        names = sorted({operator[0] for operator in self.operators})
        codes = self._tables([self._code(name) for name in names])
        tensors = self._tables([self._write(*tensor) for tensor in self.tensors])
        operators = self._tables([self._operator(*op, names) for op in self.operators])
        inputs, results = self._numbers([self.input]), self._numbers(outputs)
        tflite.SubGraphStart(build)
        tflite.SubGraphAddTensors(build, tensors)
        tflite.SubGraphAddInputs(build, inputs)
        tflite.SubGraphAddOutputs(build, results)
        tflite.SubGraphAddOperators(build, operators)
        graphs = self._tables([tflite.SubGraphEnd(build)])
        tflite.ModelStart(build)
        tflite.ModelAddVersion(build, 3)
        tflite.ModelAddOperatorCodes(build, codes)
        tflite.ModelAddSubgraphs(build, graphs)
        tflite.ModelAddBuffers(build, buffers)
        build.Finish(tflite.ModelEnd(build), file_identifier=b'TFL3')
        return bytes(build.Output())

    def _tables(self, offsets: Sequence[int]) -> int:
        self.builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            self.builder.PrependUOffsetTRelative(offset)
        return self.builder.EndVector()

    def _numbers(self, numbers: Sequence[int]) -> int:
        return self.builder.CreateNumpyVector(np.array(numbers, np.int32))

    def _buffer(self, array: np.ndarray | None) -> int:
        data = None
        if array is not None:
            data = self.builder.CreateNumpyVector(np.frombuffer(array.tobytes(), np.uint8))
        tflite.BufferStart(self.builder)
        if data is not None:
            tflite.BufferAddData(self.builder, data)
        return tflite.BufferEnd(self.builder)

    def _code(self, name: str) -> int:
        number = getattr(tflite.BuiltinOperator, name)
        tflite.OperatorCodeStart(self.builder)
        tflite.OperatorCodeAddDeprecatedBuiltinCode(self.builder, number)
        tflite.OperatorCodeAddBuiltinCode(self.builder, number)
        tflite.OperatorCodeAddVersion(self.builder, 1)
        return tflite.OperatorCodeEnd(self.builder)

    def _write(self, shape: Sequence[int], kind: str, buffer: int) -> int:
        size = self._numbers(shape)
        tflite.TensorStart(self.builder)
        tflite.TensorAddShape(self.builder, size)
        tflite.TensorAddType(self.builder, getattr(tflite.TensorType, TYPES[kind]))
        tflite.TensorAddBuffer(self.builder, buffer)
        return tflite.TensorEnd(self.builder)

    def _operator(
        self,
        name: str,
        inputs: list[int],
        result: int,
        kind: str | None,
        options: dict[str, int],
        names: Sequence[str],
    ) -> int:
        read, written = self._numbers(inputs), self._numbers([result])
        table = None
        if kind is not None:
            getattr(tflite, f'{kind}Start')(self.builder)
            for option, value in options.items():
                getattr(tflite, f'{kind}Add{option}')(self.builder, value)
            table = getattr(tflite, f'{kind}End')(self.builder)
        tflite.OperatorStart(self.builder)
        tflite.OperatorAddOpcodeIndex(self.builder, names.index(name))
        tflite.OperatorAddInputs(self.builder, read)
        tflite.OperatorAddOutputs(self.builder, written)
        if table is not None:
            tflite.OperatorAddBuiltinOptionsType(self.builder, getattr(tflite.BuiltinOptions, kind))
            tflite.OperatorAddBuiltinOptions(self.builder, table)
        return tflite.OperatorEnd(self.builder)
