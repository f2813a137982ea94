import Foundation
import Models
import Torch

/// One training step against SpikingJelly's multi-step mode: forward, per-step cross-entropy, backward, SGD.
enum StepCase: BenchmarkCase {
  static let name = "step"
  static let abstract = "A training step against SpikingJelly: time, peak memory, deflation's cost."

  static func run(_ session: inout Session) throws {
    let small = StepSetting(.vgg5, width: 0.25, channels: 1, size: 28, batchSize: 64)
    try StepDuel(Sides(small, session.options), stepsPerRound: 5)
      .run(rounds: session.rounds(9, quick: 5), &session)
    guard !session.quick else { return }
    let large = StepSetting(.vgg11, width: 1, channels: 3, size: 32, batchSize: 32)
    try StepDuel(Sides(large, session.options), stepsPerRound: 1)
      .run(rounds: session.rounds(7, quick: 3), &session)
  }
}

/// All sides of one setting.
private struct StepDuel {
  let sides: Sides
  let stepsPerRound: Int

  init(_ sides: Sides, stepsPerRound: Int) {
    self.sides = sides
    self.stepsPerRound = stepsPerRound
  }

  func run(rounds: Int, _ session: inout Session) throws {
    let agreements = try Sides.layouts.flatMap { try agree(with: $0) }

    // Processes of their own for the times: the comparison in float64 would count in their peak memory.
    let workers =
      [
        try sides.ours(), try sides.ours("Spikeguard with deflation, fast", deflation: "fast"),
        try sides.ours("Spikeguard, memory returned", returningMemory: true),
      ] + (try Sides.layouts.map { try sides.peer($0) })
      + (try Sides.layouts.map { try sides.peer($0, keepingMemory: true) })
    let facts = try workers.map { try $0.ask(WorkerRequest(run: "describe")) }
    let idle = workers.map { $0.memory("VmRSS") }
    let steps = stepsPerRound
    var comparison = try Comparison.measure(
      "Training step: \(sides.setting.description), \(facts.compactMap(\.threads).min() ?? 0) threads",
      .milliseconds, agreements,
      workers.map { worker in
        Contestant(worker.name) {
          let answer = try worker.ask(WorkerRequest(run: "step", count: steps))
          return Samples(seconds: answer.seconds ?? []).median
        }
      }, rounds: rounds, notes: notes(facts.last?.versions))
    for index in comparison.sides.indices {
      comparison.sides[index].idleBytes = idle[index]
      comparison.sides[index].peakBytes = workers[index].memory("VmHWM")
    }
    session.publish(comparison)
  }

  private func notes(_ versions: [String: String]?) -> [String] {
    let peer = versions.map { $0.sorted { $0.key < $1.key }.map { "\($0) \($1)" } } ?? []
    return [
      "\(stepsPerRound) step(s) a round, their median; every side is a process of its own and "
        + "idle during the others' turns",
      "memory kept: freed memory stays in the process (Engine.keepFreedMemory, the command line's way; for "
        + "SpikingJelly the same by environment variables)",
      "the row with deflation computes more than the others: its ratio is deflation's cost",
      "peers: " + peer.joined(separator: ", ")
        + "; first convolution once, not T times, on all sides",
    ]
  }

  /// Logits and gradients are compared in float64. In float32 the two sides round differently, which flips a few
  /// of the millions of spikes, and every layer amplifies that; of the float32 run the loss is compared.
  private func agree(with layout: String) throws -> [Agreement] {
    let ours = try sides.ours()
    let peer = try sides.peer(layout)
    func both(_ dtype: String) throws -> [NamedTensors] {
      try [ours, peer].map {
        let out = sides.path("gradients.safetensors")
        _ = try $0.ask(WorkerRequest(run: "gradients", out: out, dtype: dtype))
        return try Safetensors.read(from: out).tensors
      }
    }
    let exact = try both("float64")
    let gradients = exact.map { all in all.filter { $0.hasPrefix("grad.") } }
    let losses = try both("float32").map { $0["loss"]!.item() }
    return [
      try Agreement(
        "logits in float64, with SpikingJelly, \(layout)",
        error: exact[0]["logits"]!.largestDifference(from: exact[1]["logits"]!), tolerance: 1e-9),
      try Agreement(
        "gradients in float64, relative, with SpikingJelly, \(layout)",
        error: gradients[0].largestRelativeDifference(from: gradients[1]), tolerance: 1e-9),
      try Agreement(
        "loss in float32, with SpikingJelly, \(layout)", error: abs(losses[0] - losses[1]),
        tolerance: 1e-2),
    ]
  }
}
