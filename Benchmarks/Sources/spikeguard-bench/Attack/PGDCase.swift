import Foundation
import Models
import Torch

/// PGD-10 through all time steps against torchattacks on SpikingJelly: the cost of an attack.
enum PGDCase: BenchmarkCase {
  static let name = "pgd"
  static let abstract = "PGD-10 against torchattacks with SpikingJelly: time and peak memory."

  static func run(_ session: inout Session) throws {
    let small = StepSetting(.vgg5, width: 0.25, channels: 1, size: 28, batchSize: 64)
    try duel(small, rounds: session.rounds(9, quick: 5), &session)
    guard !session.quick else { return }
    let large = StepSetting(.vgg11, width: 1, channels: 3, size: 32, batchSize: 32)
    try duel(large, rounds: session.rounds(5, quick: 3), &session)
  }

  private static func duel(
    _ setting: StepSetting, rounds: Int, _ session: inout Session
  ) throws {
    let sides = try Sides(setting, session.options)
    let agreements = try Sides.layouts.flatMap { try agree(with: $0, sides) }
    let workers =
      [try sides.ours()]
      + (try Sides.layouts.flatMap {
        [try sides.peer($0), try sides.peer($0, keepingMemory: true)]
      })
    let facts = try workers.map { try $0.ask(WorkerRequest(run: "describe")) }
    let idle = workers.map { $0.memory("VmRSS") }
    var comparison = try Comparison.measure(
      "PGD-10, ε 8/255, α 2/255: \(setting.description), \(facts.compactMap(\.threads).min() ?? 0) threads",
      .milliseconds, agreements,
      workers.map { worker in
        Contestant(worker.name) {
          try worker.ask(WorkerRequest(run: "pgd", count: 1)).seconds!.last!
        }
      }, rounds: rounds,
      notes: [
        "one attack of the whole batch a round; every side is a process of its own",
        "the peer is torchattacks.PGD on SpikingJelly's multi-step mode, reset at every call",
      ])
    for index in comparison.sides.indices {
      comparison.sides[index].idleBytes = idle[index]
      comparison.sides[index].peakBytes = workers[index].memory("VmHWM")
    }
    session.publish(comparison)
  }

  /// From the peer's starting points, in float64, where rounding flips no spike: the share of pixels that differ
  /// after ten steps, and the accuracy that is left.
  private static func agree(with layout: String, _ sides: Sides) throws -> [Agreement] {
    let (theirs, mine) = (sides.path("peer.safetensors"), sides.path("ours.safetensors"))
    let peer = try sides.peer(layout).ask(
      WorkerRequest(run: "pgd", out: theirs, dtype: "float64"))
    let ours = try sides.ours().ask(
      WorkerRequest(run: "pgd", out: mine, dtype: "float64", start: theirs))
    let images = try [theirs, mine].map {
      try Safetensors.read(from: $0).tensors["adversarial"]!
    }
    let different = ((images[0] - images[1]).magnitude() .> 1e-9).sum().item()
    return [
      try Agreement(
        "share of pixels that differ after 10 steps in float64, with SpikingJelly, \(layout)",
        error: different / Double(images[0].count), tolerance: 1e-3),
      try Agreement(
        "accuracy under attack in float64, with SpikingJelly, \(layout)",
        error: abs(ours.accuracy! - peer.accuracy!), tolerance: 0),
    ]
  }
}
