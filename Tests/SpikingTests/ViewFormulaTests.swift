import Foundation
import Layers
import Spiking
import TestSupport
import Testing
import Torch

/// Closed forms of the views' slopes and of the artificial units.
@Suite struct ViewFormulaTests {
  @Test func `the rate's slope is γ, then the line to β thresholds, then 0`() {
    let rate = RateGradient()
    // λ = 0.5, θ = 2: silent up to 1, then from 0.2 to 1 over the 3 up to 4.
    let slope = rate.slope(
      at: Tensor([-0.1, 0, 0.9, 1, 1.1, 3.9, 4, 4.1]), leak: 0.5, threshold: 2)
    let line = 0.8 / 3
    expectClose(
      slope.scalars(of: Double.self), [0, 0.2, 0.2, 0.2, line, line, line, 0], relative: 1e-12)
    // The published form (1 − γθ + γλθ) / ((λ + β − 1) θ) at θ = 1.
    let unit = rate.slope(at: Tensor([1.0]), leak: 0.3, threshold: 1).item()
    expectClose(unit, (1 - 0.2 + 0.2 * 0.3) / (0.3 + 2 - 1), relative: 1e-12)
  }

  @Test func `integrate-and-fire has one line from 0 to β thresholds`() {
    let slope = RateGradient(saturation: 4).slope(
      at: Tensor([-0.1, 0, 0.1, 2, 2.1]), leak: 1, threshold: 0.5)
    expectClose(slope.scalars(of: Double.self), [0, 0.5, 0.5, 0.5, 0], relative: 1e-12)
  }

  private func slopes(_ x: Tensor, steps: Int, _ view: GradientView, _ neuron: LIF) -> [Double] {
    let leaf = x.requiringGradient()
    var pass = ForwardPass(.evaluation, gradientView: view)
    let output = neuron(Signal(stepped: leaf, steps: steps), &pass).values
    return output.sum().gradients(of: [leaf])[0].scalars(of: Double.self)
  }

  @Test func `potential-dependent: σ by hand, its degenerate cases and the shift`() {
    func density(_ u: Double, _ sigma: Double, _ shift: Double = 0.5) -> Double {
      let z = (u - shift * sigma) / sigma
      return exp(-z * z / 2) / (sigma * (2 * Double.pi).squareRoot())
    }
    var neuron = LIF(reset: .none, temporalGradient: .withinStep)
    neuron.leak = 0
    func view(_ shift: Double) -> GradientView {
      GradientView(rule: .potentialDependent(PotentialDependentSurrogate(shift: shift)))
    }
    // One unit, one example: a single potential, then {1, 3} with σ = √2.
    let found = slopes(Tensor([1.0, 3], shape: [2, 1]), steps: 2, view(0.5), neuron)
    expectClose(found, [density(0, 1), density(2, 2.squareRoot())], relative: 1e-12)
    // Two examples of two units: each unit has its σ; the second one's potentials are equal.
    let units = slopes(Tensor([1.0, 2, 2, 2], shape: [2, 2]), steps: 1, view(0), neuron)
    let sigma = 0.5.squareRoot()
    expectClose(
      units, [density(0, sigma, 0), density(1, 1, 0), density(1, sigma, 0), density(1, 1, 0)],
      relative: 1e-12)
  }

  @Test func `a neuron that never fires passes nothing through its rate`() {
    let view = GradientView(rule: .firedAtLeastOnce)
    let x = Tensor([0.2, 1.5, 0.2, 0.1], shape: [2, 2])
    #expect(slopes(x, steps: 2, view, LIF()) == [0, 1, 0, 1])
  }

  @Test func `artificial units have the values and slopes of their table, and no time`() {
    let x = Tensor([-0.5, 0.05, 0.07, 0.5, 0.99, 1.3] as [Double], shape: [1, 6])
    func run(_ unit: ArtificialUnit, threshold: Double) -> ([Double], [Double], Bool) {
      let leaf = x.requiringGradient()
      var pass = ForwardPass(
        .evaluation, gradientView: GradientView(rule: .unit(unit)), carryingMembranes: true)
      let output = LIF(threshold: threshold)(Signal(constant: leaf, steps: 4), &pass)
      #expect(pass.activity.count == 1 && pass.activity[0].opportunities == 24)
      return (
        output.values.detached().scalars(of: Double.self),
        output.values.sum().gradients(of: [leaf])[0].scalars(of: Double.self), output.isConstant
      )
    }
    let rectifier = run(.rectifier, threshold: 2)
    #expect(rectifier == ([0, 0.05, 0.07, 0.5, 0.99, 1.3], [0, 1, 1, 1, 1, 1], true))
    #expect(
      run(.quantizedClip, threshold: 1) == ([0, 0, 0.125, 0.5, 1, 1], [0, 1, 1, 1, 1, 0], true))
    #expect(
      run(.quantizedClip, threshold: 0.5) == (
        [0, 0.125, 0.125, 1, 1, 1], [0, 2, 2, 2, 0, 0], true
      ))
  }

  @Test func `a converted network of rectifiers is the network built with rectifiers`() {
    let network = SmallNetwork(neuron: LIF())
    let images = Tensor.uniform([3, 2, 5, 4], dtype: .float64, using: Generator(seed: 3))
    let logits = network.classifier(
      DirectEncoding(steps: 4), gradientView: GradientView(rule: .unit(.rectifier)))(images)
    let twin = SmallNetwork(neuron: Rectifier())
    expectClose(logits, twin.classifier(DirectEncoding(steps: 1))(images), relative: 1e-12)
  }

  @Test func `rules that need all steps refuse to walk them one by one`() async throws {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let network = SmallNetwork(neuron: LIF(temporalGradient: .withinStep))
      var pass = ForwardPass(
        .training, gradientView: .hart(width: 1), batchStatistics: .eachStep)
      _ = network.lossGradients(
        of: PerStepCrossEntropy(), on: Tensor.ones([2, 2, 3, 3], dtype: .float64),
        labels: Tensor([0, 1] as [Int64]), encoder: DirectEncoding(steps: 2), &pass,
        unrolling: .stepByStep)
    }
    let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(text.contains("needs all steps"))
  }
}
