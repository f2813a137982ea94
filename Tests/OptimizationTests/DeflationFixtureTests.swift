import TestSupport
import Testing
import Torch

@testable import Optimization

/// Both solvers against torch.linalg.svd in float64 (scripts/fixtures/deflation.py).
@Suite struct DeflationFixtureTests {
  static let names = [
    "small", "odd", "wide-range", "convolution", "rank-one", "ratio-1.01", "ratio-1.0001", "tall",
  ]

  enum Solver: CaseIterable {
    case fast, svd
    var transform: DominantSingularDeflation {
      DominantSingularDeflation(solver: self == .fast ? .fast : .svd)
    }
  }

  @Test(arguments: names, Solver.allCases)
  func `a gradient loses the term that LAPACK finds in float64`(
    _ name: String, _ solver: Solver
  ) throws {
    let file = try Fixture.load("deflation.safetensors").tensors
    let gradient = try #require(file[name + ".gradient"])
    let expected = try #require(file[name + ".deflated"])
    let sigma = try #require(file[name + ".sigma"]).scalars(of: Double.self)
    var deflation = solver.transform
    var gradients: NamedTensors = ["g": gradient]
    deflation.apply(to: &gradients, at: ["g": gradient], step: 0)
    let deflated = gradients["g"]!.converted(to: .float64)
    #expect(deflated.shape == gradient.shape && gradients["g"]!.dtype == .float32)
    let triple = try #require(deflation.report["g"]?.triple)
    expectClose(triple.sigma, sigma[0], relative: 1e-5)

    let norm = gradient.converted(to: .float64).norm().item()
    // Rounding of float32, which is all that is left of a matrix of rank one.
    let rounding = 1e-6 * norm
    let largest = try deflated.flattened(from: 1).singularValues()[0].item()
    #expect(largest <= 1.001 * sigma[1] + rounding)
    let removed = norm * norm - deflated.squared().sum().item()
    expectClose(removed, sigma[0] * sigma[0], relative: 1e-5)
    // Below this ratio the two leading directions are told apart by rounding.
    guard sigma[0] >= 1.01 * sigma[1] * (1 - 1e-6) else { return }
    let error = (deflated - expected).norm().item()
    #expect(error <= 1e-4 * expected.norm().item() + rounding, "off by \(error)")
  }

  @Test(arguments: Solver.allCases)
  func `a gradient of rank one deflates to nothing`(_ solver: Solver) throws {
    let gradient = try #require(Fixture.load("deflation.safetensors").tensors["rank-one.gradient"])
    var deflation = solver.transform
    var gradients: NamedTensors = ["g": gradient]
    deflation.apply(to: &gradients, at: gradients, step: 0)
    #expect(gradients["g"]!.norm().item() <= 1e-6 * gradient.norm().item())
  }
}
