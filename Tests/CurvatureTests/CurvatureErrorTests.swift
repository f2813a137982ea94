import Curvature
import Layers
import Spiking
import TestSupport
import Testing
import Torch

@Suite struct CurvatureErrorTests {
  private let x = Tensor([0.5, 1.5]).requiringGradient()

  /// What each way to measure throws.
  private func errors(_ loss: LossFunction) -> [CurvatureError?] {
    func error(_ body: () throws(CurvatureError) -> Void) -> CurvatureError? {
      do { try body() } catch { return error }
      return nil
    }
    let v = Tensor([1.0, 2])
    return [
      error { () throws(CurvatureError) in _ = try LossCurvature(of: loss)(v) },
      error { () throws(CurvatureError) in _ = try loss.evaluated() },
      error { () throws(CurvatureError) in try DeterminismProbe()(loss) },
      error { () throws(CurvatureError) in _ = try SecantProduct(of: loss, step: 1)(v) },
    ]
  }

  private func expect(_ loss: LossFunction, _ text: String) {
    for error in errors(loss) { #expect(error.map { "\($0)" } == text) }
  }

  @Test func `no parameters, or none with a number in it`() {
    for parameters in [[:], ["x": Tensor.zeros([0, 3]).requiringGradient()]] as [NamedTensors] {
      expect(
        LossFunction(of: parameters) { x.sum() },
        "expected parameters, found none; measure a network that has weights")
    }
  }

  @Test func `no batch`() {
    expect(
      LossFunction(of: ["x": x], over: []), "expected a batch, found none; give one image or more")
  }

  @Test func `a loss that is NaN`() {
    expect(
      LossFunction(of: ["x": x]) { (x - 3).logarithm().sum() },
      "loss: expected finite numbers, found NaN or infinity; measure a network before its training "
        + "diverged, or images without such pixels")
  }

  /// The root's slope at 0.
  @Test func `a gradient that is infinite`() {
    let zero = Tensor([0.0, 1]).requiringGradient()
    let loss = LossFunction(of: ["x": zero]) { zero.squareRoot().sum() }
    #expect(errors(loss)[0] == .notFinite("gradient"))
    #expect(errors(loss)[1] == .notFinite("gradient"))
  }

  /// The gradient is 0, its slope infinite.
  @Test func `a product that is infinite`() {
    let zero = Tensor([0.0, 1]).requiringGradient()
    let loss = LossFunction(of: ["x": zero]) { zero.power(1.5).sum() }
    #expect(errors(loss)[0] == .notFinite("product"))
    #expect(errors(loss)[1] == nil)
  }

  /// Spikes hide a NaN: a comparison with it is false, and the logits are finite.
  @Test(arguments: CurvatureProduct.allCases)
  func `an image that holds NaN, though a network of spikes answers with numbers`(
    _ product: CurvatureProduct
  ) throws {
    let network = try NetworkCase().network()
    let images = Tensor.uniform([2, 1, 8, 8], dtype: .float64, using: Generator(seed: 1))
    images[0..<1].copyInPlace(from: Tensor.full(.nan, shape: [1, 1, 8, 8], dtype: .float64))
    let loss = LossFunction(
      of: network.parameters,
      over: [
        .init(
          outputs: {
            var pass = ForwardPass(.evaluation)
            return network(DirectEncoding(steps: 2)(images, &pass), &pass)
          }, loss: { $0.mean(along: [0]).crossEntropy(Tensor([0, 1])) })
      ])
    #expect(loss.batches[0].outputs().isFinite().allTrue())
    let curvature = try LossCurvature(of: loss, product: product)
    let v = randomTensor([curvature.dimension], seed: 1, dtype: .float64)
    let error = #expect(throws: CurvatureError.self) { try curvature(v) }
    #expect(error == .notFinite(product == .gaussNewton ? "product" : "gradient"))
  }

  @Test func `a loss that the engine differentiates once only`() throws {
    let cdist = try Operator("cdist")
    let (a, b) = (
      randomTensor([3, 2], seed: 1, dtype: .float64),
      randomTensor([4, 2], seed: 2, dtype: .float64)
    )
    let loss = LossFunction(of: ["x": x]) {
      try! cdist(a * x, b, 3.0).sum()
    }
    for product in [CurvatureProduct.transposedJacobian, .jacobian, .symmetricPart] {
      let error = #expect(throws: CurvatureError.self) {
        try LossCurvature(of: loss, product: product)(Tensor([1.0, 2]))
      }
      let text = "\(error!)"
      #expect(
        text.hasPrefix("product: expected a loss that the engine can differentiate twice, found "))
      #expect(text.contains("cdist") && text.hasSuffix("; build it of recorded operations alone"))
    }
  }

  @Test func `a loss that was not recorded`() throws {
    let loss = LossFunction(of: ["x": x]) { x.detached().sum() }
    let error = #expect(throws: CurvatureError.self) {
      try LossCurvature(of: loss)(Tensor([1.0, 2]))
    }
    #expect("\(error!)".contains("does not require grad"))
  }

  @Test func `the texts`() {
    #expect(
      CurvatureError.notDeterministic("loss", difference: 0.25).description
        == "loss: expected the same numbers from the same parameters, found a relative difference of "
        + "0.25; fix the seed of what is random in the network, or measure it without")
    #expect(
      CurvatureError.tooMany("eigenvalues", asked: 9, dimension: 4).description
        == "eigenvalues: expected at most 4, the number of parameters, found 9; ask for fewer")
    #expect(
      CurvatureError.stepLost(step: 1e-9, rounding: 1).description
        == "step: expected a length that moves the parameters as asked, found 1e-09, of which rounding "
        + "changes a share of 1.0; take a longer one, or float64")
  }

  /// "At most 4, found 0; ask for fewer" would send a person the wrong way.
  @Test(arguments: [0, -2]) func `no eigenvalue to look for is an error that says so`(_ count: Int)
  {
    let matrix = MatrixOperator(.identity(4, dtype: .float64))
    let text =
      "eigenvalues: expected 1 to 4, the number of parameters, found \(count); ask for one or more"
    let lanczos = #expect(throws: CurvatureError.self) { try Lanczos(count: count)(matrix) }
    let power = #expect(throws: CurvatureError.self) { try PowerIteration(count: count)(matrix) }
    #expect(lanczos.map { "\($0)" } == text)
    #expect(power.map { "\($0)" } == text)
  }

  @Test(arguments: ["length", "type", "step", "types", "weight", "draws", "scalar"])
  func `a programmer's error traps`(_ what: String) async {
    await #expect(processExitsWith: .failure) { [what] in
      let x = Tensor([0.5, 1.5]).requiringGradient()
      let y = Tensor([Float(0.5)]).requiringGradient()
      let loss = LossFunction(of: ["x": x]) { x.power(3).sum() }
      let v = Tensor([1.0, 2])
      switch what {
      case "length": _ = try LossCurvature(of: loss)(Tensor([1.0]))
      case "type": _ = try LossCurvature(of: loss)(v.converted(to: .float32))
      case "step": _ = try SecantProduct(of: loss, step: 0)
      case "types": _ = try LossCurvature(of: LossFunction(of: ["x": x, "y": y]) { x.sum() })
      case "weight":
        _ = try LossCurvature(
          of: LossFunction(
            of: ["x": x], over: [.init(weight: 0, outputs: { x }, loss: { $0.sum() })]))
      case "draws":
        _ = try Asymmetry(of: MatrixOperator(Tensor([[1.0]][0], shape: [1, 1])), draws: 1)
      default: _ = try LossFunction(of: ["x": x], { x * 2 }).evaluated()
      }
    }
  }

  enum BadStart: String, CaseIterable, Codable, Sendable {
    case zeros = "expected a start of a length above 0, got only zeros"
    case notANumber = "expected a start of finite numbers, got NaN or infinity"
    case shorter = "expected a start of shape [3] in float64, got shape [2] in float64"
    case narrower = "expected a start of shape [3] in float64, got shape [3] in float32"

    var vector: Tensor {
      switch self {
      case .zeros: Tensor([0.0, 0, 0])
      case .notANumber: Tensor([1.0, .nan, 0])
      case .shorter: Tensor([1.0, 2])
      case .narrower: Tensor([1.0 as Float, 2, 3])
      }
    }
  }

  /// A division by its length would give NaN, or eigenvalues of nothing with a residual of 0.
  @Test(arguments: ["PowerIteration", "StochasticLanczosDensity"], BadStart.allCases)
  func `a start without a direction traps and says so`(
    _ solver: String, _ start: BadStart
  ) async throws {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [solver, start] in
      let matrix = MatrixOperator(.identity(3, dtype: .float64))
      // The first one is good: each must be looked at.
      let starts = [Tensor([1.0, 0, 0]), start.vector]
      if solver == "PowerIteration" {
        _ = try PowerIteration(count: 2, starts: starts)(matrix)
      } else {
        _ = try StochasticLanczosDensity(runs: 2, steps: 2, starts: starts)(matrix)
      }
    }
    let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(text.contains("\(solver): \(start.rawValue)"), "\(text)")
  }

  /// A direction is one however short it is: 1e-30 squared is 0 in float32.
  @Test func `a tiny start is as good as any other`() throws {
    let matrix = MatrixOperator(Tensor([2 as Float, 0, 0, 1], shape: [2, 2]))
    let found = try StochasticLanczosDensity(
      runs: 1, steps: 2, starts: [Tensor([1e-30 as Float, 1e-30])])(matrix)
    #expect(found.runs[0].nodes.count == 2 && abs(found.moment(1).value - 1.5) < 1e-6)
  }
}
