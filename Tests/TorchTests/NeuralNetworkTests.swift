import Foundation
import TestSupport
import Testing
import Torch

@Suite struct NeuralNetworkTests {
  @Test func linear() {
    let (x, weight) = (randomTensor([5, 3], seed: 1), randomTensor([4, 3], seed: 2))
    let bias = randomTensor([4], seed: 3)
    let (a, w, b) = (Plain(x), Plain(weight), Plain(bias))
    let product = Plain([5, 4]) { i in
      (0..<3).reduce(0) { $0 + a[[i[0], $1]] * w[[i[1], $1]] }
    }
    expectClose(x.linear(weight), product.tensor, absolute: 1e-6)
    let shifted = Plain([5, 4]) { product[$0] + b[[$0[1]]] }
    expectClose(x.linear(weight, bias: bias), shifted.tensor, absolute: 1e-6)
  }

  /// y = γ (x − μ) / √(σ² + ε) + β with the batch's own biased variance; the running variance moves towards the
  /// unbiased one.
  @Test func batchNormInTraining() {
    let x = randomTensor([3, 2, 4, 5], seed: 1, dtype: .float64) * 2 + 0.5
    let gamma = Tensor([1.5, -0.5])
    let beta = Tensor([0.25, 2])
    let (mean, variance) = (Tensor([0.1, 0.2]), Tensor([1.0, 2.0]))
    let found = x.contiguous(.channelsLast).batchNorm(
      weight: gamma, bias: beta, runningMean: mean, runningVariance: variance, training: true,
      momentum: 0.3, epsilon: 1e-3)
    let plain = Plain(x)
    let moments = (0..<2).map { channel in
      let values = Plain.indices(of: [3, 4, 5]).map { plain[[$0[0], channel, $0[1], $0[2]]] }
      let mean = values.reduce(0, +) / 60
      return (mean, values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) })
    }
    let (g, b) = (Plain(gamma), Plain(beta))
    let expected = Plain(x.shape) { index in
      let c = index[1]
      return g[[c]] * (plain[index] - moments[c].0) / (moments[c].1 / 60 + 1e-3).squareRoot()
        + b[[c]]
    }
    expectClose(found, expected.tensor, relative: 1e-12, absolute: 1e-13)
    expectClose(
      mean, Tensor((0..<2).map { 0.7 * [0.1, 0.2][$0] + 0.3 * moments[$0].0 }), relative: 1e-13)
    expectClose(
      variance, Tensor((0..<2).map { 0.7 * [1, 2][$0] + 0.3 * moments[$0].1 / 59 }),
      relative: 1e-13)
  }

  @Test func batchNormInEvaluationUsesAndKeepsTheRunningStatistics() {
    let x = randomTensor([3, 2, 4, 5], seed: 1, dtype: .float64)
    let (mean, variance) = (Tensor([0.1, 0.2]), Tensor([4.0, 9.0]))
    let found = x.batchNorm(
      weight: nil, bias: nil, runningMean: mean, runningVariance: variance, training: false,
      epsilon: 0)
    let plain = Plain(x)
    let expected = Plain(x.shape) { (plain[$0] - [0.1, 0.2][$0[1]]) / [2, 3][$0[1]] }
    expectClose(found, expected.tensor, relative: 1e-13, absolute: 1e-15)
    #expect(mean.scalars(of: Double.self) == [0.1, 0.2])
    #expect(variance.scalars(of: Double.self) == [4, 9])
  }

  @Test func pooling() {
    let x = randomTensor([2, 3, 7, 5], seed: 1, dtype: .float64)
    let plain = Plain(x)
    func window(_ i: [Int]) -> [Double] {
      Plain.indices(of: [2, 2]).map { plain[[i[0], i[1], 2 * i[2] + $0[0], 2 * i[3] + $0[1]]] }
    }
    let mean = Plain([2, 3, 3, 2]) { window($0).reduce(0, +) / 4 }
    let most = Plain([2, 3, 3, 2]) { window($0).max()! }
    expectClose(x.averagePool2d(2), mean.tensor, relative: 1e-13)
    expectClose(x.maxPool2d(2), most.tensor, relative: 0)
    // Overlapping windows of 3 at every second place; of the padding, zeros count and are never the largest.
    func padded(_ i: [Int]) -> [Double?] {
      Plain.indices(of: [3, 3]).map { offset in
        let (row, column) = (2 * i[2] + offset[0] - 1, 2 * i[3] + offset[1] - 1)
        let isInside = (0..<7).contains(row) && (0..<5).contains(column)
        return isInside ? plain[[i[0], i[1], row, column]] : nil
      }
    }
    let overlapping = Plain([2, 3, 4, 3]) { padded($0).compactMap(\.self).reduce(0, +) / 9 }
    let largest = Plain([2, 3, 4, 3]) { padded($0).compactMap(\.self).max()! }
    expectClose(x.averagePool2d(3, stride: 2, padding: 1), overlapping.tensor, relative: 1e-12)
    expectClose(x.maxPool2d(3, stride: 2, padding: 1), largest.tensor, relative: 0)
    // Windows of the adaptive pool: from ⌊i·n/m⌋ up to ⌈(i+1)·n/m⌉, here overlapping.
    let adaptive = Plain([2, 3, 3, 3]) { i in
      let rows = (i[2] * 7 / 3)..<((i[2] + 1) * 7 + 2) / 3
      let columns = (i[3] * 5 / 3)..<((i[3] + 1) * 5 + 2) / 3
      let values = rows.flatMap { r in columns.map { plain[[i[0], i[1], r, $0]] } }
      return values.reduce(0, +) / Double(values.count)
    }
    expectClose(x.adaptiveAveragePool2d(3), adaptive.tensor, relative: 1e-12, absolute: 1e-14)
  }

  @Test func softmax() {
    let x = randomTensor([3, 4, 5], seed: 1, dtype: .float64) * 3
    let plain = Plain(x)
    let last = Plain(x.shape) { i in
      exp(plain[i]) / (0..<5).reduce(0) { $0 + exp(plain[[i[0], i[1], $1]]) }
    }
    expectClose(x.softmax(), last.tensor, relative: 1e-13)
    let first = Plain(x.shape) { i in
      plain[i] - log((0..<3).reduce(0) { $0 + exp(plain[[$1, i[1], i[2]]]) })
    }
    expectClose(x.logSoftmax(along: 0), first.tensor, relative: 1e-12, absolute: 1e-13)
    let large = Tensor([1000.0, 0]).softmax()
    #expect(large.scalars(of: Double.self) == [1, 0], "no overflow")
  }

  @Test func crossEntropy() {
    let x = randomTensor([4, 3], seed: 1, dtype: .float64)
    let (plain, labels) = (Plain(x), [2, 0, 1, 2])
    let losses = (0..<4).map { n in
      log((0..<3).reduce(0) { $0 + exp(plain[[n, $1]]) }) - plain[[n, labels[n]]]
    }
    let total = losses.reduce(0, +)
    let target = Tensor(labels)
    expectClose(x.crossEntropy(target, reduction: .none), Tensor(losses), relative: 1e-13)
    expectClose(x.crossEntropy(target, reduction: .sum), Tensor(total), relative: 1e-13)
    expectClose(x.crossEntropy(target), Tensor(total / 4), relative: 1e-13)
  }
}
