import Curvature
import Layers
import Models
import Spiking
import TestSupport
import Testing
import Torch

/// Products of networks of neurons, through the fused kernel, in float64.
@Suite struct SpikingProductTests {
  struct Row: CustomTestStringConvertible, Sendable {
    let name: String
    let network: NetworkCase
    var testDescription: String { name }

    init(
      _ name: String, steps: Int = 3, isPoisson: Bool = false, reset: Reset = .soft,
      detaches: Bool = false, temporal: TemporalGradient = .throughTime,
      surrogate: Surrogate = .arctan(width: 0.8), residual: ModelName? = nil
    ) {
      self.name = name
      let neuron = LIF(
        tau: 1.8, threshold: 0.7, reset: reset, detachesReset: detaches, surrogate: surrogate,
        temporalGradient: temporal)
      network = NetworkCase(
        encoder: isPoisson ? PoissonEncoding(steps: steps) : DirectEncoding(steps: steps),
        neuron: neuron, residual: residual)
    }

    /// The same with other neurons.
    func with(_ change: (inout LIF) -> Void) -> NetworkCase {
      var (other, neuron) = (network, network.neuron as! LIF)
      change(&neuron)
      other.neuron = neuron
      return other
    }
  }

  static let attached: [Row] = [
    Row("T = 1", steps: 1), Row("T = 2, hard reset", steps: 2, reset: .hard),
    Row("T = 5, sigmoid", steps: 5, surrogate: .sigmoid(width: 0.6)),
    Row("no reset", reset: .none), Row("Poisson", isPoisson: true),
    Row("Poisson, T = 5, hard reset", steps: 5, isPoisson: true, reset: .hard),
    Row("SLTT, T = 1", steps: 1, temporal: .withinStep),
    Row("ResNet-18", steps: 2, residual: .resnet18),
    Row("NF-ResNet-18", steps: 2, residual: .nfResNet18),
  ]
  static let cut: [Row] = [
    Row("SLTT", temporal: .withinStep),
    Row("SLTT, hard reset", reset: .hard, temporal: .withinStep),
    Row("detached reset", detaches: true), Row("detached hard reset", reset: .hard, detaches: true),
    Row("SLTT, Poisson, T = 5", steps: 5, isPoisson: true, temporal: .withinStep),
    Row("triangle", surrogate: .triangle(width: 1)),
    Row("rectangle", surrogate: .rectangle(width: 1)),
    Row("exponential, T = 2", steps: 2, surrogate: .exponential(width: 0.5)),
    Row("ResNet-18, SLTT", steps: 2, temporal: .withinStep, residual: .resnet18),
  ]

  /// With the surrogate's primitive in place of spikes the loss is smooth, F is its gradient, and J its Hessian.
  @Test(arguments: attached)
  func `smooth neurons: the change of the gradient by central differences`(_ row: Row) throws {
    let loss = try row.with { $0.isSpiking = false }.loss()
    let dimension = try LossCurvature(of: loss).dimension
    for seed in [1, 2] as [UInt64] {
      let v = randomTensor([dimension], seed: seed, dtype: .float64)
      let expected = loss.centralDifference(v)
      // After the difference, which moves the parameters.
      let curvature = try LossCurvature(of: loss)
      let allowed = 1e-6 * expected.magnitude().max().item()
      #expect(expected.norm().item() > 1e-3)
      for product in [CurvatureProduct.transposedJacobian, .jacobian, .symmetricPart] {
        expectClose(
          try curvature.times(v, product), expected, relative: 0, absolute: allowed, "\(product)")
      }
    }
  }

  @Test func `smooth neurons: all columns of a dense Hessian, and both kinds of dense product`()
    throws
  {
    let loss = try Self.attached[1].with { $0.isSpiking = false }.loss()
    let hessian = try loss.matrix(.transposedJacobian)
    let expected = dense(hessian.size(0)) { loss.centralDifference($0) }
    let largest = expected.magnitude().max().item()
    expectClose(hessian, expected, relative: 0, absolute: 1e-6 * largest)
    expectClose(try loss.matrix(.jacobian), hessian, relative: 0, absolute: 1e-12 * largest)
    #expect(asymmetry(hessian) < 1e-13)
    let values = try loss.matrix(.gaussNewton).symmetricEigenDecomposition().values
    #expect(values.min().item() > -1e-12 * values.max().item())
  }

