import Testing
import Torch

@testable import Optimization

/// What every transform promises (``GradientTransform``). A newcomer is done when its row passes.
@Suite struct TransformContractTests {
  static let table: [any GradientTransform] = [
    WeightDecay(0.01), Momentum(0.9), LearningRate(0.1),
    LearningRate(.cosine(from: 1, over: 3)), DominantSingularDeflation(),
    DominantSingularDeflation(solver: .custom(GramLanczos(directSide: 1))),
    DominantSingularDeflation(solver: .svd), DominantSingularDeflation(singleVectors: .asReleased),
    LearningRate(.warmup(over: 2, then: .step(from: 0.1, factor: 0.5, every: 1))),
    AdamMoments(), AdamMoments(beta1: 0.5, beta2: 0, epsilon: 0.1),
    GradientClipping(maximumNorm: 0.3), GradientClipping(maximumNorm: 1e6),
  ]

  /// Odd shapes in no particular order of names; one of them channels-last, one transposed, one in float64.
  static func tensors(seed: UInt64) -> NamedTensors {
    func noise(_ shape: [Int], _ offset: UInt64, _ dtype: DType = .float32) -> Tensor {
      Matrices.noise(shape, seed: seed + offset, dtype: dtype)
    }
    return [
      "z.weight": noise([7, 3, 3, 5], 0).contiguous(.channelsLast),
      "a.bias": noise([7], 1),
      "m.gain": noise([6, 1, 1, 1], 2),
      "scalar": noise([], 3),
      "head": noise([11, 4], 4).transposed(),
      "double": noise([5, 9], 5, .float64),
      "empty": Tensor.zeros([0, 3]),
    ]
  }

  @Test(arguments: table.indices)
  func aTransformKeepsNamesOrderShapesTypesAndLayout(_ row: Int) {
    var transform = Self.table[row]
    let label = transform.description
    var gradients = Self.tensors(seed: 10)
    for step in 0..<3 {
      let before = gradients
      transform.apply(to: &gradients, at: Self.tensors(seed: 50), step: step)
      #expect(gradients.names == before.names)
      for (name, gradient) in gradients {
        #expect(gradient.shape == before[name]!.shape)
        #expect(gradient.dtype == before[name]!.dtype)
        #expect(gradient.strides == before[name]!.strides, "\(label): \(name)")
        #expect(!gradient.requiresGradient)
      }
    }
  }

  @Test(arguments: table.indices)
  func aTransformWritesNeitherParametersNorTheGradientsItIsGiven(_ row: Int) {
    var transform = Self.table[row]
    let label = transform.description
    let parameters = Self.tensors(seed: 50)
    for step in 0..<2 {
      let given = Self.tensors(seed: 10)
      var gradients = given
      transform.apply(to: &gradients, at: parameters, step: step)
      for (name, tensor) in given {
        #expect(tensor.isIdentical(to: Self.tensors(seed: 10)[name]!), "\(label): \(name)")
      }
    }
    for (name, tensor) in parameters {
      #expect(tensor.isIdentical(to: Self.tensors(seed: 50)[name]!), "\(label): \(name)")
    }
  }

  @Test(arguments: table.indices)
  func aTransformAcceptsNoGradientsAndFewerThanParameters(_ row: Int) {
    var transform = Self.table[row]
    var none = NamedTensors()
    transform.apply(to: &none, at: Self.tensors(seed: 50), step: 0)
    #expect(none.isEmpty)
    var one = Self.tensors(seed: 10).filter { $0 == "z.weight" }
    transform.apply(to: &one, at: Self.tensors(seed: 50), step: 1)
    #expect(one.names == ["z.weight"])
  }

  @Test(arguments: table.indices)
  func aRestoredTransformContinuesBitForBit(_ row: Int) {
    var original = Self.table[row]
    let label = original.description
    for step in 0..<3 {
      var gradients = Self.tensors(seed: UInt64(100 * step))
      original.apply(to: &gradients, at: Self.tensors(seed: 50), step: step)
    }
    var restored = Self.table[row]
    restored.state = original.state
    for step in 3..<5 {
      var a = Self.tensors(seed: UInt64(100 * step))
      var b = a
      original.apply(to: &a, at: Self.tensors(seed: 50), step: step)
      restored.apply(to: &b, at: Self.tensors(seed: 50), step: step)
      for (name, tensor) in a {
        #expect(tensor.isIdentical(to: b[name]!), "\(label): \(name)")
      }
    }
    #expect(original.state.names == restored.state.names)
  }
}
