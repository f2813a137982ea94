import Layers
import Spiking
import TestSupport
import Testing
import Torch

/// The rectifier in a neuron's place, and sums of signals.
@Suite struct RectifierTests {
  @Test func `it is max(0, x) at each step, and its slope is 0 or 1`() {
    let x = Tensor([-1, 0, 2, 0.5, -3, 0] as [Float], shape: [6, 1]).requiringGradient()
    var pass = ForwardPass(.training, gradientView: GradientView(surrogate: .sigmoid(width: 1)))
    let output = Rectifier()(Signal(stepped: x, steps: 3), &pass)
    #expect(output.values.detached().scalars(of: Float.self) == [0, 0, 2, 0.5, 0, 0])
    #expect(!output.isConstant && output.steps == 3)
    let gradients = output.values.sum().gradients(of: ["x": x])
    #expect(gradients["x"]!.scalars(of: Float.self) == [0, 0, 1, 1, 0, 0])
  }

  @Test func `a constant signal stays constant and counts for all of its steps`() {
    let x = randomTensor([3, 5, 7], seed: 2)
    let active = x.scalars(of: Float.self).count { $0 > 0 }
    for steps in [1, 4] {
      var pass = ForwardPass(.evaluation, carryingMembranes: true)
      let once = Rectifier()(Signal(constant: x, steps: steps), &pass)
      let repeated = Rectifier()(
        Signal(stepped: x.tiled([steps, 1, 1]), steps: steps), &pass)
      #expect(once.isConstant && once.folded.isIdentical(to: repeated.values))
      for layer in pass.activity {
        #expect(layer.spikeCount == Double(active * steps))
        #expect(layer.opportunities == 105 * steps)
      }
      #expect(pass.nextMembrane == nil)
    }
  }

  @Test(arguments: [(true, true), (true, false), (false, true), (false, false)])
  func `signals are added step by step, whichever is constant`(_ first: Bool, _ second: Bool) {
    func signal(_ isConstant: Bool, seed: UInt64) -> (Tensor, Signal) {
      let leaf = randomTensor([isConstant ? 2 : 6, 3, 4, 5], seed: seed).requiringGradient()
      let values = leaf.contiguous(.channelsLast)
      return (
        leaf,
        isConstant ? Signal(constant: values, steps: 3) : Signal(stepped: values, steps: 3)
      )
    }
    let ((x, a), (y, b)) = (signal(first, seed: 1), signal(second, seed: 2))
    let sum = a + b
    #expect(sum.isConstant == (first && second) && sum.steps == 3)
    let expected = a.folded + b.folded
    #expect(sum.folded.detached().isIdentical(to: expected.detached()))
    let weights = randomTensor([6, 3, 4, 5], seed: 3)
    let leaves: NamedTensors = ["x": x, "y": y]
    let found = (sum.folded * weights).sum().gradients(of: leaves)
    for (name, gradient) in (expected * weights).sum().gradients(of: leaves) {
      expectClose(found[name]!, gradient, relative: 1e-6, absolute: 1e-6, name)
    }
  }
}
