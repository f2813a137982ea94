import TestSupport
import Testing
import Torch

@Suite struct DifferentiationTests {
  static let x = Tensor([0.5, -1.5, 2.0])

  @Test func closedForms() {
    let x = Self.x.requiringGradient()
    let y = Tensor([3.0, 4, 5]).requiringGradient()
    let gradients = (x.power(3) * y + x.exponential()).sum().gradients(of: [x, y])
    expectClose(gradients[0], 3.0 * Self.x.squared() * y + Self.x.exponential(), relative: 1e-14)
    expectClose(gradients[1], Self.x.power(3), relative: 1e-14)
    #expect(!gradients[0].requiresGradient)
  }

  typealias Row = (name: String, shape: [Int], function: @Sendable (Tensor) -> Tensor)

  /// Scalar functions whose every element counts differently, so that no permutation goes unseen.
  static let functions: [Row] = [
    ("matmul", [3, 4], { weighted($0.matmul(randomTensor([4, 2], seed: 1, dtype: .float64))) }),
    ("conv2d", [2, 2, 5, 4], { weighted($0.conv2d(kernel, stride: 2, padding: 1)) }),
    ("conv2d weight", [3, 2, 3, 3], { weighted(image.conv2d($0, padding: 1)) }),
    (
      "batchNorm", [4, 3, 2, 2],
      {
        weighted(
          $0.batchNorm(
            weight: Tensor([1.0, 2, 3]), bias: nil, runningMean: nil, runningVariance: nil,
            training: true))
      }
    ),
    ("crossEntropy", [4, 3], { $0.crossEntropy(Tensor([2, 0, 1, 2])) }),
    ("logSoftmax", [4, 3], { weighted($0.logSoftmax(along: 0)) }),
    ("pooling", [1, 2, 4, 4], { weighted($0.averagePool2d(2) + $0.maxPool2d(2)) }),
    ("broadcast", [3, 1], { weighted($0 * randomTensor([2, 3, 4], seed: 9, dtype: .float64)) }),
    ("slices", [4, 3], { weighted(Tensor.concatenating([$0[1..<3], $0.flipped(along: 0)])) }),
    ("division", [5], { weighted(1.0 - $0 / ($0.squared() + 2.0)) }),
  ]
  static let image = randomTensor([2, 2, 5, 4], seed: 3, dtype: .float64)
  static let kernel = randomTensor([3, 2, 3, 3], seed: 4, dtype: .float64)
  @Sendable static func weighted(_ y: Tensor) -> Tensor {
    (y.squared() * randomTensor(y.shape, seed: 77, dtype: .float64)).sum()
  }

  @Test(arguments: functions.indices)
  func centralDifferences(row: Int) {
    let (name, shape, function) = Self.functions[row]
    let start = randomTensor(shape, seed: 11, dtype: .float64)
    let x = start.requiringGradient()
    let found = function(x).gradients(of: [x])[0]
    expectClose(
      found, numericalGradient(at: start, of: function), relative: 1e-6, absolute: 1e-7, name)
  }

  /// ∂²/∂x² Σ x³ · v = 6 x v
  @Test func doubleDifferentiation() {
    let x = Self.x.requiringGradient()
    let v = Tensor([1.0, 1, 2])
    let gradient = x.power(3).sum().gradients(of: [x], createGraph: true)[0]
    #expect(gradient.requiresGradient)
    let hvp = (gradient * v).sum().gradients(of: [x])[0]
    expectClose(hvp, 6.0 * Self.x * v, relative: 1e-14)
  }

  @Test func thirdDerivative() {
    let x = Tensor(2.0).requiringGradient()
    let first = x.power(4).gradients(of: [x], createGraph: true)[0]
    let second = first.gradients(of: [x], createGraph: true)[0]
    #expect(second.gradients(of: [x])[0].item() == 48)
  }

