import Foundation
import Models
import Torch

/// PGD-10 through all time steps against torchattacks on SpikingJelly: the cost of an attack.
enum PGDCase: BenchmarkCase {
  static let name = "pgd"
  static let abstract = "PGD-10 against torchattacks with SpikingJelly: time and peak memory."

  static func run(_ session: inout Session) throws {
    if !session.quick {
      let small = StepSetting(.vgg5, width: 0.25, channels: 1, size: 28, batchSize: 64)
      _ = try duel(small, rounds: session.rounds(9, quick: 5), session).run(&session)
    }
    for batch in session.batches([32], quick: [32]) {
      let large = StepSetting(.vgg11, width: 1, channels: 3, size: 32, batchSize: batch)
      let comparisons = try duel(large, rounds: session.rounds(5, quick: 2), session).run(&session)
      session.hold([
        comparisons.speed("PGD-10, VGG-11, batch \(batch)", atLeast: 1.7, aim: 2.2)
      ])
    }
  }

  private static func duel(
    _ setting: StepSetting, rounds: Int, _ session: Session
  ) throws -> Duel {
    let sides = try Sides(setting, session.options) {
      try setting.writeCalibrated(weights: $0, batch: $1)
    }
    return Duel(
      title: "PGD-10, ε 8/255, α 2/255", sides: sides,
      own: [.init(name: "Spikeguard") { try sides.ours() }],
      peers: Peer.attackable, variants: session.variants, rounds: rounds,
      oneByOne: setting.batchSize >= 128,
      notes: [
        "one attack of the whole batch a round; every side is a process of its own",
        "the peers' attack is torchattacks.PGD 3.5.1 on the network, whose state is reset at every call",
      ],
      agree: { try agree(sides, images: session.quick ? 8 : 32, $0, $1) },
      measure: { try $0.ask(WorkerRequest(run: "pgd", count: 1)).seconds!.last! },
      probe: { try $0.ask(WorkerRequest(run: "pgd", count: 1, steps: 2)).seconds!.last! })
  }

  /// From the peer's starting points, in float64, where rounding flips no spike: the share of pixels that differ
  /// after ten steps, and the accuracy that is left. In float32, which is timed, that share after one step.
  private static func agree(
    _ sides: Sides, images: Int, _ peer: Peer, _ variant: Variant
  ) throws -> [Agreement] {
    let (theirs, mine) = (sides.path("peer.safetensors"), sides.path("ours.safetensors"))
    let other = try sides.start(peer, variant).ask(
      WorkerRequest(run: "pgd", out: theirs, dtype: "float64", images: images))
    let ours = try sides.ours().ask(
      WorkerRequest(run: "pgd", out: mine, dtype: "float64", images: images, start: theirs))
    let adversarial = try [theirs, mine].map {
      try Safetensors.read(from: $0).tensors["adversarial"]!
    }
    let start = try Safetensors.read(from: theirs).tensors["start"]!
    let moved = ((adversarial[1] - start).magnitude() .> 1e-9).sum().item() / Double(start.count)
    guard moved > 0.5 else {
      throw NothingToCompare(
        description: "our attack moved \(formatted(100 * moved, 2)) % of the pixels: no gradient")
    }
    let different =
      ((adversarial[0] - adversarial[1]).magnitude() .> 1e-9).sum().item()
    let name = "\(peer.name), \(variant.layout)"
    _ = try sides.start(peer, variant).ask(
      WorkerRequest(run: "pgd", out: theirs, dtype: "float32", images: images, steps: 1))
    _ = try sides.ours().ask(
      WorkerRequest(
        run: "pgd", out: mine, dtype: "float32", images: images, steps: 1, start: theirs))
    let single = try [theirs, mine].map { try Safetensors.read(from: $0).tensors["adversarial"]! }
    let differentInSingle = ((single[0] - single[1]).magnitude() .> 1e-6).sum().item()
    return [
      try Agreement(
        "share of pixels that differ after 10 steps in float64, with \(name)",
        error: different / Double(adversarial[0].count), tolerance: 1e-3),
      try Agreement(
        "accuracy under attack in float64, with \(name)",
        error: abs(ours.accuracy! - other.accuracy!), tolerance: 0),
      try Agreement(
        "share of pixels that differ after 1 step in float32, with \(name)",
        error: differentInSingle / Double(single[0].count), tolerance: 0.1),
    ]
  }
}
