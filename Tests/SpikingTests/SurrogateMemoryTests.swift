import Foundation
import Layers
import Spiking
import TestSupport
import Testing
import Torch

/// What adaptive sharpness remembers, and the bound that it is made for.
@Suite struct SurrogateMemoryTests {
  /// One step of a neuron without leak, so that u = x − 1, and ds/dx there.
  private func slope(_ u: [Double], _ view: GradientView) -> [Double] {
    let leaf = (Tensor(u, shape: [1, u.count]) + 1).requiringGradient()
    var pass = ForwardPass(.evaluation, gradientView: view)
    let spikes = LIF()(Signal(stepped: leaf, steps: 1), &pass).values
    return spikes.sum().gradients(of: [leaf])[0].scalars(of: Double.self)
  }

  private func view(_ surrogate: AdaptiveSharpness, _ memory: SurrogateMemory) -> GradientView {
    GradientView(rule: .adaptive(surrogate, memory))
  }

  @Test func `two iterations by hand`() {
    let memory = SurrogateMemory()
    let view = view(AdaptiveSharpness(vanishing: 0.5), memory)  // ω = 2/π
    #expect(memory.moments(ofLayer: 0).isEmpty)
    // M = 0.9 + 0.05 = 0.95, D = 0.1 · 0.45 = 0.045
    var a = 2 / Double.pi / (0.95 + 1.5 * 0.045 + 0.0001)
    var y = Double.pi * a * 0.5 / 2
    expectClose(slope([0.5], view), [a / 2 / (1 + y * y)], relative: 1e-12)
    // M = 0.855 + 0.1 = 0.955, D = 0.0405 + 0.1 · 0.045 = 0.045
    a = 2 / Double.pi / (0.955 + 1.5 * 0.045 + 0.0001)
    y = Double.pi * a / 2
    expectClose(slope([-1], view), [a / 2 / (1 + y * y)], relative: 1e-12)
    let moments = memory.moments(ofLayer: 0)
    #expect(moments.count == 1)
    expectClose(moments[0].mean.item(), 0.955, relative: 1e-12)
    expectClose(moments[0].deviation.item(), 0.045, relative: 1e-12)
  }

  @Test func `the published argument 0.425 is A = 0.85`() {
    let surrogate = AdaptiveSharpness(vanishing: 0.85)
    expectClose(surrogate.numerator, 2 * tan(0.425 * .pi) / .pi, relative: 1e-14)
    #expect(surrogate == AdaptiveSharpness())
  }

  @Test func `only the first of an iteration's draws moves the memory`() {
    let memory = SurrogateMemory(drawsPerIteration: 3)
    let view = view(AdaptiveSharpness(), memory)
    let twin = self.view(AdaptiveSharpness(), SurrogateMemory())
    let first = slope([0.4], view)
    #expect(first == slope([0.4], twin))
    #expect(slope([0.4], view) == first && slope([0.4], view) == first)
    #expect(slope([0.4], view) == slope([0.4], twin))
    #expect(slope([0.4], view) != first)
  }

  @Test func `a batch of another shape starts afresh, and is counted`() {
    let memory = SurrogateMemory()
    let view = view(AdaptiveSharpness(), memory)
    let first = slope([0.4, 0.2], view)
    _ = slope([0.4, 0.2], view)
    #expect(memory.restarts == 0)
    #expect(slope([0.4], view) == [first[0]])
    #expect(memory.restarts == 1)
    #expect(slope([0.4, 0.2], view) == first && memory.restarts == 2)
  }

  /// G(|u|), the mass of the arctan of sharpness a within ±|u|.
  private func mass(_ u: Tensor, _ a: Tensor) -> Tensor {
    let scaled = u.magnitude() * a
    let smooth = Surrogate.arctan(width: 1)
    return smooth.primitive(scaled) - smooth.primitive(-scaled)
  }

  /// Potentials with light tails, with heavy ones, and of two values far apart.
  private func potentials(_ kind: Int, _ shape: [Int], _ seed: UInt64) -> Tensor {
    let normal = Tensor.normal(shape, dtype: .float64, using: Generator(seed: seed))
    switch kind {
    case 0: return normal
    case 1: return normal * normal * normal - 1
    default: return (normal .> 1).converted(to: .float64) * 50 + 0.01
    }
  }

  @Test(arguments: [0, 1, 2], [0.76, 0.85, 0.94])
  func `sharpness ω over the mean potential bounds the mean mass out of reach by A`(
    _ kind: Int, _ share: Double
  ) {
    for seed in 0..<5 {
      let u = potentials(kind, [4001], UInt64(seed))
      let a = AdaptiveSharpness(vanishing: share).numerator / u.magnitude().mean().item()
      let mean = mass(u, Tensor(a)).mean().item()
      // Jensen: exact for any sample, and an equality for a constant one.
      #expect(mean <= share + 1e-12)
    }
    let constant = Tensor([0.7, -0.7])
    let a = AdaptiveSharpness(vanishing: share).numerator / 0.7
    expectClose(mass(constant, Tensor(a)).mean().item(), share, relative: 1e-12)
  }

  @Test(arguments: [0, 1, 2], [0.76, 0.85, 0.94])
  func `so does what the memory has settled to`(_ kind: Int, _ share: Double) {
    let memory = SurrogateMemory()
    let surrogate = AdaptiveSharpness(vanishing: share)
    var total = 0.0
    var count = 0
    for iteration in 0..<120 {
      let u = potentials(kind, [500], UInt64(100 + iteration))
      _ = slope(u.scalars(of: Double.self), view(surrogate, memory))
      guard iteration >= 40 else { continue }
      let a = surrogate.sharpness(memory.moments(ofLayer: 0)[0])
      total += mass(u.reshaped([1, 500]), a).mean().item()
      count += 1
    }
    #expect(total / Double(count) <= share)
  }
}