  /// Central differences of the gradient, on a function whose second derivative mixes its elements.
  @Test(arguments: functions.indices)
  func hessianVectorProducts(row: Int) {
    let (name, shape, function) = Self.functions[row]
    let start = randomTensor(shape, seed: 11, dtype: .float64)
    let direction = randomTensor(shape, seed: 12, dtype: .float64)
    func gradient(_ x: Tensor, _ createGraph: Bool) -> Tensor {
      function(x).gradients(of: [x], createGraph: createGraph)[0]
    }
    let x = start.requiringGradient()
    let found = (gradient(x, true) * direction).sum().gradients(of: [x])[0]
    func moved(_ h: Double) -> Tensor {
      gradient((start + direction * h).requiringGradient(), false)
    }
    let expected = (moved(1e-5) - moved(-1e-5)) / 2e-5
    expectClose(found, expected, relative: 1e-5, absolute: 1e-6, name)
  }

  @Test func vectorJacobianProductWeighsTheOutputs() throws {
    let x = Self.x.requiringGradient()
    let (first, second) = (x.squared(), x.sum())
    let v = Tensor([1.0, 10, 100])
    let found = try vectorJacobianProduct(
      outputs: [first, second], inputs: [x], vectors: [v, Tensor(7.0)])
    expectClose(found[0], 2.0 * Self.x * v + 7.0, relative: 1e-14)
  }

  @Test func namedGradientsKeepTheirNames() {
    let named = ["b": Self.x, "a": Tensor([2.0])].map { ($0, $1.requiringGradient()) }
    let inputs = NamedTensors(named)
    let loss = (inputs["b"]!.squared() * inputs["a"]!).sum()
    let gradients = loss.gradients(of: inputs)
    #expect(gradients.names == inputs.names)
    expectClose(gradients["b"]!, 4.0 * Self.x, relative: 1e-14)
    expectClose(gradients["a"]!, Tensor([6.5]), relative: 1e-14)
  }

  @Test func anUnusedInputHasZeroGradient() {
    let (x, unused) = (Self.x.requiringGradient(), Tensor.ones([2, 3]).requiringGradient())
    let gradients = x.sum().gradients(of: [x, unused])
    #expect(gradients[1].shape == [2, 3] && gradients[1].dtype == .float32)
    #expect(!gradients[1].anyTrue())
  }

  @Test func aGraphIsUsedOnceUnlessRetained() throws {
    let x = Self.x.requiringGradient()
    let loss = x.squared().sum()
    let first = loss.gradients(of: [x], retainGraph: true)[0]
    expectClose(loss.gradients(of: [x])[0], first, relative: 0)
    let error = #expect(throws: TorchError.self) {
      try vectorJacobianProduct(outputs: [loss], inputs: [x], vectors: nil)
    }
    #expect(error?.operation == "gradients")
    #expect(error?.message.contains("Trying to backward through the graph a second time") == true)
  }

  @Test func whatCannotBeDifferentiatedThrows() {
    let x = Self.x.requiringGradient()
    let constant = #expect(throws: TorchError.self) {
      try vectorJacobianProduct(outputs: [Self.x.sum()], inputs: [x], vectors: nil)
    }
    #expect(constant?.message.contains("does not require grad") == true)
    let vector = #expect(throws: TorchError.self) {
      try vectorJacobianProduct(outputs: [x.squared()], inputs: [x], vectors: nil)
    }
    #expect(vector?.message == "grad can be implicitly created only for scalar outputs")
    #expect(vector?.arguments == "[3] Double")
    #expect(throws: TorchError.self) {
      try vectorJacobianProduct(
        outputs: [x.squared()], inputs: [x], vectors: [Tensor([1.0, 2, 3, 4])])
    }
  }

  @Test func noInputsHaveNoGradients() {
    #expect(Self.x.requiringGradient().sum().gradients(of: [] as [Tensor]).isEmpty)
  }

  @Test func leavesShareMemoryAndCutTheGraph() {
    let x = Self.x.copied()
    let leaf = x.requiringGradient()
    #expect(leaf.requiresGradient && !x.requiresGradient)
    x.multiplyInPlace(by: 2)
    expectClose(leaf.detached(), x, relative: 0)
    #expect((leaf * 2.0).requiresGradient && !(leaf * 2.0).detached().requiresGradient)
  }
}
