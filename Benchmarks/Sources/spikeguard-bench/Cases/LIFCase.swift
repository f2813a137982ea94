import Spiking
import Torch

/// The fused neuron against the same equations composed of tensor operations.
enum LIFCase: BenchmarkCase {
  static let name = "lif"
  static let abstract = "The fused LIF kernel against its composition of tensor operations."

  private static let steps = 4

  static func run(_ session: inout Session) throws {
    let maps = [[64, 32, 32], [256, 8, 8], [512, 2, 2]]
    for batch in session.quick ? [32] : [32, 128] {
      for map in maps { try compare([steps * batch] + map, &session) }
    }
  }

  /// T = 4, the default neuron, channels-last as in a network.
  private static func compare(_ shape: [Int], _ session: inout Session) throws {
    let generator = Generator(seed: 1)
    let x = Tensor.normal(shape, using: generator).contiguous(.channelsLast).requiringGradient()
    let upstream = Tensor.normal(shape, using: generator).contiguous(.channelsLast)
    let direction = Tensor.normal(shape, using: generator).contiguous(.channelsLast)
    let problem = LIFProblem(x: x, upstream: upstream, direction: direction, steps: steps)
    let fused = LIF()
    let composed = LIF(implementation: .composed)
    let rounds = session.rounds(shape[0] > 128 ? 5 : 9, quick: 5)

    for pass in LIFProblem.Pass.allCases {
      // Each size is checked in every pass before it is timed.
      let ours = try problem.run(fused, pass)
      let reference = try problem.run(composed, pass)
      let agreement = try Agreement(
        pass.result, error: ours.largestDifference(from: reference), tolerance: 1e-6)
      let comparison = try Comparison.measure(
        "LIF, \(pass.rawValue), x \(shape) float32 channels-last, T = \(steps)", .milliseconds,
        [agreement],
        [
          Contestant("fused kernel") { _ = try problem.run(fused, pass) },
          Contestant("composed of tensor operations") { _ = try problem.run(composed, pass) },
        ], rounds: rounds)
      session.publish(comparison)
    }
  }
}

/// One layer of neurons and what is asked of it.
private struct LIFProblem {
  let x: Tensor
  let upstream: Tensor
  let direction: Tensor
  let steps: Int

  enum Pass: String, CaseIterable {
    case forward
    case backward = "forward and backward"
    case doubleBackward = "forward, backward and double backward"

    var result: String {
      switch self {
      case .forward: "spikes"
      case .backward: "gradient of x"
      case .doubleBackward: "gradient of ⟨gradient of x, direction⟩"
      }
    }
  }

  func run(_ neuron: LIF, _ pass: Pass) throws -> Tensor {
    if pass == .forward { return withoutGradients { spikes(neuron) } }
    let first = try vectorJacobianProduct(
      outputs: [spikes(neuron)], inputs: [x], vectors: [upstream],
      createGraph: pass == .doubleBackward)[0]
    guard pass == .doubleBackward else { return first }
    return try vectorJacobianProduct(outputs: [first], inputs: [x], vectors: [direction])[0]
  }

  private func spikes(_ neuron: LIF) -> Tensor {
    neuron.respond(to: Signal(stepped: x, steps: steps)).spikes
  }
}
