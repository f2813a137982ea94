import Foundation
import Models
import Torch

/// The authors' training step with its full SVD, against the same step with our deflation.
enum ReleasedCase: BenchmarkCase {
  static let name = "released"
  static let abstract =
    "A deflated training step against the released loop with its full SVD."

  static func run(_ session: inout Session) throws {
    for batch in session.batches([32, 128], quick: [32]) {
      let setting = StepSetting(.vgg11, width: 1, channels: 3, size: 32, batchSize: batch)
      let comparisons = try duel(setting, session).run(&session)
      session.hold([
        comparisons.speed("with deflation, the released loop, batch \(batch)", atLeast: 3)
      ])
    }
  }

  private static func duel(_ setting: StepSetting, _ session: Session) throws -> Duel {
    let sides = try Sides(setting, session.options)
    let agreement = StepAgreement(
      sides: sides, images: session.quick ? 8 : 32, deflation: "fast", recipe: ["--released"],
      tolerance: 1e-6)
    let name = "Spikeguard with deflation, the release's step"
    return Duel(
      title: "Deflated training step of the release", sides: sides,
      own: [
        .init(name: name) { try sides.ours(name, deflation: "fast", recipe: ["--released"]) }
      ] + (session.quick ? [] : others(sides)),
      peers: [.released], variants: session.variants, rounds: session.rounds(5, quick: 2),
      notes: ["the row without deflation computes less than the others; SGD with momentum follows"],
      agree: { try agreement.check($0, $1) },
      measure: { try $0.ask(WorkerRequest(run: "step", count: 1)).seconds!.last! })
  }

  private static func others(_ sides: Sides) -> [Duel.Own] {
    [("Spikeguard, the same with full SVD", "svd"), ("Spikeguard, without deflation", "none")]
      .map { name, deflation in
        .init(name: name) {
          try sides.ours(name, deflation: deflation, recipe: ["--released"])
        }
      }
  }
}
