import TestSupport
import Testing
import Torch

@testable import Optimization

/// Several gradients are deflated at once, each on a thread of its own.
@Suite struct DeflationThreadsTests {
  /// Convolutions of several sizes, a wide and a tall linear map, a bias; the third largest comes first.
  static func gradients() -> NamedTensors {
    func tensor(_ shape: [Int], _ seed: UInt64) -> Tensor { randomTensor(shape, seed: seed) }
    return [
      "a": tensor([32, 32, 3, 3], 1), "b": tensor([16, 1, 3, 3], 2), "c": tensor([10, 1568], 3),
      "bias": tensor([10], 4), "d": tensor([128, 64, 3, 3], 5), "e": tensor([300, 7], 6),
      "f": tensor([64, 32, 3, 3], 7),
    ]
  }

  static func deflated(threads: Int, steps: Int = 3) -> (gradients: NamedTensors, report: String) {
    let before = Engine.threads
    defer { Engine.threads = before }
    Engine.threads = threads
    var deflation = DominantSingularDeflation(solver: .fast)
    var result = gradients()
    // Later steps start from what earlier ones found.
    for step in 0..<steps {
      result = gradients()
      deflation.apply(to: &result, at: gradients(), step: step)
    }
    return (result, deflation.report.description)
  }

  @Test func `one thread and many give the same bits`() {
    let one = Self.deflated(threads: 1)
    for threads in [2, 3, 7] {
      let many = Self.deflated(threads: threads)
      #expect(many.report == one.report && many.gradients.names == one.gradients.names)
      for (name, tensor) in many.gradients {
        #expect(tensor.isIdentical(to: one.gradients[name]!), "\(name), \(threads) threads")
      }
    }
  }

  @Test func `each gradient loses its own leading term`() {
    let found = Self.deflated(threads: 3).gradients
    var full = DominantSingularDeflation(solver: .svd)
    var expected = Self.gradients().map { $0.converted(to: .float64) }
    full.apply(to: &expected, at: expected, step: 0)
    for (name, tensor) in found {
      let difference = (tensor.converted(to: .float64) - expected[name]!).norm().item()
      #expect(difference < 1e-4 * expected[name]!.norm().item(), "\(name)")
      let removed = (tensor - Self.gradients()[name]!).norm().item()
      #expect(tensor.rank < 2 ? removed == 0 : removed > 1, "\(name)")
    }
  }
}