  /// Where something is detached or the spikes are real there is no loss to take differences of; there is the definition,
  /// one tensor operation at a time, differentiated by the engine.
  @Test(arguments: attached + cut)
  func `spikes: the products of the composed neuron`(_ row: Row) throws {
    let fused = try LossCurvature(of: row.network.loss())
    let composed = try LossCurvature(of: row.with { $0.implementation = .composed }.loss())
    let v = randomTensor([fused.dimension], seed: 1, dtype: .float64)
    for product in CurvatureProduct.allCases {
      let expected = try composed.times(v, product)
      #expect(expected.norm().item() > 1e-3)
      expectClose(
        try fused.times(v, product), expected, relative: 0,
        absolute: 1e-10 * expected.magnitude().max().item(), "\(product)")
    }
  }

  @Test(arguments: attached + cut)
  func `spikes: J is symmetric, and Gauss–Newton semidefinite`(_ row: Row) throws {
    let curvature = try LossCurvature(of: row.network.loss())
    func random(_ seed: UInt64) -> Tensor {
      randomTensor([curvature.dimension], seed: seed, dtype: .float64)
    }
    let (u, v) = (random(1), random(2))
    let (ju, jv) = (try curvature(u), try curvature(v))
    let scale = u.norm().item() * jv.norm().item()
    expectClose(u.dot(jv).item(), v.dot(ju).item(), relative: 0, absolute: 1e-12 * scale)
    expectClose(
      try curvature.times(v, .jacobian), jv, relative: 0,
      absolute: 1e-11 * jv.magnitude().max().item())
    for w in [u, v] { #expect(w.dot(try curvature.times(w, .gaussNewton)).item() > 0) }
  }

  @Test func `float32 is close to float64`() throws {
    var row = NetworkCase(neuron: LIF(surrogate: .arctan(width: 1), isSpiking: false))
    let wide = try LossCurvature(of: row.loss())
    row.dtype = .float32
    let narrow = try LossCurvature(of: row.loss())
    let v = randomTensor([wide.dimension], seed: 1)
    for product in CurvatureProduct.allCases {
      let expected = try wide.times(v.converted(to: .float64), product)
      let difference = try narrow.times(v, product).converted(to: .float64) - expected
      #expect(difference.norm().item() < 1e-4 * expected.norm().item(), "\(product)")
    }
  }

  @Test(arguments: [false, true]) func `unequal batches: the product of their union`(
    _ isPoisson: Bool
  ) throws {
    // Spikes of a random code belong to the batch that drew them; of T = 1 and one draw, compare a direct code only.
    var row = NetworkCase()
    if isPoisson { row.encoder = PoissonEncoding(steps: 2) }
    let network = try row.network()
    func loss(_ ranges: [Range<Int>]) -> LossFunction {
      LossFunction(
        of: network.parameters, over: ranges.map { row.batch(of: network, $0) })
    }
    let streamed = try LossCurvature(of: loss([0..<1, 1..<4, 4..<6]))
    let v = randomTensor([streamed.dimension], seed: 1, dtype: .float64)
    for product in CurvatureProduct.allCases {
      let found = try streamed.times(v, product)
      var expected = Tensor.zeros(like: v)
      for range in [0..<1, 1..<4, 4..<6] {
        let one = try LossCurvature(of: loss([range]))
        expected = expected + (try one.times(v, product)) * (Double(range.count) / 6)
      }
      expectClose(found, expected, relative: 1e-12, absolute: 1e-14)
      if !isPoisson {
        let whole = try LossCurvature(of: loss([0..<6])).times(v, product)
        expectClose(found, whole, relative: 1e-9, absolute: 1e-12)
      }
    }
  }
}
