import Spiking
import Torch

/// The fused neuron against the same equations composed of tensor operations.
enum LIFCase: BenchmarkCase {
  static let name = "lif"
  static let abstract = "The fused LIF kernel against its composition of tensor operations."

  private static let steps = 4

  static func run(_ session: inout Session) throws {
    say("\nLIF: T = \(steps), float32, channels-last, the default neuron; milliseconds")
    var rows = [["x", "pass", "fused", "composed", "ratio", "equal"]]
    for batch in session.quick ? [32] : [32, 128] {
      for map in [[64, 32, 32], [256, 8, 8], [512, 2, 2]] {
        let shape = [steps * batch] + map
        for (pass, comparison) in try compare(shape, session) {
          session.record.comparisons.append(comparison)
          let sides = comparison.sides
          rows.append([
            "\(shape)", pass.rawValue, comparison.time(of: sides[0]), comparison.time(of: sides[1]),
            formatted(comparison.ratio(sides[1]), 3), scientific(comparison.agreements[0].error),
          ])
        }
      }
    }
    for line in aligned(rows) { say("  " + line) }
    say(
      "  Median (min – max). equal: largest difference of spikes, of the gradient of x, and of the gradient of "
        + "⟨that, a direction⟩; allowed 1e-6.")
  }

  private static func compare(
    _ shape: [Int], _ session: Session
  ) throws -> [(LIFProblem.Pass, Comparison)] {
    let generator = Generator(seed: 1)
    let x = Tensor.normal(shape, using: generator).contiguous(.channelsLast).requiringGradient()
    let upstream = Tensor.normal(shape, using: generator).contiguous(.channelsLast)
    let direction = Tensor.normal(shape, using: generator).contiguous(.channelsLast)
    let problem = LIFProblem(x: x, upstream: upstream, direction: direction, steps: steps)
    let (fused, composed) = (LIF(), LIF(implementation: .composed))
    return try LIFProblem.Pass.allCases.map { pass in
      let error = try problem.run(fused, pass).largestDifference(from: problem.run(composed, pass))
      let agreement = try Agreement("\(shape): \(pass.result)", error: error, tolerance: 1e-6)
      let comparison = try Comparison.measure(
        "LIF, \(pass.rawValue), x \(shape)", .milliseconds, [agreement],
        [
          Contestant("fused kernel") { _ = try problem.run(fused, pass) },
          Contestant("composed of tensor operations") { _ = try problem.run(composed, pass) },
        ], rounds: session.rounds(shape[0] > 128 ? 5 : 9, quick: 5))
      return (pass, comparison)
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
