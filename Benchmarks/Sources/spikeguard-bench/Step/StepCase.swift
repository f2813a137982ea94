import Foundation
import Models
import Torch

/// One training step against the peers: forward, per-step cross-entropy, backward, SGD.
enum StepCase: BenchmarkCase {
  static let name = "step"
  static let abstract = "A training step against the peers: time, peak memory, deflation's cost."

  static func run(_ session: inout Session) throws {
    if !session.quick {
      let small = StepSetting(.vgg5, width: 0.25, channels: 1, size: 28, batchSize: 64)
      _ = try duel(small, stepsPerRound: 5, rounds: session.rounds(9, quick: 5), session)
        .run(&session)
    }
    for batch in session.batches([32, 128], quick: [32]) {
      let large = StepSetting(.vgg11, width: 1, channels: 3, size: 32, batchSize: batch)
      let comparisons = try duel(
        large, stepsPerRound: 1, rounds: session.rounds(batch > 64 ? 5 : 7, quick: 3), session
      ).run(&session)
      let what = "training step, VGG-11, batch \(batch)"
      session.hold(
        [
          comparisons.speed(what, atLeast: 1.8, aim: 2.5),
          comparisons.surcharge(
            "deflation's cost, batch \(batch)", of: deflating, atMost: batch < 128 ? 0.1 : 0.03),
        ] + comparisons.memory(what, atMost: 0.6))
    }
  }

  private static let deflating = "Spikeguard with deflation, fast"

  private static func duel(
    _ setting: StepSetting, stepsPerRound steps: Int, rounds: Int, _ session: Session
  ) throws -> Duel {
    let sides = try Sides(setting, session.options)
    let agreement = StepAgreement(sides: sides, images: session.quick ? 8 : 32)
    return Duel(
      title: "Training step", sides: sides,
      own: [
        .init(name: "Spikeguard") { try sides.ours() },
        .init(name: deflating) { try sides.ours(deflating, deflation: "fast") },
      ]
        + (session.quick
          ? []
          : [
            .init(name: "Spikeguard, memory returned") {
              try sides.ours("Spikeguard, memory returned", returningMemory: true)
            }
          ]),
      peers: Peer.frameworks, variants: session.variants, rounds: rounds,
      oneByOne: setting.batchSize >= 128,
      notes: [
        "\(steps) step(s) a round, their median; every side is a process of its own and "
          + "idle during the others' turns",
        "memory kept: freed memory stays in the process (Engine.keepFreedMemory, the command line's way; for "
          + "the peers the same by environment variables)",
        "the row with deflation computes more than the others: its ratio is deflation's cost",
        "the first convolution once, not T times, on all sides",
      ],
      agree: { try agreement.check($0, $1) },
      measure: { worker in
        Samples(
          seconds: try worker.ask(WorkerRequest(run: "step", count: steps)).seconds ?? []
        ).median
      })
  }
}
