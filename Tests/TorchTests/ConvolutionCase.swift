import TestSupport
import Torch

/// One convolution, by our operator and by the engine's.
struct ConvolutionCase: Sendable, CustomStringConvertible {
  var size = [2, 4, 7, 5]
  var outputs = 6
  var kernel = [3, 3]
  var stride = 1
  var padding = 0
  var dilation = 1
  var groups = 1
  var hasBias = true
  var dtype = DType.float64
  var layout = Layout.rowMajor

  /// A network's images have their channels last, its weights do not.
  enum Layout: CaseIterable, Sendable { case rowMajor, channelsLast, channelsLastButWeights }

  /// Odd and even sizes, one image, one pixel, every option by itself and some together. The engine's algorithm depends on
  /// the type, the number of images and the kernel's size.
  private static let shapes: [ConvolutionCase] = [
    Self(), Self(hasBias: false), Self(padding: 1), Self(stride: 2, padding: 1),
    Self(size: [1, 3, 9, 6], stride: 2, hasBias: false), Self(padding: 2, dilation: 2),
    Self(padding: 1, groups: 2), Self(outputs: 8, stride: 2, padding: 1, groups: 4),
    Self(outputs: 4, padding: 2, dilation: 2, groups: 4, hasBias: false),
    Self(size: [1, 2, 1, 1], outputs: 3, padding: 1),
    Self(size: [3, 5, 1, 1], outputs: 2, kernel: [1, 1], hasBias: false),
    Self(size: [17, 3, 4, 4], outputs: 2, kernel: [1, 1], stride: 3),
    Self(size: [2, 1, 6, 5], outputs: 1, kernel: [4, 5], padding: 2),
    Self(size: [3, 2, 9, 4], outputs: 3, kernel: [2, 3], stride: 2, padding: 1),
    Self(size: [4, 16, 8, 8], outputs: 32, padding: 1, hasBias: false),
  ]

  /// Each shape in both types and all orders of memory.
  static let all: [ConvolutionCase] = [DType.float64, .float32].flatMap { dtype in
    Layout.allCases.flatMap { layout in
      shapes.map { shape in
        var row = shape
        (row.dtype, row.layout) = (dtype, layout)
        return row
      }
    }
  }

  /// Small enough for central differences.
  static let small: [ConvolutionCase] = [
    Self(size: [2, 2, 4, 3], outputs: 2, kernel: [2, 2]),
    Self(size: [1, 2, 3, 4], outputs: 2, stride: 2, padding: 1, groups: 2),
    Self(size: [2, 1, 4, 4], outputs: 1, kernel: [2, 2], padding: 1, dilation: 2, hasBias: false),
  ]

  var description: String {
    "\(size) to \(outputs), kernel \(kernel), stride \(stride), padding \(padding), "
      + "dilation \(dilation), groups \(groups), \(hasBias ? "" : "no ")bias, \(dtype)"
      + ", \(layout)"
  }

  /// An input, an output or a weight, or anything of its shape.
  func random(_ shape: [Int], seed: UInt64, isWeight: Bool = false) -> Tensor {
    let tensor = randomTensor(shape, seed: seed, dtype: dtype)
    let isLast = isWeight ? layout == .channelsLast : layout != .rowMajor
    return isLast ? tensor.contiguous(.channelsLast) : tensor
  }

  /// x, weight, and the bias if there is one.
  func operands(seed: UInt64 = 1) -> [Tensor] {
    let weight = random([outputs, size[1] / groups] + kernel, seed: seed + 1, isWeight: true)
    let bias = hasBias ? [randomTensor([outputs], seed: seed + 2, dtype: dtype)] : []
    return [random(size, seed: seed), weight] + bias
  }

  func ours(_ operands: [Tensor]) throws -> Tensor {
    operands[0].conv2d(
      operands[1], bias: operands.count > 2 ? operands[2] : nil, stride: stride, padding: padding,
      dilation: dilation, groups: groups)
  }

  func engine(_ operands: [Tensor]) throws -> Tensor {
    try Operator("conv2d")(
      operands[0], operands[1], operands.count > 2 ? operands[2] : nil, [stride, stride],
      [padding, padding], [dilation, dilation], groups)
  }
}
