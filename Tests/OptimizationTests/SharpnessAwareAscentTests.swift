import Testing
import Torch

@testable import Optimization

@Suite struct SharpnessAwareAscentTests {
  /// Gradient and loss of ½ Σ λᵢ wᵢ² split over two parameters.
  private let curvature = Tensor([4, 1, 0.25, 9.0])
  private func parameters(_ w: [Double]) -> NamedTensors {
    ["a": Tensor(Array(w[..<1])), "b": Tensor(Array(w[1...]), shape: [3, 1])]
  }
  private func flat(_ tensors: NamedTensors) -> Tensor {
    Tensor.concatenating(tensors.tensors.map { $0.flattened() })
  }
  private func gradients(at w: Tensor) -> NamedTensors {
    parameters((curvature * w).scalars(of: Double.self))
  }

  @Test func `on a quadratic the second gradient has its closed form`() {
    let w = Tensor([1, -2, 3, 0.5])
    let g = curvature * w  // 4, −2, 0.75, 4.5
    let length = (16 + 4 + 0.5625 + 20.25).squareRoot()
    let e = SharpnessAwareAscent(rho: 0.1).perturbation(
      of: gradients(at: w), at: parameters(w.scalars(of: Double.self)))
    #expect(e.names == ["a", "b"] && e["b"]!.shape == [3, 1])
    #expect(relativeError(flat(e), g * (0.1 / length)) < 1e-12)
    // ∇L(w + e) = Λ(w + ρ Λw / ‖Λw‖).
    let second = flat(gradients(at: w + flat(e)))
    #expect(relativeError(second, g + curvature * g * (0.1 / length)) < 1e-12)
  }

  @Test(arguments: SharpnessAwareAscent.Neighborhood.allCases, [UInt64(1), 2, 3])
  func `it ends on the boundary where the linearized loss is largest`(
    _ neighborhood: SharpnessAwareAscent.Neighborhood, _ seed: UInt64
  ) {
    let w: NamedTensors = [
      "a": Matrices.noise([4, 5], seed: seed, dtype: .float64),
      "b": Matrices.noise([3], seed: seed + 9, dtype: .float64),
    ]
    let g: NamedTensors = [
      "b": Matrices.noise([3], seed: seed + 5, dtype: .float64),
      "a": Matrices.noise([4, 5], seed: seed + 6, dtype: .float64),
    ]
    let e = SharpnessAwareAscent(rho: 0.7, neighborhood: neighborhood).perturbation(of: g, at: w)
    #expect(e.names == g.names)
    /// The same direction in coordinates in which the neighbourhood is a ball.
    func scaled(_ e: NamedTensors) -> NamedTensors {
      guard neighborhood == .scaled else { return e }
      return NamedTensors(e.map { ($0.name, $0.tensor / w[$0.name]!.magnitude()) })
    }
    func norm(_ e: NamedTensors) -> Double {
      scaled(e).tensors.reduce(0) { $0 + inner($1, $1) }.squareRoot()
    }
    func rise(_ e: NamedTensors) -> Double { e.reduce(0) { $0 + inner($1.tensor, g[$1.name]!) } }
    #expect(abs(norm(e) - 0.7) < 1e-10)
    for other in UInt64(20)..<40 {
      var d = NamedTensors(
        e.names.map { ($0, Matrices.noise(e[$0]!.shape, seed: other, dtype: .float64)) })
      d = d.map { $0 * (0.7 / norm(d)) }
      #expect(rise(d) <= rise(e))
    }
  }

  @Test func `a scaled neighborhood follows a scaled layer`() {
    // L(c w) with c taken out of the gradient: e scales as w does. The ball does not.
    let w: NamedTensors = ["a": Matrices.noise([5], seed: 1, dtype: .float64)]
    let g: NamedTensors = ["a": Matrices.noise([5], seed: 2, dtype: .float64)]
    let large = w.map { $0 * 8 }
    let small = g.map { $0 / 8 }
    let ascent = SharpnessAwareAscent(rho: 0.5, neighborhood: .scaled)
    let e = ascent.perturbation(of: g, at: w)["a"]!
    #expect(relativeError(ascent.perturbation(of: small, at: large)["a"]!, e * 8) < 1e-12)
    let ball = SharpnessAwareAscent(rho: 0.5)
    #expect(
      relativeError(
        ball.perturbation(of: small, at: large)["a"]!, ball.perturbation(of: g, at: w)["a"]!)
        < 1e-11)
  }

  @Test func `nothing is written and zero gradients stay zero`() {
    let w: NamedTensors = ["a": Tensor([1, 2] as [Float]).requiringGradient()]
    let g: NamedTensors = ["a": Tensor([0, 0] as [Float])]
    for neighborhood in SharpnessAwareAscent.Neighborhood.allCases {
      let e = SharpnessAwareAscent(rho: 1, neighborhood: neighborhood).perturbation(of: g, at: w)
      #expect(e["a"]!.scalars(of: Float.self) == [0, 0])
      #expect(e["a"]!.dtype == .float32 && !e["a"]!.requiresGradient)
      e["a"]!.addInPlace(Tensor([1, 1] as [Float]))
      #expect(g["a"]!.scalars(of: Float.self) == [0, 0])
    }
    #expect(w["a"]!.detached().scalars(of: Float.self) == [1, 2])
    #expect("\(SharpnessAwareAscent(rho: 0.05))" == "SharpnessAwareAscent(0.05, ball)")
  }
}
