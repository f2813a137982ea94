import Testing
import Torch

@testable import Optimization

@Suite struct GradientClippingTests {
  private func clipped(
    _ clipping: inout GradientClipping, _ gradients: NamedTensors
  ) -> NamedTensors {
    var gradients = gradients
    clipping.apply(to: &gradients, at: gradients, step: 0)
    return gradients
  }

  @Test func `the norm is that of all tensors together`() {
    // 3-4-12-84: ‖·‖ = 85.
    let gradients: NamedTensors = [
      "a": Tensor([3.0, 4.0]), "b": Tensor([12.0], shape: [1, 1]), "c": Tensor(84.0),
    ]
    var clipping = GradientClipping(maximumNorm: 1)
    let result = clipped(&clipping, gradients)
    #expect(clipping.norm == 85)
    #expect(abs(clipping.factor - 1 / 85.000001) < 1e-15)
    for (name, gradient) in gradients {
      #expect(relativeError(result[name]!, gradient / 85.000001) < 1e-15)
    }
  }

  @Test func `gradients below the norm pass as they are`() {
    let gradients: NamedTensors = ["a": Tensor([3.0, 4.0])]
    for maximum in [5.00001, 1e9] {
      var clipping = GradientClipping(maximumNorm: maximum)
      #expect(clipped(&clipping, gradients)["a"]!.isIdentical(to: gradients["a"]!))
      #expect(clipping.factor == 1 && clipping.norm == 5)
    }
    var clipping = GradientClipping(maximumNorm: 1)
    let nothing = clipped(&clipping, ["a": Tensor([0.0, 0.0])])
    #expect(nothing["a"]!.scalars(of: Double.self) == [0, 0] && clipping.norm == 0)
  }

  @Test(arguments: [UInt64(1), 2, 3]) func `the bound holds and the direction stays`(_ seed: UInt64)
  {
    let gradients: NamedTensors = [
      "a": Matrices.noise([7, 3], seed: seed), "b": Matrices.noise([11], seed: seed + 10) * 100,
      "c": Matrices.noise([2, 2], seed: seed + 20, dtype: .float64),
    ]
    var clipping = GradientClipping(maximumNorm: 0.25)
    let result = clipped(&clipping, gradients)
    let norm = result.tensors.reduce(0) { $0 + inner($1, $1) }.squareRoot()
    #expect(norm <= 0.25 * (1 + 1e-6) && norm > 0.2499)
    for (name, gradient) in gradients {
      let cosine =
        inner(result[name]!, gradient)
        / (inner(result[name]!, result[name]!) * inner(gradient, gradient)).squareRoot()
      #expect(abs(cosine - 1) < 1e-6)
    }
  }

  @Test func `squares that overflow do not zero the gradient`() {
    var clipping = GradientClipping(maximumNorm: 1)
    let single = clipped(&clipping, ["a": Tensor([3e30, 4e30] as [Float])])
    #expect(relativeError(single["a"]!, Tensor([0.6, 0.8])) < 1e-6)
    let double = clipped(&clipping, ["a": Tensor([3e200]), "b": Tensor([4e200])])
    #expect(abs(double["a"]!.item() - 0.6) < 1e-12 && abs(clipping.norm! / 5e200 - 1) < 1e-12)
  }

  @Test func `gradients that are no numbers pass and show in the norm`() {
    for bad in [Double.nan, .infinity] {
      var clipping = GradientClipping(maximumNorm: 1)
      let result = clipped(&clipping, ["a": Tensor([bad, 5]), "b": Tensor([100.0])])
      #expect(result["b"]!.item() == 100 && result["a"]![1].item() == 5)
      #expect(!clipping.norm!.isFinite)
    }
  }

  @Test func `after deflation the bound holds for what is left`() {
    // σ = 100 and 1. Clipped first, the rest would be shortened to 0.01 for the sake of what is then removed.
    let g = Matrices.planted(6, 8, [100, 1], seed: 4)
    func norm(_ chain: [any GradientTransform]) -> Double {
      var gradients: NamedTensors = ["w": g]
      for var link in chain { link.apply(to: &gradients, at: ["w": g], step: 0) }
      return gradients["w"]!.norm().item()
    }
    let (deflation, clipping) = (DominantSingularDeflation(), GradientClipping(maximumNorm: 1))
    #expect(abs(norm([deflation, clipping]) - 1) < 1e-5)
    #expect(abs(norm([clipping, deflation]) - 0.01) < 1e-5)
    #expect(
      "\(Optimizer([deflation, clipping]))" == "DominantSingularDeflation → GradientClipping(1.0)")
  }
}
