import TestSupport
import Testing
import Torch

@Suite struct ConvolutionTests {
  static let rows: [ConvolutionCase] = [
    ConvolutionCase(), ConvolutionCase(hasBias: false), ConvolutionCase(stride: 2),
    ConvolutionCase(padding: 1), ConvolutionCase(padding: 2, dilation: 2),
    ConvolutionCase(groups: 2), ConvolutionCase(outputs: 4, padding: 1, groups: 4),
    ConvolutionCase(kernel: [1, 1], stride: 3),
    ConvolutionCase(size: [1, 1, 5, 5], outputs: 1, kernel: [5, 5]),
    ConvolutionCase(size: [3, 2, 9, 4], outputs: 3, kernel: [2, 3], stride: 2, padding: 1),
  ]

  /// The sum over channels and window, written out.
  static func naive(
    _ x: Plain, _ weight: Plain, _ bias: Plain?, _ row: ConvolutionCase
  ) -> Tensor {
    let extents = (2...3).map {
      (x.shape[$0] + 2 * row.padding - row.dilation * (weight.shape[$0] - 1) - 1) / row.stride + 1
    }
    let (perGroup, outputs) = (x.shape[1] / row.groups, weight.shape[0])
    return Plain([x.shape[0], outputs] + extents) { index in
      let group = index[1] / (outputs / row.groups)
      var sum = bias?[[index[1]]] ?? 0
      for tap in Plain.indices(of: Array(weight.shape.dropFirst())) {
        let place = (0...1).map {
          index[2 + $0] * row.stride + tap[1 + $0] * row.dilation - row.padding
        }
        guard zip(place, x.shape.suffix(2)).allSatisfy({ $0 >= 0 && $0 < $1 }) else { continue }
        sum += x[[index[0], group * perGroup + tap[0]] + place] * weight[[index[1]] + tap]
      }
      return sum
    }.tensor
  }

  @Test(arguments: rows.indices)
  func agreesWithTheSum(index: Int) {
    let row = Self.rows[index]
    let x = randomTensor(row.size, seed: 1, dtype: .float64)
    let weight = randomTensor(
      [row.outputs, row.size[1] / row.groups] + row.kernel, seed: 2, dtype: .float64)
    let bias = row.hasBias ? randomTensor([row.outputs], seed: 3, dtype: .float64) : nil
    let expected = Self.naive(Plain(x), Plain(weight), bias.map(Plain.init), row)
    for type in [DType.float64, .float32] {
      func convolved(_ input: Tensor) -> Tensor {
        input.converted(to: type).conv2d(
          weight.converted(to: type), bias: bias?.converted(to: type), stride: row.stride,
          padding: row.padding, dilation: row.dilation, groups: row.groups)
      }
      let tolerance = type == .float64 ? 1e-12 : 1e-4
      expectClose(convolved(x), expected, relative: tolerance, absolute: tolerance)
      expectClose(
        convolved(x.contiguous(.channelsLast)), expected, relative: tolerance,
        absolute: tolerance, "channels last")
      expectClose(convolved(restrided(x)), expected, relative: tolerance, absolute: tolerance)
    }
  }

  @Test func keepsChannelsLast() {
    let x = randomTensor([2, 4, 6, 6], seed: 1).contiguous(.channelsLast)
    let y = x.conv2d(randomTensor([8, 4, 3, 3], seed: 2).contiguous(.channelsLast), padding: 1)
    #expect(y.strides == y.contiguous(.channelsLast).strides)
    #expect(y.strides[1] == 1)
  }
}
