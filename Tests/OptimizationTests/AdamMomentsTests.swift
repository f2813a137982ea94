import Testing
import Torch

@testable import Optimization

@Suite struct AdamMomentsTests {
  private func direction(_ adam: inout AdamMoments, _ gradient: Tensor, name: String = "w")
    -> Tensor
  {
    var gradients: NamedTensors = [name: gradient]
    adam.apply(to: &gradients, at: [name: Tensor.zeros(like: gradient)], step: 0)
    return gradients[name]!
  }

  @Test func `the first direction is the sign of the gradient`() {
    // m / (1 − β₁) = g and v / (1 − β₂) = g², whatever the betas: g / (|g| + ε).
    let g = Tensor([3, -0.02, 1e-6, -50.0])
    for (beta1, beta2) in [(0.9, 0.999), (0, 0), (0.3, 0.99)] {
      var adam = AdamMoments(beta1: beta1, beta2: beta2, epsilon: 1e-6)
      let expected = g / (g.magnitude() + 1e-6)
      #expect(relativeError(direction(&adam, g), expected) < 1e-12)
    }
  }

  @Test func `a constant gradient keeps its direction for ever`() {
    // Bias correction makes both means exact at each step, not only in the limit.
    var adam = AdamMoments(epsilon: 0)
    for _ in 0..<20 {
      let found = direction(&adam, Tensor([4, -0.5])).scalars(of: Double.self)
      #expect(abs(found[0] - 1) < 1e-12 && abs(found[1] + 1) < 1e-12)
    }
  }

  @Test func `alternating gradients have their closed form`() {
    // g = ±1: m_t = (1 − β₁) Σ β₁^(t−i) (−1)^i and v / (1 − β₂ᵗ) = 1.
    var adam = AdamMoments(beta1: 0.5, beta2: 0.9, epsilon: 0)
    var mean = 0.0
    var weight = 1.0
    for step in 0..<6 {
      let g = step.isMultiple(of: 2) ? 1.0 : -1
      mean = 0.5 * mean + 0.5 * g
      weight *= 0.5
      #expect(abs(direction(&adam, Tensor([g])).item() - mean / (1 - weight)) < 1e-14)
    }
  }

  @Test func `a parameter that comes later is corrected by its own count`() {
    var adam = AdamMoments(epsilon: 0)
    for _ in 0..<5 { _ = direction(&adam, Tensor([1.0])) }
    #expect(abs(direction(&adam, Tensor([7.0]), name: "late").item() - 1) < 1e-12)
    #expect(
      adam.state.names == [
        "first.w", "second.w", "count.w", "first.late", "second.late", "count.late",
      ])
    #expect(adam.state["count.w"]!.item() == 5 && adam.state["count.late"]!.item() == 1)
  }

  @Test func `copies do not feel each other`() {
    var first = AdamMoments()
    _ = direction(&first, Tensor([1.0]))
    let second = first
    let saved = first.state
    _ = direction(&first, Tensor([1.0]))
    #expect(second.state["first.w"]!.item() == saved["first.w"]!.item())
    #expect(first.state["first.w"]!.item() > saved["first.w"]!.item())
  }

  @Test func `decay before or after the moments is another optimizer`() {
    func train(_ chain: [any GradientTransform]) -> Double {
      var optimizer = Optimizer(chain)
      let parameters: NamedTensors = ["w": Tensor([10.0])]
      optimizer.update(parameters, with: ["w": Tensor([1.0])], step: 0)
      return parameters["w"]!.item()
    }
    let (adam, decay, rate) = (AdamMoments(epsilon: 0), WeightDecay(0.1), LearningRate(0.5))
    // Decoupled: 10 − 0.5 (1 + 0.1 · 10). Coupled, the decay vanishes in the normalisation: 10 − 0.5 · 1.
    #expect(abs(train([adam, decay, rate]) - 9) < 1e-12)
    #expect(abs(train([decay, adam, rate]) - 9.5) < 1e-12)
    let chain = Optimizer([adam, decay, rate])
    #expect("\(chain)" == "AdamMoments(0.9, 0.999, ε 0.0) → WeightDecay(0.1) → LearningRate(0.5)")
  }
}
